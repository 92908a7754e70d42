"""Writing a message: a row, in the transaction of the thing it tells about."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Lane, Message, Status


def write(
    db: Session,
    *,
    person_id: int,
    lane: Lane,
    template: str,
    arguments: dict[str, Any],
    language: str,
    subject: str,
    valid_until: datetime,
    now: datetime,
    asked_for: bool,
    not_before: datetime | None = None,
) -> Message:
    """Queue a message to a contact; it leaves after the caller's transaction commits.

    `template` and `arguments` are rendered when it is sent (core.messaging.templates).
    `asked_for`: it answers or confirms what its reader has just done, and is
    sent in spite of a STOP; anything else is not, and counts against the limit
    a day. `not_before`: it is not to leave at once.
    The lane is noted (`note_lane`): whoever commits wakes its workers.
    """
    message = Message(
        person_id=person_id,
        lane=lane,
        template=template,
        arguments=arguments,
        language=language,
        subject=subject,
        valid_until=valid_until,
        status=Status.PENDING,
        asked_for=asked_for,
        not_before=not_before or now,
        created_at=now,
        status_at=now,
    )
    db.add(message)
    note_lane(db, lane)
    return message


def withdraw(db: Session, *subjects: str, now: datetime, template: str | None = None) -> int:
    """Keep from leaving what is no longer true: all that waits about these subjects. Returns how many messages.

    `template`: only what says this. What is being handed over at this moment
    cannot be stopped; if the gateway does not take it, it is withheld then
    (core.messaging.settling).
    """
    chosen = [Message.template == template] if template else []
    withdrawn = db.scalars(
        sa.update(Message)
        .where(Message.subject.in_(subjects), Message.status == Status.PENDING, *chosen)
        .values(status=Status.WITHHELD, error="no_longer_true", status_at=now)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(withdrawn.all())


def note_lane(db: Session, lane: str) -> None:
    """Note that this transaction gives a lane something to hand over."""
    db.info.setdefault("lanes", set()).add(str(lane))


def lanes_noted(db: Session) -> list[str]:
    """The lanes whose workers are to be woken once this transaction is committed."""
    return sorted(db.info.get("lanes", ()))
