"""A place for somebody who came and could not be served: also where the window is full, by one a window at most."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from itertools import islice

import sqlalchemy as sa

from core.booking.announcing import announce
from core.booking.availability import day_begins, slots_on
from core.booking.errors import NotOffered
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.moving import repoint
from core.booking.outcomes import Booked
from core.booking.seats import Exchange
from core.booking.tables import Booking, Counted, Window
from core.booking.waitlist.ending import withdraw_later_offers
from core.booking.waitlist.line import settle
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.db import Session
from core.messaging import outbox
from core.people.audit import Intent

MOST_OVER = 1
"""Places of a window beyond those it has."""


def priority_times(
    db: Session, offering: Offering, *, now: datetime, closed_days: Collection[date], count: int
) -> list[datetime]:
    """The next windows of an offering into which somebody may be squeezed, in order: from the next one of today on.

    One that is shut (nothing is wanted of it) takes nobody. Whoever is at the centre needs no time
    to get there, so no lead time is asked for.
    """
    last_day = local_date(now) + timedelta(days=offering.horizon_days)
    over = sa.select(Window.starts_at).where(
        Window.taken >= Window.capacity,
        sa.or_(Window.taken >= Window.wanted + MOST_OVER, Window.wanted == 0),
        sa.or_(
            sa.and_(Window.kind == Counted.OFFERING.value, Window.owner_id == offering.id),
            sa.and_(Window.kind == Counted.SITE.value, Window.owner_id == offering.site.id),
        ),
        Window.starts_at > now,
        Window.starts_at < day_begins(last_day + timedelta(days=1)),
    )
    full = set(db.scalars(over))
    ahead = (start for start in _ahead(offering, last_day, now=now, closed_days=closed_days) if start not in full)
    return list(islice(ahead, count))


def squeeze_in(
    db: Session,
    intent: Intent,
    *,
    reference: str,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
) -> Booked:
    """Move a booking to such a place, where it is called first; its phone is told. Call it inside `once`.

    Raises:
        NoSuchBooking: no live booking of that reference.
        NotOffered: another service, or no window of it that is still ahead.
        SlotFull: the place beyond the full window is gone as well; the booking stays as it was.
    """
    lock_contact(db, intent.contact_id)
    own = lock_booking(db, intent, reference)
    day = local_date(starts_at)
    ahead = _ahead(offering, day, now=intent.now, closed_days=closed_days, first_day=day)
    if own.service_id != offering.service.id or starts_at not in ahead:
        raise NotOffered
    exchange = Exchange()
    exchange.squeeze(offering, starts_at, most=MOST_OVER)
    exchange.give_back([own.seat])
    exchange.give_back(withdraw_later_offers(db, own.booked.id, starts_at=starts_at, now=intent.now))
    moved = repoint(db, own, offering_id=offering.id, starts_at=starts_at)
    db.execute(
        sa.update(Booking)
        .where(Booking.id == moved.id)
        .values(priority=True)
        .execution_options(synchronize_session=False)
    )
    settle(db, exchange, now=intent.now)
    outbox.withdraw(db, own.subject, now=intent.now)
    announce(db, intent, "booking.moved", OwnBooking.of(moved, offering), template="booking_priority")
    return moved


def _ahead(
    offering: Offering, last_day: date, *, now: datetime, closed_days: Collection[date], first_day: date | None = None
) -> Iterator[datetime]:
    """Windows that have not begun, within the offering's horizon."""
    today = local_date(now)
    day = first_day or today
    while today <= day <= min(last_day, today + timedelta(days=offering.horizon_days)):
        yield from (start for start in slots_on(offering, day, closed_days=closed_days) if start > now)
        day += timedelta(days=1)
