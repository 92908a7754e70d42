"""Moving whoever stands on a closed place, until nobody is left there.

One batch a transaction. Everything that is locked before the windows is passed
over where somebody else has it (a command of that phone is under way): the next
look finds it, wherever it is by then. Only the place in line of somebody whose
contact is locked is waited for. A closure is done when no window of it has more
places taken than it has; since the windows give none, nobody comes back.

The catalogue does not change meanwhile: where nobody has taken a place yet, it
alone knows that there is one.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.booking.closing import telling
from core.booking.closing.commands import closure_subject
from core.booking.closing.hit import (
    Hit,
    Span,
    anybody_left,
    hit_appointments,
    hit_bookings,
    hit_holds,
    hit_offers,
)
from core.booking.closing.room import Found, Room
from core.booking.ending import end_bookings
from core.booking.errors import SlotFull
from core.booking.outcomes import appointment_subject, booking_subject
from core.booking.seats import Exchange, Seat, room_at
from core.booking.tables import Appointment, Booking, BookingHistory, Hold, WaitlistOffer
from core.booking.waitlist.ending import end_offers, end_waits_of, withdraw_later_offers
from core.booking.waitlist.line import pass_on, pass_on_left
from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Closure, Site
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.version import keep_version
from core.clock import local_date
from core.db import Session
from core.messaging import outbox
from core.people.audit import Actor, record_event

log = logging.getLogger(__name__)

ZAMU = Actor("clock")
UNDO = timedelta(seconds=30)
"""For so long nobody is moved because an officer is absent: it is one tap, and can be taken back with another."""


def clear(db: Session, catalogue: Catalogue, *, now: datetime, limit: int) -> int:
    """Do one thing for closures that somebody still stands on, for at most `limit` of them. Returns for how many.

    Call it again, in a new transaction, until it gives 0. In this order: holds
    and offered places end, bookings are moved or end, agencies' appointments
    likewise. One clears a closure at a time; another passes it over. What fails
    for one closure, or one person, is logged and keeps nobody else waiting.

    With a catalogue that is older than the last change nobody is moved: 0, as
    while it is being changed.
    """
    version = keep_version(db)
    if version is None or catalogue.version < version:
        return 0
    for closure in _to_be_cleared(db, now=now):
        subject, done = closure_subject(closure.id), 0
        try:
            with db.begin_nested():
                done = _clear_one(db, catalogue, closure, now=now, limit=limit)
        except Exception as error:
            _note(subject, error)
        if done:
            return done
    return 0


def _clear_one(db: Session, catalogue: Catalogue, closure: Closure, *, now: datetime, limit: int) -> int:
    span = span_of(db, closure)
    done = (
        _free_holds(db, span, now=now, limit=limit)
        or _withdraw_offers(db, span, now=now, limit=limit)
        or _move(db, catalogue, closure, span, now=now, limit=limit)
    )
    if not done and not anybody_left(db, span, now=now):
        closure.cleared_at = now
        record_event(db, "closure.cleared", closure_subject(closure.id), actor=ZAMU, now=now)
    return done


def _note(subject: str, error: Exception) -> None:
    """Without what the error says: a database's says what stands in the row."""
    log.error("%s could not be moved or closed: %s", subject, type(error).__name__)


