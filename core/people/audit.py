"""Who wants what, and the trace that every command leaves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.db import Session
from core.people.tables import Event

SEEN = ".seen"
"""How the name of an event ends that says only that a member of staff looked at something: nothing has changed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through which channel."""

    channel: str
    person_id: int | None = None
    """The contact who acts."""
    who: str | None = None
    """The member of staff who acts."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Who wants something, under which key, in which language, and when: what every command of a phone is told."""

    contact_id: int
    """The phone it is for."""
    request_key: str
    """Repeated, it gets the first outcome (core.idempotency)."""
    actor: Actor
    language: str
    """Of the message that will say so."""
    now: datetime


def record_event(db: Session, name: str, subject: str, *, actor: Actor, now: datetime, **details: Any) -> None:
    """Write one event in the command's own transaction. Details hold ids and codes, nothing personal."""
    db.add(
        Event(
            at=now,
            channel=actor.channel,
            actor_id=actor.person_id,
            who=actor.who,
            name=name,
            subject=subject,
            details=details,
        )
    )
