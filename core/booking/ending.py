"""A booking ends: its row moves to history, its seat is free."""

from datetime import datetime

import sqlalchemy as sa

from core.booking.seats import Seat
from core.booking.tables import Booking, BookingHistory
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Session


def end_bookings(
    db: Session, *condition: sa.ColumnElement[bool], outcome: str, now: datetime, limit: int | None = None
) -> list[Seat]:
    """Move bookings to history, and say which places they had. Those that somebody else is changing are passed over."""
    ending = sa.select(Booking.id).where(*condition).limit(limit).with_for_update(skip_locked=True).cte("ending")
    rows = db.execute(
        sa.delete(Booking)
        .where(Booking.id.in_(sa.select(ending.c.id)), OfferingRow.id == Booking.offering_id)
        .returning(*Booking.__table__.columns, OfferingRow.site_id)
        .execution_options(synchronize_session=False)
    ).mappings()
    gone = [dict(row) for row in rows]
    seats = [Seat(row["offering_id"], row.pop("site_id"), row["starts_at"]) for row in gone]
    if gone:
        end = {"outcome": outcome, "ended_on": local_date(now), "ended_at": now}
        db.execute(sa.insert(BookingHistory), [row | end for row in gone])
    return seats
