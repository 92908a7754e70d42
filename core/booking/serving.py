"""A booking that was kept: the counter says so, and what was paid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.booking.adding import next_number
from core.booking.availability import day_begins
from core.booking.ending import end_bookings
from core.booking.errors import NoSuchBooking
from core.booking.locking import lock_contact
from core.booking.outcomes import booking_subject
from core.booking.queries import is_live
from core.booking.seats import Exchange, Seat
from core.booking.tables import Booking, BookingHistory
from core.booking.waitlist.ending import end_waits_of
from core.booking.waitlist.line import pass_on
from core.catalogue.tables import Offering
from core.clock import local_date
from core.db import Session
from core.messaging import outbox
from core.people.audit import Actor, record_event
from core.people.tables import Person


@dataclass(frozen=True, slots=True)
class Paid:
    """What a citizen paid at the counter, as the receipt says. Neither is personal: the record of events keeps them."""

    fee_kes: int | None = None
    receipt: str | None = None

    def details(self) -> dict[str, Any]:
        """For an event: what is known."""
        known = {"fee_kes": self.fee_kes, "receipt": self.receipt}
        return {name: value for name, value in known.items() if value is not None}


NOTHING = Paid()


@dataclass(frozen=True, slots=True)
class Served:
    """Whom a counter has served: what is needed to register what they applied for."""

    booking_id: int
    service_id: int
    site_id: int
    contact_id: int
    beneficiary_id: int | None
    language: str | None
    """Of the contact, if they ever chose one."""


def serve(
    db: Session,
    actor: Actor,
    *,
    reference: str,
    now: datetime,
    site_id: int | None = None,
    paid: Paid = NOTHING,
    done_at: datetime | None = None,
) -> Served:
    """End a booking because its person has been served. Call it inside `once`.

    It moves to history, and a place that is still ahead (somebody came early) is free.
    `site_id`: only a booking of this centre. `done_at`: when it was done, where it
    is keyed in later from paper.

    Raises:
        NoSuchBooking: unknown, over, another centre's, or put on another phone at this very moment.
    """
    at = done_at or now
    contact_id = db.scalar(sa.select(Booking.contact_id).where(Booking.reference == reference))
    if contact_id is None:
        raise NoSuchBooking
    lock_contact(db, contact_id)
    here = [] if site_id is None else [Offering.site_id == site_id]
    row = db.execute(
        sa.select(
            Booking.id,
            Booking.service_id,
            Offering.site_id,
            Booking.contact_id,
            Booking.beneficiary_id,
            Person.language,
        )
        .join(Offering, Offering.id == Booking.offering_id)
        .join(Person, Person.id == Booking.contact_id)
        .where(Booking.reference == reference, Booking.contact_id == contact_id, is_live(at), *here)
        .with_for_update(of=Booking)
    ).one_or_none()
    if row is None:
        raise NoSuchBooking
    served = Served(*row)
    note_came(db, served.booking_id, at)
    leave(db, served.booking_id, outcome="served", at=at, now=now)
    details = {"service_id": served.service_id} | paid.details() | keyed(at, now)
    record_event(db, "booking.served", booking_subject(served.booking_id), actor=actor, now=at, **details)
    return served


def leave(
    db: Session, booking_id: int, *, outcome: str, at: datetime, now: datetime, reason: str | None = None
) -> None:
    """End a locked booking of a locked contact; what it waited for and what waits to be said of it ends as well."""
    offered = end_waits_of(db, booking_id, now=now)
    seats = end_bookings(db, Booking.id == booking_id, outcome=outcome, now=at, reason=reason)
    outbox.withdraw(db, booking_subject(booking_id), now=now)
    pass_on(db, [*seats, *offered], now=now)


def live_again(db: Session, *, reference: str, site_id: int, now: datetime) -> None:
    """Let a booking of today that ended as not come be live again: its person is late, and stands at the counter.

    Call it inside `once`. The place is taken again, also where somebody else has been given it meanwhile. Nothing is
    changed where there is no such booking, or where its person has booked anew. Of who is known by no ID that cannot
    be told: where their number has been given again, they have the next that is free.
    """
    today = local_date(now)
    missed = (
        BookingHistory.reference == reference,
        BookingHistory.outcome == "not_come",
        BookingHistory.ended_on == today,
        BookingHistory.starts_at >= day_begins(today),
        Offering.id == BookingHistory.offering_id,
        Offering.site_id == site_id,
    )
    contact_id = db.scalar(sa.select(BookingHistory.contact_id).where(*missed))
    if contact_id is None:
        return
    lock_contact(db, contact_id)
    was = BookingHistory.__table__.columns
    kept = {column.name: was[column.name] for column in Booking.__table__.columns if column.name in was}
    row = db.execute(
        insert(Booking)
        .from_select(list(kept), sa.select(*(kept | _renumbered(db, *missed)).values()).where(*missed))
        .on_conflict_do_nothing()
        .returning(Booking.id, Booking.offering_id, Booking.starts_at)
    ).one_or_none()
    if row is None:
        return
    db.execute(
        sa.delete(BookingHistory)
        .where(BookingHistory.ended_on == today, BookingHistory.id == row.id)
        .execution_options(synchronize_session=False)
    )
    exchange = Exchange()
    exchange.take_back(Seat(row.offering_id, site_id, row.starts_at))
    exchange.settle(db)


def _renumbered(db: Session, *missed: sa.ColumnElement[bool]) -> dict[str, sa.ColumnElement[Any]]:
    """The number that a missed booking of a locked contact has from now on; nothing where it keeps what it had."""
    row = db.execute(
        sa.select(BookingHistory.service_id, BookingHistory.contact_id, BookingHistory.beneficiary_no).where(*missed)
    ).one_or_none()
    if row is None or row.beneficiary_no is None:
        return {}
    live = (Booking.service_id == row.service_id, Booking.contact_id == row.contact_id)
    numbers = db.scalars(sa.select(Booking.beneficiary_no).where(*live, Booking.beneficiary_no.is_not(None))).all()
    if row.beneficiary_no not in numbers:
        return {}
    return {"beneficiary_no": sa.literal(next_number([number for number in numbers if number is not None]))}


def note_came(db: Session, booking_id: int, at: datetime) -> None:
    """Whoever is dealt with at a counter has come, whether or not somebody checked them in."""
    db.execute(
        sa.update(Booking)
        .where(Booking.id == booking_id, Booking.came_at.is_(None))
        .values(came_at=at)
        .execution_options(synchronize_session=False)
    )


def forget_came(db: Session, booking_id: int) -> None:
    """Of a locked booking: its person has not come."""
    db.execute(
        sa.update(Booking)
        .where(Booking.id == booking_id)
        .values(came_at=None)
        .execution_options(synchronize_session=False)
    )


def keyed(at: datetime, now: datetime) -> dict[str, str]:
    """What an event adds that was keyed in after it had happened."""
    return {} if at == now else {"keyed_at": now.isoformat()}
