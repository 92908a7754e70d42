"""What a phone can do with places: hold, release, book, move, give up, and hear again.

Every command takes the caller's session and never commits. A refusal
(core.booking.errors) changes nothing, and the session may go on in the same
transaction. A repeated request key gets the first outcome, whatever has
happened since. The order of locks is in core.booking.locking. A place that a
command leaves goes to the first who waits for it (core.booking.waitlist.line).

`closed_days` are the catalogue's; they matter where a place is taken.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from core.booking.adding import add_booking
from core.booking.announcing import announce
from core.booking.beneficiaries import Beneficiary
from core.booking.ending import end_bookings
from core.booking.errors import HoldExpired, NotOffered, SlotFull
from core.booking.holds import take_own_hold, take_seat, use_hold_or_take_seat
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.moving import repoint
from core.booking.outcomes import Booked, Held
from core.booking.seats import Exchange, seat_at
from core.booking.tables import Booking, Hold
from core.booking.waitlist.ending import end_waits_of, withdraw_later_offers
from core.booking.waitlist.line import pass_on, settle
from core.catalogue.snapshot import Offering
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.messaging.limits import refuse_too_many
from core.people.audit import Intent, record_event

HOLD_MINUTES = 5


def hold(
    db: Session, intent: Intent, *, offering: Offering, starts_at: datetime, closed_days: Collection[date]
) -> Held:
    """Keep a place for a phone for HOLD_MINUTES, in exchange for the one it holds; the same place is kept longer.

    What is held stays so though it has become too soon for others: a dropped call is continued.

    Raises:
        NotOffered: no such time can be booked now.
        SlotFull: no place is left; the old hold stays.
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        exchange = Exchange()
        old = take_own_hold(db, intent.contact_id)
        if old is None or not old.is_live(intent.now) or old.seat != seat_at(offering, starts_at):
            exchange.give_back([old.seat] if old else [])
            take_seat(db, exchange, offering, starts_at, closed_days, now=intent.now)
        settle(db, exchange, now=intent.now)
        held = Held(offering.id, starts_at, intent.now + timedelta(minutes=HOLD_MINUTES))
        db.execute(
            insert(Hold).values(
                contact_id=intent.contact_id, offering_id=offering.id, starts_at=starts_at, expires_at=held.expires_at
            )
        )
        _trace(db, intent, "hold.taken", **held.as_outcome())
        return held.as_outcome()

    return Held.from_outcome(once(db, intent.request_key, work, now=intent.now))


def release(db: Session, intent: Intent, *, offering: Offering, starts_at: datetime) -> None:
    """Give back this place, if the phone holds it: what it holds elsewhere, by a later call, stays."""

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        here = (Hold.offering_id == offering.id, Hold.starts_at == starts_at)
        own = take_own_hold(db, intent.contact_id, *here)
        if own is not None:
            pass_on(db, [own.seat], now=intent.now)
            _trace(db, intent, "hold.released", offering_id=own.seat.offering_id)
        return {"released": own is not None}

    once(db, intent.request_key, work, now=intent.now)


def confirm(
    db: Session,
    intent: Intent,
    *,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    beneficiary: Beneficiary,
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
        lock_contact(db, intent.contact_id)
        exchange = Exchange()
        use_hold_or_take_seat(db, intent, exchange, offering, starts_at, closed_days)
        booked, ended = add_booking(db, intent, offering=offering, starts_at=starts_at, beneficiary=beneficiary)
        exchange.give_back(ended)
        try:
            settle(db, exchange, now=intent.now)
        except SlotFull as full:
            raise HoldExpired from full
        own = OwnBooking.of(booked, offering)
        announce(db, intent, "booking.confirmed", own, template="booking_confirmed")
        return booked.as_outcome()

    return Booked.from_outcome(once(db, intent.request_key, work, now=intent.now))


def move(
    db: Session,
    intent: Intent,
    *,
    reference: str,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
) -> Booked:
    """Give a booking another time, or another site of the same service; the old place is free once the new is taken.

    A hold of this phone on the new place is used up.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
        NotOffered: another service, or no such time can be booked now.
        SlotFull: no place is left; the booking stays as it was.
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        own = lock_booking(db, intent, reference)
        if own.service_id != offering.service.id:
            raise NotOffered
        exchange = Exchange()
        use_hold_or_take_seat(db, intent, exchange, offering, starts_at, closed_days)
        exchange.give_back([own.seat])
        exchange.give_back(withdraw_later_offers(db, own.booked.id, starts_at=starts_at, now=intent.now))
        moved = repoint(db, own, offering_id=offering.id, starts_at=starts_at)
        settle(db, exchange, now=intent.now)
        new = OwnBooking.of(moved, offering)
        outbox.withdraw(db, own.subject, now=intent.now)
        announce(db, intent, "booking.moved", new, template="booking_moved")
        return moved.as_outcome()

    return Booked.from_outcome(once(db, intent.request_key, work, now=intent.now))


def give_up(db: Session, intent: Intent, *, reference: str) -> Booked:
    """Give a booked place back, and queue a message that says so. Returns the booking that was.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        own = lock_booking(db, intent, reference)
        offered = end_waits_of(db, own.booked.id, now=intent.now)
        seats = end_bookings(db, Booking.id == own.booked.id, outcome="given_up", now=intent.now)
        pass_on(db, [*seats, *offered], now=intent.now)
        outbox.withdraw(db, own.subject, now=intent.now)
        announce(db, intent, "booking.given_up", own, template="booking_given_up")
        return own.booked.as_outcome()

    return Booked.from_outcome(once(db, intent.request_key, work, now=intent.now))


def send_again(db: Session, intent: Intent, *, reference: str) -> Booked:
    """Queue the confirmation of a booking once more.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
        TooManySms: asked for too often (core.messaging.limits).
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        own = lock_booking(db, intent, reference)
        refuse_too_many(db, intent, "booking.sent_again", own.subject)
        announce(db, intent, "booking.sent_again", own, template="booking_confirmed")
        return own.booked.as_outcome()

    return Booked.from_outcome(once(db, intent.request_key, work, now=intent.now))


def _trace(db: Session, intent: Intent, event: str, **details: Any) -> None:
    """What was done about a hold: it has no id but its phone's."""
    record_event(db, event, f"person:{intent.contact_id}", actor=intent.actor, now=intent.now, **details)
