"""The outbox's way to the gateway: claim, then hand over (elsewhere: core calls nobody), then settle.

A claim is committed before the gateway is called. So a crash before it leaves
the message to be sent, and a crash after it leaves it `sending` until the sweep
makes it `unknown`: never sent twice, and never sent without a row that says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from core.db import Session
from core.messaging import reports
from core.messaging.tables import Lane, LaneState, Message, Status
from core.people.tables import Person

STUCK_AFTER = timedelta(minutes=2)
"""A claim older than this was left by a crash. The longest hand-over of a claim takes a fraction of it."""

_PAUSE = [timedelta(seconds=s) for s in (15, 60, 300, 900, 3600, 3 * 3600)]
"""Before the second, third … attempt; when there is none left the message has failed."""
MOST_ATTEMPTS = len(_PAUSE) + 1

_messages = cast(sa.Table, Message.__table__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is now ours to hand over."""

    id: int
    attempt: int
    """1 for the first; `settle` uses it to ignore the result of an attempt that is no longer the last."""
    person: Person
    lane: Lane
    template: str
    arguments: Mapping[str, Any]
    language: str


class Fate(Enum):
    """What came of a claim."""

    SENT = auto()
    """The gateway took it."""
    FAILED = auto()
    """The gateway did not take it, or it cannot be worded: trying again is no use."""
    RETRY = auto()
    """The gateway certainly did not take it, and may do so later."""
    HELD = auto()
    """It was not tried: as if it had not been claimed."""
    UNKNOWN = auto()
    """The gateway may have taken it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one claimed message; `error` is a stable code."""

    message_id: int
    attempt: int
    fate: Fate
    error: str | None = None
    gateway: str | None = None
    gateway_id: str | None = None
    segments: int | None = None
    cost_kes: Decimal | None = None


def claim(db: Session, lane: Lane, *, limit: int, now: datetime) -> list[Claimed]:
    """Take due messages of a lane, oldest first; none if it is frozen or others have taken them.

    The caller commits before handing over. Messages past their valid-until
    are settled as expired on the way.
    """
    while True:
        taken = db.execute(_take(lane, limit, now)).all()
        live = [row for row in taken if row.status == Status.SENDING]
        # Nothing but expired ones is no reason to tell the worker that the lane is empty.
        if live or not taken:
            break
    if not live:
        return []
    live.sort(key=lambda row: row.id)
    people = {
        person.id: person
        for person in db.scalars(sa.select(Person).where(Person.id.in_({row.person_id for row in live})))
    }
    return [
        Claimed(row.id, row.attempts, people[row.person_id], lane, row.template, row.arguments, row.language)
        for row in live
    ]


