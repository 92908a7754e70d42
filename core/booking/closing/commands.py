"""Closing a centre, a service or some of its counters for a time, and opening it again.

Both only write down what is so: who is hit is moved by `clearing.clear`, in
transactions of its own. From the commit on nobody can take a place there,
however old their copy of the catalogue is: the windows have none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.capacity import Shutting, owner, wanted_between, write_wanted
from core.booking.closing.errors import CannotClose, NoSuchClosure
from core.catalogue.snapshot import Offering, Site
from core.catalogue.tables import Closure
from core.catalogue.version import bump_version, hold_version
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event

SYSTEM_DOWN, OFFICER_ABSENT, HOURS_CHANGED = "system_down", "officer_absent", "hours_changed"
"""Reasons with a meaning; any other is in the manager's words."""
MOST_DAYS = 366
"""For longer than this, a centre or service is taken out of the catalogue."""
LONGEST_REASON = 200


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
    check(what, starts_at, ends_at, now=now)

    def work() -> Outcome:
        hold_version(db)
        shutting = what.between(starts_at, ends_at)
        closure = Closure(
            site_id=shutting.site_id,
            offering_id=shutting.offering_id,
            counters=shutting.counters,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason[:LONGEST_REASON],
            who=actor.who,
            created_at=now,
            asking=asking,
        )
        db.add(closure)
        db.flush()
        _write(db, shutting, now=now)
        bump_version(db)
        details = {"site_id": shutting.site_id, "offering_id": shutting.offering_id, "counters": shutting.counters}
        record_event(
            db,
            "closure.made",
            closure_subject(closure.id),
            actor=actor,
            now=now,
            starts_at=starts_at.isoformat(),
            ends_at=ends_at.isoformat(),
            **details,
        )
        return {"closure_id": closure.id}

    return int(once(db, request_key, work, now=now)["closure_id"])


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

    Raises:
        NoSuchClosure: none of that number at this centre.
    """

    def work() -> Outcome:
        hold_version(db)
        # A batch of people that is being moved at this moment is waited for.
        closure = db.scalar(
            sa.select(Closure)
            .where(Closure.id == closure_id, Closure.site_id == site_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if closure is None:
            raise NoSuchClosure
        if closure.lifted_at is not None or closure.ends_at <= now:
            return {}
        closure.lifted_at = now
        closure.cleared_at = closure.cleared_at or now
        db.flush()
        shutting = Shutting(closure.site_id, closure.offering_id, closure.counters, closure.starts_at, closure.ends_at)
        _write(db, shutting, now=now)
        bump_version(db)
        record_event(db, "closure.lifted", closure_subject(closure_id), actor=actor, now=now)
        return {}

    once(db, request_key, work, now=now)


def closure_subject(closure_id: int) -> str:
    """How events name a closure."""
    return f"closure:{closure_id}"


def _write(db: Session, shutting: Shutting, *, now: datetime) -> None:
    """Let the windows of the span have what they ought to, now that the closure stands or has been lifted."""
    whose = owner(db, site_id=shutting.site_id, offering_id=shutting.offering_id)
    first = max(shutting.starts_at, day_begins(local_date(now)))
    write_wanted(db, wanted_between(db, whose, first, shutting.ends_at))
