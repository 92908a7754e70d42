"""What paper says of people without a booking: keyed in later, with the true times, once.

They have no number by which a line could be known again. So a line is the same
as one before it if the service, the moment and what tells two people apart are
the same: the proof or the printed number of a document, and the receipt where
there is no document. Who could not be served leaves nothing of the kind: of them
one line says how many there were with one reason in one minute, and keyed in again
with more it adds those who are not counted yet.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.booking.serving import NOTHING, Paid, keyed
from core.catalogue.snapshot import Site
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.people.register import Register
from core.people.tables import Event
from core.references import parse_reference
from core.tracking.counter import Application, enter_people, register_application
from core.tracking.letters import ABOUT
from core.tracking.tables import Document
from core.visits.paper import What, check_time
from core.visits.turning_away import WALK_IN_TURNED_AWAY, Reason


@dataclass(frozen=True, slots=True)
class WalkIn:
    """One line of a paper list, about somebody who came without a booking and was served, or could not be."""

    service_id: int
    at: datetime
    application: Application | None = None
    """What was applied for, if anything."""
    paid: Paid = NOTHING
    """Where nothing was applied for: otherwise the application says it."""
    turned_away: Reason | None = None
    """Why they could not be served; None: they were."""
    people: int = 1
    """How many could not be served then, for that reason."""

    @property
    def what(self) -> What:
        return What.NOT_SERVED if self.turned_away else What.SERVED

    def event(self) -> tuple[str, dict[str, Any]]:
        """What is recorded of them where nothing was applied for."""
        if self.turned_away:
            details = {"service_id": self.service_id, "reason": self.turned_away.value}
            return WALK_IN_TURNED_AWAY, details | {"people": self.people}
        return "visit.served", {"service_id": self.service_id} | self.paid.details()


@dataclass(frozen=True, slots=True)
class KeyedWalkIn:
    already: bool
    """It was known: nothing was changed."""
    tracking_number: str | None
    """Of the application that was registered now."""


def key_in_walk_in(
    db: Session, people: Register, entry: WalkIn, *, site: Site, actor: Actor, request_key: str, now: datetime
) -> KeyedWalkIn:
    """Enter one line.

    Raises:
        TimeRefused: see `paper.key_in`.
        Malformed, NumberInUse: see `counter.end_service`.
    """

    def work() -> Outcome:
        check_time(site, entry.at, now=now)
        application = entry.application
        if application:
            # People before anything else, as all commands lock them (core.booking.locking).
            enter_people(db, people, application, now=now)
        # One line at a time at a centre: two officers may have the same sheet before them.
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"paper:{site.id}"))))
        new = entry.people - _known(db, people, entry, site.id)
        if new < 1:
            return {"already": True, "tracking_number": None}
        number = None
        if application:
            number = register_application(
                db,
                people,
                application,
                actor=actor,
                service_id=entry.service_id,
                site_id=site.id,
                request_key=f"{request_key}:served",
                now=now,
                done_at=entry.at,
            ).tracking_number
        else:
            name, details = replace(entry, people=new).event()
            details |= keyed(entry.at, now)
            record_event(db, name, f"site:{site.id}", actor=actor, now=entry.at, **details)
        return {"already": False, "tracking_number": number}

    return KeyedWalkIn(**once(db, request_key, work, now=now))


def _known(db: Session, people: Register, entry: WalkIn, site_id: int) -> int:
    """How many of a line are written down already."""
    if entry.application is None:
        return _noted(db, entry, site_id)
    proof = entry.application.proof.replace(" ", "")
    printed = entry.application.tracking_number
    number = parse_reference(printed) if printed else None
    return any(
        document.tracking_number == number
        or (number is None and people.proof_index(document.tracking_number, proof) == document.proof_index)
        for document in _registered_then(db, entry, site_id)
    )


def _noted(db: Session, entry: WalkIn, site_id: int) -> int:
    name, same = entry.event()
    same.pop("people", None)
    then = sa.select(Event.details).where(Event.at == entry.at, Event.name == name, Event.subject == f"site:{site_id}")
    return sum(
        details.get("people", 1)
        for details in db.scalars(then)
        if {name: details[name] for name in details if name not in ("keyed_at", "people")} == same
    )


def _registered_then(db: Session, entry: WalkIn, site_id: int) -> list[Document]:
    """Documents of the service that were applied for here at that moment."""
    subjects = db.scalars(sa.select(Event.subject).where(Event.at == entry.at, Event.name == "document.registered"))
    ids = [int(subject.removeprefix(ABOUT)) for subject in subjects]
    here = sa.select(Document).where(
        Document.id.in_(ids), Document.service_id == entry.service_id, Document.site_id == site_id
    )
    return list(db.scalars(here))
