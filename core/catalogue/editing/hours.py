"""When a centre is open, by weekday, for a span of days."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

import sqlalchemy as sa

from core.catalogue.editing.edit import Changed, Edit, Thing, change, check_seen, thing
from core.catalogue.editing.spans import A_DAY, check_span, end_before
from core.catalogue.errors import BadSpan
from core.catalogue.tables import Named, Part, SiteHours, Trust
from core.db import Session
from core.wording import gettext as _

WEEK = range(7)
Week = Mapping[int, tuple[time, time]]
"""Opening and closing time by weekday (0 is Monday); a day that is not there is closed."""


def set_hours(db: Session, site: str, *, week: Week, valid_from: date, valid_until: date | None, edit: Edit) -> bool:
    """From that day on the centre is open so. After a last day, what held before holds again.

    Bookings are not touched: when a service takes them is set with its capacity.
    Returns whether anything was changed.

    Raises:
        BadSpan: closing before opening (`field` is closes_0 and so on), no day at all, or days in no order.
        Overlapping: other hours are planned within these days.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SITE, site)

    def work() -> Changed:
        _check(week)
        check_span(valid_from, valid_until)
        old = hours_of(db, what)
        for weekday in WEEK:
            _set_day(db, what, weekday, week.get(weekday), valid_from, valid_until, edit)
        db.flush()
        return Changed(old, hours_of(db, what))

    return change(db, edit, what, Part.HOURS, work)


def verify_hours(db: Session, site: str, *, seen: str, edit: Edit) -> bool:
    """Confirm all hours of a centre as they stand. Returns whether they were told otherwise before.

    Args:
        seen: the mark (edit.mark_of) of `hours_of` when they were looked at.

    Raises:
        Outdated: they have changed since.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SITE, site)

    def work() -> Changed:
        old = hours_of(db, what)
        check_seen(seen, old)
        for row in periods(db, what):
            row.trust, row.source = Trust.VERIFIED, edit.source
        db.flush()
        return Changed(old, hours_of(db, what))

    return change(db, edit, what, Part.HOURS, work)


def periods(db: Session, what: Thing) -> list[SiteHours]:
    """All hours of a centre that are known, those of the past too: the earliest first, and by weekday."""
    found = sa.select(SiteHours).where(SiteHours.site_id == what.id).order_by(SiteHours.valid_from, SiteHours.weekday)
    return list(db.scalars(found.execution_options(populate_existing=True)))


def hours_of(db: Session, what: Thing) -> list[dict[str, Any]]:
    """All that are known, as events keep them: the earliest first, and by weekday."""
    return [
        {
            "weekday": row.weekday,
            "opens": f"{row.opens:%H:%M}",
            "closes": f"{row.closes:%H:%M}",
            "from": row.valid_from.isoformat(),
            "until": row.valid_until.isoformat() if row.valid_until else None,
            "trust": row.trust,
        }
        for row in periods(db, what)
    ]


def _set_day(
    db: Session,
    what: Thing,
    weekday: int,
    times: tuple[time, time] | None,
    valid_from: date,
    valid_until: date | None,
    edit: Edit,
) -> None:
    rows = [row for row in periods(db, what) if row.weekday == weekday]
    before = next((row for row in rows if _covers(row, valid_from, valid_until)), None)
    after = _copied(before, valid_until + A_DAY) if before is not None and valid_until is not None else None
    same = end_before(rows, valid_from, valid_until)
    if after is not None:
        db.add(after)
    if times is None:
        if same is not None:
            db.delete(same)
        return
    row = same or SiteHours(site_id=what.id, weekday=weekday, valid_from=valid_from)
    row.opens, row.closes = times
    row.valid_until, row.source, row.trust = valid_until, edit.source, edit.trust
    db.add(row)


def _covers(row: SiteHours, valid_from: date, valid_until: date | None) -> bool:
    """Whether it holds when the span begins, and goes on after it."""
    if row.valid_from > valid_from or valid_until is None:
        return False
    return row.valid_until is None or row.valid_until > valid_until


def _copied(row: SiteHours, valid_from: date) -> SiteHours:
    """The same again, from another day on."""
    return SiteHours(
        site_id=row.site_id,
        weekday=row.weekday,
        valid_from=valid_from,
        valid_until=row.valid_until,
        opens=row.opens,
        closes=row.closes,
        source=row.source,
        trust=row.trust,
    )


def _check(week: Week) -> None:
    if not week:
        raise BadSpan(_("Type the hours of at least one day."), field="opens_0")
    for weekday, (opens, closes) in week.items():
        if opens >= closes:
            raise BadSpan(_("It closes before it opens."), field=f"closes_{weekday}")
