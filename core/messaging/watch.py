"""Finding messages that are stuck: by their rows, so that nothing of it depends on the queues.

Three kinds, told apart because different things are to be done about them:

    never_sent    due for STUCK_DUE in a lane that should run: no worker, or one too few
    unreported    the gateway took it more than UNREPORTED ago and has not said what became of it
    unknown       the gateway may have taken it: a report or a person settles it (core.messaging.desk)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from core.db import Session
from core.messaging import money, quiet
from core.messaging.tables import Lane, LaneState, Message, Status
from core.settings import Cap

STUCK_DUE = timedelta(minutes=5)
UNREPORTED = timedelta(hours=1)
REPORTS_COME = timedelta(days=3)
"""After this nobody waits for a report any more: some networks never send one."""


class Kind(StrEnum):
    NEVER_SENT = "never_sent"
    UNREPORTED = "unreported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stuck:
    """The stuck messages of one kind in one lane."""

    kind: Kind
    lane: Lane
    messages: int
    since: datetime
    """When the oldest of them was due, taken by the gateway, or became unknown."""
    moving: bool = False
    """Of never_sent: the lane is being worked off, and has more to do than it can in STUCK_DUE."""


@dataclass(frozen=True, slots=True)
class LaneNow:
    """How a lane stands."""

    lane: Lane
    pending: int
    """Written, not handed over: the later ones and those set aside too."""
    due: int
    """Of those, the ones that could leave now."""
    oldest_due: datetime | None
    sending: int
    sent: int
    """Taken by the gateway within REPORTS_COME, which has not yet said what became of them."""
    unknown: int
    frozen: str | None
    """Why it is frozen; None: it is not."""
    resting: bool
    """In its quiet hours."""
    cap: Cap | None
    """The cap it has reached."""

    @property
    def stands(self) -> bool:
        """Nothing of it leaves, on purpose."""
        return self.frozen is not None or self.resting or self.cap is not None


def lanes_now(db: Session, caps: Sequence[Cap], now: datetime) -> list[LaneNow]:
    """How each lane stands. It reads the open messages through their indexes, and none that is settled."""
    pending = {row.lane: row for row in db.execute(_PENDING, {"now": now})}
    opened = {(lane, status): number for lane, status, number in db.execute(_OPEN, {"after": now - REPORTS_COME})}
    frozen = {row.lane: row.reason for row in db.execute(_FROZEN)}
    return [
        LaneNow(
            lane,
            pending=row.pending if (row := pending.get(lane)) else 0,
            due=row.due if row else 0,
            oldest_due=row.oldest if row else None,
            sending=opened.get((lane, Status.SENDING), 0),
            sent=opened.get((lane, Status.SENT), 0),
            unknown=opened.get((lane, Status.UNKNOWN), 0),
            frozen=frozen.get(lane),
            resting=quiet.rests(lane, now),
            cap=money.reached_cap(db, lane, caps, now),
        )
        for lane in Lane
    ]


def stuck(db: Session, lanes: Sequence[LaneNow], now: datetime) -> list[Stuck]:
    """What is stuck, by kind and lane; `lanes` as `lanes_now` has them."""
    found = []
    for lane in lanes:
        # A lane that has just been let go has had no time yet for what became due while it stood.
        if not lane.stands and not quiet.rests(lane.lane, now - STUCK_DUE):
            number, since = db.execute(_OVERDUE, {"lane": lane.lane, "before": now - STUCK_DUE}).one()
            if number:
                found.append(Stuck(Kind.NEVER_SENT, lane.lane, number, since, moving=lane.sending > 0))
    unreported = db.execute(_UNREPORTED, {"after": now - REPORTS_COME, "before": now - UNREPORTED})
    found += [Stuck(Kind.UNREPORTED, Lane(lane), number, since) for lane, number, since in unreported]
    found += [Stuck(Kind.UNKNOWN, Lane(lane), number, since) for lane, number, since in db.execute(_UNKNOWN)]
    return found


_number = sa.func.count()
_due = Message.not_before <= sa.bindparam("now", type_=Message.not_before.type)

_PENDING = (
    # Of what is due alone: what is set aside is far off, or infinitely, which Python cannot read.
    sa.select(
        Message.lane,
        _number.label("pending"),
        _number.filter(_due).label("due"),
        sa.func.min(Message.not_before).filter(_due).label("oldest"),
    )
    .where(Message.status == Status.PENDING)
    .group_by(Message.lane)
)
_OPEN = (
    sa.select(Message.lane, Message.status, _number)
    .where(Message.status.in_([Status.SENDING, Status.UNKNOWN]))
    .group_by(Message.lane, Message.status)
    .union_all(
        sa.select(Message.lane, Message.status, _number)
        .where(Message.status == Status.SENT, Message.status_at > sa.bindparam("after"))
        .group_by(Message.lane, Message.status)
    )
)
_FROZEN = sa.select(LaneState.lane, LaneState.reason).where(LaneState.frozen_at.is_not(None))
_OVERDUE = sa.select(_number, sa.func.min(Message.not_before)).where(
    Message.lane == sa.bindparam("lane"),
    Message.status == Status.PENDING,
    Message.not_before <= sa.bindparam("before"),
)
_UNREPORTED = (
    sa.select(Message.lane, _number, sa.func.min(Message.status_at))
    .where(Message.status == Status.SENT, Message.status_at.between(sa.bindparam("after"), sa.bindparam("before")))
    .group_by(Message.lane)
)
_UNKNOWN = (
    sa.select(Message.lane, _number, sa.func.min(Message.status_at))
    .where(Message.status == Status.UNKNOWN)
    .group_by(Message.lane)
)
