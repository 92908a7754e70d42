"""What the operator watches of webhooks: how many messages, of which webhook, since when. Never what is in them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.catalogue.tables import Agency
from core.db import Session
from core.partners import news
from core.partners.deliveries import awake
from core.partners.news import Place, Record
from core.partners.tables import Delivery, Webhook, WebhookCursor


@dataclass(frozen=True, slots=True)
class WebhookNow:
    """How a live webhook stands."""

    webhook_id: int
    agency: str
    """Code."""
    failing_since: datetime | None
    waiting: int
    """Messages that will be tried, now or later."""
    given_up: int
    """Messages that will not be tried any more unless somebody has them sent again."""


def webhooks_now(db: Session) -> list[WebhookNow]:
    """Every live webhook, by number."""
    open_ones = sa.and_(Delivery.webhook_id == Webhook.id, Delivery.delivered_at.is_(None))
    rows = db.execute(
        sa.select(
            Webhook.id,
            Agency.code,
            Webhook.failing_since,
            sa.func.count(Delivery.id).filter(Delivery.next_at.is_not(None)),
            sa.func.count(Delivery.id).filter(Delivery.next_at.is_(None)),
        )
        .join(Agency, Agency.id == Webhook.agency_id)
        .outerjoin(Delivery, open_ones)
        .where(Webhook.ended_at.is_(None))
        .group_by(Webhook.id, Agency.code)
        .order_by(Webhook.id)
    )
    return [WebhookNow(*row) for row in rows]


def oldest_due(db: Session, *, now: datetime) -> datetime | None:
    """Since when the oldest thing waits that `zamu webhooks` could do: send a message, or look at what has happened.

    None: nothing does. What waits for a webhook that rests after a failure is not counted.
    """
    due = (
        sa.select(sa.func.min(Delivery.next_at))
        .join(Webhook, Webhook.id == Delivery.webhook_id)
        .where(Delivery.next_at <= now, awake(now))
    )
    first = db.scalar(sa.select(sa.func.min(Webhook.created_at)).where(Webhook.ended_at.is_(None)))
    if first is None:
        return None
    moments = [db.scalar(due), *(_unread_since(db, record, first) for record in Record)]
    return min((moment for moment in moments if moment is not None), default=None)


def _unread_since(db: Session, record: Record, first: datetime) -> datetime | None:
    """When the first thing happened that nobody has looked at; `first`: the oldest webhook's, if nobody ever has."""
    cursor = db.get(WebhookCursor, record)
    if cursor is None:
        return first
    place = Place(cursor.transaction_id, cursor.row_id)
    at = news.next_at(db, record, place, below=news.settled_before(db), above_id=cursor.floor_id)
    return None if at is None else max(at, first)
