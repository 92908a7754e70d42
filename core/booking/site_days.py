"""The days on which a centre is there: an outreach comes later, stays longer, or goes before.

Whoever has a place on a day that would be left out is moved by a closure of
these days first (core.booking.closing): nobody is left at a centre that is gone.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.capacity import Owner, owner, wanted_between, write_wanted
from core.booking.seats import Key
from core.booking.tables import Counted, Window
from core.catalogue.editing.edit import Changed, Edit, Thing, change, thing
from core.catalogue.editing.sites import check_days, days_of
from core.catalogue.errors import BookedOutside
from core.catalogue.tables import Named, Offering, Part, Site
from core.clock import local_date
from core.db import Session

A_DAY = timedelta(days=1)


def set_days(db: Session, site: str, *, opens_on: date | None, closes_on: date | None, edit: Edit) -> bool:
    """Say from which day to which a centre is there; None: without such a bound. Whether they were other days before.

    From the commit on nobody can take a place on another day, however old their copy of the catalogue is.

    Raises:
        BadSpan: an outreach without an end, one that is past, or one that is before the first day.
        BookedOutside: places are taken on other days.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SITE, site)

    def work() -> Changed:
        row = db.get_one(Site, what.id, populate_existing=True)
        check_days(row.kind, opens_on, closes_on, today=local_date(edit.now))
        old, before = days_of(row), owner(db, site_id=what.id, offering_id=None)
        row.opens_on, row.closes_on = opens_on, closes_on
        db.flush()
        offerings, after = _offerings(db, what), owner(db, site_id=what.id, offering_id=None)
        _write(db, offerings, before, after, now=edit.now)
        # These windows are locked by now, so nobody takes a place while they are counted.
        taken = sum(count for day, count in _taken(db, offerings, now=edit.now) if not after.is_there_on(day))
        if taken:
            raise BookedOutside(taken)
        return Changed(old, days_of(row))

    return change(db, edit, what, Part.DAYS, work)


def days_taken(db: Session, what: Thing, *, now: datetime) -> tuple[date, date] | None:
    """The first and the last day from today on, on which somebody has a place at a centre; None: nobody has."""
    days = [day for day, _count in _taken(db, _offerings(db, what), now=now)]
    return (min(days), max(days)) if days else None


def _offerings(db: Session, what: Thing) -> Sequence[int]:
    return db.scalars(sa.select(Offering.id).where(Offering.site_id == what.id).order_by(Offering.id)).all()


def _write(db: Session, offerings: Sequence[int], before: Owner, after: Owner, *, now: datetime) -> None:
    """Let the windows have places on the days that are new, and none on those that are gone."""
    today = local_date(now)
    ahead = (today + nth * A_DAY for nth in range(after.horizon_days + 2))
    changed = [day for day in ahead if before.is_there_on(day) is not after.is_there_on(day)]
    wanted: dict[Key, int] = {}
    for offering_id in offerings:
        whose = owner(db, site_id=after.site_id, offering_id=offering_id)
        for first, last in _spans(changed):
            wanted |= wanted_between(db, whose, day_begins(first), day_begins(last + A_DAY))
    write_wanted(db, wanted)


def _spans(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days in order, as the first and the last of each row of them."""
    firsts = [day for day in days if day - A_DAY not in days]
    lasts = [day for day in days if day + A_DAY not in days]
    return list(zip(firsts, lasts, strict=True))


def _taken(db: Session, offerings: Sequence[int], *, now: datetime) -> list[tuple[date, int]]:
    """How many places somebody has, a line a window, from today's first window on: whoever is late is still served."""
    found = sa.select(Window.starts_at, Window.taken).where(
        Window.kind == Counted.OFFERING.value,
        Window.owner_id.in_(offerings),
        Window.starts_at >= day_begins(local_date(now)),
        Window.taken > 0,
    )
    return [(local_date(starts_at), taken) for starts_at, taken in db.execute(found)]
