"""One SMS being answered: who wrote, in which language they are answered, and what may be said."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from core.catalogue.snapshot import Catalogue
from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane, Message
from core.messaging.templates.replies import TEMPLATES
from core.people.audit import Actor, Intent
from core.people.register import Register
from core.people.tables import Person

MOST_REPLIES_AN_HOUR = 10
"""To one phone: so two machines that answer each other fall silent."""
FRESH = timedelta(hours=12)
"""A reply that could not leave for so long puzzles more than it helps."""

_log = structlog.get_logger("sms")


@dataclass(frozen=True, slots=True)
class Talk:
    """What acting on an SMS needs. The contact is locked: one SMS of a phone at a time."""

    db: Session
    register: Register
    catalogue: Catalogue
    contact: Person
    language: str
    inbound_id: int
    request_key: str
    """sms:, the gateway, and the id it gave to the SMS."""
    now: datetime

    @property
    def actor(self) -> Actor:
        return Actor("sms", self.contact.id)

    def intent(self, what: str = "") -> Intent:
        """What a command is told; `what` tells several commands of one SMS apart."""
        key = f"{self.request_key}:{what}" if what else self.request_key
        return Intent(self.contact.id, key, self.actor, self.language, self.now)

    def reply(self, template: str, *, language: str | None = None, **arguments: Any) -> Message | None:
        """Answer by a template of core.messaging.templates.replies; None if this phone has had enough for an hour."""
        if self._replies_lately() >= MOST_REPLIES_AN_HOUR:
            _log.warning("not answered: too many replies in an hour", inbound_id=self.inbound_id)
            return None
        return outbox.write(
            self.db,
            person_id=self.contact.id,
            lane=Lane.INTERACTIVE,
            template=template,
            arguments=arguments,
            language=language or self.language,
            subject=f"inbound:{self.inbound_id}",
            valid_until=self.now + FRESH,
            now=self.now,
            asked_for=True,
        )

    def _replies_lately(self) -> int:
        found = self.db.scalar(
            sa.select(sa.func.count()).where(
                Message.person_id == self.contact.id,
                Message.template.in_(TEMPLATES),
                Message.created_at > self.now - timedelta(hours=1),
            )
        )
        return found or 0
