"""What all changes by hand share: done once, with their source, and an event that says what was there before."""

import hashlib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.catalogue.errors import NoSuchEntry, Outdated, Unfit, Unsourced
from core.catalogue.fitting import Fault, faults
from core.catalogue.tables import Agency, Category, HandEdit, Named, Part, Service, Site, Trust
from core.catalogue.version import bump_version, hold_version
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.wording import gettext as _

LONGEST_NOTE = 300
LONGEST_FULL = 100
"""Septets of a full name, an address or one thing to bring: each takes less than a screen."""

_MODELS: dict[Named, type[Agency] | type[Category] | type[Service] | type[Site]] = {
    Named.AGENCY: Agency,
    Named.CATEGORY: Category,
    Named.SERVICE: Service,
    Named.SITE: Site,
}


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes something, where it is written, and how far it may be told from then on."""

    actor: Actor
    note: str
    """Where it is written, or who says so: Gazette Notice 12 of 2026; asked the centre on 23 Nov."""
    request_key: str
    now: datetime
    trust: Trust = Trust.VERIFIED

    @property
    def source(self) -> str:
        """As rows of the catalogue keep it."""
        return f"desk:{self.actor.who}: {self.note.strip()}"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a code: what is edited is a part of it."""

    kind: Named
    code: str
    id: int

    @property
    def subject(self) -> str:
        """How events name it."""
        return f"{self.kind}:{self.code}"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did, as JSON values."""

    old: Any
    new: Any


def thing(db: Session, kind: Named, code: str) -> Thing:
    """Raises:
    NoSuchEntry: nothing of this kind has the code.
    """
    model = _MODELS[kind]
    found = db.scalar(sa.select(model.id).where(model.code == code))
    if found is None:
        raise NoSuchEntry
    return Thing(kind, code, found)


def edits_of(db: Session, what: Thing) -> dict[str, HandEdit]:
    """By part, who set or confirmed it last, and where that is written."""
    rows = db.scalars(sa.select(HandEdit).where(HandEdit.kind == what.kind, HandEdit.owner_id == what.id))
    return {row.part: row for row in rows}


def check_code(db: Session, kind: Named, code: str, *, taken: str) -> None:
    """Check the code of something new; `taken` is what is said if another of its kind has it.

    Raises:
        Unfit: it is not like the others', or there already.
    """
    if not re.fullmatch(r"[A-Z][A-Z0-9]{2,5}", code):
        raise Unfit(_("A code is 3 to 6 capital letters and digits, such as GPO."), field="code")
    model = _MODELS[kind]
    if db.scalar(sa.select(model.id).where(model.code == code)) is not None:
        raise Unfit(taken, field="code")


def change(db: Session, edit: Edit, what: Thing, part: Part, work: Callable[[], Changed]) -> bool:
    """Do `work` once, with nobody else changing the catalogue meanwhile. Returns whether it changed a value.

    A value set to what it was is confirmed by it.

    Raises:
        Unsourced: nobody says where it is written.
    """

    def act() -> Outcome:
        check_note(edit)
        hold_version(db)
        changed = work()
        db.flush()
        mark(db, edit, what, part)
        same = changed.old == changed.new
        name = "catalogue.confirmed" if same else "catalogue.changed"
        record_change(db, edit, what.subject, part, changed, name=name)
        return {"changed": not same}

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def add(db: Session, edit: Edit, kind: Named, code: str, parts: Collection[Part], work: Callable[[], Changed]) -> bool:
    """Add something with a code once; `work` writes its rows. Returns True.

    Raises:
        Unsourced: nobody says where it is written.
    """

    def act() -> Outcome:
        check_note(edit)
        hold_version(db)
        changed = work()
        db.flush()
        what = thing(db, kind, code)
        for part in (Part.ADDED, *parts):
            mark(db, edit, what, part)
        record_change(db, edit, what.subject, Part.ADDED, changed, name="catalogue.added")
        return {"changed": True}

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def mark_of(value: Any) -> str:
    """By which a page says what it has shown. How far a value may be told makes no other value of it.

    Args:
        value: JSON values, as the parts of the catalogue are read.
    """
    told = json.dumps(_without_trust(value), sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def check_seen(seen: str, value: Any) -> None:
    """Raises:
    Outdated: it is not what a page has shown (`seen`: the page's `mark_of`).
    """
    if seen != mark_of(value):
        raise Outdated


def _without_trust(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_trust(one) for key, one in value.items() if key != "trust"}
    return [_without_trust(one) for one in value] if isinstance(value, list) else value


def check_note(edit: Edit) -> None:
    """Raises:
    Unsourced: nobody says where it is written.
    Unfit: that is longer than anybody reads.
    """
    if not edit.note.strip() or not edit.actor.who:
        raise Unsourced
    if len(edit.note) > LONGEST_NOTE:
        raise Unfit(_("This is longer than {most} characters.").format(most=LONGEST_NOTE), field="note")


def mark(db: Session, edit: Edit, what: Thing, part: Part) -> None:
    """From now on the data files leave this part."""
    values = {"who": edit.actor.who, "source": edit.note.strip(), "trust": edit.trust, "at": edit.now}
    row = insert(HandEdit).values(kind=what.kind, owner_id=what.id, part=part, **values)
    keys = [HandEdit.kind, HandEdit.owner_id, HandEdit.part]
    db.execute(row.on_conflict_do_update(index_elements=keys, set_=values))


def record_change(
    db: Session, edit: Edit, subject: str, part: str, changed: Changed, *, name: str, version: int | None = None
) -> None:
    """Count the version up, and say in the record who did what.

    `version`: what a command that changes several things has counted it up to already.
    """
    record_event(
        db,
        name,
        subject,
        actor=edit.actor,
        now=edit.now,
        part=part,
        old=changed.old,
        new=changed.new,
        source=edit.note.strip(),
        trust=edit.trust,
        version=bump_version(db) if version is None else version,
    )


def fitting(text: str, field: str, *, most: int = LONGEST_FULL, taken: Collection[str] = ()) -> str:
    """The text with single spaces.

    Raises:
        Unfit: empty, too long (and by how much), not to be shown by a plain phone, or there already.
    """
    plain = " ".join(text.split())
    for found in faults(plain, most=most, taken=taken):
        sentence = {
            Fault.EMPTY: _("This cannot be empty."),
            Fault.STRANGE: _("A plain phone cannot show this: {characters}").format(characters=found.strange),
            Fault.LONG: _("This is {over} too long: {most} is the most a phone's screen has room for.").format(
                over=found.over, most=most
            ),
            Fault.TAKEN: _("Something else has this name already."),
        }[found.fault]
        raise Unfit(sentence, field=field)
    return plain
