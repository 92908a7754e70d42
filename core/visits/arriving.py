"""Somebody comes to a centre: checked in by a scan and one key, late or early, and never twice."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from core.booking.acting import acting_for
from core.booking.availability import day_begins, slots_on
from core.booking.errors import NoSuchBooking, NotOffered
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.moving import repoint
from core.booking.outcomes import booking_subject
from core.booking.queries import is_live
from core.booking.seats import Exchange, Seat, seat_at
from core.booking.serving import forget_came, leave, live_again, note_came
from core.booking.tables import NO_LIMIT, Booking, BookingHistory
from core.booking.waitlist.ending import withdraw_later_offers
from core.booking.waitlist.line import settle
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.people.audit import Actor, Intent, record_event
from core.people.tables import Event
from core.visits.errors import AlreadyOver, AnotherCentre, AnotherDay, NotYet


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A booking whose person has come."""

    booking_id: int
    reference: str
    service_id: int
    starts_at: datetime
    came_at: datetime
    already: bool
    """Somebody had checked them in before: nothing was changed."""

    def as_outcome(self) -> Outcome:
        return {
            "booking_id": self.booking_id,
            "reference": self.reference,
            "service_id": self.service_id,
            "starts_at": self.starts_at.isoformat(),
            "came_at": self.came_at.isoformat(),
            "already": self.already,
        }

    @classmethod
    def from_outcome(cls, outcome: dict[str, Any]) -> "CheckedIn":
        moments = {name: datetime.fromisoformat(outcome[name]) for name in ("starts_at", "came_at")}
        return cls(**(outcome | moments))


def check_in(db: Session, *, reference: str, site_id: int, actor: Actor, request_key: str, now: datetime) -> CheckedIn:
    """Note that the person of a booking has come. Whoever is late, or early, on the day is as welcome.

    Who had been noted as not come before is expected again, and has come: the record of events keeps both.

    Raises:
        AnotherDay: expected here on a later day (`receive` serves them today).
        AnotherCentre: expected elsewhere (`receive` serves them here).
        AlreadyOver: it has ended.
        NoSuchBooking: no booking of this reference that this centre may see.
    """

    def work() -> Outcome:
        try:
            row = _lock_of_today(db, reference, site_id, now)
        except AlreadyOver as error:
            if error.outcome != "not_come":
                raise
            live_again(db, reference=reference, site_id=site_id, now=now)
            row = _lock_of_today(db, reference, site_id, now)
        if row.came_at is None:
            note_came(db, row.id, now)
            record_event(db, "booking.checked_in", booking_subject(row.id), actor=actor, now=now, site_id=site_id)
        return CheckedIn(
            row.id, reference, row.service_id, row.starts_at, row.came_at or now, already=row.came_at is not None
        ).as_outcome()

    return CheckedIn.from_outcome(once(db, request_key, work, now=now))


def undo_check_in(
    db: Session, *, reference: str, site_id: int, actor: Actor, request_key: str, now: datetime
) -> tuple[int, datetime]:
    """Take a check-in back: somebody else had come. Whose booking it is is expected as before.

    Where `receive` had moved it here, it goes back to where it was, full or shut: that is what its person was told.
    Nothing is changed where nobody was checked in. Returns the site for which the booking is now, and the time.

    Raises:
        AnotherDay, AnotherCentre, AlreadyOver, NoSuchBooking: see `check_in`.
    """

    def work() -> Outcome:
        try:
            intent = acting_for(db, reference, actor=actor, request_key=request_key, now=now)
        except NoSuchBooking:
            raise over(db, reference, site_id) from None
        lock_contact(db, intent.contact_id)
        row = _lock_of_today(db, reference, site_id, now)
        own = lock_booking(db, intent, reference)
        seat = own.seat
        if row.came_at is not None:
            forget_came(db, row.id)
            was = row.came_at.isoformat()
            record_event(db, "booking.check_in_undone", own.subject, actor=actor, now=now, site_id=site_id, came_at=was)
            seat = _move_back(db, own, intent)
        return {"booking_id": row.id, "site_id": seat.site_id, "starts_at": seat.starts_at.isoformat()}

    outcome = once(db, request_key, work, now=now)
    return outcome["site_id"], datetime.fromisoformat(outcome["starts_at"])


def _lock_of_today(db: Session, reference: str, site_id: int, now: datetime) -> Any:
    """Raises: see `check_in`."""
    row = lock_visit(db, reference)
    if row is None or row.starts_at < day_begins(local_date(now)):
        raise over(db, reference, site_id)
    if row.site_id != site_id:
        raise AnotherCentre(row.site_id, row.starts_at)
    if local_date(row.starts_at) != local_date(now):
        raise AnotherDay(row.starts_at)
    return row


def receive(
    db: Session,
    *,
    reference: str,
    offering: Offering,
    closed_days: Collection[date],
    actor: Actor,
    request_key: str,
    now: datetime,
) -> CheckedIn:
    """Check in, today and here, somebody who is expected on another day or at another centre.

    The booking moves to the window of the moment, full or not, and the place it
    had is free for others; where all of today is shut, to that window all the
    same. Nobody is told: they stand at the counter.

    Raises:
        NoSuchBooking: no live booking of this reference.
        NotOffered: another service, or the centre does not give it today.
    """

    def work() -> Outcome:
        intent = acting_for(db, reference, actor=actor, request_key=request_key, now=now)
        lock_contact(db, intent.contact_id)
        own = lock_booking(db, intent, reference)
        start = window_of(offering, now, closed_days=closed_days) or window_of(
            replace(offering, closures=()), now, closed_days=closed_days
        )
        if own.service_id != offering.service.id or start is None:
            raise NotOffered
        if own.seat.site_id != offering.site.id or local_date(own.booked.starts_at) != local_date(now):
            _move_here(db, own, offering, start, intent=intent)
        check_key = f"{request_key}:in"
        return check_in(
            db, reference=reference, site_id=offering.site.id, actor=actor, request_key=check_key, now=now
        ).as_outcome()

    return CheckedIn.from_outcome(once(db, request_key, work, now=now))


