"""How messages and the record name what is somebody's: of a phone at one centre, or of one number."""

import sqlalchemy as sa

from core.booking.outcomes import booking_subject
from core.booking.tables import Booking, BookingHistory, WaitlistEntry, WaitlistOffer
from core.booking.waitlist.line import entry_subject, offer_subject
from core.catalogue.tables import Offering
from core.db import Session
from core.tracking.letters import APPLICATION, PROMISE, about
from core.tracking.tables import Document


def subjects_at(db: Session, contact_id: int, site_id: int) -> list[str]:
    """How messages name this phone's bookings, waits and documents at a centre, live or over."""
    here = sa.select(Offering.id).where(Offering.site_id == site_id)
    bookings = sa.union_all(
        sa.select(Booking.id).where(Booking.contact_id == contact_id, Booking.offering_id.in_(here)),
        sa.select(BookingHistory.id).where(
            BookingHistory.contact_id == contact_id, BookingHistory.offering_id.in_(here)
        ),
    )
    waits = sa.select(WaitlistEntry.id).where(
        WaitlistEntry.contact_id == contact_id, sa.literal(site_id) == sa.any_(WaitlistEntry.site_ids)
    )
    offers = sa.select(WaitlistOffer.id).where(WaitlistOffer.entry_id.in_(waits), WaitlistOffer.offering_id.in_(here))
    documents = sa.select(Document.id).where(Document.contact_id == contact_id, Document.site_id == site_id)
    of_documents = [
        subject
        for document_id in db.scalars(documents)
        for subject in (about(document_id), f"{PROMISE}{document_id}", f"{APPLICATION}{document_id}")
    ]
    return [
        *map(booking_subject, db.scalars(bookings)),
        *map(entry_subject, db.scalars(waits)),
        *map(offer_subject, db.scalars(offers)),
        *of_documents,
    ]


def subjects_numbered(db: Session, number: str) -> list[str]:
    """How the record names what has this number of eight digits: a booking, live or over, or a document."""
    bookings = sa.union(
        sa.select(Booking.id).where(Booking.reference == number),
        sa.select(BookingHistory.id).where(BookingHistory.reference == number),
    )
    documents = sa.select(Document.id).where(Document.tracking_number == number)
    return [*map(booking_subject, db.scalars(bookings)), *map(about, db.scalars(documents))]
