"""That a document is ready: told once an arrival, and only of what the centre itself has acknowledged."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Lane, Message, Status
from core.people.audit import Actor
from core.tracking.documents import move_all
from core.tracking.letters import letters, posted
from core.tracking.stages import READY, Stage
from core.tracking.tables import Document, Notice

VALID_FOR = timedelta(days=6)
"""By default: then the first reminder comes anyway."""
_CLOCK = Actor("clock")
_HANDED_OVER = (Status.SENT, Status.DELIVERED)


def tell_ready(
    db: Session,
    documents: Collection[Document],
    *,
    now: datetime,
    campaign_id: int | None = None,
    lane: Lane = Lane.NOTICE,
    template: str = "document_ready",
    valid_for: timedelta = VALID_FOR,
) -> int:
    """Write the notice of each document that lies at its centre and has a phone, and whose arrival is not told yet.

    Up to 1000 documents, which the caller has locked (`documents.lock_all`):
    so no other writer can come in between, and one that does not lock breaks
    on the key of `notices` and writes nothing. Returns how many were written;
    the others were told already, are not there, or have no phone.
    """
    db.flush()
    told = sa.exists().where(Notice.document_id == Document.id, Notice.arrival == Document.arrivals)
    written = letters(
        Document.id.in_([document.id for document in documents]),
        Document.stage.in_(READY),
        Document.arrivals > 0,
        ~told,
        template=template,
        lane=lane,
        now=now,
        valid_for=valid_for,
        campaign_id=campaign_id,
    ).cte("written")
    arguments = written.c.arguments
    rows = sa.select(
        arguments["document"].as_integer().cast(sa.BigInteger), arguments["arrival"].as_integer(), written.c.id
    )
    noted = (
        sa.insert(Notice)
        .from_select([Notice.document_id, Notice.arrival, Notice.message_id], rows)
        .returning(Notice.document_id)
    )
    return len(posted(db, lane, list(db.scalars(noted))))


def note_told(db: Session, *, now: datetime, limit: int) -> int:
    """Move documents on whose owner has now been told: notified after a notice, reminded after a reminder.

    Told is what the gateway has taken. Passes over documents that somebody
    else is moving. Returns how many of `limit` were moved.
    """
    reminder = sa.exists().where(Message.id == Document.reminder_id, Message.status.in_(_HANDED_OVER))
    notice = sa.exists().where(
        Notice.document_id == Document.id,
        Notice.arrival == Document.arrivals,
        Message.id == Notice.message_id,
        Message.status.in_(_HANDED_OVER),
    )
    not_yet = Document.stage.in_([Stage.RECEIVED, Stage.NOTIFIED])
    moved = _move(db, Stage.REMINDED, not_yet, Document.reminders > 0, reminder, now=now, limit=limit)
    return moved + _move(db, Stage.NOTIFIED, Document.stage == Stage.RECEIVED, notice, now=now, limit=limit - moved)


def _move(db: Session, stage: Stage, *which: sa.ColumnElement[bool], now: datetime, limit: int) -> int:
    documents = db.scalars(
        sa.select(Document)
        .where(*which)
        .order_by(Document.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    move_all(db, documents, stage, actor=_CLOCK, origin="message", now=now)
    return len(documents)
