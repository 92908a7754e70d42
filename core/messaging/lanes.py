"""Stopping a lane: nothing of it is handed over until somebody lets it go on. What was claimed already still goes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging.tables import Lane, LaneState


def frozen(db: Session, lane: Lane) -> str | None:
    """Why the lane stands still, or None if it runs."""
    return db.scalar(sa.select(LaneState.reason).where(LaneState.lane == lane, LaneState.frozen_at.is_not(None)))


def freeze(db: Session, lane: Lane, *, reason: str, now: datetime) -> bool:
    """Stop a lane. False if it stood still already: the first reason is kept."""
    stopped = db.scalar(
        insert(LaneState)
        .values(lane=lane, frozen_at=now, reason=reason)
        .on_conflict_do_update(
            index_elements=[LaneState.lane],
            set_={"frozen_at": now, "reason": reason},
            where=LaneState.frozen_at.is_(None),
        )
        .returning(LaneState.lane)
    )
    return stopped is not None


def unfreeze(db: Session, lane: Lane) -> bool:
    """Let a lane go on. False if it was running; the caller wakes its workers after the commit."""
    started = db.scalar(
        sa.update(LaneState)
        .where(LaneState.lane == lane, LaneState.frozen_at.is_not(None))
        .values(frozen_at=None, reason="")
        .returning(LaneState.lane)
    )
    return started is not None
