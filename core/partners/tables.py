"""What agencies' systems need: keys to come in with, and addresses to be told at."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class ApiKey(Base):
    """A key of an agency's system. The key itself is shown once and stored nowhere."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agencies.id"), index=True)
    name: Mapped[str]
    """What it is for, in the clerk's words."""
    digest: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the key, which is random and long: nothing slower is needed."""
    hint: Mapped[str]
    """Its last four characters, to tell it from others."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.String))
    """`keys.Scope`s."""
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was last used, to the hour."""
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class Webhook(Base):
    """An address at which an agency is told what has happened."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agencies.id"), index=True)
    url: Mapped[str]
    secret_sealed: Mapped[bytes]
    """What its messages are signed with."""
    events: Mapped[list[str]] = mapped_column(ARRAY(sa.String))
    """`news.NAMES`, such as booking.confirmed; none is all."""
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    """When it first failed to take a message, since it last took one."""
    rests_until: Mapped[datetime | None] = mapped_column(Moment)
    """After a failure it is left alone for a while, whatever waits for it."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class WebhookCursor(Base):
    """Up to where one of the records has been looked through for webhooks."""

    __tablename__ = "webhook_cursor"

    record: Mapped[str] = mapped_column(primary_key=True)
    """A `news.Record`: events, or the steps of documents."""
    transaction_id: Mapped[int] = mapped_column(sa.BigInteger)
    row_id: Mapped[int] = mapped_column(sa.BigInteger)
    floor_id: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    """Rows up to this id are from the server that this database was copied from, which counted transactions itself."""


class Delivery(Base):
    """One piece of news on its way to one webhook."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (sa.UniqueConstraint("webhook_id", "news"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhooks.id"))
    news: Mapped[str]
    """What it is about, such as event-42 or step-42: the webhook-id by which a receiver knows that it has it."""
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What is sent: codes, references and times; nobody's phone or identity number."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it is to be tried; None: taken, or given up."""
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    """While an attempt is under way: until when nobody else tries it. Also what its answer is known by."""
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    answer: Mapped[str | None]
    """What the last attempt came to: a status such as 503, or timeout, unreachable, refused."""


sa.Index(
    "webhook_deliveries_due_idx", Delivery.webhook_id, Delivery.next_at, postgresql_where=Delivery.next_at.is_not(None)
)
sa.Index(
    "webhook_deliveries_open_idx", Delivery.webhook_id, Delivery.id, postgresql_where=Delivery.delivered_at.is_(None)
)
sa.Index("webhook_deliveries_over_idx", Delivery.created_at, postgresql_where=Delivery.next_at.is_(None))
