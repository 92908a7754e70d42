"""A booking that was kept: the counter says so."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.booking.ending import end_bookings
from core.booking.errors import NoSuchBooking
from core.booking.locking import lock_contact
from core.booking.outcomes import booking_subject
from core.booking.queries import is_live
from core.booking.tables import Booking
from core.booking.waitlist.ending import end_waits_of
from core.booking.waitlist.line import pass_on
from core.catalogue.tables import Offering
from core.db import Session
from core.messaging import outbox
from core.people.audit import Actor, record_event
from core.people.tables import Person


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


def serve(db: Session, actor: Actor, *, reference: str, now: datetime) -> Served:
    """End a booking because its person has been served. Call it inside `once`.

    It moves to history, and a place that is still ahead (somebody came early) is free.

    Raises:
        NoSuchBooking: unknown, or over.
    """
    contact_id = db.scalar(sa.select(Booking.contact_id).where(Booking.reference == reference))
    if contact_id is None:
        raise NoSuchBooking
    lock_contact(db, contact_id)
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
        .where(Booking.reference == reference, is_live(now))
        .with_for_update(of=Booking)
    ).one_or_none()
    if row is None:
        raise NoSuchBooking
    served = Served(*row)
    subject = booking_subject(served.booking_id)
    offered = end_waits_of(db, served.booking_id, now=now)
    seats = end_bookings(db, Booking.id == served.booking_id, outcome="served", now=now)
    outbox.withdraw(db, subject, now=now)
    pass_on(db, [*seats, *offered], now=now)
    record_event(db, "booking.served", subject, actor=actor, now=now, service_id=served.service_id)
    return served