def _take(lane: Lane, limit: int, now: datetime) -> ReturningUpdate[Any]:
    frozen = sa.exists().where(LaneState.lane == lane, LaneState.frozen_at.is_not(None))
    # MATERIALIZED: a subquery with SKIP LOCKED may otherwise be run again, and take more than the limit.
    due = (
        sa.select(Message.id)
        .where(Message.lane == lane, Message.status == Status.PENDING, Message.not_before <= now, ~frozen)
        .order_by(Message.not_before, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED")
    )
    late = Message.valid_until <= now
    return (
        sa.update(Message)
        .where(Message.id == due.c.id)
        .values(
            status=sa.case((late, Status.EXPIRED.value), else_=Status.SENDING.value),
            attempts=sa.case((late, Message.attempts), else_=Message.attempts + 1),
            claimed_at=sa.case((late, Message.claimed_at), else_=now),
            status_at=now,
        )
        .returning(
            Message.id,
            Message.status,
            Message.attempts,
            Message.person_id,
            Message.template,
            Message.arguments,
            Message.language,
        )
        .execution_options(synchronize_session=False)
    )


def settle(db: Session, results: Sequence[Result], *, now: datetime) -> int:
    """Record what came of claimed messages, and match the reports that were quicker than we.

    Returns how many were recorded: a result is ignored if the message has
    moved on, by a report or a later attempt.
    """
    # Locked in the order of ids, as everybody locks several messages: so nobody waits in a circle.
    rows = {
        row.id: row
        for row in db.execute(
            sa.select(Message.id, Message.attempts, Message.held, Message.not_before)
            .where(
                Message.id.in_([result.message_id for result in results]),
                Message.status.in_([Status.SENDING, Status.UNKNOWN]),
            )
            .order_by(Message.id)
            .with_for_update()
        )
    }
    ours = [r for r in results if r.message_id in rows and rows[r.message_id].attempts == r.attempt]
    if not ours:
        return 0
    taken = _ids_in_use(db, ours)
    db.execute(
        sa.update(_messages)
        .where(_messages.c.id == sa.bindparam("message_id"))
        .values({name: sa.bindparam(name) for name in _SETTLED}),
        [_settled(result, rows[result.message_id], taken, now) for result in ours],
    )
    reports.match_early(db, [(r.gateway, r.gateway_id) for r in ours if r.gateway and r.gateway_id], now=now)
    return len(ours)


_SETTLED = ("status", "held", "not_before", "error", "gateway", "gateway_id", "segments", "cost_kes", "status_at")


def _settled(result: Result, row: Any, taken: set[tuple[str, str]], now: datetime) -> dict[str, Any]:
    """The new values of a message; its id is added to those taken."""
    status, held, not_before = Status.PENDING, row.held, row.not_before
    tried = result.attempt - held
    match result.fate:
        case Fate.SENT:
            status = Status.SENT
        case Fate.FAILED:
            status = Status.FAILED
        case Fate.UNKNOWN:
            status = Status.UNKNOWN
        case Fate.HELD:
            held += 1
        case Fate.RETRY if tried >= MOST_ATTEMPTS:
            status = Status.FAILED
        case Fate.RETRY:
            not_before = now + _pause(tried, result.message_id)
    repeated = (result.gateway, result.gateway_id) in taken
    if result.gateway and result.gateway_id:
        taken.add((result.gateway, result.gateway_id))
    return {
        "message_id": result.message_id,
        "status": status,
        "held": held,
        "not_before": not_before,
        "error": result.error,
        "gateway": result.gateway,
        "gateway_id": None if repeated else result.gateway_id,
        "segments": result.segments,
        "cost_kes": result.cost_kes,
        "status_at": now,
    }


def _pause(attempt: int, message_id: int) -> timedelta:
    """Up to a quarter longer by message, so that what failed together does not come back together."""
    return _PAUSE[attempt - 1] * (1 + message_id % 32 / 128)


def _ids_in_use(db: Session, results: Sequence[Result]) -> set[tuple[str, str]]:
    """Gateway ids that another message has already: a gateway that repeats itself must not undo a whole settling."""
    found = db.execute(
        sa.select(Message.gateway, Message.gateway_id).where(
            Message.gateway_id.in_([r.gateway_id for r in results if r.gateway_id])
        )
    )
    return {(gateway, gateway_id) for gateway, gateway_id in found if gateway and gateway_id}


def mark_stuck(db: Session, *, now: datetime, limit: int = 1000) -> int:
    """Call unknown what a crash left behind in mid-call. Returns how many there were."""
    left = (
        sa.select(Message.id)
        .where(Message.status == Status.SENDING, Message.status_at <= now - STUCK_AFTER)
        .order_by(Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("stuck")
        .prefix_with("MATERIALIZED")
    )
    marked = db.scalars(
        sa.update(Message)
        .where(Message.id == left.c.id)
        .values(status=Status.UNKNOWN, error="interrupted", status_at=now)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(marked.all())


def due_lanes(db: Session, *, now: datetime) -> list[Lane]:
    """Lanes that run and have something to hand over."""
    return [
        lane
        for lane in Lane
        if db.scalar(
            sa.select(
                sa.exists().where(Message.lane == lane, Message.status == Status.PENDING, Message.not_before <= now)
                & ~sa.exists().where(LaneState.lane == lane, LaneState.frozen_at.is_not(None))
            )
        )
    ]
