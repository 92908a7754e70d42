"""What paper says of people whom an agency sent: keyed in later, with the true times, once.

They are known by the agency's own reference, as the day list prints it. Two
agencies may have given the same one: then the service says which is meant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.booking.ending import end_appointments
from core.booking.errors import NoSuchBooking
from core.booking.outcomes import appointment_subject
from core.booking.serving import keyed
from core.booking.tables import Appointment
from core.booking.waitlist.line import pass_on
from core.catalogue.snapshot import Site
from core.catalogue.tables import Offering
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.visits.errors import Ambiguous, Contradicted, TimeRefused
from core.visits.paper import What, check_time
from core.visits.turning_away import Reason


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of a paper list, about somebody whom an agency sent."""

    reference: str
    """The agency's own."""
    what: What
    at: datetime
    service_id: int | None = None
    """Needed only where two agencies gave the same reference."""
    reason: Reason = Reason.OTHER
    """Why they could not be served."""


_EVENTS = {
    What.CAME: "appointment.checked_in",
    What.SERVED: "appointment.served",
    What.NOT_SERVED: "appointment.turned_away",
}


def key_in_sent(db: Session, entry: Sent, *, site: Site, actor: Actor, request_key: str, now: datetime) -> bool:
    """Enter one line. Returns whether it was known already, and nothing was changed.

    Raises:
        TimeRefused: see `paper.key_in`.
        NoSuchBooking: no appointment of this reference at this centre.
        Ambiguous: there are several, of several services.
        Contradicted: it is recorded otherwise.
    """

    def work() -> Outcome:
        check_time(site, entry.at, now=now)
        row = _lock(db, entry, site.id)
        already = row.came_at is not None if entry.what is What.CAME else row.outcome == entry.what.value
        if not already:
            _put_right(db, entry, row, now=now)
            details: dict[str, Any] = {"site_id": site.id} | keyed(entry.at, now)
            if entry.what is What.NOT_SERVED:
                details |= {"reason": entry.reason.value, "service_id": row.service_id}
            subject = appointment_subject(row.id)
            record_event(db, _EVENTS[entry.what], subject, actor=actor, now=entry.at, **details)
        return {"already": already}

    return bool(once(db, request_key, work, now=now)["already"])


def _put_right(db: Session, entry: Sent, row: Any, *, now: datetime) -> None:
    if row.outcome not in (None, "past"):
        raise Contradicted(row.outcome, row.ended_at, row.starts_at)
    values: dict[str, Any] = {"came_at": sa.func.coalesce(Appointment.came_at, entry.at)}
    reason = entry.reason if entry.what is What.NOT_SERVED else None
    ends = entry.what is not What.CAME
    if ends and row.outcome:
        # It was filed away meanwhile, and its place with it.
        values |= {"outcome": entry.what.value, "ended_at": entry.at, "reason": reason}
    db.execute(
        sa.update(Appointment)
        .where(Appointment.id == row.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    if ends and row.outcome is None:
        this = Appointment.id == row.id
        seats = end_appointments(db, this, outcome=entry.what.value, now=entry.at, reason=reason)
        pass_on(db, seats, now=now)


def _lock(db: Session, entry: Sent, site_id: int) -> Any:
    found = (
        sa.select(
            Appointment.id,
            Appointment.starts_at,
            Appointment.came_at,
            Appointment.outcome,
            Appointment.ended_at,
            Offering.service_id,
        )
        .join(Offering, Offering.id == Appointment.offering_id)
        .where(Appointment.reference == entry.reference, Offering.site_id == site_id)
    )
    if entry.service_id is not None:
        found = found.where(Offering.service_id == entry.service_id)
    rows = db.execute(found.order_by(Appointment.id).with_for_update(of=Appointment)).all()
    of_the_day = [row for row in rows if local_date(row.starts_at) == local_date(entry.at)]
    if len(of_the_day) > 1:
        raise Ambiguous
    if of_the_day:
        return of_the_day[0]
    if rows:
        raise TimeRefused("another_day", rows[-1].starts_at)
    raise NoSuchBooking
