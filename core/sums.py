"""What was done at centres over some days, in sums: nobody's name, phone or number, for those who watch over it.

A centre at a time, so that each statement reads the days of one centre through
its indexes (booking_history_day_idx, bookings_window_idx, documents_*_idx) and
stays far below the statement timeout, however many bookings there are.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from core.booking.tables import Booking, BookingHistory
from core.catalogue.tables import Offering
from core.clock import at_local
from core.db import Session
from core.tracking.stages import Stage
from core.tracking.tables import Document

MOST_DAYS = 31
"""Days in one sum."""
ON_THE_SHELF = (Stage.RECEIVED, Stage.NOTIFIED, Stage.REMINDED)


@dataclass(slots=True)
class Sums:
    """Of one service at one centre."""

    booked: int = 0
    """For these days, and not given up: whether the day is still to come or not."""
    served: int = 0
    not_come: int = 0
    not_served: Counter[str] = field(default_factory=Counter)
    """Came and could not be served, by reason (visits.turning_away.Reason)."""
    given_up: int = 0
    closed: int = 0
    """The centre was shut, and there was no other time."""
    unsaid: int = 0
    """The day went by and nobody said what became of it."""
    received: int = 0
    """Documents whose last arrival was in these days."""
    collected: int = 0
    """Documents handed over in these days."""
    on_the_shelf: int = 0
    """Documents now."""

    def __iadd__(self, other: "Sums") -> "Sums":
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.not_served.update(other.not_served)
        return self


COUNTS = ("booked", "served", "not_come", "given_up", "closed", "unsaid", "received", "collected", "on_the_shelf")
"""What has one number, in the order of the file."""


def at_site(
    db: Session, site_id: int, *, first: date, last: date, services: Collection[int] | None = None
) -> dict[int, Sums]:
    """By service id, what was done at a centre from one day to another, both included.

    Services of which there is nothing are left out. `services`: only these; None: all.
    """
    assert first <= last < first + timedelta(days=MOST_DAYS)
    begins, ends = at_local(first, time()), at_local(last + timedelta(days=1), time())
    found: dict[int, Sums] = defaultdict(Sums)
    _add_history(db, found, site_id, begins, ends)
    _add_bookings(db, found, site_id, begins, ends)
    _add_documents(db, found, site_id, begins, ends)
    return {id: sums for id, sums in found.items() if services is None or id in services}


def _add_history(db: Session, found: dict[int, Sums], site_id: int, begins: datetime, ends: datetime) -> None:
    """What is over: read by offering and time."""
    here = sa.select(Offering.id).where(Offering.site_id == site_id)
    kinds = (BookingHistory.service_id, BookingHistory.outcome, BookingHistory.reason)
    counted = (
        sa.select(*kinds, sa.func.count())
        .where(
            BookingHistory.offering_id.in_(here), BookingHistory.starts_at >= begins, BookingHistory.starts_at < ends
        )
        .group_by(*kinds)
    )
    for service_id, outcome, reason, count in db.execute(counted):
        sums = found[service_id]
        if outcome == "not_served":
            sums.not_served[reason or "other"] += count
        elif outcome == "past":
            sums.unsaid += count
        elif outcome in ("served", "not_come", "given_up", "closed"):
            setattr(sums, outcome, getattr(sums, outcome) + count)
        if outcome != "given_up":
            sums.booked += count


def _add_bookings(db: Session, found: dict[int, Sums], site_id: int, begins: datetime, ends: datetime) -> None:
    """What is still to come, or has not been ended yet."""
    here = sa.select(Offering.id).where(Offering.site_id == site_id)
    counted = (
        sa.select(Booking.service_id, sa.func.count())
        .where(Booking.offering_id.in_(here), Booking.starts_at >= begins, Booking.starts_at < ends)
        .group_by(Booking.service_id)
    )
    for service_id, count in db.execute(counted):
        found[service_id].booked += count


def _add_documents(db: Session, found: dict[int, Sums], site_id: int, begins: datetime, ends: datetime) -> None:
    wanted = {
        "received": (Document.received_at >= begins, Document.received_at < ends),
        # Written out, as the partial indexes are: a parameter would not be known to fit them.
        "collected": (
            Document.stage == sa.literal_column("'collected'"),
            Document.stage_since >= begins,
            Document.stage_since < ends,
        ),
        "on_the_shelf": (Document.stage.in_([sa.literal_column(f"'{stage}'") for stage in ON_THE_SHELF]),),
    }
    for name, conditions in wanted.items():
        counted = sa.select(Document.service_id, sa.func.count()).where(Document.site_id == site_id, *conditions)
        for service_id, count in db.execute(counted.group_by(Document.service_id)):
            setattr(found[service_id], name, count)
