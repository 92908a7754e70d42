"""How often a phone may ask for the same message."""

from datetime import timedelta

import sqlalchemy as sa

from core.db import Session
from core.errors import ZamuError
from core.people.audit import Intent
from core.people.tables import Event

MAX_SMS_AN_HOUR = 3
"""About one booking or document, to one phone, beyond what was sent unasked."""


class TooManySms(ZamuError):
    """This phone has asked for this message MAX_SMS_AN_HOUR times within the last hour."""


def refuse_too_many(db: Session, intent: Intent, event: str, subject: str) -> None:
    """Look before a message is sent because somebody asked for it, which leaves `event` about `subject`.

    Raises:
        TooManySms: asked for too often.
    """
    asked = db.scalar(
        sa.select(sa.func.count()).where(
            Event.subject == subject,
            Event.name == event,
            Event.actor_id.is_not_distinct_from(intent.actor.person_id),
            Event.at > intent.now - timedelta(hours=1),
        )
    )
    if (asked or 0) >= MAX_SMS_AN_HOUR:
        raise TooManySms
