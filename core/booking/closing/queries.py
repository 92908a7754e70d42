"""What became of closures, and of one booking because of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.closing.clearing import span_of
from core.booking.closing.commands import made_with, press_of
from core.booking.closing.hit import people_left
from core.booking.outcomes import booking_subject
from core.booking.tables import Booking, BookingHistory
from core.catalogue.tables import Closure
from core.clock import local_date
from core.db import Session
from core.people.tables import Event

KEPT = timedelta(days=7)
"""A closure that is over is listed for so long."""
MOST_LISTED = 200
USED = ("served", "not_come", "not_served", "past")
"""How a booking ends that its person had until its day came."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One closure, or all that one press made because the system was down; and how far it is with the people hit."""

    id: int
    site_id: int
    offering_id: int | None
    counters: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    who: str | None
    asking: bool
    lifted_at: datetime | None
    moved: int
    ended: int
    left: int
    """Bookings and appointments that are still to be moved."""
    is_cleared: bool
    """Nobody is left on it."""
    also: tuple[int, ...] = ()
    """The other offerings that the same press closed: `id` stands for all of it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A booking that the centre has moved, and that its person has not moved since."""

    closure_id: int
    was_at: datetime
    was_offering_id: int


def closures_of(db: Session, site_id: int, *, now: datetime) -> list[Progress]:
    """Of a centre: those that are not over for long, the last made first."""
    rows = db.scalars(
        sa.select(Closure)
        .where(Closure.site_id == site_id, Closure.ends_at > now - KEPT)
        .order_by(Closure.id.desc())
        .limit(MOST_LISTED)
    )
    pressed: dict[object, list[Progress]] = defaultdict(list)
    for row in rows:
        pressed[press_of(row)].append(_progress(db, row, now))
    return [_together(some) for some in pressed.values()]


def closure_at(db: Session, site_id: int, closure_id: int, *, now: datetime) -> Progress | None:
    """One of a centre's."""
    row = db.scalar(sa.select(Closure).where(Closure.id == closure_id, Closure.site_id == site_id))
    if row is None:
        return None
    others = db.scalars(sa.select(Closure).where(Closure.id.in_(made_with(db, row)), Closure.id != row.id))
    return _together([_progress(db, one, now) for one in (row, *others)])


def site_of(db: Session, closure_id: int) -> int | None:
    """The centre of a closure; None: there is no such closure."""
    return db.scalar(sa.select(Closure.site_id).where(Closure.id == closure_id))


def moved_by_closure(db: Session, booking_id: int) -> Moved | None:
    """Where a live booking was before the centre moved it; None if its person chose the time it has now."""
    closure_id = db.scalar(sa.select(Booking.closure_id).where(Booking.id == booking_id))
    if closure_id is None:
        return None
    details = db.scalars(
        sa.select(Event.details)
        .where(
            Event.subject == booking_subject(booking_id),
            Event.name == "booking.moved",
            Event.details["closure_id"].as_integer() == closure_id,
        )
        .order_by(Event.id.desc())
        .limit(1)
    ).one()
    return Moved(closure_id, datetime.fromisoformat(details["was_at"]), details["was_offering_id"])


def lost_by_closure(db: Session, contact_id: int, *, now: datetime) -> list[BookingHistory]:
    """What a phone had booked and lost because a centre was closed, earliest first; each until its day is over.

    Whoever has booked the service again since, or taken a place they were offered, need not hear of it any more,
    also where they have been to that visit or missed it. Who has an ID may have done it with any phone.
    """
    lost = db.scalars(
        sa.select(BookingHistory)
        .where(
            BookingHistory.contact_id == contact_id,
            BookingHistory.outcome == "closed",
            BookingHistory.starts_at >= day_begins(local_date(now)),
        )
        .order_by(BookingHistory.starts_at, BookingHistory.id)
    ).all()
    return [booking for booking in lost if not _booked_again(db, booking)]


def _booked_again(db: Session, lost: BookingHistory) -> bool:
    """Few have lost anything: each table is looked up by the index on the person or the phone."""

    def since(table: type[Booking] | type[BookingHistory]) -> sa.ColumnElement[bool]:
        if lost.beneficiary_id is not None:
            whose = table.beneficiary_id == lost.beneficiary_id
        else:
            whose = sa.and_(table.contact_id == lost.contact_id, table.beneficiary_id.is_(None))
        return sa.and_(whose, table.service_id == lost.service_id, table.created_at >= lost.ended_at)

    live = sa.select(Booking.id).where(since(Booking)).exists()
    used = sa.select(BookingHistory.id).where(since(BookingHistory), BookingHistory.outcome.in_(USED)).exists()
    return bool(db.scalar(sa.select(sa.or_(live, used))))


def _together(some: Sequence[Progress]) -> Progress:
    return replace(
        some[0],
        moved=sum(one.moved for one in some),
        ended=sum(one.ended for one in some),
        left=sum(one.left for one in some),
        is_cleared=all(one.is_cleared for one in some),
        also=tuple(one.offering_id for one in some[1:] if one.offering_id is not None),
    )


def _progress(db: Session, row: Closure, now: datetime) -> Progress:
    left = 0 if row.cleared_at is not None else people_left(db, span_of(db, row), now=now)
    return Progress(
        row.id,
        row.site_id,
        row.offering_id,
        row.counters,
        row.starts_at,
        row.ends_at,
        row.reason,
        row.who,
        row.asking,
        row.lifted_at,
        row.moved,
        row.ended,
        left,
        row.cleared_at is not None,
    )
