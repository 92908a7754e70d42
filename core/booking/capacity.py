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

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.seats import Key, limit
from core.booking.tables import Counted, Window
from core.catalogue.snapshot import Period, places_a_window
from core.catalogue.tables import Closure, OfferingHours, Trust
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Site as SiteRow
from core.clock import at_local, local, local_date
from core.db import Session

A_MINUTE = timedelta(minutes=1)
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

    @property
    def key(self) -> tuple[str, int]:
        """How the keys of its windows begin."""
        return self.kind, self.id

    def places_on(self, day: date, starts: Collection[datetime], shut: Sequence[Shutting]) -> Iterator[int]:
        """What the windows that begin at these times of the day ought to have, in their order, with its closures."""
        opened = _spans(self.hours, day) if self.is_there_on(day) else []
        for start in starts:
            now_shut = [one.counters for one in shut if one.covers(start, self.length)]
            if None in now_shut:
                yield 0
            elif self.offering_id is None:
                yield limit(self.cap)
            elif not _lies_in(opened, start, self.length):
                yield 0
            else:
                left = max(0, self.counters - sum(counters or 0 for counters in now_shut))
                yield places_a_window(counters=left, minutes=self.minutes, window_minutes=self.length // A_MINUTE)

    def is_there_on(self, day: date) -> bool:
        return (self.opens_on is None or self.opens_on <= day) and (self.closes_on is None or day <= self.closes_on)

    def asked_for_on(self, day: date) -> Sequence[datetime]:
        """The starts of the day's windows of which anybody may believe that they can be booked."""
        grid = _grid(day, self.length)
        if self.offering_id is None:
            return grid
        believed = _spans((*self.hours, *self.former_hours), day)
        return [start for start in grid if _lies_in(believed, start, self.length)]


def owner(db: Session, *, site_id: int, offering_id: int | None) -> Owner:
    """As the catalogue's rows now say."""
    if offering_id is not None:
        [whose] = owners(db, [offering_id])
        return whose
    columns = (SiteRow.window_minutes, SiteRow.window_cap, SiteRow.opens_on, SiteRow.closes_on)
    site = db.execute(sa.select(*columns).where(SiteRow.id == site_id)).one()
    furthest = sa.select(sa.func.max(OfferingRow.horizon_days)).where(OfferingRow.site_id == site_id)
    return Owner(
        site_id,
        None,
        timedelta(minutes=site.window_minutes),
        site.window_cap,
        horizon_days=db.scalar(furthest) or 0,
        opens_on=site.opens_on,
        closes_on=site.closes_on,
    )


def owners(db: Session, offering_ids: Sequence[int]) -> list[Owner]:
    """These offerings, in the order of their ids, as the catalogue's rows now say."""
    rows = db.execute(
        sa.select(
            OfferingRow.id,
            OfferingRow.site_id,
            # What is switched off has none.
            sa.case((OfferingRow.open, OfferingRow.counters), else_=0).label("counters"),
            OfferingRow.minutes,
            OfferingRow.daily_quota,
            OfferingRow.horizon_days,
            SiteRow.window_minutes,
            SiteRow.window_cap,
            SiteRow.opens_on,
            SiteRow.closes_on,
        )
        .join(SiteRow, SiteRow.id == OfferingRow.site_id)
        .where(OfferingRow.id.in_(offering_ids))
        .order_by(OfferingRow.id)
    ).all()
    hours = _hours(db, offering_ids)
    return [
        Owner(
            row.site_id,
            row.id,
            timedelta(minutes=row.window_minutes),
            row.window_cap,
            row.counters,
            row.minutes,
            row.daily_quota,
            row.horizon_days,
            tuple(hours[row.id]),
            row.opens_on,
            row.closes_on,
        )
        for row in rows
    ]


def hours_of(db: Session, offering_id: int) -> tuple[Period, ...]:
    """All that were ever set, by weekday and first day."""
    return tuple(_hours(db, [offering_id])[offering_id])


def wanted_between(
    db: Session, whose: Owner, starts_at: datetime, ends_at: datetime, *, also: Sequence[Shutting] = ()
) -> dict[Key, int]:
    """What the windows that touch this span ought to have: all that may be asked for, and all that anybody has used.

    `also`: closures that are only thought of.
    """
    return _wanted(db, [whose], starts_at, ends_at, also)


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


def wanted_ahead(db: Session, *whose: Owner, now: datetime) -> dict[Key, int]:
    """What everything ahead of these ought to have: days and windows, as far as anybody may book or has booked."""
    return _wanted(db, whose, now) | _wanted_days(db, [one for one in whose if one.offering_id is not None], now)


def rewrite(db: Session, whose: Owner, *, now: datetime) -> None:
    """Let everything ahead have what the catalogue's rows now say."""
    write_wanted(db, wanted_ahead(db, whose, now=now))


def _wanted(
    db: Session,
    whose: Sequence[Owner],
    starts_at: datetime,
    ends_at: datetime | None = None,
    also: Sequence[Shutting] = (),
) -> dict[Key, int]:
    """`ends_at` None: as far as anybody may book or has booked."""
    longest = max((one.length for one in whose), default=timedelta())
    used = _used(db, [one.key for one in whose], starts_at - longest, ends_at)
    shut = _closures(db, whose, starts_at - longest, None if ends_at is None else ends_at + longest)
    for thought_of in also:
        shut[thought_of.site_id, thought_of.offering_id].append(thought_of)
    wanted = dict[Key, int]()
    for one in whose:
        mine = [start for start in used[one.key] if start + one.length > starts_at]
        furthest = starts_at + timedelta(days=one.horizon_days + 1)
        until = ends_at or max([furthest, *(last + one.length for last in mine[-1:])])
        wanted |= _reckoned(one, starts_at, until, mine, shut[one.site_id, one.offering_id])
    return wanted


def _reckoned(
    whose: Owner, starts_at: datetime, ends_at: datetime, used: Sequence[datetime], shut: Sequence[Shutting]
) -> dict[Key, int]:
    """Day by day: its hours are worked out once, not for each of its windows."""
    starts = {
        day: {start for start in whose.asked_for_on(day) if start < ends_at and start + whose.length > starts_at}
        for day in _days(starts_at, ends_at)
    }
    for start in used:
        starts.setdefault(start.date(), set()).add(start)
    kind, owner_id = whose.key
    return {
        (kind, owner_id, start): places
        for day, on_day in starts.items()
        for start, places in zip(on_day, whose.places_on(day, on_day, shut), strict=True)
    }


def _wanted_days(db: Session, whose: Sequence[Owner], now: datetime) -> dict[Key, int]:
    """The quota counts whoever has come already: today counts too."""
    today, kind = local_date(now), Counted.DAY.value
    used = _used(db, [(kind, one.id) for one in whose], day_begins(today))
    wanted = dict[Key, int]()
    for one in whose:
        ahead = (day_begins(today + timedelta(days=n)) for n in range(one.horizon_days + 1))
        wanted |= {(kind, one.id, start): limit(one.quota) for start in {*used[kind, one.id], *ahead}}
    return wanted


def _used(
    db: Session, keys: Collection[tuple[str, int]], since: datetime, before: datetime | None = None
) -> defaultdict[tuple[str, int], list[datetime]]:
    """By kind and owner, in order, which windows have a row: those that begin from one moment on and before another."""
    found = (
        sa.select(Window.kind, Window.owner_id, Window.starts_at)
        .where(
            Window.kind.in_({kind for kind, _ in keys}),
            Window.owner_id.in_({owner_id for _, owner_id in keys}),
            Window.starts_at >= since,
        )
        .order_by(Window.kind, Window.owner_id, Window.starts_at)
    )
    used = defaultdict[tuple[str, int], list[datetime]](list)
    for kind, owner_id, start in db.execute(found if before is None else found.where(Window.starts_at < before)):
        used[kind, owner_id].append(local(start))
    return used


def _hours(db: Session, offering_ids: Collection[int]) -> defaultdict[int, list[Period]]:
    """By offering, all that were ever set, by weekday and first day."""
    rows = db.execute(
        sa.select(
            OfferingHours.offering_id,
            OfferingHours.weekday,
            OfferingHours.opens,
            OfferingHours.closes,
            OfferingHours.valid_from,
            OfferingHours.valid_until,
            OfferingHours.trust,
        )
        .where(OfferingHours.offering_id.in_(offering_ids))
        .order_by(OfferingHours.weekday, OfferingHours.valid_from)
    )
    hours = defaultdict[int, list[Period]](list)
    for row in rows:
        hours[row.offering_id].append(Period(*row[1:6], Trust(row.trust)))
    return hours


def _closures(
    db: Session, whose: Sequence[Owner], starts_at: datetime, ends_at: datetime | None
) -> defaultdict[tuple[int, int | None], list[Shutting]]:
    """By site and offering, what is shut at any time of the span (`ends_at` None: or ever after it begins)."""
    found = sa.select(Closure.site_id, Closure.offering_id, Closure.counters, Closure.starts_at, Closure.ends_at).where(
        Closure.site_id.in_({one.site_id for one in whose}),
        Closure.lifted_at.is_(None),
        Closure.ends_at > starts_at,
    )
    shut = defaultdict[tuple[int, int | None], list[Shutting]](list)
    for row in db.execute(found if ends_at is None else found.where(Closure.starts_at < ends_at)):
        shut[row.site_id, row.offering_id].append(Shutting(*row))
    return shut


def _days(starts_at: datetime, ends_at: datetime) -> Iterator[date]:
    """Those that the span touches."""
    day = local_date(starts_at)
    while day_begins(day) < ends_at:
        yield day
        day += timedelta(days=1)


@lru_cache(maxsize=1000)
def _grid(day: date, length: timedelta) -> Sequence[datetime]:
    """Every start of a window on a day; the grid counts from midnight. The same for all services of a centre."""
    begins, ends = day_begins(day), day_begins(day + timedelta(days=1))
    return tuple(begins + nth * length for nth in range(-((begins - ends) // length)))


def _spans(hours: Sequence[Period], day: date) -> list[tuple[datetime, datetime]]:
    """From when until when they are, on this day."""
    return [(at_local(day, period.opens), at_local(day, period.closes)) for period in hours if period.holds_on(day)]


def _lies_in(spans: Sequence[tuple[datetime, datetime]], start: datetime, length: timedelta) -> bool:
    return any(opens <= start and start + length <= closes for opens, closes in spans)


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
