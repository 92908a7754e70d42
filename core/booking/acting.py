"""What a member of staff does for the phone that made a booking."""

from datetime import datetime

import sqlalchemy as sa

from core import wording
from core.booking.errors import NoSuchBooking
from core.booking.tables import Booking
from core.db import Session
from core.people.audit import Actor, Intent
from core.people.tables import Person


def acting_for(db: Session, reference: str, *, actor: Actor, request_key: str, now: datetime) -> Intent:
    """The intent of whoever made this booking, carried out by an officer; nothing is locked yet.

    Raises:
        NoSuchBooking: unknown, or over and filed away.
    """
    row = db.execute(
        sa.select(Booking.contact_id, Person.language)
        .join(Person, Person.id == Booking.contact_id)
        .where(Booking.reference == reference)
    ).one_or_none()
    if row is None:
        raise NoSuchBooking
    return Intent(row.contact_id, request_key, actor, row.language or wording.DEFAULT, now)
