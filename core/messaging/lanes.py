"""Freezing a lane: nothing of it is handed over until somebody thaws it. What was claimed already still goes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging.tables import Lane, LaneState


def frozen(db: Session, lane: Lane) -> str | None:
    """Why the lane is frozen, or None if it is not."""
    return db.scalar(sa.select(LaneState.reason).where(LaneState.lane == lane, LaneState.frozen_at.is_not(None)))


def freeze(db: Session, lane: Lane, *, reason: str, now: datetime) -> bool:
    """Freeze a lane. False if it was frozen already: the first reason is kept."""
    now_frozen = db.scalar(
        insert(LaneState)
        .values(lane=lane, frozen_at=now, reason=reason)
        .on_conflict_do_update(
            index_elements=[LaneState.lane],
            set_={"frozen_at": now, "reason": reason},
            where=LaneState.frozen_at.is_(None),
        )
        .returning(LaneState.lane)
    )
    return now_frozen is not None


def thaw(db: Session, lane: Lane) -> bool:
    """Thaw a lane. False if it was not frozen; the caller wakes its workers after the commit."""
    thawed = db.scalar(
        sa.update(LaneState)
        .where(LaneState.lane == lane, LaneState.frozen_at.is_not(None))
        .values(frozen_at=None, reason="")
        .returning(LaneState.lane)
    )
    return thawed is not None
