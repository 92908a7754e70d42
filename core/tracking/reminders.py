"""Documents that stay on the shelf: their owners are reminded, three times at most an arrival."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Lane, Message
from core.tracking.letters import letters, posted
from core.tracking.stages import READY
from core.tracking.tables import Document, Notice

AFTER = (timedelta(days=7), timedelta(days=21), timedelta(days=45))
"""From when it lay there and its owner was told so."""
_VALID_FOR = timedelta(days=2)


def remind(db: Session, *, now: datetime, limit: int) -> int:
    """Write the reminders that are due; after an absence only the last of several.

    The count of reminders goes up in the same transaction, so that two clocks
    remind once. A backlog whose owners nobody has told yet is not reminded:
    its campaign comes first. Returns how many of `limit` documents.
    """
    since = sa.func.greatest(Document.received_at, Message.created_at)
    due = sa.case(*((since <= now - AFTER[nth - 1], nth) for nth in range(len(AFTER), 0, -1)), else_=0)
    found = db.execute(
        sa.select(Document.id, due.label("due"))
        .join(Notice, sa.and_(Notice.document_id == Document.id, Notice.arrival == Document.arrivals))
        .join(Message, Message.id == Notice.message_id)
        .where(
            Document.stage.in_(READY),
            Document.contact_id.is_not(None),
            Document.received_at <= now - AFTER[0],
            Document.reminders < len(AFTER),
            Document.reminders < due,
        )
        .order_by(Document.id)
        .limit(limit)
        .with_for_update(of=Document, skip_locked=True)
    ).all()
    for nth in {row.due for row in found}:
        ids = [row.id for row in found if row.due == nth]
        db.execute(
            sa.update(Document)
            .where(Document.id.in_(ids))
            .values(reminders=nth)
            .execution_options(synchronize_session="evaluate")
        )
    written = letters(
        Document.id.in_([row.id for row in found]),
        template="document_reminder",
        lane=Lane.NOTICE,
        now=now,
        valid_for=_VALID_FOR,
    ).cte("written")
    noted = (
        sa.update(Document)
        .where(Document.id == written.c.arguments["document"].as_integer())
        .values(reminder_id=written.c.id)
        .returning(Document.id)
        .execution_options(synchronize_session=False)
    )
    posted(db, Lane.NOTICE, list(db.scalars(noted)))
    return len(found)
