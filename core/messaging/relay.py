"""The outbox's way to the gateway: claim, then hand over (elsewhere: core calls nobody), then settle.

A claim is committed before the gateway is called. So a crash before it leaves
the message to be sent, and a crash after it leaves it `sending` until the sweep
makes it `unknown`: never sent twice, and never sent without a row that says so.

Whether a message may leave is decided when it is claimed, by what is true then:

    its lane is frozen, or in its quiet hours        it waits
    its time has passed                              expired
    nobody asked for it, and its reader said STOP    withheld, opted_out
    nobody asked for it, and its reader has had      put off to the next morning, or if it is no
    as many as may be today, of all kinds            longer of use by then, withheld, a_day
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import Enum, auto
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.clock import at_local, local_date
from core.db import Moment, Session
from core.messaging import quiet
from core.messaging.consent import OPTED_OUT
from core.messaging.settling import MOST_ATTEMPTS, Fate, Result, settle, written_array
from core.messaging.tables import Lane, LaneState, Message, Status
from core.people.tables import Person

__all__ = [
    "MOST_ATTEMPTS",
    "STUCK_AFTER",
    "Claimed",
    "Fate",
    "Recipient",
    "Result",
    "claim",
    "due_lanes",
    "mark_stuck",
    "settle",
]

STUCK_AFTER = timedelta(minutes=2)
"""A claim older than this was left by a crash. The longest hand-over of a claim takes half of it."""

_MOST_ROUNDS = 20
"""Of a claim that finds nothing but what may not leave; the next claim goes on."""
_COUNTING = 0x7A616D75
"""The advisory lock of whoever counts what people have had today."""


class Recipient(NamedTuple):
    """Whom a message goes to, as far as handing it over needs it."""

    id: int
    phone_sealed: bytes | None
    network: str | None


class Claimed(NamedTuple):
    """A message that is now ours to hand over."""

    id: int
    attempt: int
    """1 for the first; `settle` uses it to ignore the result of an attempt that is no longer the last."""
    person: Recipient
    lane: Lane
    template: str
    arguments: Mapping[str, Any]
    """Within a claim, equal arguments are one object."""
    language: str


class _Due(NamedTuple):
    """A row of `_DUE`: read so often that it pays to leave SQLAlchemy's rows behind."""

    id: int
    person_id: int
    attempts: int
    template: str
    written: str
    language: str
    asked_for: bool
    valid_until: datetime
    phone_sealed: bytes | None
    network: str | None
    opted_out: bool


class _Verdict(Enum):
    GO = auto()
    EXPIRED = auto()
    OPTED_OUT = auto()
    PUT_OFF = auto()
    ENOUGH = auto()


_GIVEN = sa.cast(sa.bindparam("ids", type_=sa.Text), sa.ARRAY(sa.BigInteger))
"""Ids as `written_array` writes them."""


