"""How many places a window ought to have: the one arithmetic, and its writing into the rows of `windows`.

An offering's window has what its open counters serve in it: none outside its
hours, on days on which the site is not there or while all of it is shut, and fewer while some counters are shut. A
site's window has its cap, and none while the site is shut. An offering's day
has its quota. Where a row of `windows` exists it knows better than anybody's
copy of the catalogue: so whoever changes the catalogue writes the rows, also of
windows in which nobody has a place yet, and nobody who has not heard of the
change can take one.

What changes the catalogue holds its version first (core.catalogue.version), so
that two changes do not overlook each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.seats import Key, limit
from core.booking.tables import Counted, Window
from core.catalogue.snapshot import Period, places_a_window
from core.catalogue.tables import Closure, OfferingHours, Trust
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Site as SiteRow
from core.clock import at_local, local_date
from core.db import Session

WINDOWS_AT_ONCE = 5000
"""Written by one statement: some 0.1 s. All services of a centre are 30,000, and no statement may take 2.5 s."""


@dataclass(frozen=True, slots=True)
class Shutting:
    """What is shut, from one moment until another."""

    site_id: int
    offering_id: int | None
    """None shuts the whole site."""
    counters: int | None
    """None shuts all of the offering's."""
    starts_at: datetime
    ends_at: datetime

    def covers(self, start: datetime, length: timedelta) -> bool:
        """Whether any of a window lies in it."""
        return self.starts_at < start + length and start < self.ends_at


@dataclass(frozen=True, slots=True)
class Owner:
    """What the windows of an offering, or of a site (then `offering_id` is None), are reckoned from."""

    site_id: int
    offering_id: int | None
    length: timedelta
    cap: int | None
    counters: int = 0
    minutes: int = 1
    quota: int | None = None
    horizon_days: int = 0
    hours: tuple[Period, ...] = ()
    opens_on: date | None = None
    closes_on: date | None = None
    """The first and the last day on which the site is there."""
    former_hours: tuple[Period, ...] = ()
    """Which somebody's copy of the catalogue may still have: no window has places by them, but each gets its row."""

    @property
    def kind(self) -> str:
        return Counted.SITE.value if self.offering_id is None else Counted.OFFERING.value

    @property
    def id(self) -> int:
        return self.site_id if self.offering_id is None else self.offering_id

    def places_at(self, start: datetime, shut: Sequence[Shutting]) -> int:
        """What the window that begins then ought to have, with these closures."""
        now_shut = [one for one in shut if one.offering_id == self.offering_id and one.covers(start, self.length)]
        if any(one.counters is None for one in now_shut):
            return 0
        if self.offering_id is None:
            return limit(self.cap)
        if not self.is_open_at(start):
            return 0
        left = max(0, self.counters - sum(one.counters or 0 for one in now_shut))
        return places_a_window(
            counters=left, minutes=self.minutes, window_minutes=int(self.length.total_seconds()) // 60
        )

    def is_open_at(self, start: datetime) -> bool:
        """Whether the window lies within the offering's hours, on a day on which the site is there."""
        return self.is_there_on(local_date(start)) and _within(self.hours, start, self.length)

    def is_there_on(self, day: date) -> bool:
        return (self.opens_on is None or self.opens_on <= day) and (self.closes_on is None or day <= self.closes_on)

    def may_be_asked_for(self, start: datetime) -> bool:
        """Whether anybody may believe that the window can be booked."""
        return self.offering_id is None or _within((*self.hours, *self.former_hours), start, self.length)


def owner(db: Session, *, site_id: int, offering_id: int | None) -> Owner:
    """As the catalogue's rows now say."""
    columns = (SiteRow.window_minutes, SiteRow.window_cap, SiteRow.opens_on, SiteRow.closes_on)
    site = db.execute(sa.select(*columns).where(SiteRow.id == site_id)).one()
    length = timedelta(minutes=site.window_minutes)
    if offering_id is None:
        furthest = sa.select(sa.func.max(OfferingRow.horizon_days)).where(OfferingRow.site_id == site_id)
        there = {"opens_on": site.opens_on, "closes_on": site.closes_on}
        return Owner(site_id, None, length, site.window_cap, horizon_days=db.scalar(furthest) or 0, **there)
    row = db.execute(
        sa.select(
            # What is switched off has none.
            sa.case((OfferingRow.open, OfferingRow.counters), else_=0),
            OfferingRow.minutes,
            OfferingRow.daily_quota,
            OfferingRow.horizon_days,
        ).where(OfferingRow.id == offering_id)
    ).one()
    counters, minutes, quota, horizon_days = row
    return Owner(
        site_id,
        offering_id,
        length,
        site.window_cap,
        counters,
        minutes,
        quota,
        horizon_days,
        hours_of(db, offering_id),
        site.opens_on,
        site.closes_on,
    )


def hours_of(db: Session, offering_id: int) -> tuple[Period, ...]:
    """All that were ever set, by weekday and first day."""
    rows = db.execute(
        sa.select(
            OfferingHours.weekday,
            OfferingHours.opens,
            OfferingHours.closes,
            OfferingHours.valid_from,
            OfferingHours.valid_until,
            OfferingHours.trust,
        )
        .where(OfferingHours.offering_id == offering_id)
        .order_by(OfferingHours.weekday, OfferingHours.valid_from)
    )
    return tuple(Period(*row[:5], Trust(row.trust)) for row in rows)


