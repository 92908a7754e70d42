"""Campaigns. Their messages are rows of `messages`, with the campaign's id."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class Kind(StrEnum):
    READY = "ready"
    """Tells the owners of documents on the shelf that were never told."""
    CORRECTION = "correction"
    """Tells those whom an earlier campaign may have reached what was wrong with it."""


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    """A second person must approve it."""
    APPROVED = "approved"
    """To begin at its hour."""
    TRYING = "trying"
    """The first hundred are being sent."""
    LOOKING = "looking"
    """The first hundred have been written: it waits for somebody to look."""
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"
    """Everybody has been written to."""


class Campaign(Base):
    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    criteria: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Which documents (core.campaigns.criteria); empty for a correction."""
    texts: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """Of a correction: what it says, by language."""
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaigns.id"))
    state: Mapped[str] = mapped_column(server_default=State.DRAFT)
    paused_from: Mapped[str | None]
    """Where a paused campaign goes on."""
    reason: Mapped[str] = mapped_column(server_default="")
    """Why it was paused or cancelled."""
    recipients: Mapped[int] = mapped_column(server_default="0")
    """Counted when it was submitted."""
    starts_at: Mapped[datetime | None] = mapped_column(Moment)
    """Not before this; None waits for somebody to say when."""
    cursor: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    """The last document (or message corrected) that has been dealt with."""
    until: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    """The last one that was there when it was submitted: none after it is dealt with."""
    written: Mapped[int] = mapped_column(server_default="0")
    left_out: Mapped[dict[str, int]] = mapped_column(JSONB, server_default="{}")
    """By reason, as it went."""
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    looked_by: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
