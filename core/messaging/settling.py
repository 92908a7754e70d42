"""Settling: what came of claimed messages is recorded, and paid for, in one go.

One statement for any number of results: a claim of bulk carries hundreds, and
thousands are settled a second.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.db import Moment, Session
from core.messaging import consent, money, reports
from core.messaging.tables import Message, Status
from core.messaging.truth import changed_after
from core.people.tables import Person

PAUSES = [timedelta(seconds=s) for s in (15, 60, 300, 900, 3600, 3 * 3600)]
"""Before the second, third … attempt, and up to a quarter longer by message, so that what failed together does not
come back together; when there is none left the message has failed."""
MOST_ATTEMPTS = len(PAUSES) + 1

_BEFOREHAND = timedelta(seconds=10)
"""A command that began so long before a claim may have withdrawn nothing: the message was in our hands by then."""


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


class Result(NamedTuple):
    """What came of one claimed message; `error` is a stable code."""

    message_id: int
    attempt: int
    fate: Fate
    error: str | None = None
    gateway: str | None = None
    gateway_id: str | None = None
    segments: int | None = None
    cost_kes: Decimal | None = None
    sender: str | None = None


_STATUS = {
    Fate.SENT: Status.SENT.value,
    Fate.FAILED: Status.FAILED.value,
    Fate.RETRY: Status.PENDING.value,
    Fate.HELD: Status.PENDING.value,
    Fate.UNKNOWN: Status.UNKNOWN.value,
}

# Locked in the order of ids, as everybody locks several messages: so nobody waits in a circle.
# Numbers come as written arrays and words as JSON: the driver takes longer over lists than the server over all of this.
_SETTLE = sa.text("""
    WITH given AS (
        SELECT given.id, given.attempt, given.gateway_id, kind.*
        FROM ROWS FROM (
            unnest(CAST(:ids AS bigint[])), unnest(CAST(:attempts AS integer[])), unnest(CAST(:kinds AS integer[])),
            json_array_elements_text(CAST(:gateway_ids AS json))
        ) AS given(id, attempt, number, gateway_id)
        JOIN json_to_recordset(CAST(:listed AS json)) AS kind(
            number integer, status text, held integer, retry boolean, error text, gateway text, segments integer,
            cost_kes numeric, sender text
        ) USING (number)
    ), ours AS MATERIALIZED (
        SELECT given.*, messages.attempts - messages.held AS tried
        FROM messages JOIN given ON given.id = messages.id
        WHERE messages.attempts = given.attempt AND messages.status IN ('sending', 'unknown')
        ORDER BY messages.id
        FOR UPDATE OF messages
    ), settled AS (
        UPDATE messages SET
            status = CASE WHEN ours.retry AND ours.tried >= :most THEN 'failed' ELSE ours.status END,
            held = messages.held + ours.held,
            not_before = CASE
                WHEN ours.retry AND ours.tried < :most THEN CAST(:now AS timestamptz) + make_interval(
                    secs => (CAST(:pauses AS double precision[]))[ours.tried] * (1 + messages.id % 32 / 128.0)
                )
                ELSE messages.not_before
            END,
            error = ours.error, gateway = ours.gateway, gateway_id = ours.gateway_id, segments = ours.segments,
            cost_kes = ours.cost_kes, sender = ours.sender, status_at = :now
        FROM ours WHERE messages.id = ours.id
        RETURNING messages.lane, messages.status, messages.segments, messages.cost_kes
    )
    SELECT lane, status, count(*) AS messages, coalesce(sum(segments), 0) AS segments,
           coalesce(sum(cost_kes), 0) AS cost_kes
    FROM settled GROUP BY lane, status
