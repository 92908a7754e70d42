"""Messages as rows, in whatever state a test needs them."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Lane, Message, Status
from core.people.register import Register
from tests.support import NOW

REGISTER = Register("a secret key of the tests, long enough")
PHONE = "+254711000001"


def message(db: Session, status: Status = Status.PENDING, *, phone: str = PHONE, **changes: Any) -> int:
    """A message that was written and became due, or what it is, at NOW."""
    values: dict[str, Any] = {
        "lane": Lane.INTERACTIVE,
        "template": "booking_confirmed",
        "arguments": {},
        "language": "en",
        "subject": "booking:1",
        "valid_until": NOW + timedelta(days=1),
        "not_before": NOW,
        "created_at": NOW,
        "status_at": NOW,
    } | changes
    row = Message(person_id=REGISTER.contact(db, phone, now=NOW).id, status=status, **values)
    db.add(row)
    db.flush()
    return row.id


def set_aside(db: Session, message_id: int) -> None:
    """As a paused campaign does it."""
    db.execute(sa.text("UPDATE messages SET not_before = 'infinity' WHERE id = :id"), {"id": message_id})


def status(db: Session, message_id: int) -> tuple[str, str | None]:
    """What it is, and why."""
    found = db.execute(sa.select(Message.status, Message.error).where(Message.id == message_id)).one()
    return found.status, found.error


def times(at: datetime = NOW) -> dict[str, datetime]:
    """Written, due and what it is, all at one time."""
    return {"created_at": at, "not_before": at, "status_at": at}
