"""Where somebody who has to be moved would rather come: the nearest free time by what they had chosen."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import NOON, slots_on
from core.booking.seats import Key, Seat, limit, seat_at
from core.booking.tables import Counted, Window
from core.catalogue.search import sites_in_reach
from core.catalogue.snapshot import Catalogue, Offering
from core.clock import local, local_date
from core.db import Session

SOON = 7
"""Days within which the half of the day that was chosen counts for more than an earlier day."""
AT_MOST = 14
"""Days later that a place is looked for, here and at centres in reach."""
MOST_HERE = 30
"""Days later that a place is looked for at the same centre, before somebody is left without one."""
REACH_KM = 50.0
"""How far another centre may be, if it is not in the same county."""


@dataclass(frozen=True, slots=True)
class Found:
    offering: Offering
    starts_at: datetime


@dataclass(slots=True)
class Room:
    """The places that are free, as one transaction sees them, less those it has given away itself.

    `thought_of`: what some windows would have, where nothing has been written yet.
    """

    db: Session
    catalogue: Catalogue
    now: datetime
    thought_of: Mapping[Key, int] = field(default_factory=dict)
    _left: dict[Key, int] = field(default_factory=dict)
    """As it was when it was read."""
    _given: Counter[Key] = field(default_factory=Counter)
    _read: set[tuple[int, int]] = field(default_factory=set)
    _slots: dict[tuple[int, date], list[datetime]] = field(default_factory=dict)

    def find(self, seat: Seat, service_id: int) -> Found | None:
        """The best time for somebody who has this seat, taken out of the room; None if there is none.

        At the same centre within a week: on the nearest day in the same half of
        the day, else in the other half. Then the second week likewise, then the
        nearest centre in reach that has a place in these two weeks, then the same
        centre later on. Never sooner than what they had. How far ahead citizens
        may book does not bound it: they did not ask for a later day.
        """
        for offering, first, last in self._tries(seat, service_id):
            found = self._nearest(offering, seat.starts_at, first, last)
            if found is not None:
                self._given.update(seat_at(offering, found).counters())
                return Found(offering, found)
        return None

    def _tries(self, seat: Seat, service_id: int) -> Iterator[tuple[Offering, int, int]]:
        """Offerings, and the first and last day to look at, counted from the old one."""
        here = self.catalogue.offering_by_id(seat.offering_id)
        if here is not None:
            yield here, 0, SOON
            yield here, SOON + 1, AT_MOST
        for offering in self.in_reach(seat, service_id):
            yield offering, 0, SOON
            yield offering, SOON + 1, AT_MOST
        if here is not None:
            yield here, AT_MOST + 1, MOST_HERE

    def in_reach(self, seat: Seat, service_id: int) -> list[Offering]:
        """Where else the service is given, nearest first."""
        others = self.catalogue.offerings_of(self.catalogue.service_by_id(service_id).code)
        by_site = {offering.site.code: offering for offering in others if offering.site.id != seat.site_id}
        site = self.catalogue.site_by_id(seat.site_id)
        near = sites_in_reach(site, [offering.site for offering in by_site.values()], km=REACH_KM)
        return [by_site[other.code] for other in near]

    def _nearest(self, offering: Offering, was: datetime, first: int, last: int) -> datetime | None:
        """On the nearest day in the same half of it, else on the nearest day; as near to the old hour as can be."""
        other_half: datetime | None = None
        day = local_date(was)
        for ahead in range(first, last + 1):
            free = self._free_on(offering, day + timedelta(days=ahead), not_before=was)
            same_half = [start for start in free if _is_morning(start) == _is_morning(was)]
            if same_half:
                return min(same_half, key=lambda start: abs(_time_of_day(start) - _time_of_day(was)))
            if free and other_half is None:
                other_half = min(free, key=lambda start: abs(_time_of_day(start) - _time_of_day(was)))
        return other_half

    def _free_on(self, offering: Offering, day: date, *, not_before: datetime) -> list[datetime]:
        self._look(offering, day)
        earliest = max(not_before, self.now + timedelta(minutes=offering.lead_minutes))
        return [
            start for start in self._slots[offering.id, day] if start >= earliest and self._has_room(offering, start)
        ]

    def _has_room(self, offering: Offering, start: datetime) -> bool:
        return all(self._left[key] > self._given[key] for key in seat_at(offering, start).counters())

    def _look(self, offering: Offering, day: date) -> None:
        """Read what is left around a day, a week at a time."""
        week = day.toordinal() // 7
        if (offering.id, week) in self._read:
            return
        self._read.add((offering.id, week))
        limits = (limit(offering.daily_quota), offering.capacity, limit(offering.site.window_cap))
        keys: dict[Key, int] = {}
        for that_day in (date.fromordinal(7 * week + nth) for nth in range(7)):
            starts = slots_on(offering, that_day, closed_days=self.catalogue.closed_days)
            self._slots[offering.id, that_day] = starts
            for start in starts:
                keys |= zip(seat_at(offering, start).counters(), limits, strict=True)
        if keys:
            places = {key: self.thought_of.get(key, there) for key, there in keys.items()}
            self._left |= places | _rows(self.db, offering, places, self.thought_of)


def _rows(db: Session, offering: Offering, keys: Mapping[Key, int], thought_of: Mapping[Key, int]) -> dict[Key, int]:
    """What is left of those of these counters that have a row."""
    of_offering = sa.and_(Window.kind.in_([Counted.DAY.value, Counted.OFFERING.value]), Window.owner_id == offering.id)
    of_site = sa.and_(Window.kind == Counted.SITE.value, Window.owner_id == offering.site.id)
    starts = [start for _, _, start in keys]
    rows = db.execute(
        sa.select(Window.kind, Window.owner_id, Window.starts_at, Window.capacity, Window.taken).where(
            sa.or_(of_offering, of_site), Window.starts_at >= min(starts), Window.starts_at <= max(starts)
        )
    )
    found = {(row.kind, row.owner_id, row.starts_at): row for row in rows}
    return {key: thought_of.get(key, row.capacity) - row.taken for key, row in found.items()}


def _is_morning(moment: datetime) -> bool:
    return local(moment).hour < NOON


def _time_of_day(moment: datetime) -> timedelta:
    there = local(moment)
    return timedelta(hours=there.hour, minutes=there.minute)
