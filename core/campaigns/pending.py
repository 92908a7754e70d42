"""What a campaign has written and has not handed over: a small lead, so that stopping it is quick.

A message that is being handed over while its campaign is stopped may come back
as pending. `keep_still` runs with the clock and stops it then.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.campaigns.tables import Campaign, State
from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane, Message, Status
from core.tracking.tables import Notice

ASIDE = datetime(9999, 1, 1, tzinfo=UTC)
"""The hour of a message whose campaign is paused. (Python knows no 'infinity'.)"""
VALID_FOR = timedelta(days=3)
_RESTLESS_DAYS = 10
"""So long after a campaign was cancelled something of it may come back: longer than any message is valid."""


def pending(campaign_id: int) -> sa.ColumnElement[bool]:
    """A condition on `messages`."""
    return sa.and_(Message.campaign_id == campaign_id, Message.status == Status.PENDING)


def due(db: Session, campaign_id: int, *, now: datetime) -> int:
    """Messages that could leave now."""
    found = sa.select(sa.func.count()).where(pending(campaign_id), Message.not_before <= now)
    return db.scalar(found) or 0


def put_aside(db: Session, campaign_id: int) -> int:
    """Nothing of a paused campaign leaves. Returns how many messages were stopped."""
    return _change(db, campaign_id, Message.not_before < ASIDE, not_before=ASIDE)


def give_back(db: Session, campaign_id: int, *, now: datetime) -> int:
    """What was put aside may leave, and is valid for as long as when it was new."""
    changed = _change(db, campaign_id, Message.not_before == ASIDE, not_before=now, valid_until=now + VALID_FOR)
    if changed:
        outbox.note_lane(db, Lane.BULK)
    return changed


def withhold(db: Session, campaign_id: int, *, now: datetime) -> int:
    """Nothing of a cancelled campaign leaves; those it would have told can be told by another."""
    withheld = _change(db, campaign_id, status=Status.WITHHELD, error="cancelled", status_at=now)
    of_nobody = sa.select(Message.id).where(
        Message.campaign_id == campaign_id, Message.status == Status.WITHHELD, Message.status_at == now
    )
    db.execute(sa.delete(Notice).where(Notice.message_id.in_(of_nobody)))
    return withheld


def keep_still(db: Session, *, now: datetime) -> int:
    """Stop what has come back from the gateway's door to campaigns that were stopped. Returns how many messages."""
    recently = now - timedelta(days=_RESTLESS_DAYS)
    restless = sa.exists().where(
        Message.campaign_id == Campaign.id, Message.status == Status.PENDING, Message.not_before < ASIDE
    )
    stopped = db.scalars(
        sa.select(Campaign)
        .where(
            sa.or_(
                Campaign.state == State.PAUSED,
                sa.and_(Campaign.state == State.CANCELLED, Campaign.ended_at > recently),
            ),
            restless,
        )
        .order_by(Campaign.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    return sum(
        put_aside(db, campaign.id) if campaign.state == State.PAUSED else withhold(db, campaign.id, now=now)
        for campaign in stopped
    )


def _change(db: Session, campaign_id: int, *where: sa.ColumnElement[bool], **values: Any) -> int:
    """Locked in the order of ids, as everybody locks several messages. What is being claimed is waited for."""
    chosen = (
        sa.select(Message.id)
        .where(pending(campaign_id), *where)
        .order_by(Message.id)
        .with_for_update()
        .cte("chosen")
        .prefix_with("MATERIALIZED")
    )
    changed = db.scalars(
        sa.update(Message)
        .where(Message.id == chosen.c.id)
        .values(**values)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())
