"""What the clock does for places: give back, file away, clear. Each is safe to run twice, and beside callers."""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.ending import Ended, file_away, take_out
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
    """Move at most `limit` bookings whose day is over to history. Returns how many.

    Whoever was not checked in at a centre that checked anybody in on that day has not come;
    of the others nobody knows.
    """
    ended = take_out(db, sa.not_(is_live(now)), limit=limit)
    days = {_day_of(booking) for booking in ended}
    kept = _days_with_check_ins(db, days) | {_day_of(booking) for booking in ended if booking.came}
    file_away(
        db,
        ended,
        lambda booking: "not_come" if _day_of(booking) in kept and not booking.came else "past",
        now=now,
    )
    pass_on(db, [booking.seat for booking in ended], now=now)
    return len(ended)


def _day_of(booking: Ended) -> tuple[int, date]:
    """At which site, and on which day."""
    return booking.seat.site_id, local_date(booking.seat.starts_at)


def _days_with_check_ins(db: Session, days: Collection[tuple[int, date]]) -> set[tuple[int, date]]:
    """Those of these days of sites on which anybody was checked in."""
    if not days:
        return set()
    asked = {
        "sites": [site_id for site_id, _ in days],
        "days": [day for _, day in days],
        "begins": [day_begins(day) for _, day in days],
    }
    return {(row.site_id, row.day) for row in db.execute(_WITH_CHECK_INS, asked)}


_CAME = """
    SELECT FROM offerings offering JOIN {table} booking ON booking.offering_id = offering.id
    WHERE offering.site_id = asked.site_id AND booking.came_at IS NOT NULL
      AND booking.starts_at >= asked.begins AND booking.starts_at < asked.begins + interval '1 day'
"""
_WITH_CHECK_INS = sa.text(f"""
    SELECT asked.site_id, asked.day
    FROM unnest(CAST(:sites AS int[]), CAST(:days AS date[]), CAST(:begins AS timestamptz[]))
         AS asked (site_id, day, begins)
    WHERE EXISTS ({_CAME.format(table="bookings")}) OR EXISTS ({_CAME.format(table="booking_history")})
""")


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
