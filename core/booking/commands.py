"""What a phone can do with places: hold, release, book, move, give up, and hear again.

Every command takes the caller's session and never commits. A refusal
(core.booking.errors) changes nothing, and the session may go on in the same
transaction. A repeated `request_key` gets the first outcome, whatever has
happened since. The order of locks is in core.booking.steps.

`closed_days` are the catalogue's; they matter where a place is taken.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.booking import steps
from core.booking.beneficiaries import Beneficiary, add_booking
from core.booking.errors import HoldExpired, NotOffered, SlotFull, TooManySms
from core.booking.outcomes import Booked, Held
from core.booking.seats import Seats, place_at
from core.booking.tables import Booking, Hold
from core.catalogue.snapshot import Offering
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.people.tables import Event

HOLD_MINUTES = 5
MAX_SMS_AN_HOUR = 3
"""How often a booking's message can be asked for again in an hour."""


def hold(
    db: Session,
    *,
    contact_id: int,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    request_key: str,
    actor: Actor,
    now: datetime,
) -> Held:
    """Keep a place for a phone for HOLD_MINUTES, in exchange for the one it holds; the same place is kept longer.

    What is held stays so though it has become too soon for others: a dropped call is continued.

    Raises:
        NotOffered: no such time can be booked now.
        SlotFull: no place is left; the old hold stays.
    """

    def work() -> Outcome:
        steps.lock_contact(db, contact_id)
        seats = Seats()
        old = steps.take_own_hold(db, contact_id)
        if old is None or not old.is_live(now) or old.place != place_at(offering, starts_at):
            seats.give_back([old.place] if old else [])
            steps.take_seat(db, seats, offering, starts_at, closed_days, now=now)
        seats.settle(db)
        held = Held(offering.id, starts_at, now + timedelta(minutes=HOLD_MINUTES))
        db.execute(
            insert(Hold).values(
                contact_id=contact_id, offering_id=offering.id, starts_at=starts_at, expires_at=held.expires_at
            )
        )
        record_event(db, "hold.taken", f"person:{contact_id}", actor=actor, now=now, **held.as_outcome())
        return held.as_outcome()

    return Held.from_outcome(once(db, request_key, work, now=now))


def release(db: Session, *, contact_id: int, request_key: str, actor: Actor, now: datetime) -> None:
    """Give back the place that a phone holds, if it holds one."""

    def work() -> Outcome:
        steps.lock_contact(db, contact_id)
        own = steps.take_own_hold(db, contact_id)
        if own is not None:
            seats = Seats()
            seats.give_back([own.place])
            seats.settle(db)
            record_event(
                db, "hold.released", f"person:{contact_id}", actor=actor, now=now, offering_id=own.place.offering_id
            )
        return {"released": own is not None}

    once(db, request_key, work, now=now)


def confirm(
    db: Session,
    *,
    contact_id: int,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    beneficiary: Beneficiary,
    language: str,
    request_key: str,
    actor: Actor,
    now: datetime,
) -> Booked:
    """Turn the phone's hold on this place into a booking, and queue its confirmation.

    Where the hold has run out, the place is taken again if that is still possible.

    Raises:
        HoldExpired: the place has been given to somebody else.
        NotOffered: the hold has run out, and the time can no longer be booked.
        AlreadyBooked: the person served has a live booking for the service.
        TooManyBookings: the phone has as many as it may.
    """

    def work() -> Outcome:
        steps.lock_contact(db, contact_id)
        seats = Seats()
        steps.use_hold_or_take_seat(db, seats, contact_id, offering, starts_at, closed_days, now=now)
        booked, ended = add_booking(
            db, contact_id=contact_id, offering=offering, starts_at=starts_at, beneficiary=beneficiary, now=now
        )
        seats.give_back(ended)
        try:
            seats.settle(db)
        except SlotFull as full:
            raise HoldExpired from full
        own = steps.OwnBooking.of(booked, offering, contact_id)
        steps.announce(
            db, "booking.confirmed", own, template="booking_confirmed", language=language, actor=actor, now=now
        )
        return booked.as_outcome()

    return Booked.from_outcome(once(db, request_key, work, now=now))


def move(
    db: Session,
    *,
    contact_id: int,
    reference: str,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    language: str,
    request_key: str,
    actor: Actor,
    now: datetime,
) -> Booked:
    """Give a booking another time, or another site of the same service; the old place is free once the new is taken.

    A hold of this phone on the new place is used up.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
        NotOffered: another service, or no such time can be booked now.
        SlotFull: no place is left; the booking stays as it was.
    """

    def work() -> Outcome:
        steps.lock_contact(db, contact_id)
        own = steps.lock_booking(db, reference, contact_id, now=now)
        if own.service_id != offering.service.id:
            raise NotOffered
        seats = Seats()
        steps.use_hold_or_take_seat(db, seats, contact_id, offering, starts_at, closed_days, now=now)
        seats.give_back([own.place])
        seats.settle(db)
        db.execute(
            sa.update(Booking)
            .where(Booking.id == own.booked.id)
            .values(offering_id=offering.id, starts_at=starts_at)
            .execution_options(synchronize_session=False)
        )
        booked = Booked(own.booked.id, reference, offering.id, starts_at)
        new = steps.OwnBooking.of(booked, offering, contact_id)
        steps.announce(db, "booking.moved", new, template="booking_moved", language=language, actor=actor, now=now)
        return booked.as_outcome()

    return Booked.from_outcome(once(db, request_key, work, now=now))


def give_up(
    db: Session, *, contact_id: int, reference: str, language: str, request_key: str, actor: Actor, now: datetime
) -> Booked:
    """Give a booked place back, and queue a message that says so. Returns the booking that was.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
    """

    def work() -> Outcome:
        steps.lock_contact(db, contact_id)
        own = steps.lock_booking(db, reference, contact_id, now=now)
        seats = Seats()
        seats.give_back(steps.end_bookings(db, Booking.id == own.booked.id, outcome="given_up", now=now))
        seats.settle(db)
        steps.announce(
            db, "booking.given_up", own, template="booking_given_up", language=language, actor=actor, now=now
        )
        return own.booked.as_outcome()

    return Booked.from_outcome(once(db, request_key, work, now=now))


def send_again(
    db: Session, *, contact_id: int, reference: str, language: str, request_key: str, actor: Actor, now: datetime
) -> Booked:
    """Queue the confirmation of a booking once more.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
        TooManySms: asked for MAX_SMS_AN_HOUR times within the last hour.
    """

    def work() -> Outcome:
        steps.lock_contact(db, contact_id)
        own = steps.lock_booking(db, reference, contact_id, now=now)
        asked = db.scalar(
            sa.select(sa.func.count()).where(
                Event.subject == f"booking:{own.booked.id}",
                Event.name == "booking.sent_again",
                Event.at > now - timedelta(hours=1),
            )
        )
        if (asked or 0) >= MAX_SMS_AN_HOUR:
            raise TooManySms
        steps.announce(
            db, "booking.sent_again", own, template="booking_confirmed", language=language, actor=actor, now=now
        )
        return own.booked.as_outcome()

    return Booked.from_outcome(once(db, request_key, work, now=now))
