"""What the clock does for places: give back, file away, clear. Each is safe to run twice, and beside callers."""

from datetime import datetime

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.ending import end_bookings
from core.booking.holds import take_expired_holds
from core.booking.queries import is_live
from core.booking.tables import Window
from core.booking.waitlist.line import pass_on
from core.clock import local_date
from core.db import Session


def free_expired_holds(db: Session, *, now: datetime, limit: int) -> int:
    """Give back the places of at most `limit` expired holds, the oldest first. Returns how many."""
    seats = take_expired_holds(db, now=now, limit=limit)
    pass_on(db, seats, now=now)
    return len(seats)


def archive_past(db: Session, *, now: datetime, limit: int) -> int:
    """Move at most `limit` bookings whose day is over to history. Returns how many."""
    seats = end_bookings(db, sa.not_(is_live(now)), outcome="past", now=now, limit=limit)
    pass_on(db, seats, now=now)
    return len(seats)


def delete_past_windows(db: Session, *, now: datetime, limit: int) -> int:
    """Delete at most `limit` counters of days that are over and count nobody. Returns how many."""
    past = (
        sa.select(Window.kind, Window.owner_id, Window.starts_at)
        .where(Window.starts_at < day_begins(local_date(now)), Window.taken == 0)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("past")
    )
    key = sa.tuple_(Window.kind, Window.owner_id, Window.starts_at)
    deleted = db.execute(
        sa.delete(Window)
        .where(key.in_(sa.select(past.c.kind, past.c.owner_id, past.c.starts_at)))
        .returning(Window.kind)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())
