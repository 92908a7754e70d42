"""What an operator looks after by hand: messages that did not leave or may have, and what a phone was sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.db import Session
from core.errors import ZamuError
from core.messaging import outbox
from core.messaging.tables import Message, Status
from core.messaging.truth import changed_after
from core.people.audit import Actor, record_event

DEAD = (Status.FAILED, Status.EXPIRED, Status.WITHHELD)
"""They will not leave any more by themselves."""
_CHANGED = changed_after(Message.created_at)


class NotUnknown(ZamuError):
    """There is no such message, or what became of it is known."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as an operator sees it: ids and codes, nothing of what it says or to whom."""

    id: int
    status: Status
    error: str | None
    """Why it failed or was withheld: a stable code, or what the network said in a report."""
    lane: str
    template: str
    subject: str
    created_at: datetime
    at: datetime
    """Since when it is so."""
    gateway_id: str | None


@dataclass(frozen=True, slots=True)
class Page:
    messages: list[Kept]
    next: tuple[datetime, int] | None
    """Hand it to the same function to go on; None: that was all."""


@dataclass(frozen=True, slots=True)
class Reason:
    """How many messages came to nothing for one reason."""

    status: Status
    error: str | None
    lane: str
    messages: int


def dead(db: Session, *, limit: int, after: tuple[datetime, int] | None = None, error: str | None = None) -> Page:
    """Messages that will not leave, the latest first; `after` is the `next` of the page before."""
    chosen = _kept().where(Message.status.in_(DEAD))
    if error is not None:
        chosen = chosen.where(Message.error == error)
    return _page(db, chosen, limit=limit, after=after)


def unknown(db: Session, *, limit: int, after: tuple[datetime, int] | None = None) -> Page:
    """Messages that the gateway may have taken, the latest first: each waits for a report, or for `resolve`."""
    return _page(db, _kept().where(Message.status == Status.UNKNOWN), limit=limit, after=after)


def reasons(db: Session, *, since: datetime) -> list[Reason]:
    """Why messages came to nothing since then, the most frequent first."""
    number = sa.func.count()
    rows = db.execute(
        sa.select(Message.status, Message.error, Message.lane, number)
        .where(Message.status.in_(DEAD), Message.status_at > since)
        .group_by(Message.status, Message.error, Message.lane)
        .order_by(number.desc(), Message.status, Message.error, Message.lane)
    )
    return [Reason(Status(status), error, lane, messages) for status, error, lane, messages in rows]


@dataclass(frozen=True, slots=True)
class Requeued:
    """What came of asking for messages to be sent after all."""

    done: list[int]
    refused: dict[int, str]
    """By message: not_failed, was_taken (by the gateway), changed_since (what it tells about), out_of_time."""


def requeue(
    db: Session,
    ids: Collection[int],
    *,
    actor: Actor,
    now: datetime,
    valid_until: datetime | None = None,
) -> Requeued:
    """Let failed messages be tried anew, as often as new ones.

    Only those that the gateway certainly did not take, and that are still
    true: nothing has happened to their subject since. `valid_until` is a new
    end for those whose time is over; it shortens none.
    """
    rows = db.execute(
        sa.select(Message.id, Message.status, Message.gateway_id, Message.valid_until, _CHANGED, Message.lane)
        .where(Message.id.in_(ids))
        .order_by(Message.id)
        .with_for_update()
    ).all()
    refused = dict.fromkeys(ids, "not_failed")
    done = []
    for message_id, status, gateway_id, until, changed, lane in rows:
        if status != Status.FAILED:
            continue
        until = max(until, valid_until or until)
        # A message that failed by a report has its gateway's id: the gateway took it, and may have sent it.
        reason = (gateway_id and "was_taken") or (changed and "changed_since") or (until <= now and "out_of_time")
        if reason:
            refused[message_id] = reason
            continue
        _put_back(db, message_id, now=now, valid_until=until)
        outbox.note_lane(db, lane)
        record_event(db, "message.requeued", f"message:{message_id}", actor=actor, now=now)
        del refused[message_id]
        done.append(message_id)
    return Requeued(done, refused)


def resolve(db: Session, message_id: int, arrived: bool, actor: Actor, now: datetime) -> Status:
    """Say what became of an unknown message; returns what it is now.

    It arrived: sent. It did not: pending again, or expired or withheld if it
    is out of time or its subject has changed since.

    Raises:
        NotUnknown: no such message, or somebody or a report was faster.
    """
    message = db.execute(
        sa.select(Message.status, Message.valid_until, _CHANGED.label("changed"), Message.lane)
        .where(Message.id == message_id)
        .with_for_update()
    ).one_or_none()
    if message is None or message.status != Status.UNKNOWN:
        raise NotUnknown
    if arrived:
        status, error = Status.SENT, None
    elif message.changed:
        status, error = Status.WITHHELD, "no_longer_true"
    elif message.valid_until <= now:
        status, error = Status.EXPIRED, None
    else:
        status, error = Status.PENDING, None
    if status == Status.PENDING:
        _put_back(db, message_id, now=now, valid_until=message.valid_until)
        outbox.note_lane(db, message.lane)
    else:
        db.execute(
            sa.update(Message)
            .where(Message.id == message_id)
            .values(status=status, error=error, status_at=now)
            .execution_options(synchronize_session=False)
        )
    record_event(db, "message.resolved", f"message:{message_id}", actor=actor, now=now, arrived=arrived, status=status)
    return status


def sent_to(db: Session, person_id: int, *, limit: int = 50, subjects: Collection[str] | None = None) -> list[Kept]:
    """What was written to a phone and what became of it, the latest first; with `subjects` only about these."""
    chosen = [] if subjects is None else [Message.subject.in_(subjects)]
    rows = db.execute(_kept().where(Message.person_id == person_id, *chosen).order_by(Message.id.desc()).limit(limit))
    return [_as_kept(row) for row in rows]


def _put_back(db: Session, message_id: int, *, now: datetime, valid_until: datetime) -> None:
    """Pending again, with none of its attempts counted: `held` are those that do not count."""
    db.execute(
        sa.update(Message)
        .where(Message.id == message_id)
        .values(
            status=Status.PENDING,
            error=None,
            gateway=None,
            gateway_id=None,
            held=Message.attempts,
            not_before=now,
            valid_until=valid_until,
            status_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def _kept() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Message.id,
        Message.status,
        Message.error,
        Message.lane,
        Message.template,
        Message.subject,
        Message.created_at,
        Message.status_at,
        Message.gateway_id,
    )


def _as_kept(row: Sequence[Any]) -> Kept:
    message_id, status, *rest = row
    return Kept(message_id, Status(status), *rest)


def _page(
    db: Session,
    chosen: sa.Select[*tuple[Any, ...]],
    *,
    limit: int,
    after: tuple[datetime, int] | None,
) -> Page:
    if after is not None:
        chosen = chosen.where(sa.tuple_(Message.status_at, Message.id) < after)
    rows = db.execute(chosen.order_by(Message.status_at.desc(), Message.id.desc()).limit(limit)).all()
    found = [_as_kept(row) for row in rows]
    return Page(found, (found[-1].at, found[-1].id) if len(found) == limit else None)
