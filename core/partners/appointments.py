"""Places that an agency gives away itself: they occupy the same counters as citizens' bookings.

Commands are called inside `once` (core.partners.requests): a refusal then
undoes what was taken. They lock in the order of core.booking.locking; an
appointment's row is what a booking's row is there.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.booking.availability import day_begins
from core.booking.ending import end_appointments
from core.booking.errors import NotOffered
from core.booking.holds import take_seat
from core.booking.outcomes import appointment_subject
from core.booking.seats import Exchange, Seat, seat_at
from core.booking.tables import Appointment
from core.booking.waitlist.line import pass_on, settle
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Session
from core.partners.errors import NoSuchAppointment, ReferenceInUse
from core.partners.keys import Partner
from core.people.audit import record_event

GIVEN_UP = "given_up"
Place = tuple[datetime, int]
"""Where a page of appointments ended: start and id."""


@dataclass(frozen=True, slots=True)
class Known:
    """An appointment, with the ids of what it is for."""

    id: int
    reference: str
    service_id: int
    site_id: int
    starts_at: datetime
    came_at: datetime | None
    outcome: str | None
    """None while it takes a place."""


def book(
    db: Session,
    partner: Partner,
    *,
    reference: str,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    now: datetime,
) -> Known:
    """Take a place under the agency's own reference.

    Raises:
        NotOffered: not a service of this agency, or no such time can be booked now.
        SlotFull: no place is left.
        ReferenceInUse: the agency has had an appointment of this reference.
    """
    if offering.service.agency_id != partner.agency_id:
        raise NotOffered
    exchange = Exchange()
    take_seat(db, exchange, offering, starts_at, closed_days, now=now)
    added = db.scalar(
        insert(Appointment)
        .values(
            agency_id=partner.agency_id,
            reference=reference,
            offering_id=offering.id,
            starts_at=starts_at,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Appointment.id)
    )
    if added is None:
        raise ReferenceInUse
    settle(db, exchange, now=now)
    _trace(db, partner, "appointment.booked", added, seat_at(offering, starts_at), now=now)
    return Known(added, reference, offering.service.id, offering.site.id, starts_at, None, None)


def move(
    db: Session,
    partner: Partner,
    *,
    reference: str,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    now: datetime,
) -> Known:
    """Give an appointment another time, or another site of the same service.

    Raises:
        NoSuchAppointment: the agency has no live one of this reference.
        NotOffered: another service, or no such time can be booked now.
        SlotFull: no place is left; the appointment stays as it was.
    """
    known, seat = _lock(db, partner, reference, now=now)
    if known.service_id != offering.service.id:
        raise NotOffered
    if seat == seat_at(offering, starts_at):
        return known
    exchange = Exchange()
    take_seat(db, exchange, offering, starts_at, closed_days, now=now)
    exchange.give_back([seat])
    db.execute(
        sa.update(Appointment)
        .where(Appointment.id == known.id)
        # Who had come, had come then: they are expected anew.
        .values(offering_id=offering.id, starts_at=starts_at, came_at=None)
        .execution_options(synchronize_session=False)
    )
    settle(db, exchange, now=now)
    _trace(db, partner, "appointment.moved", known.id, seat_at(offering, starts_at), now=now)
    return Known(known.id, reference, known.service_id, offering.site.id, starts_at, None, None)


def give_up(db: Session, partner: Partner, *, reference: str, now: datetime) -> None:
    """Give the place back. The reference is not to be used again.

    Raises:
        NoSuchAppointment: the agency has no live one of this reference.
    """
    known, seat = _lock(db, partner, reference, now=now)
    end_appointments(db, Appointment.id == known.id, outcome=GIVEN_UP, now=now)
    pass_on(db, [seat], now=now)
    _trace(db, partner, "appointment.given_up", known.id, seat, now=now)


def archive_past(db: Session, *, now: datetime, limit: int) -> int:
    """End at most `limit` appointments whose day is over, and count their places no more. Returns how many."""
    seats = end_appointments(db, Appointment.starts_at < _today(now), outcome="past", now=now, limit=limit)
    pass_on(db, seats, now=now)
    return len(seats)


def find(db: Session, partner: Partner, reference: str) -> Known:
    """An appointment, live or over. One that the agency has given up is gone.

    Raises:
        NoSuchAppointment: the agency has none of this reference.
    """
    row = db.execute(_of(partner).where(Appointment.reference == reference)).one_or_none()
    if row is None or row.outcome == GIVEN_UP:
        raise NoSuchAppointment
    return Known(*row)


def page(
    db: Session,
    partner: Partner,
    *,
    begins: datetime,
    ends: datetime,
    after: Place | None,
    limit: int,
    service_id: int | None = None,
    site_id: int | None = None,
) -> list[Known]:
    """Appointments that start in a span (ends not included), in the order of their starts; given up ones are gone."""
    chosen = _of(partner).where(
        Appointment.starts_at >= begins, Appointment.starts_at < ends, Appointment.outcome.is_distinct_from(GIVEN_UP)
    )
    if service_id is not None:
        chosen = chosen.where(OfferingRow.service_id == service_id)
    if site_id is not None:
        chosen = chosen.where(OfferingRow.site_id == site_id)
    if after is not None:
        chosen = chosen.where(sa.tuple_(Appointment.starts_at, Appointment.id) > sa.tuple_(*after))
    rows = db.execute(chosen.order_by(Appointment.starts_at, Appointment.id).limit(limit))
    return [Known(*row) for row in rows]


def _of(partner: Partner) -> sa.Select[int, str, int, int, datetime, datetime | None, str | None]:
    return (
        sa.select(
            Appointment.id,
            Appointment.reference,
            OfferingRow.service_id,
            OfferingRow.site_id,
            Appointment.starts_at,
            Appointment.came_at,
            Appointment.outcome,
        )
        .join(OfferingRow, OfferingRow.id == Appointment.offering_id)
        .where(Appointment.agency_id == partner.agency_id)
    )


def _lock(db: Session, partner: Partner, reference: str, *, now: datetime) -> tuple[Known, Seat]:
    live = (
        _of(partner)
        .add_columns(Appointment.offering_id)
        .where(Appointment.reference == reference, Appointment.ended_at.is_(None), Appointment.starts_at >= _today(now))
    )
    row = db.execute(live.with_for_update(of=Appointment)).one_or_none()
    if row is None:
        raise NoSuchAppointment
    return Known(*row[:-1]), Seat(row.offering_id, row.site_id, row.starts_at)


def _today(now: datetime) -> datetime:
    return day_begins(local_date(now))


def _trace(db: Session, partner: Partner, event: str, appointment_id: int, seat: Seat, *, now: datetime) -> None:
    where = {"offering_id": seat.offering_id, "starts_at": seat.starts_at.isoformat()}
    record_event(db, event, appointment_subject(appointment_id), actor=partner.actor, now=now, **where)
