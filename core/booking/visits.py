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
    found = db.execute(_LAST, {"contact": contact_id}).one_or_none()
    return Visit(*found) if found else None


def _made(table: type[Booking] | type[BookingHistory]) -> sa.Subquery:
    """The last booking that one of the tables has."""
    return (
        sa.select(table.offering_id, table.beneficiary_id, table.created_at, table.id)
        .where(table.contact_id == sa.bindparam("contact"))
        .order_by(table.created_at.desc(), table.id.desc())
        .limit(1)
        .subquery()
    )


_MADE = sa.union_all(sa.select(_made(Booking)), sa.select(_made(BookingHistory))).subquery()
_LAST = (
    sa.select(_MADE.c.offering_id, _MADE.c.beneficiary_id)
    .order_by(_MADE.c.created_at.desc(), _MADE.c.id.desc())
    .limit(1)
)
"""Put together once, like every question that a dialled menu asks."""