def _move_here(db: Session, own: OwnBooking, offering: Offering, start: datetime, *, intent: Intent) -> None:
    exchange = Exchange()
    exchange.squeeze(offering, start, most=NO_LIMIT, even_shut=True)
    was = {"from_offering_id": own.booked.offering_id, "from": own.booked.starts_at.isoformat()}
    _move(db, own, exchange, seat_at(offering, start), intent=intent, **was)


def _move_back(db: Session, own: OwnBooking, intent: Intent) -> Seat:
    """Undo what `_move_here` did, if that was the last that moved it. Returns the seat that the booking has now."""
    last = db.scalar(
        sa.select(Event.details)
        .where(Event.subject == own.subject, Event.name == "booking.moved")
        .order_by(Event.id.desc())
        .limit(1)
    )
    if last is None or "from" not in last:
        return own.seat
    moved_to = last["offering_id"], datetime.fromisoformat(last["starts_at"])
    if moved_to != (own.seat.offering_id, own.seat.starts_at):
        return own.seat
    offering_id = last["from_offering_id"]
    site_id = db.scalars(sa.select(OfferingRow.site_id).where(OfferingRow.id == offering_id)).one()
    seat = Seat(offering_id, site_id, datetime.fromisoformat(last["from"]))
    exchange = Exchange()
    exchange.take_back(seat)
    _move(db, own, exchange, seat, intent=intent)
    return seat


def _move(db: Session, own: OwnBooking, exchange: Exchange, seat: Seat, *, intent: Intent, **was: Any) -> None:
    """To a place that the exchange takes, without a word to the phone."""
    exchange.give_back([own.seat])
    exchange.give_back(withdraw_later_offers(db, own.booked.id, starts_at=seat.starts_at, now=intent.now))
    repoint(db, own, offering_id=seat.offering_id, starts_at=seat.starts_at)
    settle(db, exchange, now=intent.now)
    outbox.withdraw(db, own.subject, now=intent.now)
    where = {"offering_id": seat.offering_id, "starts_at": seat.starts_at.isoformat()}
    record_event(db, "booking.moved", own.subject, actor=intent.actor, now=intent.now, **where, **was)


def not_come(db: Session, *, reference: str, site_id: int, actor: Actor, request_key: str, now: datetime) -> None:
    """End a booking whose time has passed without its person.

    Raises:
        NotYet: their time is still ahead, or they have been checked in.
        AlreadyOver, NoSuchBooking: see `check_in`.
    """

    def work() -> Outcome:
        try:
            contact_id = acting_for(db, reference, actor=actor, request_key=request_key, now=now).contact_id
        except NoSuchBooking:
            raise over(db, reference, site_id) from None
        lock_contact(db, contact_id)
        row = lock_visit(db, reference)
        if row is None or row.contact_id != contact_id or row.site_id != site_id:
            raise over(db, reference, site_id)
        if row.came_at is not None or row.starts_at > now:
            raise NotYet
        leave(db, row.id, outcome="not_come", at=now, now=now)
        record_event(db, "booking.not_come", booking_subject(row.id), actor=actor, now=now, site_id=site_id)
        return {"booking_id": row.id}

    once(db, request_key, work, now=now)


def window_of(offering: Offering, now: datetime, *, closed_days: Collection[date]) -> datetime | None:
    """The window of today in which somebody who is there now is counted: the last that has begun, or the first."""
    starts = slots_on(offering, local_date(now), closed_days=closed_days)
    return next((start for start in reversed(starts) if start <= now), starts[0] if starts else None)


def lock_visit(db: Session, reference: str) -> Any:
    """The row of a booking, wherever it is for, locked; None if it is over."""
    return db.execute(
        sa.select(
            Booking.id,
            Booking.contact_id,
            Booking.beneficiary_id,
            Booking.offering_id,
            Booking.service_id,
            Booking.starts_at,
            Booking.came_at,
            OfferingRow.site_id,
        )
        .join(OfferingRow, OfferingRow.id == Booking.offering_id)
        .where(Booking.reference == reference)
        .with_for_update(of=Booking)
    ).one_or_none()


def whereabouts(db: Session, reference: str, *, now: datetime) -> tuple[int, datetime] | None:
    """Where and when a live booking is for, of whatever centre: for whoever holds its reference."""
    row = db.execute(
        sa.select(OfferingRow.site_id, Booking.starts_at)
        .join(OfferingRow, OfferingRow.id == Booking.offering_id)
        .where(Booking.reference == reference, is_live(now))
    ).one_or_none()
    return None if row is None else (row.site_id, row.starts_at)


def service_of(db: Session, reference: str) -> int | None:
    """The service that a booking is for, of whatever centre; None: there is no such booking."""
    return db.scalar(sa.select(Booking.service_id).where(Booking.reference == reference))


def over(db: Session, reference: str, site_id: int) -> AlreadyOver | NoSuchBooking:
    """Why there is nobody to wait for: how the booking ended, where it was this centre's."""
    row = db.execute(
        sa.select(BookingHistory.outcome, BookingHistory.ended_at, BookingHistory.starts_at)
        .join(OfferingRow, OfferingRow.id == BookingHistory.offering_id)
        .where(BookingHistory.reference == reference, OfferingRow.site_id == site_id)
        .order_by(BookingHistory.ended_at.desc())
        .limit(1)
    ).one_or_none()
    return NoSuchBooking() if row is None else AlreadyOver(*row)
