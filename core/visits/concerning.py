"""What of a phone concerns one centre: its officers see no more of anybody."""

import sqlalchemy as sa

from core.booking.outcomes import booking_subject
from core.booking.tables import Booking, BookingHistory
from core.catalogue.tables import Offering
from core.db import Session
from core.tracking.letters import about
from core.tracking.tables import Document


def subjects_at(db: Session, contact_id: int, site_id: int) -> list[str]:
    """How messages name this phone's bookings and documents at a centre, live or over."""
    here = sa.select(Offering.id).where(Offering.site_id == site_id)
    bookings = sa.union_all(
        sa.select(Booking.id).where(Booking.contact_id == contact_id, Booking.offering_id.in_(here)),
        sa.select(BookingHistory.id).where(
            BookingHistory.contact_id == contact_id, BookingHistory.offering_id.in_(here)
        ),
    )
    documents = sa.select(Document.id).where(Document.contact_id == contact_id, Document.site_id == site_id)
    return [*map(booking_subject, db.scalars(bookings)), *map(about, db.scalars(documents))]
