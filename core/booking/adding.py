"""A booking is added, unless the person or the phone has what they may have."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.booking.availability import day_begins
from core.booking.beneficiaries import MAX_LIVE_A_PHONE, MAX_UNIDENTIFIED_A_PHONE, Beneficiary
from core.booking.ending import end_bookings
from core.booking.errors import AlreadyBooked, TooManyBookings
from core.booking.outcomes import Booked
from core.booking.seats import Seat
from core.booking.tables import Booking
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.db import Session
from core.people.audit import Intent
from core.references import new_reference

Row = sa.Row[Any]


def add_booking(
    db: Session, intent: Intent, *, offering: Offering, starts_at: datetime, beneficiary: Beneficiary
) -> tuple[Booked, list[Seat]]:
    """Write the booking of a locked contact. Also says which places are free because their bookings were found over.

    Raises:
        AlreadyBooked: the person served has a live booking for the service.
        TooManyBookings: the phone has as many as it may.
    """
    service_id, contact_id, now = offering.service.id, intent.contact_id, intent.now
    live, freed = live_around(db, contact_id, service_id, beneficiary, now=now)
    while True:
        booking = {
            "reference": new_reference(),
            "offering_id": offering.id,
            "service_id": service_id,
            "starts_at": starts_at,
            "contact_id": contact_id,
            "beneficiary_id": beneficiary.person_id,
            "beneficiary_no": admit(live, contact_id, service_id, beneficiary),
            "created_at": now,
        }
        added = db.execute(
            insert(Booking).values(booking).on_conflict_do_nothing().returning(*Booking.__table__.columns)
        ).one_or_none()
        if added is not None:
            return _details(added), freed
        # Another phone has just booked for this person, which is refused above, or the reference is taken.
        live = _bookings_around(db, contact_id, service_id, beneficiary)


def live_around(
    db: Session, contact_id: int, service_id: int, beneficiary: Beneficiary, *, now: datetime
) -> tuple[Sequence[Row], list[Seat]]:
    """What `admit` goes by. Bookings that are found over are ended: also says which places they had."""
    known = _bookings_around(db, contact_id, service_id, beneficiary)
    over = [row.id for row in known if row.starts_at < day_begins(local_date(now))]
    freed = end_bookings(db, Booking.id.in_(over), outcome="past", now=now) if over else []
    return [row for row in known if row.id not in over], freed


def _bookings_around(db: Session, contact_id: int, service_id: int, beneficiary: Beneficiary) -> Sequence[Row]:
    """The phone's bookings, and whoever's booking of the service for this person."""
    wanted = Booking.contact_id == contact_id
    if beneficiary.person_id is not None:
        wanted |= sa.and_(Booking.service_id == service_id, Booking.beneficiary_id == beneficiary.person_id)
    return db.execute(sa.select(*Booking.__table__.columns).where(wanted)).all()


def admit(live: Sequence[Row], contact_id: int, service_id: int, beneficiary: Beneficiary) -> int | None:
    """Whether a phone may have one more booking: the number of an unidentified person, None for one with an identity.

    Raises:
        AlreadyBooked: the person served has a live booking for the service.
        TooManyBookings: the phone has as many as it may.
    """
    mine = [row for row in live if row.contact_id == contact_id]
    of_service = [row for row in live if row.service_id == service_id]
    if beneficiary.person_id is not None:
        for row in of_service:
            if row.beneficiary_id == beneficiary.person_id:
                raise AlreadyBooked(_details(row) if row in mine else None)
    if len(mine) >= MAX_LIVE_A_PHONE:
        raise TooManyBookings
    if beneficiary.person_id is not None:
        return None
    numbers = {row.beneficiary_no for row in of_service if row.beneficiary_no is not None}
    if len(numbers) >= MAX_UNIDENTIFIED_A_PHONE:
        raise TooManyBookings
    return next_number(numbers)


def next_number(numbers: Collection[int]) -> int:
    """The first that is free for one more unidentified person of a phone and a service."""
    return next(number for number in count(1) if number not in numbers)


def _details(row: Row) -> Booked:
    return Booked(row.id, row.reference, row.offering_id, row.starts_at)
