"""What a returning caller need not be asked again."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.booking.tables import Booking, BookingHistory
from core.db import Session


@dataclass(frozen=True, slots=True)
class Visit:
    offering_id: int
    beneficiary_id: int | None
    """The person served, where an identity was asked."""


def last_visit(db: Session, contact_id: int) -> Visit | None:
    """The booking this phone made last, live or over; None if it never made one."""
    made = [
        sa.select(table.offering_id, table.beneficiary_id, table.created_at)
        .where(table.contact_id == contact_id)
        .order_by(table.created_at.desc())
        .limit(1)
        for table in (Booking, BookingHistory)
    ]
    both = sa.union_all(*(sa.select(one.subquery()) for one in made)).subquery()
    found = db.execute(
        sa.select(both.c.offering_id, both.c.beneficiary_id).order_by(both.c.created_at.desc()).limit(1)
    ).one_or_none()
    return Visit(*found) if found else None
