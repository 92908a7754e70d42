"""Doing a thing once: the first outcome of a request is kept and given to every retry."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment, Session

Outcome = dict[str, Any]

KEPT_DAYS = 30
"""Longer than any gateway or client repeats itself (Africa's Talking: 12 hours)."""
PASSING = "passing:"
"""How keys begin of what is worth nothing after KEPT_PASSING, such as where a call stood."""
KEPT_PASSING = timedelta(hours=1)


class Request(Base):
    """One thing asked for, and what came of it."""

    __tablename__ = "requests"

    key: Mapped[str] = mapped_column(primary_key=True)
    """USSD: session id and answers consumed; API: the client's key; web: the form's token; SMS: the gateway's id."""
    outcome: Mapped[Outcome | None] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Moment, index=True)


def recorded(db: Session, key: str) -> Outcome | None:
    """What came of this request, or None if it has not been carried out."""
    return db.scalar(sa.select(Request.outcome).where(Request.key == key))


def once(db: Session, request_key: str, work: Callable[[], Outcome], *, now: datetime) -> Outcome:
    """Carry out a request and keep its outcome, or return the outcome it already had.

    A refusal undoes all of `work`, and the request may be tried again. A second
    copy arriving meanwhile waits for the first one's transaction.
    """
    with db.begin_nested():
        outcome = _claim(db, request_key, now=now)
        if outcome is None:
            outcome = work()
            _record(db, request_key, outcome)
        return outcome


def _claim(db: Session, key: str, *, now: datetime) -> Outcome | None:
    """None to go ahead, or the outcome it already had."""
    outcome = recorded(db, key)
    if outcome is not None:
        return outcome
    mine = db.scalar(insert(Request).values(key=key, at=now).on_conflict_do_nothing().returning(Request.key))
    return None if mine else recorded(db, key)


def _record(db: Session, key: str, outcome: Outcome) -> None:
    db.execute(sa.update(Request).where(Request.key == key).values(outcome=outcome))


def forget_requests(db: Session, *, now: datetime, limit: int) -> int:
    """Delete outcomes older than KEPT_DAYS, and passing ones older than KEPT_PASSING; at most `limit`, returned."""
    old = sa.select(Request.key).where(
        sa.or_(
            Request.at < now - timedelta(days=KEPT_DAYS),
            sa.and_(Request.at < now - KEPT_PASSING, Request.key.startswith(PASSING)),
        )
    )
    chosen = old.limit(limit).with_for_update(skip_locked=True)
    return len(db.execute(sa.delete(Request).where(Request.key.in_(chosen)).returning(Request.key)).all())