def _to_be_cleared(db: Session, *, now: datetime) -> Sequence[Closure]:
    """The soonest first, each locked: nobody lifts it meanwhile."""
    tapped = sa.and_(Closure.counters > 0, Closure.created_at > now - UNDO)
    return db.scalars(
        sa.select(Closure)
        .where(Closure.cleared_at.is_(None), sa.func.coalesce(~tapped, sa.true()))
        .order_by(Closure.starts_at, Closure.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def span_of(db: Session, closure: Closure) -> Span:
    """Where people stand whom a closure hits."""
    length = db.scalars(sa.select(Site.window_minutes).where(Site.id == closure.site_id)).one()
    return Span(
        closure.site_id,
        closure.offering_id,
        closure.counters,
        closure.starts_at,
        closure.ends_at,
        timedelta(minutes=length),
    )


def _free_holds(db: Session, span: Span, *, now: datetime, limit: int) -> int:
    """Whoever is deciding is told that the time has just been taken, and is shown others."""
    contacts = hit_holds(db, span, now=now, limit=limit)
    if not contacts:
        return 0
    rows = db.execute(
        sa.delete(Hold)
        .where(Hold.contact_id.in_(contacts), OfferingRow.id == Hold.offering_id)
        .returning(Hold.offering_id, OfferingRow.site_id, Hold.starts_at)
        .execution_options(synchronize_session=False)
    )
    seats = [Seat(*row) for row in rows]
    pass_on(db, seats, now=now)
    return len(seats)


def _withdraw_offers(db: Session, span: Span, *, now: datetime, limit: int) -> int:
    """Whoever waits waits on; a YES is answered kindly."""
    offers = hit_offers(db, span, now=now, limit=limit)
    if not offers:
        return 0
    pass_on(db, end_offers(db, WaitlistOffer.id.in_(offers), outcome="withdrawn", now=now), now=now)
    return len(offers)


def _move(db: Session, catalogue: Catalogue, closure: Closure, span: Span, *, now: datetime, limit: int) -> int:
    """Move a batch together; where that cannot be, the first of it who can be."""
    people = hit_bookings(db, span, now=now, limit=limit) or hit_appointments(db, span, now=now, limit=limit)
    if not people:
        return 0
    for some in (people, *([one] for one in people)):
        try:
            with db.begin_nested():
                _carry_out(db, catalogue, closure, some, now=now)
        except SlotFull:
            # Somebody has taken one of these places in this moment, or given one up where too many were.
            continue
        except Exception as error:
            if len(some) == 1:
                _note(_subject(some[0]), error)
            continue
        return len(some)
    return 0


def _subject(hit: Hit) -> str:
    return appointment_subject(hit.id) if hit.contact_id is None else booking_subject(hit.id)


def _carry_out(db: Session, catalogue: Catalogue, closure: Closure, people: Sequence[Hit], *, now: datetime) -> None:
    """Raises:
    SlotFull: a place that was found has gone, or they need not be moved any
        more. The caller's savepoint must be rolled back.
    """
    room, exchange = Room(db, catalogue, now), Exchange()
    found = [room.find(hit.seat, hit.service_id) for hit in people]
    for hit, place in zip(people, found, strict=True):
        exchange.give_back([hit.seat])
        if place is not None:
            exchange.take(place.offering, place.starts_at)
        if hit.contact_id is not None:
            exchange.give_back(_waits_follow(db, hit, place, now=now))
            if place is None:
                # They are put in line, and whoever has that entry may be waiting for the windows.
                _end_booking(db, catalogue, room, closure, hit, now=now)
    exchange.settle(db)
    if closure.counters:
        _check_all_were_too_many(db, people)
    pass_on_left(db, exchange, now=now)
    for hit, place in zip(people, found, strict=True):
        if hit.contact_id is None:
            _move_appointment(db, closure, hit, place, now=now)
        elif place is not None:
            _move_booking(db, closure, hit, place, now=now)
    closure.moved += sum(place is not None for place in found)
    closure.ended += sum(place is None for place in found)
    db.flush()


def _check_all_were_too_many(db: Session, people: Sequence[Hit]) -> None:
    """Where some counters are closed, nobody is moved in whose stead another has gone meanwhile.

    For windows that have been locked and settled, and not passed on.

    Raises:
        SlotFull: there is room now where they were.
    """
    for seat in {hit.seat for hit in people}:
        _, window, _ = seat.counters()
        if room_at(db, seat)[window] > 0:
            raise SlotFull


def _waits_follow(db: Session, hit: Hit, place: Found | None, *, now: datetime) -> list[Seat]:
    """What they waited for beside the booking, and the places that were on offer for it."""
    if place is None:
        return end_waits_of(db, hit.id, now=now)
    return withdraw_later_offers(db, hit.id, starts_at=place.starts_at, now=now)


def _move_booking(db: Session, closure: Closure, hit: Hit, place: Found, *, now: datetime) -> None:
    """Whoever has come already and could not be served is called first when they come again."""
    db.execute(
        sa.update(Booking)
        .where(Booking.id == hit.id)
        .values(
            offering_id=place.offering.id,
            starts_at=place.starts_at,
            reminded_at=None,
            came_at=None,
            priority=hit.priority or hit.came_at is not None,
            closure_id=closure.id,
        )
        .execution_options(synchronize_session=False)
    )
    subject = booking_subject(hit.id)
    outbox.withdraw(db, subject, now=now)
    record_event(db, "booking.moved", subject, actor=ZAMU, now=now, **_where(closure, hit, place))
    telling.tell_moved(db, hit, place, asking=closure.asking, now=now)


def _end_booking(db: Session, catalogue: Catalogue, room: Room, closure: Closure, hit: Hit, *, now: datetime) -> None:
    end_bookings(db, Booking.id == hit.id, outcome="closed", now=now)
    db.execute(
        sa.update(BookingHistory)
        .where(BookingHistory.ended_on == local_date(now), BookingHistory.id == hit.id)
        .values(closure_id=closure.id)
        .execution_options(synchronize_session=False)
    )
    subject = booking_subject(hit.id)
    outbox.withdraw(db, subject, now=now)
    record_event(db, "booking.closed", subject, actor=ZAMU, now=now, **_where(closure, hit, None))
    telling.tell_ended(db, catalogue, room, hit, now=now)


def _move_appointment(db: Session, closure: Closure, hit: Hit, place: Found | None, *, now: datetime) -> None:
    """Its agency hears of it through the record of events."""
    changed = (
        {"ended_at": now, "outcome": "closed"}
        if place is None
        else {"offering_id": place.offering.id, "starts_at": place.starts_at, "came_at": None}
    )
    db.execute(
        sa.update(Appointment)
        .where(Appointment.id == hit.id)
        .values(changed)
        .execution_options(synchronize_session=False)
    )
    name = "appointment.closed" if place is None else "appointment.moved"
    record_event(db, name, appointment_subject(hit.id), actor=ZAMU, now=now, **_where(closure, hit, place))


def _where(closure: Closure, hit: Hit, place: Found | None) -> dict[str, object]:
    """Where it is now, or where it ended; and where it was."""
    return {
        "closure_id": closure.id,
        "offering_id": place.offering.id if place else hit.seat.offering_id,
        "starts_at": (place.starts_at if place else hit.seat.starts_at).isoformat(),
        "was_at": hit.seat.starts_at.isoformat(),
        "was_offering_id": hit.seat.offering_id,
    }
