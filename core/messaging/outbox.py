"""Writing a message: a row, in the transaction of the thing it tells about."""

from datetime import datetime
from typing import Any

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
) -> Message:
    """Queue a message to a contact; it leaves after the caller's transaction commits.

    `template` and `arguments` are rendered when it is sent (core.messaging.templates).
    The lane is noted in `db.info["lanes"]`: whoever commits wakes its workers.
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
        not_before=now,
        created_at=now,
        status_at=now,
    )
    db.add(message)
    db.info.setdefault("lanes", set()).add(str(lane))
    return message
