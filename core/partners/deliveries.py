"""Deliveries on their way: claimed for a while, sent outside of any transaction, settled by what was answered.

At least once: whoever claims a delivery and dies has claimed it for LEASE only.
A receiver knows by the webhook-id what it has already.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import local
from core.db import Session
from core.partners.news import TEST
from core.partners.tables import Delivery, Webhook
from core.people.audit import Actor, record_event

LEASE = timedelta(minutes=1)
"""Longer than any attempt takes."""
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600))
"""From an attempt to the next; the last holds for all that follow."""
GIVEN_UP_AFTER = timedelta(days=3)
REST = (timedelta(seconds=10), timedelta(minutes=10))
"""The least and the most that a webhook is left alone after a failure; in between, a quarter of how long it has failed:
what waits for an agency whose server is down must not all be tried against it."""
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to be tried now, by nobody else."""

    id: int
    webhook_id: int
    url: str
    secret_sealed: bytes
    news: str
    payload: dict[str, Any]
    attempt: int
    leased_until: datetime


def due_webhooks(db: Session, *, now: datetime) -> dict[int, int]:
    """Webhooks for which something waits, and that do not rest; with the agency of each."""
    due = sa.exists().where(Delivery.webhook_id == Webhook.id, Delivery.next_at <= now)
    rows = db.execute(sa.select(Webhook.id, Webhook.agency_id).where(awake(now), due).order_by(Webhook.id))
    return {row.id: row.agency_id for row in rows}


def agencies_of(db: Session, webhook_ids: Iterable[int]) -> list[int]:
    """The agency of each of these webhooks, as often as it has one among them."""
    return list(db.scalars(sa.select(Webhook.agency_id).where(Webhook.id.in_(list(webhook_ids)))))


def claim(db: Session, webhook_id: int, *, now: datetime) -> Claimed | None:
    """Claim what has waited longest for a webhook; None if nothing is due, or the webhook rests."""
    chosen = (
        sa.select(Delivery.id)
        .join(Webhook, Webhook.id == Delivery.webhook_id)
        .where(Delivery.webhook_id == webhook_id, Delivery.next_at <= now, awake(now))
        .order_by(Delivery.next_at, Delivery.id)
        .limit(1)
        .with_for_update(of=Delivery, skip_locked=True)
        .cte("chosen")
    )
    row = db.execute(
        sa.update(Delivery)
        .where(Delivery.id == chosen.c.id, Webhook.id == Delivery.webhook_id)
        .values(attempts=Delivery.attempts + 1, next_at=now + LEASE, leased_until=now + LEASE)
        .returning(
            Delivery.id,
            Delivery.webhook_id,
            Webhook.url,
            Webhook.secret_sealed,
            Delivery.news,
            Delivery.payload,
            Delivery.attempts,
            Delivery.leased_until,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Claimed(*row)


def settle(db: Session, claimed: Claimed, *, taken: bool, answer: str, now: datetime) -> bool:
    """Note what an attempt came to. False if the lease has run out and somebody else has claimed it since."""
    # The webhook first, as whoever ends it locks them; new deliveries may be written meanwhile.
    webhook = db.get_one(Webhook, claimed.webhook_id, with_for_update={"key_share": True}, populate_existing=True)
    delivery = db.scalar(
        sa.select(Delivery)
        .where(Delivery.id == claimed.id, Delivery.leased_until == claimed.leased_until)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if delivery is None:
        return False
    delivery.answer, delivery.leased_until = answer, None
    if taken:
        delivery.delivered_at, delivery.next_at = now, None
        webhook.failing_since = webhook.rests_until = None
    else:
        again = now + BACKOFF[min(claimed.attempt, len(BACKOFF)) - 1]
        stays = webhook.ended_at is None and again <= delivery.created_at + GIVEN_UP_AFTER
        delivery.next_at = again if stays else None
        webhook.failing_since = webhook.failing_since or now
        webhook.rests_until = now + min(max(REST[0], (now - webhook.failing_since) / 4), REST[1])
    db.flush()
    return True


def give_up_old(db: Session, *, now: datetime, limit: int) -> int:
    """Give up at most `limit` deliveries whose time is over: of a webhook that rests, few have been tried."""
    old = (
        sa.select(Delivery.id)
        .where(Delivery.next_at.is_not(None), Delivery.created_at < now - GIVEN_UP_AFTER - LEASE)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    return _count(db, sa.update(Delivery).where(Delivery.id == old.c.id).values(next_at=None))


def forget(db: Session, *, now: datetime, limit: int) -> int:
    """Delete at most `limit` deliveries that are over and older than KEPT. Returns how many."""
    old = (
        sa.select(Delivery.id)
        .where(Delivery.created_at < now - KEPT, Delivery.next_at.is_(None))
        .order_by(Delivery.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    return _count(db, sa.delete(Delivery).where(Delivery.id == old.c.id))


def failing(db: Session, webhook_id: int, *, limit: int) -> list[Delivery]:
    """Deliveries that were tried in vain, or given up; the newest first."""
    return list(
        db.scalars(
            sa.select(Delivery)
            .where(
                Delivery.webhook_id == webhook_id,
                Delivery.delivered_at.is_(None),
                sa.or_(Delivery.attempts > 0, Delivery.next_at.is_(None)),
            )
            .order_by(Delivery.id.desc())
            .limit(limit)
        )
    )


def send_again(db: Session, webhook: Webhook, *, actor: Actor, now: datetime) -> int:
    """Send what has not been taken, as if it had just happened, beginning at once. Returns how many.

    What is on its way at this moment is left to its attempt.
    """
    under_way = sa.and_(Delivery.leased_until.is_not(None), Delivery.leased_until > now)
    sent = _count(
        db,
        sa.update(Delivery)
        .where(
            Delivery.webhook_id == webhook.id,
            Delivery.delivered_at.is_(None),
            sa.or_(Delivery.attempts > 0, Delivery.next_at.is_(None)),
            sa.not_(under_way),
        )
        .values(next_at=now, attempts=0, created_at=now, leased_until=None),
    )
    webhook.rests_until = None
    record_event(db, "webhook.sent_again", f"webhook:{webhook.id}", actor=actor, now=now, deliveries=sent)
    db.flush()
    return sent


def send_test(db: Session, webhook: Webhook, *, actor: Actor, now: datetime) -> None:
    """Send something that means nothing, to see whether it arrives."""
    payload = {"type": TEST, "timestamp": local(now).isoformat(), "data": {"webhook": webhook.id}}
    db.add(
        Delivery(
            webhook_id=webhook.id,
            news=f"test-{secrets.token_hex(8)}",
            payload=payload,
            created_at=now,
            next_at=now,
            attempts=0,
        )
    )
    webhook.rests_until = None
    record_event(db, "webhook.tested", f"webhook:{webhook.id}", actor=actor, now=now)
    db.flush()


def awake(now: datetime) -> sa.ColumnElement[bool]:
    """That a webhook may be told something: it lives, and does not rest."""
    rested = sa.or_(Webhook.rests_until.is_(None), Webhook.rests_until <= now)
    return sa.and_(Webhook.ended_at.is_(None), rested)


def _count(db: Session, change: sa.Update | sa.Delete) -> int:
    changed = db.execute(change.returning(Delivery.id).execution_options(synchronize_session=False))
    return len(changed.all())