def wanted_between(
    db: Session, whose: Owner, starts_at: datetime, ends_at: datetime, *, also: Sequence[Shutting] = ()
) -> dict[Key, int]:
    """What the windows that touch this span ought to have: all that may be asked for, and all that anybody has used.

    `also`: closures that are only thought of.
    """
    used = db.scalars(
        sa.select(Window.starts_at).where(
            Window.kind == whose.kind,
            Window.owner_id == whose.id,
            Window.starts_at > starts_at - whose.length,
            Window.starts_at < ends_at,
        )
    )
    shut = [*_closures(db, whose, starts_at - whose.length, ends_at + whose.length), *also]
    asked_for = filter(whose.may_be_asked_for, _grid(starts_at, ends_at, whose.length))
    starts = {*asked_for, *used}
    return {(whose.kind, whose.id, start): whose.places_at(start, shut) for start in starts}


def write_wanted(db: Session, wanted: Mapping[Key, int]) -> None:
    """Let windows have so many places from now on, in the order of their keys.

    Nobody loses a place by it: where more are taken, the capacity follows as they are given back.
    """
    keys = sorted(wanted)
    for first in range(0, len(keys), WINDOWS_AT_ONCE):
        some = keys[first : first + WINDOWS_AT_ONCE]
        db.execute(
            _WRITE,
            {
                "kinds": [kind for kind, _, _ in some],
                "owners": [owner_id for _, owner_id, _ in some],
                "starts": [start for _, _, start in some],
                "wanted": [wanted[key] for key in some],
            },
        )


def wanted_ahead(db: Session, whose: Owner, *, now: datetime) -> dict[Key, int]:
    """What everything ahead ought to have: days and windows, as far as anybody may book or has booked."""
    ends_at = now + timedelta(days=whose.horizon_days + 1)
    last = db.scalar(
        sa.select(sa.func.max(Window.starts_at)).where(Window.kind == whose.kind, Window.owner_id == whose.id)
    )
    wanted = wanted_between(db, whose, now, ends_at if last is None else max(ends_at, last + whose.length))
    return wanted if whose.offering_id is None else wanted | _wanted_days(db, whose, now)


def rewrite(db: Session, whose: Owner, *, now: datetime) -> None:
    """Let everything ahead have what the catalogue's rows now say."""
    write_wanted(db, wanted_ahead(db, whose, now=now))


def _wanted_days(db: Session, whose: Owner, now: datetime) -> dict[Key, int]:
    """The quota counts whoever has come already: today counts too."""
    today = local_date(now)
    used = db.scalars(
        sa.select(Window.starts_at).where(
            Window.kind == Counted.DAY.value, Window.owner_id == whose.id, Window.starts_at >= day_begins(today)
        )
    )
    ahead = (day_begins(today + timedelta(days=n)) for n in range(whose.horizon_days + 1))
    return {(Counted.DAY.value, whose.id, start): limit(whose.quota) for start in {*used, *ahead}}


def _closures(db: Session, whose: Owner, starts_at: datetime, ends_at: datetime) -> Iterator[Shutting]:
    rows = db.execute(
        sa.select(Closure.site_id, Closure.offering_id, Closure.counters, Closure.starts_at, Closure.ends_at).where(
            Closure.site_id == whose.site_id,
            Closure.offering_id.is_not_distinct_from(whose.offering_id),
            Closure.lifted_at.is_(None),
            Closure.starts_at < ends_at,
            Closure.ends_at > starts_at,
        )
    )
    return (Shutting(*row) for row in rows)


def _grid(starts_at: datetime, ends_at: datetime, length: timedelta) -> Iterator[datetime]:
    """Every start of a window that touches the span; the grid counts from midnight."""
    day = local_date(starts_at)
    while (begins := day_begins(day)) < ends_at:
        day += timedelta(days=1)
        nth = max(0, (starts_at - begins) // length)
        while (start := begins + nth * length) < min(ends_at, day_begins(day)):
            if start + length > starts_at:
                yield start
            nth += 1


def _within(hours: Sequence[Period], start: datetime, length: timedelta) -> bool:
    day = local_date(start)
    return any(
        at_local(day, period.opens) <= start and start + length <= at_local(day, period.closes)
        for period in hours
        if period.holds_on(day)
    )


_WRITE = sa.text("""
    INSERT INTO windows AS counter (kind, owner_id, starts_at, wanted, capacity, taken)
    SELECT kind, owner_id, starts_at, wanted, wanted, 0
    FROM unnest(CAST(:kinds AS text[]), CAST(:owners AS int[]), CAST(:starts AS timestamptz[]),
                CAST(:wanted AS int[]))
         WITH ORDINALITY AS asked (kind, owner_id, starts_at, wanted, nth)
    ORDER BY nth
    ON CONFLICT (kind, owner_id, starts_at) DO UPDATE SET
        wanted = excluded.wanted,
        capacity = greatest(counter.taken, excluded.wanted)
""")
