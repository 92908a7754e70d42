"""What messages ask their readers. A YES, a NO or a number answers what was asked last."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from core.db import Session
from core.messaging.tables import Message, Question


class Kind(StrEnum):
    """What is asked. Each kind's arguments are all that its answer needs."""

    APPOINTMENT = "appointment"
    """Will you come? YES keeps the place, NO gives it up. `reference`, `starts_at`."""
    WAITLIST_OFFER = "waitlist_offer"
    """Do you take this earlier place? `offer_id`."""
    COLLECTION = "collection"
    """May this person collect your document? `consent_id`."""
    MOVE = "move"
    """Which of these times? A number. `reference`, `options`: a list of {service, site, starts_at}."""


def ask(db: Session, message: Message, kind: Kind, *, expires_at: datetime, **arguments: Any) -> Question:
    """Let a message ask something, in the transaction that writes it."""
    db.flush()
    question = Question(
        person_id=message.person_id, message_id=message.id, kind=kind, arguments=arguments, expires_at=expires_at
    )
    db.add(question)
    return question
