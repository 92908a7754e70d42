"""A booking ends: its row moves to history, its seat is free. An agency's appointment ends where it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.booking.seats import Seat
from core.booking.tables import Appointment, Booking, BookingHistory
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Session


@dataclass(frozen=True, slots=True)
class Ended:
    """A booking whose row has been taken out of `bookings`."""

    seat: Seat
    row: dict[str, Any]
    """Its columns."""

    @property
    def came(self) -> bool:
        return self.row["came_at"] is not None


def end_bookings(
    db: Session,
    *condition: sa.ColumnElement[bool],
    outcome: str,
    now: datetime,
    limit: int | None = None,
    reason: str | None = None,
) -> list[Seat]:
    """Move bookings to history, and say which places they had. Those that somebody else is changing are passed over."""
    ended = take_out(db, *condition, limit=limit)
    file_away(db, ended, lambda _: outcome, now=now, reason=reason)
    return [booking.seat for booking in ended]


def take_out(db: Session, *condition: sa.ColumnElement[bool], limit: int | None = None) -> list[Ended]:
    """Remove bookings; whoever does so files them away in the same transaction."""
    ending = sa.select(Booking.id).where(*condition).limit(limit).with_for_update(skip_locked=True).cte("ending")
    rows = db.execute(
        sa.delete(Booking)
        .where(Booking.id.in_(sa.select(ending.c.id)), OfferingRow.id == Booking.offering_id)
        .returning(*Booking.__table__.columns, OfferingRow.site_id)
        .execution_options(synchronize_session=False)
    ).mappings()
    gone = [dict(row) for row in rows]
    return [Ended(Seat(row["offering_id"], row.pop("site_id"), row["starts_at"]), row) for row in gone]


def file_away(
    db: Session,
    ended: Sequence[Ended],
    outcome_of: Callable[[Ended], str],
    *,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Write bookings that have been taken out into history."""
    if ended:
        end = {"ended_on": local_date(now), "ended_at": now, "reason": reason}
        rows = [booking.row | end | {"outcome": outcome_of(booking)} for booking in ended]
        db.execute(sa.insert(BookingHistory), rows)


def end_appointments(
    db: Session,
    *condition: sa.ColumnElement[bool],
    outcome: str,
    now: datetime,
    limit: int | None = None,
    reason: str | None = None,
) -> list[Seat]:
    """End live appointments, and say which places they had: the caller gives them back. Locked ones are passed over."""
    ending = (
        sa.select(Appointment.id)
        .where(Appointment.ended_at.is_(None), *condition)
        .order_by(Appointment.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ending")
    )
    rows = db.execute(
        sa.update(Appointment)
        .where(Appointment.id.in_(sa.select(ending.c.id)), OfferingRow.id == Appointment.offering_id)
        .values(ended_at=now, outcome=outcome, reason=reason)
        .returning(Appointment.offering_id, OfferingRow.site_id, Appointment.starts_at)
        .execution_options(synchronize_session=False)
    )
    return [Seat(*row) for row in rows]
