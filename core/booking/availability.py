"""Which times an offering has: hours, closures, lead time and horizon in, moments out.

Pure: no session and no clock. What is taken comes in as `Fullness`; nothing
else of the bookings is needed to say what is free.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.booking.tables import Counted
from core.catalogue.snapshot import Offering
from core.clock import at_local, local, local_date

NOON = 12


@dataclass(frozen=True, slots=True)
class Fullness:
    """The counters with no place left: (kind, owner id, start), as `windows` keys them."""

    counters: frozenset[tuple[str, int, datetime]] = frozenset()

    def is_day_full(self, offering: Offering, day: date) -> bool:
        return (Counted.DAY, offering.id, day_begins(day)) in self.counters

    def is_full(self, offering: Offering, starts_at: datetime) -> bool:
        """Whether the window is full, at this offering or over the whole site."""
        return (Counted.OFFERING, offering.id, starts_at) in self.counters or (
            Counted.SITE,
            offering.site.id,
            starts_at,
        ) in self.counters


def day_begins(day: date) -> datetime:
    """Midnight in Nairobi: the key of a day's counter."""
    return at_local(day, time())


def slots_on(offering: Offering, day: date, *, closed_days: Collection[date]) -> list[datetime]:
    """The starts of an offering's windows on a day, in order, free or not, as times in Nairobi.

    Windows lie on the site's grid, which counts from midnight, so that all
    services of a site share them; each ends before the closing time.
    """
    if day in closed_days or not _site_is_there(offering, day) or not _has_places(offering):
        return []
    length = timedelta(minutes=offering.site.window_minutes)
    starts = {
        start
        for period in offering.hours
        if period.holds_on(day)
        for start in _grid(at_local(day, period.opens), at_local(day, period.closes), length)
    }
    return sorted(
        start
        for start in starts
        if not any(shut.starts_at < start + length and start < shut.ends_at for shut in offering.closures)
    )


def bookable(offering: Offering, day: date, *, now: datetime, closed_days: Collection[date]) -> list[datetime]:
    """The day's windows that may be booked now: far enough ahead, and within the horizon."""
    if not local_date(now) <= day <= _last_day(offering, now):
        return []
    earliest = now + timedelta(minutes=offering.lead_minutes)
    return [start for start in slots_on(offering, day, closed_days=closed_days) if start >= earliest]


def is_bookable(offering: Offering, starts_at: datetime, *, now: datetime, closed_days: Collection[date]) -> bool:
    """Whether this moment is the start of a window that may be booked now, free or not."""
    return starts_at in bookable(offering, local_date(starts_at), now=now, closed_days=closed_days)


def free_times(
    offering: Offering, day: date, *, full: Fullness, now: datetime, closed_days: Collection[date]
) -> list[datetime]:
    """The day's bookable times with room, in order."""
    if full.is_day_full(offering, day):
        return []
    return [
        start
        for start in bookable(offering, day, now=now, closed_days=closed_days)
        if not full.is_full(offering, start)
    ]


def first_free_day(offering: Offering, *, full: Fullness, now: datetime, closed_days: Collection[date]) -> date | None:
    """The first day with room, or None within the horizon."""
    return next((day for day, _ in _free_days(offering, full=full, now=now, closed_days=closed_days)), None)


def days_with_room(offering: Offering, *, full: Fullness, now: datetime, closed_days: Collection[date]) -> list[date]:
    """Every day with room within the horizon, in order."""
    return [day for day, _ in _free_days(offering, full=full, now=now, closed_days=closed_days)]


def best_times(
    offering: Offering, *, full: Fullness, now: datetime, closed_days: Collection[date], count: int = 3
) -> list[datetime]:
    """A choice that suits most: a morning and an afternoon on the first free day, and the next free day.

    Where one of these is missing, the earliest other times take its place.
    In order; fewer than `count` only if there are no more.
    """
    times: list[datetime] = []
    suggested: list[datetime] = []
    for nth, (_, that_day) in enumerate(_free_days(offering, full=full, now=now, closed_days=closed_days)):
        if nth > 1 and len(times) >= count:
            break
        if nth == 0:
            suggested += _first_of_each_half(that_day)
        elif nth == 1:
            suggested.append(that_day[0])
        times += that_day
    return sorted((suggested + [start for start in times if start not in suggested])[:count])


def _first_of_each_half(times: list[datetime]) -> list[datetime]:
    morning = [start for start in times if local(start).hour < NOON]
    afternoon = [start for start in times if local(start).hour >= NOON]
    return morning[:1] + afternoon[:1]


def _free_days(
    offering: Offering, *, full: Fullness, now: datetime, closed_days: Collection[date]
) -> Iterator[tuple[date, list[datetime]]]:
    day = local_date(now)
    while day <= _last_day(offering, now):
        times = free_times(offering, day, full=full, now=now, closed_days=closed_days)
        if times:
            yield day, times
        day += timedelta(days=1)


def _last_day(offering: Offering, now: datetime) -> date:
    return local_date(now) + timedelta(days=offering.horizon_days)


def _site_is_there(offering: Offering, day: date) -> bool:
    site = offering.site
    return (site.opens_on is None or site.opens_on <= day) and (site.closes_on is None or day <= site.closes_on)


def _has_places(offering: Offering) -> bool:
    return offering.capacity > 0 and offering.daily_quota != 0 and offering.site.window_cap != 0


def _grid(opens: datetime, closes: datetime, length: timedelta) -> Iterator[datetime]:
    midnight = day_begins(opens.date())
    start = midnight + -((midnight - opens) // length) * length
    while start + length <= closes:
        yield start
        start += length
