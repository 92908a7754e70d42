"""Changing the hours of a service at a centre, by weekday, from a day on.

Whom it leaves outside is known before (`outside`). They are moved as by a
closure (core.booking.closing): the commit writes one that shuts nothing, and
the clock moves whoever stands where the offering has no places any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from core.booking.adjusting import record_change, source_of
from core.booking.availability import day_begins
from core.booking.capacity import Owner, owner, wanted_ahead, write_wanted
from core.booking.closing.commands import HOURS_CHANGED, closure_subject
from core.booking.closing.errors import CannotChange
from core.booking.closing.hit import Span
from core.booking.closing.preview import Impact, impact_of
from core.booking.tables import Window
from core.catalogue.editing.edit import check_seen
from core.catalogue.snapshot import Catalogue, Offering, Period
from core.catalogue.tables import Closure, OfferingHours, Trust
from core.catalogue.version import hold_version
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor

Week = Mapping[int, tuple[time, time]]
"""Opening and closing time by weekday (0 is Monday); on a day that is not there nothing is given."""


def outside(
    db: Session, catalogue: Catalogue, *, offering: Offering, week: Week, valid_from: date, now: datetime
) -> Impact:
    """Who would be outside these hours, and would be moved. Writes nothing.

    Raises:
        CannotChange: a day closes before it opens, no day is open, or the hours begin in the past.
    """
    _check_week(week, valid_from, now)
    whose = owner(db, site_id=offering.site.id, offering_id=offering.id)
    after = replace(whose, hours=_with(whose.hours, week, valid_from), former_hours=whose.hours)
    span = _span(after, valid_from, _end(db, after, valid_from, now), now)
    return impact_of(db, catalogue, span, wanted_ahead(db, after, now=now), now=now)


def change_hours(
    db: Session,
    *,
    offering: Offering,
    week: Week,
    valid_from: date,
    seen: str,
    asking: bool,
    actor: Actor,
    request_key: str,
    now: datetime,
) -> int:
    """From that day on the offering is given at these hours. Returns the closure that moves who is outside them.

    Args:
        seen: the mark (catalogue.editing.edit.mark_of) of `told` when it was looked at.

    Raises:
        CannotChange: as `outside`.
        Outdated: they have changed since.
    """
    _check_week(week, valid_from, now)

    def work() -> Outcome:
        hold_version(db)
        before = owner(db, site_id=offering.site.id, offering_id=offering.id)
        check_seen(seen, told(before.hours))
        _write_hours(db, offering.id, before.hours, week, valid_from, source_of(actor))
        after = replace(owner(db, site_id=offering.site.id, offering_id=offering.id), former_hours=before.hours)
        span = _span(after, valid_from, _end(db, after, valid_from, now), now)
        closure = Closure(
            site_id=span.site_id,
            offering_id=span.offering_id,
            counters=0,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            reason=HOURS_CHANGED,
            who=actor.who,
            created_at=now,
            asking=asking,
        )
        db.add(closure)
        db.flush()
        write_wanted(db, wanted_ahead(db, after, now=now))
        said = {str(day): f"{opens:%H:%M}-{closes:%H:%M}" for day, (opens, closes) in sorted(week.items())}
        record_change(
            db,
            "offering.hours_changed",
            f"offering:{offering.id}",
            actor,
            now,
            new=said,
            valid_from=valid_from.isoformat(),
            moves=closure_subject(closure.id),
        )
        return {"closure_id": closure.id}

    return int(once(db, request_key, work, now=now)["closure_id"])


def told(hours: Sequence[Period]) -> list[dict[str, Any]]:
    """All hours that were ever set (capacity.hours_of), as a page says what it has shown."""
    return [asdict(period) for period in hours]


def _span(whose: Owner, valid_from: date, ends_at: datetime, now: datetime) -> Span:
    starts_at = max(day_begins(valid_from), now)
    return Span(whose.site_id, whose.offering_id, 0, starts_at, max(ends_at, starts_at + whose.length), whose.length)


def _end(db: Session, whose: Owner, valid_from: date, now: datetime) -> datetime:
    """Behind the last place that anybody has, or can be taking at this moment."""
    last = db.scalar(
        sa.select(sa.func.max(Window.starts_at)).where(Window.kind == whose.kind, Window.owner_id == whose.id)
    )
    furthest = day_begins(max(valid_from, local_date(now)) + timedelta(days=whose.horizon_days + 1))
    return furthest if last is None else max(furthest, last + whose.length)


def _with(hours: Sequence[Period], week: Week, valid_from: date) -> tuple[Period, ...]:
    """The hours as they will be: what holds now ends the day before."""
    kept = [
        replace(period, valid_until=min(period.valid_until or date.max, valid_from - timedelta(days=1)))
        for period in hours
        if period.valid_from < valid_from
    ]
    new = [Period(day, opens, closes, valid_from, None, Trust.VERIFIED) for day, (opens, closes) in week.items()]
    return (*kept, *new)


def _write_hours(
    db: Session, offering_id: int, old: Sequence[Period], week: Week, valid_from: date, source: str
) -> None:
    """What began before ends the day before; what was to begin later never does."""
    mine = OfferingHours.offering_id == offering_id
    db.execute(sa.delete(OfferingHours).where(mine, OfferingHours.valid_from >= valid_from))
    still = sa.or_(OfferingHours.valid_until.is_(None), OfferingHours.valid_until >= valid_from)
    db.execute(sa.update(OfferingHours).where(mine, still).values(valid_until=valid_from - timedelta(days=1)))
    for day, (opens, closes) in week.items():
        db.add(
            OfferingHours(
                offering_id=offering_id,
                weekday=day,
                valid_from=valid_from,
                opens=opens,
                closes=closes,
                source=source,
                trust=Trust.VERIFIED,
            )
        )
    db.flush()


def _check_week(week: Week, valid_from: date, now: datetime) -> None:
    if not week:
        raise CannotChange("week")
    if any(not 0 <= day <= 6 or opens >= closes for day, (opens, closes) in week.items()):
        raise CannotChange("hours")
    if valid_from < local_date(now):
        raise CannotChange("valid_from")
