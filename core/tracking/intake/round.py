"""One go at many rows, of which no two are about the same document: what it takes is a handful of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.catalogue.snapshot import Service
from core.db import Session
from core.errors import Malformed
from core.people.register import Register
from core.people.tables import Person
from core.references import grouped
from core.tracking import documents, notices, promises, receiving
from core.tracking.errors import DocumentRefused
from core.tracking.files import Row
from core.tracking.intake.bounds import check_bounds, is_own, may_reach, not_yours
from core.tracking.intake.entering import Entry, enter, entry_for
from core.tracking.intake.outcomes import Delivery, Outcome, Result
from core.tracking.intake.rows import Wish
from core.tracking.intake.steps import check_same, proven, said, steps_to
from core.tracking.stages import READY, Stage
from core.tracking.tables import Document
from core.wording import gettext as _

REMEMBERED_DAYS = 180
"""A row without a tracking number still means a document collected so lately, and not a new one."""

_OVER = frozenset({Stage.COLLECTED, Stage.REJECTED, Stage.DESTROYED})
_ELSEWHERE = _OVER | {Stage.RETURNED}
_Group = tuple[Stage, int | None, str | None]
"""What is done to many documents at once: stage, centre, reason."""


@dataclass(slots=True)
class _Found:
    """What is known of the documents that the rows may mean. All are locked."""

    by_number: dict[str, Document] = field(default_factory=dict)
    by_owner: dict[tuple[int, int], list[Document]] = field(default_factory=dict)
    """By owner and service."""


class Round:
    """`take` is called once."""

    def __init__(self, db: Session, register: Register, delivery: Delivery) -> None:
        self._db = db
        self._register = register
        self._delivery = delivery
        self._owners: dict[Wish, int] = {}
        self._contacts: dict[str, int] = {}
        self._found = _Found()
        self._passes: tuple[dict[_Group, list[Document]], ...] = ({}, {})
        self._to_tell: list[Document] = []
        self._promised: list[Document] = []

    def take(self, wishes: Mapping[int, Wish], rows: Sequence[Row], outcomes: dict[int, Outcome]) -> dict[int, Wish]:
        """Put an outcome by the place of each row in `outcomes`. Returns those that must wait for another round."""
        self._owners = self._lock_owners(list(wishes.values()))
        self._found = self._lock_documents(list(wishes.values()))
        known: dict[int, Document] = {}
        new: dict[int, Entry] = {}
        later: dict[int, Wish] = {}
        touched: set[object] = set()
        for place, wish in wishes.items():
            try:
                document = self._find(wish)
                about = self._about(wish, document)
                if about & touched:
                    later[place] = wish
                elif document is not None:
                    known[place] = document
                else:
                    new[place] = entry_for(wish)
                touched |= about
            except (Malformed, DocumentRefused) as error:
                outcomes[place] = Outcome(rows[place], Result.REFUSED, str(error))
        self._contacts = self._find_contacts(wishes, known, new)
        for place, document in known.items():
            outcomes[place] = self._go_on(rows[place], wishes[place], document)
        later |= self._enter(wishes, new, rows, outcomes)
        if self._promised:
            terms = self._delivery
            promises.note_promises(self._db, self._promised, actor=terms.actor, origin=terms.source, now=terms.now)
        self._move()
        return later

    def _lock_owners(self, wishes: Sequence[Wish]) -> dict[Wish, int]:
        """Ids of owners. Nobody else takes in documents of theirs until the transaction ends."""
        identities = {wish.identity for wish in wishes if wish.identity}
        ids = self._register.identities(self._db, identities, now=self._delivery.now)
        wanted = sa.any_(sa.cast(list(ids.values()), ARRAY(sa.BigInteger)))
        self._db.execute(
            sa.select(Person.id).where(Person.id == wanted).order_by(Person.id).with_for_update(key_share=True)
        )
        return {wish: ids[wish.identity] for wish in wishes if wish.identity}

    def _lock_documents(self, wishes: Sequence[Wish]) -> _Found:
        numbers = sa.cast([wish.tracking_number for wish in wishes if wish.tracking_number], ARRAY(sa.String))
        owners = sa.cast(list(self._owners.values()), ARRAY(sa.BigInteger))
        meant = sa.union(
            sa.select(Document.id).where(Document.tracking_number == sa.any_(numbers)),
            sa.select(Document.id).where(Document.owner_id == sa.any_(owners)),
        )
        found = _Found()
        for document in documents.lock_all(self._db, list(self._db.scalars(meant))):
            found.by_number[document.tracking_number] = document
            if document.owner_id:
                found.by_owner.setdefault((document.owner_id, document.service_id), []).append(document)
        return found

    def _find(self, wish: Wish) -> Document | None:
        """The document that a row means; None where it is a new one.

        Raises:
            Malformed: it contradicts what is known, or nothing tells which one it is.
        """
        document = self._found.by_number.get(wish.tracking_number or "")
        check_bounds(wish, document, self._delivery)
        owner_id = self._owners.get(wish)
        its = self._found.by_owner.get((owner_id, wish.service.id), []) if owner_id and wish.service else []
        if wish.tracking_number is None:
            return self._find_by_owner(wish, its)
        if document is not None:
            check_same(document, wish, owner_id, self._register, self._delivery.catalogue)
            return document
        if wish.service and wish.service.identity != "none":
            for other in its:
                if Stage(other.stage) not in _ELSEWHERE:
                    if not is_own(other, self._delivery):
                        raise not_yours(wish)
                    said = _(
                        "Its owner has an open document for {service} already, {number}. "
                        "If that is the one, type its number."
                    )
                    raise Malformed(said.format(service=wish.service.code, number=grouped(other.tracking_number)))
        return None

    def _find_by_owner(self, wish: Wish, its: list[Document]) -> Document | None:
        if wish.identity is None or wish.service is None:
            raise Malformed(
                _("Nothing tells which document this is. Type its document number, or an ID number and service.")
            )
        if wish.service.identity == "none" and wish.year_of_birth:  # children of one parent
            its = [document for document in its if proven(document, wish, self._register)]
        within = [document for document in its if may_reach(wish, document, self._delivery)]
        still = [document for document in within if Stage(document.stage) not in _OVER]
        if len(still) > 1:
            raise self._several(wish.service, still)
        lately = self._delivery.now - timedelta(days=REMEMBERED_DAYS)

        def means(d: Document) -> bool:
            return d.stage == wish.stage or (d.stage == Stage.COLLECTED and d.stage_since > lately)

        document = next(iter(still or [d for d in within if means(d)]), None)
        if document is None and any(Stage(d.stage) not in _OVER or means(d) for d in its if d not in within):
            raise not_yours(wish)
        return document

    def _several(self, service: Service, still: list[Document]) -> Malformed:
        """The refusal that names those which may be named."""
        ours = [grouped(document.tracking_number) for document in still if is_own(document, self._delivery)]
        if not ours:
            said = _("Its owner has several open documents for {service}. Type the number.")
            return Malformed(said.format(service=service.code))
        said = _("Its owner has several open documents for {service}: {numbers}. Type the number.")
        return Malformed(said.format(service=service.code, numbers=", ".join(ours)))

    def _about(self, wish: Wish, document: Document | None) -> set[object]:
        """What no other row of this round may be about."""
        if document is not None:
            return {document.id}
        about: set[object] = {wish.tracking_number} if wish.tracking_number else set()
        if wish in self._owners and wish.service:
            about.add((self._owners[wish], wish.service.id))
        return about

    def _find_contacts(
        self, wishes: Mapping[int, Wish], known: Mapping[int, Document], new: Mapping[int, Entry]
    ) -> dict[str, int]:
        """Ids by phone. A phone is added only where a document will have it."""
        needed = {place for place in known if known[place].contact_id is None} | new.keys()
        phones = {phone for place in needed if (phone := wishes[place].phone)}
        others = {phone for place in known if (phone := wishes[place].phone)} - phones
        added = self._register.contacts(self._db, phones, now=self._delivery.now)
        return self._register.known_contacts(self._db, others) | added

    def _go_on(self, row: Row, wish: Wish, document: Document) -> Outcome:
        try:
            steps = steps_to(document, wish, self._delivery.catalogue)
        except (Malformed, DocumentRefused) as error:
            return Outcome(row, Result.REFUSED, str(error), document.id)
        if not steps and Stage(document.stage) in _OVER:
            return Outcome(row, Result.UNCHANGED, said(document), document.id)
        filled = self._fill(wish, document, arrives=Stage.RECEIVED in steps)
        phone = document.contact_problem if document.contact_id is None else None
        if document.contact_id and wish.phone and self._contacts.get(wish.phone) != document.contact_id:
            phone = "other_phone"
        self._note(steps, wish, document)
        if steps or filled:
            return Outcome(row, Result.TAKEN, "", document.id, phone)
        return Outcome(row, Result.UNCHANGED, said(document), document.id, phone)

    def _fill(self, wish: Wish, document: Document, *, arrives: bool) -> bool:
        """Put in what was not known, or has another value now. Returns whether there was anything."""
        ready = Stage(document.stage) in READY
        values: dict[str, object] = {}
        if document.contact_id is None:
            values["contact_problem"] = wish.phone_problem if wish.phone_problem == "bad_phone" else None
            values["contact_problem"] = values["contact_problem"] or document.contact_problem or "no_phone"
            if wish.phone:
                values |= {"contact_id": self._contacts[wish.phone], "contact_problem": None}
        if document.owner_id is None and wish in self._owners and proven(document, wish, self._register):
            values["owner_id"] = self._owners[wish]
        if arrives or (ready and wish.shelf):
            values["shelf"] = wish.shelf
        if wish.promised_on and not ready and document.arrivals == 0:
            values["promised_on"] = wish.promised_on
        changed = {name: value for name, value in values.items() if getattr(document, name) != value}
        if "contact_id" in changed:
            changed["contact_confirmed_at"] = self._delivery.now
            if ready:
                self._to_tell.append(document)
        if "promised_on" in changed:
            changed["late_told_at"] = None
            self._promised.append(document)
        for name, value in changed.items():
            setattr(document, name, value)
        return bool(changed)

    def _enter(
        self, wishes: Mapping[int, Wish], new: Mapping[int, Entry], rows: Sequence[Row], outcomes: dict[int, Outcome]
    ) -> dict[int, Wish]:
        """Returns those whose number was given to another document meanwhile: they will find it."""
        terms = self._delivery
        entered = enter(
            self._db, self._register, new.values(), owners=self._owners, contacts=self._contacts, now=terms.now
        )
        documents.add_events(
            self._db, entered.values(), Stage.APPLIED, actor=terms.actor, origin=terms.source, now=terms.now
        )
        later = {}
        for place in new:
            wish = wishes[place]
            if wish not in entered:
                later[place] = wish
                continue
            document = entered[wish]
            self._note(steps_to(document, wish, terms.catalogue), wish, document)
            outcomes[place] = Outcome(rows[place], Result.TAKEN, "", document.id, wish.phone_problem)
        return later

    def _note(self, steps: Sequence[Stage], wish: Wish, document: Document) -> None:
        """Keep these steps for `_move`."""
        for go, stage in zip(self._passes, steps, strict=False):
            arriving = stage in (Stage.SENT_TO_CENTRE, Stage.RECEIVED)
            site_id = wish.site.id if arriving and wish.site else None
            reason = wish.correction if stage is Stage.NEEDS_CORRECTION else None
            go.setdefault((stage, site_id, reason), []).append(document)

    def _move(self) -> None:
        """All steps, a group at a time, and the notices that belong to them."""
        terms = self._delivery
        for go in self._passes:
            for (stage, site_id, reason), group in go.items():
                group.sort(key=lambda document: document.id)
                if stage is Stage.RECEIVED and site_id is not None:
                    receiving.acknowledge(
                        self._db, group, site_id=site_id, actor=terms.actor, origin=terms.source, now=terms.now,
                        tell=terms.tell,
                    )  # fmt: skip
                else:
                    documents.move_all(
                        self._db, group, stage, actor=terms.actor, origin=terms.source, now=terms.now,
                        site_id=site_id, reason=reason,
                    )  # fmt: skip
        if self._to_tell and terms.tell:
            notices.tell_ready(self._db, self._to_tell, now=terms.now)
