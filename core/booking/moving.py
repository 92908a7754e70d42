"""A booking gets another time: the row stays, and with it its reference."""

from datetime import datetime

import sqlalchemy as sa

from core.booking.locking import OwnBooking
from core.booking.outcomes import Booked
from core.booking.tables import Booking
from core.db import Session


def repoint(
    db: Session, own: OwnBooking, *, offering_id: int, starts_at: datetime, closure_id: int | None = None
) -> Booked:
    """Let a locked booking mean another place, of which its person has not been reminded and to which nobody came.

    `closure_id`: the centre's doing, because of that closure. Its person's own choice makes up for an earlier one.
    """
    db.execute(
        sa.update(Booking)
        .where(Booking.id == own.booked.id)
        .values(offering_id=offering_id, starts_at=starts_at, reminded_at=None, came_at=None, closure_id=closure_id)
        .execution_options(synchronize_session=False)
    )
    return Booked(own.booked.id, own.booked.reference, offering_id, starts_at)
