"""What has happened goes out to the webhooks that want to hear it: a row of `webhook_deliveries` for each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.partners.news import News, Place, Record, copied_up_to, read, settled_before
from core.partners.tables import Delivery, Webhook, WebhookCursor


def fan_out(db: Session, record: Record, *, now: datetime, limit: int) -> bool:
    """Look through at most `limit` rows of a record, in the caller's transaction. Returns whether there may be more.

    Two at once do no harm: one passes the other over. News of a row goes to a
    webhook once, whatever is read again.
    """
    # In this order: whatever is below `settled` was there before the webhooks were asked for. The other way round, a
    # webhook added in between would miss what came after it.
    settled = settled_before(db)
    webhooks = db.scalars(sa.select(Webhook).where(Webhook.ended_at.is_(None)).order_by(Webhook.id)).all()
    cursor = _cursor(db, record, settled)
    if cursor is None:
        return False
    copied = cursor.transaction_id > settled
    if copied:
        # This is a copy of the database in another server, which counts transactions anew. It will come to the
        # numbers of the old rows: they have been told, or are too old to be.
        cursor.floor_id = copied_up_to(db, record)
    if copied or not webhooks:
        cursor.transaction_id, cursor.row_id = settled, 0
        return False
    place = Place(cursor.transaction_id, cursor.row_id)
    page = read(db, record, place, below=settled, limit=limit, above_id=cursor.floor_id)
    rows = [row for news in page.news for row in _deliveries(news, webhooks, now)]
    if rows:
        db.execute(insert(Delivery).on_conflict_do_nothing(), rows)
    cursor.transaction_id, cursor.row_id = page.ends_at.transaction_id, page.ends_at.row_id
    db.flush()
    return page.full


def _deliveries(news: News, webhooks: Sequence[Webhook], now: datetime) -> list[dict[str, Any]]:
    return [
        {"webhook_id": webhook.id, "news": news.id, "payload": news.payload(), "created_at": now, "next_at": now}
        for webhook in webhooks
        if webhook.agency_id == news.agency_id
        and (not webhook.events or news.name in webhook.events)
        and webhook.created_at <= news.at
    ]


def _cursor(db: Session, record: Record, settled: int) -> WebhookCursor | None:
    """The record's cursor, locked; None while somebody else has it."""
    mine = (
        sa.select(WebhookCursor)
        .where(WebhookCursor.record == record)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    cursor = db.scalar(mine)
    if cursor is None and db.scalar(sa.select(WebhookCursor.record).where(WebhookCursor.record == record)) is None:
        db.execute(
            insert(WebhookCursor).values(record=record, transaction_id=settled, row_id=0).on_conflict_do_nothing()
        )
        cursor = db.scalar(mine)
    return cursor