""")

_UNTRUE = (
    sa.update(Message)
    .where(
        Message.id == sa.any_(sa.cast(sa.bindparam("ids", type_=sa.Text), sa.ARRAY(sa.BigInteger))),
        Message.status == Status.PENDING,
        changed_after(sa.func.greatest(Message.created_at, Message.claimed_at - _BEFOREHAND)),
    )
    .values(status=Status.WITHHELD, error="no_longer_true", status_at=sa.bindparam("now", type_=Moment))
    .execution_options(synchronize_session=False)
)


def settle(db: Session, results: Sequence[Result], *, now: datetime) -> int:
    """Record what came of claimed messages, and match the reports that were quicker than we.

    What the gateway took is booked to its lane's day. A person is noted as
    blocking us where the gateway says so. Returns how many were recorded: a
    result is ignored if the message has moved on, by a report or a later attempt.
    """
    if not results:
        return 0
    results = _each_id_once(results)
    try:
        with db.begin_nested():
            recorded = _record(db, results, now)
    except sa.exc.IntegrityError:
        # A gateway that repeats its ids must not undo a whole settling.
        results = _without_ids_in_use(db, results)
        recorded = _record(db, results, now)
    _withhold_untrue(db, [r.message_id for r in results if r.fate in (Fate.RETRY, Fate.HELD)], now)
    _note_blocked(db, [r.message_id for r in results if r.error == consent.REFUSED and r.fate is Fate.FAILED], now)
    reports.match_early(db, [(r.gateway, r.gateway_id) for r in results if r.gateway and r.gateway_id], now=now)
    for row in recorded:
        if row.status == Status.SENT:
            money.book(
                db,
                what=row.lane,
                messages=row.messages,
                segments=row.segments,
                cost_kes=row.cost_kes,
                now=now,
            )
    return sum(row.messages for row in recorded)


def _record(db: Session, results: Sequence[Result], now: datetime) -> Sequence[Any]:
    kinds: dict[tuple[Any, ...], int] = {}
    numbers = [
        kinds.setdefault((r.fate, r.error, r.gateway, r.segments, r.cost_kes, r.sender), len(kinds)) for r in results
    ]
    listed = [
        {
            "number": number,
            "status": _STATUS[fate],
            "held": int(fate is Fate.HELD),
            "retry": fate is Fate.RETRY,
            "error": error,
            "gateway": gateway,
            "segments": segments,
            "cost_kes": None if cost is None else str(cost),
            "sender": sender,
        }
        for (fate, error, gateway, segments, cost, sender), number in kinds.items()
    ]
    return db.execute(
        _SETTLE,
        {
            "ids": written_array(r.message_id for r in results),
            "attempts": written_array(r.attempt for r in results),
            "kinds": written_array(numbers),
            "gateway_ids": json.dumps([r.gateway_id for r in results]),
            "listed": json.dumps(listed),
            "most": MOST_ATTEMPTS,
            "pauses": written_array(pause.total_seconds() for pause in PAUSES),
            "now": now,
        },
    ).all()


def written_array(numbers: Iterable[float]) -> str:
    """As PostgreSQL reads an array: {1,2}."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _each_id_once(results: Sequence[Result]) -> list[Result]:
    """In the order of ids. A gateway's id that was given twice stays with the first."""
    seen: set[tuple[str | None, str | None]] = set()
    once = []
    for result in sorted(results, key=lambda r: r.message_id):
        if result.gateway_id is not None:
            if (result.gateway, result.gateway_id) in seen:
                result = result._replace(gateway_id=None)
            else:
                seen.add((result.gateway, result.gateway_id))
        once.append(result)
    return once


def _without_ids_in_use(db: Session, results: Sequence[Result]) -> list[Result]:
    """Take away the gateway's ids that other messages have already."""
    given: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.gateway and result.gateway_id:
            given[result.gateway].append(result.gateway_id)
    used = {
        (gateway, gateway_id)
        for gateway, ids in given.items()
        for gateway_id in db.scalars(
            sa.select(Message.gateway_id).where(
                Message.gateway == gateway, Message.gateway_id == sa.any_(sa.literal(ids, sa.ARRAY(sa.Text)))
            )
        )
    }
    return [r._replace(gateway_id=None) if (r.gateway, r.gateway_id) in used else r for r in results]


def _withhold_untrue(db: Session, message_ids: Sequence[int], now: datetime) -> None:
    """What comes back could not be withdrawn while it was being handed over (core.messaging.outbox)."""
    if message_ids:
        db.execute(_UNTRUE, {"ids": written_array(message_ids), "now": now})


def _note_blocked(db: Session, message_ids: Sequence[int], now: datetime) -> None:
    if not message_ids:
        return
    people = (
        sa.select(Person.id)
        .where(
            Person.id.in_(
                sa.select(Message.person_id).where(
                    Message.id.in_(message_ids), Message.status == Status.FAILED, Message.error == consent.REFUSED
                )
            )
        )
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )
    db.execute(
        sa.update(Person)
        .where(Person.id.in_(db.scalars(people).all()))
        .values(blocked_at=now)
        .execution_options(synchronize_session=False)
    )
