"""The outbox: a message is a row, written in the transaction of the thing it tells about. The queue is only a hint."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class Lane(StrEnum):
    """One set of workers each: a million bulk messages never delay a confirmation."""

    INTERACTIVE = "interactive"
    """Codes, replies, confirmations: somebody is waiting."""
    NOTICE = "notice"
    """Reminders and changes."""
    BULK = "bulk"
    """Campaigns."""


class Status(StrEnum):
    """Where a message is.

    It only ever moves down this list, except that it goes back to `pending`
    when the gateway is known not to have taken it.
    """

    PENDING = "pending"
    """Written, not handed over."""
    SENDING = "sending"
    """Claimed: the gateway is being called, or the process died while it was."""
    UNKNOWN = "unknown"
    """The gateway may have taken it: never sent again by itself."""
    SENT = "sent"
    """The gateway took it."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It will not arrive; `error` says why."""
    EXPIRED = "expired"
    """Its time had passed before it could be sent."""
    WITHHELD = "withheld"
    """Not sent, on purpose; `error` says why: opted_out, a_day (enough for one day), no_longer_true or cancelled."""


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    lane: Mapped[str]
    template: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Values of the template's placeholders: ids, dates, references; no identity number."""
    language: Mapped[str]
    subject: Mapped[str]
    """What it tells about, such as booking:42."""
    asked_for: Mapped[bool] = mapped_column(server_default=sa.true())
    """It answers or confirms what its reader has just done: sent in spite of a STOP, and of the limit a day."""
    campaign_id: Mapped[int | None]
    """The campaign it belongs to (core.campaigns). No foreign key: messaging knows no campaigns."""
    valid_until: Mapped[datetime] = mapped_column(Moment)
    """Not sent after this."""
    status: Mapped[str] = mapped_column(server_default=Status.PENDING)
    not_before: Mapped[datetime] = mapped_column(Moment)
    """When it may be tried (again)."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    """Times it was claimed: never counted down, so that the result of an earlier claim is known for what it is."""
    held: Mapped[int] = mapped_column(server_default="0")
    """Of those, the times it was given back untried."""
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was last taken to be handed over."""
    sender: Mapped[str | None]
    """The short code or name it was handed over under; None is the account's own."""
    gateway: Mapped[str | None]
    gateway_id: Mapped[str | None]
    error: Mapped[str | None]
    """Stable code of the last failure, such as invalid_phone."""
    segments: Mapped[int | None]
    cost_kes: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 4))
    created_at: Mapped[datetime] = mapped_column(Moment)
    status_at: Mapped[datetime] = mapped_column(Moment)


sa.Index(
    "messages_pending_idx", Message.lane, Message.not_before, Message.id, postgresql_where=Message.status == "pending"
)
sa.Index(
    "messages_open_idx", Message.status, Message.status_at, postgresql_where=Message.status.in_(["sending", "unknown"])
)
sa.Index("messages_sent_idx", Message.status_at, postgresql_where=Message.status == "sent")
sa.Index(
    "messages_dead_idx",
    Message.status_at,
    Message.id,
    postgresql_where=Message.status.in_(["failed", "expired", "withheld"]),
)
sa.Index(
    "messages_error_idx",
    Message.error,
    Message.status_at,
    Message.id,
    postgresql_where=Message.status.in_(["failed", "expired", "withheld"]) & Message.error.is_not(None),
)


sa.Index(
    "messages_gateway_id_key",
    Message.gateway,
    Message.gateway_id,
    unique=True,
    # What has no id yet costs no entry: every message is written three times, and these are most of its price.
    postgresql_where=Message.gateway_id.is_not(None),
)
sa.Index("messages_subject_idx", Message.subject, postgresql_where=Message.status == "pending")
sa.Index(
    "messages_campaign_idx", Message.campaign_id, Message.status, postgresql_where=Message.campaign_id.is_not(None)
)
sa.Index("messages_day_idx", Message.person_id, Message.claimed_at)


class Question(Base):
    """Something a message asked its reader: a YES, NO or number answers the one asked last."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    message_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("messages.id"))
    """The message that asked it: nobody can answer what was never sent."""
    kind: Mapped[str]
    """A `questions.Kind`."""
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What the answer is about: ids, times, references."""
    expires_at: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str | None]
    """yes, no, or the number chosen. Whether it came too late, its question's subject knows."""
    answered_at: Mapped[datetime | None] = mapped_column(Moment)


sa.Index("questions_person_idx", Question.person_id, Question.id)


class Spending(Base):
    """What a day cost, by lane and for USSD: booked from receipts and from the ends of calls."""

    __tablename__ = "spending"

    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    """A lane, or ussd."""
    messages: Mapped[int] = mapped_column(server_default="0")
    """Messages taken by the gateway, or calls ended."""
    segments: Mapped[int] = mapped_column(server_default="0")
    cost_kes: Mapped[Decimal] = mapped_column(sa.Numeric(12, 4), server_default="0")


class Balance(Base):
    """What the gateway's account had when it was asked."""

    __tablename__ = "balances"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    kes: Mapped[Decimal] = mapped_column(sa.Numeric(12, 4))


class CallbackSeen(Base):
    """When each kind of callback last came: for whoever puts a gateway into service."""

    __tablename__ = "callbacks_seen"

    kind: Mapped[str] = mapped_column(primary_key=True)
    """ussd, ussd_end, inbound, delivery or opt_out."""
    at: Mapped[datetime] = mapped_column(Moment)


class DeliveryReport(Base):
    """What the gateway said of a message, each thing once: kept also before the message's id is known."""

    __tablename__ = "delivery_reports"
    __table_args__ = (sa.UniqueConstraint("gateway", "gateway_id", "status"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    gateway: Mapped[str]
    gateway_id: Mapped[str]
    status: Mapped[str]
    """A `reports.ReportStatus`, or whatever else the gateway said."""
    reason: Mapped[str | None]
    network: Mapped[str | None]
    phone_index: Mapped[bytes | None]
    message_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The message it tells about, once that is known. No foreign key: messages will move to history before reports."""
    at: Mapped[datetime] = mapped_column(Moment)


sa.Index(
    "delivery_reports_unmatched_idx",
    DeliveryReport.phone_index,
    DeliveryReport.at,
    postgresql_where=DeliveryReport.message_id.is_(None),
)


class InboundMessage(Base):
    """An SMS from a citizen, kept once however often the gateway repeats it."""

    __tablename__ = "inbound_messages"
    __table_args__ = (sa.UniqueConstraint("gateway", "gateway_id"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    gateway: Mapped[str]
    gateway_id: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """Whose phone it came from; None if its sender is no phone: a short code, or a name."""
    text_sealed: Mapped[bytes]
    understood_as: Mapped[str | None]
    """The keyword it was taken for, or nothing; failed if Zamu could not deal with it."""
    at: Mapped[datetime] = mapped_column(Moment)


class Consent(Base):
    """Every STOP and START, with its channel: the history behind `people.opted_out_at`."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"), index=True)
    given: Mapped[bool]
    channel: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)


class LaneState(Base):
    """A lane that an operator has frozen."""

    __tablename__ = "lane_states"

    lane: Mapped[str] = mapped_column(primary_key=True)
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(server_default="")
