"""What a command about a booking leaves behind: its trace, and a message to the phone."""

from datetime import timedelta
from typing import Any

from core.booking.locking import OwnBooking
from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Intent, record_event


def announce(db: Session, intent: Intent, event: str, booking: OwnBooking, *, template: str, **details: Any) -> None:
    """Leave the trace of a command, and queue its message to the booking's phone.

    The message is of use until the time booked, and for an hour at least. `details`: what else the trace says.
    """
    booked = booking.booked
    where = {"offering_id": booked.offering_id, "starts_at": booked.starts_at.isoformat()}
    record_event(db, event, booking.subject, actor=intent.actor, now=intent.now, **where, **details)
    outbox.write(
        db,
        person_id=intent.contact_id,
        lane=Lane.INTERACTIVE,
        template=template,
        arguments={
            "service": booking.service,
            "site": booking.site,
            "starts_at": booked.starts_at.isoformat(),
            "reference": booked.reference,
        },
        language=intent.language,
        subject=booking.subject,
        valid_until=max(booked.starts_at, intent.now + timedelta(hours=1)),
        now=intent.now,
        asked_for=True,
    )