def _due() -> sa.Select[Any]:
    """The next messages, locked, with what has to be known of their readers."""
    lane, now = sa.bindparam("lane", type_=sa.Text), sa.bindparam("now", type_=Moment)
    frozen = sa.exists().where(LaneState.lane == lane, LaneState.frozen_at.is_not(None))
    # MATERIALIZED: a subquery with SKIP LOCKED may otherwise be run again, and take more than the limit.
    due = (
        sa.select(
            Message.id,
            Message.person_id,
            Message.attempts,
            Message.template,
            # As text: identical ones are read once.
            sa.cast(Message.arguments, sa.Text).label("written"),
            Message.language,
            Message.asked_for,
            Message.valid_until,
        )
        .where(Message.lane == lane, Message.status == Status.PENDING, Message.not_before <= now, ~frozen)
        .order_by(Message.not_before, Message.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED")
    )
    return (
        sa.select(due, Person.phone_sealed, Person.network, Person.opted_out_at.is_not(None).label("opted_out"))
        .join(Person, Person.id == due.c.person_id)
        .order_by(due.c.id)
    )


def _change(needs: str, **values: Any) -> tuple[sa.Update, str]:
    """An UPDATE of given messages, and the moment that it needs."""
    change = sa.update(Message).where(Message.id == sa.any_(_GIVEN)).values(values)
    return change.execution_options(synchronize_session=False), needs


# Put together once: thousands of messages a second leave through them.
_DUE = _due()
_HAD = (
    sa.select(Message.person_id, sa.func.count().label("messages"))
    .where(
        Message.person_id == sa.any_(_GIVEN),
        Message.claimed_at >= sa.bindparam("midnight", type_=Moment),
        Message.status.in_([Status.SENDING, Status.UNKNOWN, Status.SENT, Status.DELIVERED]),
    )
    .group_by(Message.person_id)
)
_NOW, _MORNING = sa.bindparam("now", type_=Moment), sa.bindparam("morning", type_=Moment)
_CHANGES: Mapping[_Verdict, tuple[sa.Update, str]] = {
    _Verdict.GO: _change("now", status=Status.SENDING, attempts=Message.attempts + 1, claimed_at=_NOW, status_at=_NOW),
    _Verdict.EXPIRED: _change("now", status=Status.EXPIRED, status_at=_NOW),
    _Verdict.OPTED_OUT: _change("now", status=Status.WITHHELD, error=OPTED_OUT, status_at=_NOW),
    _Verdict.PUT_OFF: _change("morning", not_before=_MORNING, error="a_day"),
    _Verdict.ENOUGH: _change("now", status=Status.WITHHELD, error="a_day", status_at=_NOW),
}


def claim(db: Session, lane: Lane, *, limit: int, now: datetime, sms_a_day: int | None = None) -> list[Claimed]:
    """Take due messages of a lane, oldest first; none if it is frozen, rests, or others have taken them.

    The caller commits before handing over. What may not leave is settled or
    put off on the way. `sms_a_day`: after so many in a day a person gets only
    what was asked for; None is no limit.
    """
    if quiet.rests(lane, now):
        return []
    for _ in range(_MOST_ROUNDS):
        due = [_Due._make(row) for row in db.execute(_DUE, {"lane": lane, "most": limit, "now": now})]
        judged = _judge(db, due, lane=lane, sms_a_day=sms_a_day, now=now)
        _write(db, judged, lane, now)
        # Nothing but what may not leave is no reason to tell the worker that the lane is empty.
        if judged[_Verdict.GO] or not due:
            break
    known: dict[str, Mapping[str, Any]] = {}
    claimed = []
    for row in judged[_Verdict.GO]:
        arguments = known.get(row.written)
        if arguments is None:
            arguments = known[row.written] = json.loads(row.written)
        person = Recipient(row.person_id, row.phone_sealed, row.network)
        claimed.append(Claimed(row.id, row.attempts + 1, person, lane, row.template, arguments, row.language))
    return claimed


def _judge(
    db: Session, due: Sequence[_Due], *, lane: Lane, sms_a_day: int | None, now: datetime
) -> dict[_Verdict, list[_Due]]:
    judged: dict[_Verdict, list[_Due]] = defaultdict(list)
    live = []
    for row in due:
        if row.valid_until <= now:
            judged[_Verdict.EXPIRED].append(row)
        elif row.opted_out and not row.asked_for:
            judged[_Verdict.OPTED_OUT].append(row)
        else:
            live.append(row)
    counted = {row.person_id for row in live if not row.asked_for}
    if sms_a_day is None or not counted:
        judged[_Verdict.GO] = live
        return judged
    had, morning = _had_today(db, counted, now), quiet.next_morning(lane, now)
    # What was asked for comes first: it goes in any case, and counts.
    for row in sorted(live, key=lambda row: not row.asked_for):
        if row.asked_for or had[row.person_id] < sms_a_day:
            had[row.person_id] += 1
            judged[_Verdict.GO].append(row)
        else:
            judged[_Verdict.PUT_OFF if row.valid_until > morning else _Verdict.ENOUGH].append(row)
    return judged


def _had_today(db: Session, people: Iterable[int], now: datetime) -> Counter[int]:
    """How many messages each has had since midnight in Nairobi, or is just being handed.

    One claim counts at a time, so that two cannot both find the last one free;
    the next waits until this transaction ends.
    """
    db.execute(sa.select(sa.func.pg_advisory_xact_lock(_COUNTING)))
    midnight = at_local(local_date(now), time())
    rows = db.execute(_HAD, {"ids": written_array(people), "midnight": midnight})
    return Counter({row.person_id: row.messages for row in rows})


def _write(db: Session, judged: Mapping[_Verdict, Sequence[_Due]], lane: Lane, now: datetime) -> None:
    moments = {"now": now, "morning": quiet.next_morning(lane, now)}
    for verdict, rows in judged.items():
        if rows:
            change, needs = _CHANGES[verdict]
            ids = written_array(row.id for row in rows)
            db.execute(change, {"ids": ids, needs: moments[needs]})


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
        if not quiet.rests(lane, now)
        and db.scalar(
            sa.select(
                sa.exists().where(Message.lane == lane, Message.status == Status.PENDING, Message.not_before <= now)
                & ~sa.exists().where(LaneState.lane == lane, LaneState.frozen_at.is_not(None))
            )
        )
    ]
