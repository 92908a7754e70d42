"""What is taken, and by whom."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import Fullness, day_begins
from core.booking.outcomes import Held
from core.booking.tables import Booking, Counted, Hold, Window
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.db import Session


def fullness(db: Session, offerings: Sequence[Offering], first_day: date, last_day: date) -> Fullness:
    """The counters of these offerings and their sites with no place left, over the days from first to last.

    One query; it reads full windows only, from their own index.
    """
    mine = sorted({offering.id for offering in offerings})
    sites = sorted({offering.site.id for offering in offerings})
    span = {"begins": day_begins(first_day), "ends": day_begins(last_day + timedelta(days=1))}
    owners = {Counted.DAY.value: mine, Counted.OFFERING.value: mine, Counted.SITE.value: sites}
    full = db.execute(_FULL, owners | span)
    return Fullness(frozenset((row.kind, row.owner_id, row.starts_at) for row in full))


def _full(kind: Counted) -> sa.Select[str, int, datetime]:
    owners = sa.bindparam(kind.value, type_=sa.ARRAY(sa.Integer))
    return sa.select(Window.kind, Window.owner_id, Window.starts_at).where(
        Window.taken >= Window.capacity,
        Window.kind == kind.value,
        Window.owner_id == sa.any_(owners),
        Window.starts_at >= sa.bindparam("begins"),
        Window.starts_at < sa.bindparam("ends"),
    )


_FULL = sa.union_all(*map(_full, Counted))
"""Put together once: every screen with a free day on it asks this."""


def is_live(now: datetime) -> sa.ColumnElement[bool]:
    """A booking is live until its day ends: late is not lost."""
    return Booking.starts_at >= day_begins(local_date(now))


def live_bookings(db: Session, contact_id: int, now: datetime) -> list[Booking]:
    """What a phone has booked and is not over, earliest first."""
    return list(db.scalars(_LIVE, {"contact": contact_id, "today": day_begins(local_date(now))}))


_LIVE = (
    sa.select(Booking)
    .where(Booking.contact_id == sa.bindparam("contact"), Booking.starts_at >= sa.bindparam("today"))
    .order_by(Booking.starts_at, Booking.id)
    .execution_options(populate_existing=True)
)


def booking_of(db: Session, reference: str, contact_id: int) -> Booking | None:
    """The booking with this reference, if this phone made it."""
    return db.scalar(
        sa.select(Booking)
        .where(Booking.reference == reference, Booking.contact_id == contact_id)
        .execution_options(populate_existing=True)
    )


def current_hold(db: Session, contact_id: int, now: datetime) -> Held | None:
    """The place now kept for a phone."""
    hold = db.execute(
        sa.select(Hold.offering_id, Hold.starts_at, Hold.expires_at).where(
            Hold.contact_id == contact_id, Hold.expires_at > now
        )
    ).one_or_none()
    return None if hold is None else Held(*hold)
