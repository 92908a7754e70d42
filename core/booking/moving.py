"""A booking gets another time: the row stays, and with it its reference."""

from datetime import datetime

import sqlalchemy as sa

from core.booking.locking import OwnBooking
from core.booking.outcomes import Booked
from core.booking.tables import Booking
from core.db import Session


def repoint(db: Session, own: OwnBooking, *, offering_id: int, starts_at: datetime) -> Booked:
    """Let a locked booking mean another place, of which its person has not been reminded yet."""
    db.execute(
        sa.update(Booking)
        .where(Booking.id == own.booked.id)
        .values(offering_id=offering_id, starts_at=starts_at, reminded_at=None)
        .execution_options(synchronize_session=False)
    )
    return Booked(own.booked.id, own.booked.reference, offering_id, starts_at)
