"""Closing a centre, a service or some of its counters for a time, and opening it again.

Both only write down what is so: who is hit is moved by `clearing.clear`, in
transactions of its own. From the commit on nobody can take a place there,
however old their copy of the catalogue is: the windows have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.capacity import Shutting, owner, wanted_between, write_wanted
from core.booking.closing.errors import CannotClose, NoSuchClosure
from core.booking.seats import Key
from core.catalogue.snapshot import Offering, Site
from core.catalogue.tables import Closure
from core.catalogue.version import bump_version, hold_version
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event

SYSTEM_DOWN, OFFICER_ABSENT, HOURS_CHANGED = "system_down", "officer_absent", "hours_changed"
PUBLIC_HOLIDAY = "public_holiday"
"""Reasons with a meaning; any other is in the manager's words."""
MOST_DAYS = 366
"""For longer than this, a centre or service is taken out of the catalogue."""
LONGEST_REASON = 200
_OF_A_PRESS = ("site_id", "reason", "who", "created_at", "starts_at", "ends_at", "counters")


@dataclass(frozen=True, slots=True)
class What:
    """What is to be closed: a centre, one offering of it, or so many counters of that."""

    site: Site
    offering: Offering | None = None
    counters: int | None = None

    def between(self, starts_at: datetime, ends_at: datetime) -> Shutting:
        return Shutting(self.site.id, self.offering.id if self.offering else None, self.counters, starts_at, ends_at)


def close(
    db: Session,
    *,
    what: What,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    asking: bool,
    actor: Actor,
    request_key: str,
    now: datetime,
) -> int:
    """Close it, and return the closure's id. `asking`: those who are moved are asked, and not only told.

    Raises:
        CannotClose: over already, its end not after its start, longer than
            MOST_DAYS, or more counters than there are.
    """
    [closure_id] = close_all(
        db,
        whats=[what],
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        asking=asking,
        actor=actor,
        request_key=request_key,
        now=now,
    )
    return closure_id


def close_all(
    db: Session,
    *,
    whats: Sequence[What],
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    asking: bool,
    actor: Actor,
    request_key: str,
    now: datetime,
) -> list[int]:
    """Close several things for the same time, in one go; a closure's id for each, in their order.

    Raises:
        CannotClose: as `close`, of any of them: then nothing is closed.
    """

    def work() -> Outcome:
        for what in whats:
            check(what, starts_at, ends_at, now=now)
        hold_version(db)
        shuttings = [what.between(starts_at, ends_at) for what in whats]
        return {"closure_ids": shut(db, shuttings, reason=reason, asking=asking, actor=actor, now=now)}

    return list(once(db, request_key, work, now=now)["closure_ids"])


def shut(
    db: Session, shuttings: Sequence[Shutting], *, reason: str, asking: bool, actor: Actor, now: datetime
) -> list[int]:
    """Write closures down, for a command that holds the catalogue's version; their ids."""
    closures = [
        Closure(
            site_id=one.site_id,
            offering_id=one.offering_id,
            counters=one.counters,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            reason=reason[:LONGEST_REASON],
            who=actor.who,
            created_at=now,
            asking=asking,
        )
        for one in shuttings
    ]
    db.add_all(closures)
    db.flush()
    _write(db, shuttings, now=now)
    bump_version(db)
    for closure in closures:
        record_event(
            db,
            "closure.made",
            closure_subject(closure.id),
            actor=actor,
            now=now,
            starts_at=closure.starts_at.isoformat(),
            ends_at=closure.ends_at.isoformat(),
            site_id=closure.site_id,
            offering_id=closure.offering_id,
            counters=closure.counters,
        )
    return [closure.id for closure in closures]


def check(what: What, starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Raises:
    CannotClose: as `close`.
    """
    if starts_at >= ends_at:
        raise CannotClose("order")
    if ends_at <= now:
        raise CannotClose("past")
    if ends_at - starts_at > timedelta(days=MOST_DAYS):
        raise CannotClose("long")
    if what.counters is not None and (what.offering is None or not 0 < what.counters <= what.offering.counters):
        raise CannotClose("counters")


def lift(db: Session, *, closure_id: int, site_id: int, actor: Actor, request_key: str, now: datetime) -> None:
    """Open again before the time: what was not moved stays, and what is free may be booked. Twice is once.

    What was closed with it, because the system was down, opens with it.

    Raises:
        NoSuchClosure: none of that number at this centre, or it shuts nothing: it
            only moves people after a change of hours.
    """

    def work() -> Outcome:
        hold_version(db)
        shuts = sa.func.coalesce(Closure.counters, 1) > 0
        closure = db.scalar(sa.select(Closure).where(Closure.id == closure_id, Closure.site_id == site_id, shuts))
        if closure is None:
            raise NoSuchClosure
        reopen(db, made_with(db, closure), actor=actor, now=now)
        return {}

    once(db, request_key, work, now=now)


def press_of(closure: Closure) -> tuple[object, ...]:
    """What tells one press from another: that the system is down closes several services at once."""
    if closure.reason != SYSTEM_DOWN:
        return (closure.id,)
    return tuple(getattr(closure, name) for name in _OF_A_PRESS)


def made_with(db: Session, closure: Closure) -> list[int]:
    """The closure, and those that the same press made; ids in order."""
    if closure.reason != SYSTEM_DOWN:
        return [closure.id]
    same = [getattr(Closure, name).is_not_distinct_from(getattr(closure, name)) for name in _OF_A_PRESS]
    return list(db.scalars(sa.select(Closure.id).where(*same).order_by(Closure.id)))


def reopen(db: Session, closure_ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """Lift those of these closures that are not over, for a command that holds the catalogue's version."""
    # A batch of people that is being moved at this moment is waited for: for all of them before any window is touched.
    closures = db.scalars(
        sa.select(Closure)
        .where(Closure.id.in_(closure_ids))
        .order_by(Closure.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    standing = [one for one in closures if one.lifted_at is None and one.ends_at > now]
    if not standing:
        return
    for closure in standing:
        closure.lifted_at = now
        closure.cleared_at = closure.cleared_at or now
        record_event(db, "closure.lifted", closure_subject(closure.id), actor=actor, now=now)
    db.flush()
    shuttings = [Shutting(one.site_id, one.offering_id, one.counters, one.starts_at, one.ends_at) for one in standing]
    _write(db, shuttings, now=now)
    bump_version(db)


def closure_subject(closure_id: int) -> str:
    """How events name a closure."""
    return f"closure:{closure_id}"


def _write(db: Session, shuttings: Sequence[Shutting], *, now: datetime) -> None:
    """Let the windows of the spans have what they ought to, now that the closures stand or have been lifted."""
    today, wanted = day_begins(local_date(now)), dict[Key, int]()
    for one in shuttings:
        whose = owner(db, site_id=one.site_id, offering_id=one.offering_id)
        wanted |= wanted_between(db, whose, max(one.starts_at, today), one.ends_at)
    write_wanted(db, wanted)
