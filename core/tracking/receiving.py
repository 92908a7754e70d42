"""A centre acknowledges what has arrived, and in the same transaction tells whom it belongs to."""

from collections.abc import Sequence
from datetime import datetime

from core.db import Session
from core.people.audit import Actor
from core.tracking import notices
from core.tracking.documents import move_all
from core.tracking.stages import Stage
from core.tracking.tables import Document


def acknowledge(
    db: Session,
    documents: Sequence[Document],
    *,
    site_id: int,
    actor: Actor,
    origin: str,
    now: datetime,
    tell: bool = True,
) -> int:
    """These documents (up to 1000, locked by `documents.lock_all`) lie at this centre now: it is where they are
    collected, whichever centre was expected. Returns how many owners will be told.

    Without `tell` nobody is told yet: a backlog is told by a campaign.

    Raises:
        IllegalMove: one of them cannot be received; then none is.
    """
    move_all(db, documents, Stage.RECEIVED, actor=actor, origin=origin, now=now, site_id=site_id)
    return notices.tell_ready(db, documents, now=now) if tell else 0
