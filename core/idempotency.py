"""Doing a thing once: the first outcome of a request is kept and given to every retry."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Session

Outcome = dict[str, Any]


class Request(Base):
    """One thing asked for, and what came of it."""

    __tablename__ = "requests"

    key: Mapped[str] = mapped_column(primary_key=True)
    """USSD: session id and answers consumed; API: the client's key; web: the form's token; SMS: the gateway's id."""
    outcome: Mapped[Outcome | None] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), index=True)


def recorded(db: Session, key: str) -> Outcome | None:
    """What came of this request, or None if it has not been carried out."""
    return db.scalar(sa.select(Request.outcome).where(Request.key == key))


def claim(db: Session, key: str, *, now: datetime) -> Outcome | None:
    """Begin to carry out a request: None to go ahead, or the outcome it already had.

    A second copy arriving meanwhile waits here for the first one's transaction.
    Call it before any refusal, inside the savepoint that a refusal rolls back.
    """
    outcome = recorded(db, key)
    if outcome is not None:
        return outcome
    mine = db.scalar(insert(Request).values(key=key, at=now).on_conflict_do_nothing().returning(Request.key))
    return None if mine else recorded(db, key)


def record(db: Session, key: str, outcome: Outcome) -> None:
    """Keep what came of a claimed request, in the transaction that did it."""
    db.execute(sa.update(Request).where(Request.key == key).values(outcome=outcome))
