"""Days on which all offices are closed: whoever is booked on one is moved, as by a closure of their centre.

`core.catalogue.editing.holidays` writes down what is said of a day. Here it is
made true: in the same transaction each centre that has hours then is closed for
the whole day, and `clear` moves people. What is said can be taken back, which
lifts these closures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.capacity import Shutting
from core.booking.closing.commands import PUBLIC_HOLIDAY, reopen, shut
from core.booking.tables import Counted, Window
from core.catalogue.editing import holidays
from core.catalogue.editing.edit import Edit
from core.catalogue.holidays import closed_days
from core.catalogue.tables import Closure, HolidayOverride, Offering, OfferingHours, Site, SiteHours
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import record_event
from core.people.tables import Event

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AtCentre:
    """How many are expected at a centre on a day."""

    site_id: int
    bookings: int
    appointments: int
    """Of agencies, which tell their people themselves."""


def expected_on(db: Session, day: date, *, now: datetime) -> list[AtCentre]:
    """Who would have to be moved, by centre; on the day itself those whose time is not over."""
    first, ends_at = _span(day, now)
    return [AtCentre(*row) for row in db.execute(_EXPECTED, {"first": first, "ends_at": ends_at, "a_day": A_DAY})]


def would_close(db: Session, day: date, *, said: bool | None) -> bool:
    """Whether a day on which offices are open would be closed if this were said of it; None: nothing."""
    after = {} if said is None else {day: said}
    return _is_closed(day, after) and not _is_closed(day, _overrides(db, day))


def say(db: Session, day: date, *, closed: bool, reason: str, edit: Edit) -> bool:
    """Say that offices are closed on a day, or open, and close or open the centres. Whether it was not said before.

    Raises:
        BadSpan, Unfit, Unsourced: as holidays.set_day.
    """

    def act() -> Outcome:
        changed = holidays.set_day(db, day, closed=closed, reason=reason, edit=_inner(edit))
        _settle(db, day, edit)
        return {"changed": changed}

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def take_back(db: Session, day: date, *, edit: Edit) -> bool:
    """Go by the holidays library again, and close or open the centres by it.

    Raises:
        NoSuchEntry, Unsourced: as holidays.drop_day.
    """

    def act() -> Outcome:
        changed = holidays.drop_day(db, day, edit=_inner(edit))
        _settle(db, day, edit)
        return {"changed": changed}

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def _inner(edit: Edit) -> Edit:
    return replace(edit, request_key=f"{edit.request_key}:day")


def _settle(db: Session, day: date, edit: Edit) -> None:
    """Let the centres be as the day now is. The catalogue's version is held."""
    standing = _standing(db, day)
    if not _is_closed(day, _overrides(db, day)):
        reopen(db, [closure.id for closure in standing], actor=edit.actor, now=edit.now)
        return
    row = db.get(HolidayOverride, day)
    reason = PUBLIC_HOLIDAY if row is None else row.reason
    for closure in standing:
        closure.reason = reason
    starts_at, ends_at = _span(day, edit.now)
    shut_already = {closure.site_id for closure in standing}
    sites = [site_id for site_id in _sites_with_hours(db, day) if site_id not in shut_already]
    if ends_at <= edit.now or not sites:
        return
    shuttings = [Shutting(site_id, None, None, starts_at, ends_at) for site_id in sites]
    made = shut(db, shuttings, reason=reason, asking=False, actor=edit.actor, now=edit.now)
    record_event(db, _CLOSED, _subject(day), actor=edit.actor, now=edit.now, closures=made)


def _span(day: date, now: datetime) -> tuple[datetime, datetime]:
    return max(day_begins(day), min(now, day_begins(day + A_DAY))), day_begins(day + A_DAY)


def _standing(db: Session, day: date) -> Sequence[Closure]:
    """What was closed because of the day, and has not been lifted."""
    made = db.scalars(sa.select(Event.details).where(Event.subject == _subject(day), Event.name == _CLOSED))
    ids = [closure_id for details in made for closure_id in details["closures"]]
    standing = sa.select(Closure).where(Closure.id.in_(ids), Closure.lifted_at.is_(None)).order_by(Closure.id)
    return db.scalars(standing.execution_options(populate_existing=True)).all()


def _sites_with_hours(db: Session, day: date) -> Sequence[int]:
    """Of a centre or one of its services; or, whatever the hours say, somebody has a place there."""
    of_site = sa.select(SiteHours.site_id).where(*_hold_on(SiteHours, day))
    hours = sa.select(Offering.site_id).join(OfferingHours, OfferingHours.offering_id == Offering.id)
    used = (
        sa.select(Offering.site_id)
        .join(Window, sa.and_(Window.kind == Counted.OFFERING.value, Window.owner_id == Offering.id))
        .where(Window.starts_at >= day_begins(day), Window.starts_at < day_begins(day + A_DAY), Window.taken > 0)
    )
    either = sa.union(of_site, hours.where(*_hold_on(OfferingHours, day)), used).subquery()
    return db.scalars(sa.select(Site.id).where(Site.id.in_(sa.select(either))).order_by(Site.id)).all()


def _hold_on(hours: Any, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    still = sa.or_(hours.valid_until.is_(None), hours.valid_until >= day)
    return hours.weekday == day.weekday(), hours.valid_from <= day, still


def _overrides(db: Session, day: date) -> dict[date, bool]:
    closed = db.scalar(sa.select(HolidayOverride.closed).where(HolidayOverride.day == day))
    return {} if closed is None else {day: closed}


def _is_closed(day: date, overrides: dict[date, bool]) -> bool:
    return bool(closed_days(day, day, overrides))


def _subject(day: date) -> str:
    return f"holiday:{day.isoformat()}"


_CLOSED = "closure.made"
"""Here of the day, and not of a closure: its details name all that were made because of it."""
_EXPECTED = sa.text("""
    SELECT offering.site_id, count(*) FILTER (WHERE booked), count(*) FILTER (WHERE NOT booked)
    FROM (
        SELECT offering_id, starts_at, true AS booked FROM bookings
        WHERE starts_at > :first - CAST(:a_day AS interval) AND starts_at < :ends_at
        UNION ALL
        SELECT offering_id, starts_at, false FROM appointments
        WHERE ended_at IS NULL AND starts_at > :first - CAST(:a_day AS interval) AND starts_at < :ends_at
    ) mine
    JOIN offerings offering ON offering.id = mine.offering_id
    JOIN sites site ON site.id = offering.site_id
    WHERE mine.starts_at + make_interval(mins => site.window_minutes) > :first
    GROUP BY offering.site_id
    ORDER BY offering.site_id
""")
"""Of a window that has begun nobody is left out: a closure shuts all that it touches."""
