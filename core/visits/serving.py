"""Served, and nothing was applied for: a service that makes no document. (With one: core.tracking.counter.)"""

from datetime import datetime

from core.booking.serving import Paid, serve
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event


def end_visit(
    db: Session, *, reference: str, site_id: int, paid: Paid, actor: Actor, request_key: str, now: datetime
) -> None:
    """End a booking as served.

    Raises:
        NoSuchBooking: no live booking of this reference at this centre.
    """

    def work() -> Outcome:
        served = serve(db, actor, reference=reference, now=now, site_id=site_id, paid=paid)
        return {"booking_id": served.booking_id}

    once(db, request_key, work, now=now)


def note_walk_in(
    db: Session, *, service_id: int, site_id: int, paid: Paid, actor: Actor, request_key: str, now: datetime
) -> None:
    """Note that somebody without a booking was served."""

    def work() -> Outcome:
        details = {"service_id": service_id} | paid.details()
        record_event(db, "visit.served", f"site:{site_id}", actor=actor, now=now, **details)
        return {"noted": True}

    once(db, request_key, work, now=now)
