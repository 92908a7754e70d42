"""Delivery reports: what became of a message after the gateway took it.

A report finds its message by the gateway's id. It can come before that id is
known here (the gateway has not answered yet) or when it never will be (we died,
or gave up waiting): then it is kept, and matched when the id becomes known or
when there is only one message that it can be about.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging import consent
from core.messaging.tables import DeliveryReport, Message, Status
from core.people.tables import Person

SPAN = timedelta(hours=24)
"""How long after it was handed over a report can settle a message whose id is not known."""
_SKEW = timedelta(seconds=5)
"""How far the clocks of two of our machines may differ."""


class ReportStatus(StrEnum):
    """What a report says."""

    SENT = "sent"
    SUBMITTED = "submitted"
    BUFFERED = "buffered"
    ABSENT = "absent"
    """The phone is off or away: the network goes on trying."""
    DELIVERED = "delivered"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    """The network has given up trying."""


_MEANING: dict[str, Status] = {
    ReportStatus.SENT: Status.SENT,
    ReportStatus.SUBMITTED: Status.SENT,
    ReportStatus.BUFFERED: Status.SENT,
    ReportStatus.ABSENT: Status.SENT,
    ReportStatus.DELIVERED: Status.DELIVERED,
    ReportStatus.FAILED: Status.FAILED,
    ReportStatus.REJECTED: Status.FAILED,
    ReportStatus.EXPIRED: Status.FAILED,
}

_RANK = {Status.PENDING: 0, Status.SENDING: 1, Status.UNKNOWN: 2, Status.SENT: 3}
_FINAL = 4
"""The first final status stays: networks repeat themselves, and contradict themselves."""


def take_report(
    db: Session,
    *,
    gateway: str,
    gateway_id: str,
    status: str,
    reason: str | None,
    network: str | None,
    phone_index: bytes | None,
    now: datetime,
) -> int | None:
    """Keep a report, once, and move its message on; never back.

    `status` is a ReportStatus; anything else is kept and moves nothing. A
    report whose id nobody knows settles the only message to that phone, handed
    over in the 24 hours before, that has no id. Returns the message's id, or
    None if the report has to wait for its message.
    """
    report = _keep(
        db,
        DeliveryReport(
            gateway=gateway,
            gateway_id=gateway_id,
            status=status,
            reason=reason,
            network=network,
            phone_index=phone_index,
            at=now,
        ),
    )
    message = _known(db, gateway, gateway_id)
    if message is None and phone_index is not None:
        message = _by_phone(db, report)
    if message is not None:
        _tell(message, report, now)
        db.flush()
    if phone_index is not None:
        _note_phone(db, phone_index, status=status, reason=reason, network=network, now=now)
    return None if message is None else message.id


# Ids as JSON: the driver takes longer over lists of words than the server over all of this.
_KNOWN = (
    sa.text("""
        SELECT * FROM ROWS FROM (
            json_array_elements_text(CAST(:gateways AS json)), json_array_elements_text(CAST(:ids AS json))
        ) AS known(gateway, gateway_id)
    """)
    .columns(sa.column("gateway", sa.Text), sa.column("gateway_id", sa.Text))
    .subquery("known")
)
_WAITING = (
    sa.select(DeliveryReport, Message)
    .join(_KNOWN, (_KNOWN.c.gateway == DeliveryReport.gateway) & (_KNOWN.c.gateway_id == DeliveryReport.gateway_id))
    .join(Message, (Message.gateway == DeliveryReport.gateway) & (Message.gateway_id == DeliveryReport.gateway_id))
    .where(DeliveryReport.message_id.is_(None))
    .order_by(DeliveryReport.id)
    .execution_options(populate_existing=True)
)


def match_early(db: Session, ids: Sequence[tuple[str, str]], *, now: datetime) -> None:
    """Apply the reports that came before these (gateway, id) pairs were known; the caller has locked the messages."""
    if not ids:
        return
    known = {"gateways": json.dumps([gateway for gateway, _ in ids]), "ids": json.dumps([i for _, i in ids])}
    waiting = db.execute(_WAITING, known).all()
    for report, message in waiting:
        _tell(message, report, now)
    db.flush()


def settle_unknown(db: Session, *, now: datetime, limit: int = 1000) -> int:
    """Settle unknown messages by reports that came before they were known to be unknown.

    A message and an id belong together if, to that phone and in that time,
    there is no other message without an id and no other id without a message.
    Returns how many were settled.
    """
    in_question = db.scalars(
        sa.select(Person.phone_index)
        .join(Message, Message.person_id == Person.id)
        .join(DeliveryReport, DeliveryReport.phone_index == Person.phone_index)
        .where(
            Message.status == Status.UNKNOWN,
            DeliveryReport.message_id.is_(None),
            DeliveryReport.at.between(Message.claimed_at - _SKEW, Message.claimed_at + SPAN),
        )
        # The latest first: what can never be told apart must not keep the others from their turn.
        .group_by(Person.phone_index)
        .order_by(sa.func.max(DeliveryReport.at).desc())
        .limit(limit)
    ).all()
    settled = 0
    for phone_index in in_question:
        waiting = db.scalars(
            sa.select(DeliveryReport)
            .where(
                DeliveryReport.phone_index == phone_index,
                DeliveryReport.message_id.is_(None),
                DeliveryReport.at > now - 2 * SPAN,
            )
            .order_by(DeliveryReport.id)
        ).all()
        if len({(report.gateway, report.gateway_id) for report in waiting}) != 1:
            continue
        message = _by_phone(db, waiting[0])
        if message is not None:
            settled += 1
            for report in waiting:
                _tell(message, report, now)
    db.flush()
    return settled


def _keep(db: Session, report: DeliveryReport) -> DeliveryReport:
    """The report, or the first copy of it."""
    values = {
        column.key: getattr(report, column.key)
        for column in sa.inspect(DeliveryReport).column_attrs
        if column.key not in {"id", "message_id"}
    }
    db.execute(insert(DeliveryReport).values(values).on_conflict_do_nothing())
    return db.scalars(
        sa.select(DeliveryReport).where(
            DeliveryReport.gateway == report.gateway,
            DeliveryReport.gateway_id == report.gateway_id,
            DeliveryReport.status == report.status,
        )
    ).one()


def _known(db: Session, gateway: str, gateway_id: str) -> Message | None:
    return db.scalars(
        sa.select(Message)
        .where(Message.gateway == gateway, Message.gateway_id == gateway_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _by_phone(db: Session, report: DeliveryReport) -> Message | None:
    """The only message that a report with an unknown id can be about; it takes that id."""
    without_id = db.scalars(
        sa.select(Message)
        .join(Person, Person.id == Message.person_id)
        .where(
            Person.phone_index == report.phone_index,
            Message.gateway_id.is_(None),
            Message.status.in_([Status.SENDING, Status.UNKNOWN, Status.SENT]),
            Message.claimed_at.between(report.at - SPAN, report.at + _SKEW),
        )
        .order_by(Message.id)
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    ).all()
    # Whoever settled one of them while we waited for the lock has made its id known.
    message = _known(db, report.gateway, report.gateway_id)
    if message is not None:
        return message
    # One that is being handed over gets its id any moment: the report may well be its.
    if len(without_id) != 1 or without_id[0].status == Status.SENDING:
        return None
    message = without_id[0]
    message.gateway, message.gateway_id = report.gateway, report.gateway_id
    return message


def _note_phone(
    db: Session, phone_index: bytes, *, status: str, reason: str | None, network: str | None, now: datetime
) -> None:
    """What a report tells of the phone. Written only if it is new: most reports repeat it."""
    blocked: Any = Person.blocked_at
    if status == ReportStatus.DELIVERED:
        blocked = sa.null()
    elif reason == consent.REPORTED and _MEANING.get(status) == Status.FAILED:
        blocked = sa.func.coalesce(Person.blocked_at, now)
    seen_on = network if network is not None else Person.network
    db.execute(
        sa.update(Person)
        .where(
            Person.phone_index == phone_index,
            Person.network.is_distinct_from(seen_on) | Person.blocked_at.is_distinct_from(blocked),
        )
        .values(network=seen_on, blocked_at=blocked)
        .execution_options(synchronize_session=False)
    )


def _tell(message: Message, report: DeliveryReport, now: datetime) -> None:
    report.message_id = message.id
    meant = _MEANING.get(report.status)
    if meant is None or _rank(meant) <= _rank(Status(message.status)):
        return
    message.status, message.status_at = meant, now
    # Of a message that arrives after all, what was thought of it before is no longer true.
    message.error = (report.reason or report.status) if meant == Status.FAILED else None


def _rank(status: Status) -> int:
    return _RANK.get(status, _FINAL)
