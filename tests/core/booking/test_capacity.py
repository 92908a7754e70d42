"""Counters, minutes, quotas, caps and hours: what a change does to those who are booked, and to those who come."""

from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import adjusting, hours
from core.booking.adjusting import Above, Capacity, Crowded
from core.booking.availability import day_begins
from core.booking.capacity import hours_of
from core.booking.closing import What
from core.booking.closing.errors import CannotChange
from core.booking.errors import BookingRefused, SlotFull
from core.booking.outcomes import Booked
from core.booking.tables import Booking, Counted, Window
from core.catalogue import tables as rows
from core.catalogue.editing.edit import mark_of
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.people.audit import Actor
from core.people.tables import Event
from tests.core.booking.world import TUESDAY, World, an_hour, at_once

MANAGER = Actor("desk", who="manager")
WEDNESDAY = TUESDAY + timedelta(days=1)
ALL_TUESDAY = (an_hour(0), an_hour(0, day=WEDNESDAY))
MORNINGS = {day: (time(8), time(12)) for day in range(5)}


def books(world: World, offering: Offering, count: int, at: datetime) -> list[Booked]:
    return [world.confirms(world.phone(), offering, at) for _ in range(count)]


def changes(world: World, offering: Offering, **to: Any) -> None:
    with world.transaction() as db:
        adjusting.change_capacity(
            db,
            offering=offering,
            to=replace(Capacity.of(offering), **to),
            seen=mark_of(asdict(adjusting.capacity_of(db, offering))),
            actor=MANAGER,
            request_key=f"test-{next(world.numbers)}",
            now=world.now,
        )


def changes_hours(world: World, offering: Offering, week: hours.Week = MORNINGS, **more: Any) -> int:
    with world.transaction() as db:
        return hours.change_hours(
            db,
            offering=offering,
            week=week,
            valid_from=more.get("valid_from", local_date(world.now)),
            seen=mark_of(hours.told(hours_of(db, offering.id))),
            asking=False,
            actor=MANAGER,
            request_key=f"test-{next(world.numbers)}",
            now=world.now,
        )


def times(world: World) -> list[datetime]:
    return list(world.scalars(sa.select(Booking.starts_at).order_by(Booking.id)))


def test_what_a_lower_capacity_does_is_known_before_and_nobody_loses_a_place(world: World) -> None:
    offering = world.offering(seats=4)
    books(world, offering, 4, an_hour(9))
    books(world, offering, 1, an_hour(10))
    fewer = replace(Capacity.of(offering), counters=2)
    with world.transaction() as db:
        assert adjusting.above(db, offering, fewer, now=world.now) == Above((Crowded(an_hour(9), False, 2, 4),))
    changes(world, offering, counters=2)
    assert world.clears() == 0
    assert len(times(world)) == 5
    books(world, offering, 1, an_hour(10))
    for hour in (9, 10):
        with pytest.raises(SlotFull):
            world.confirms(world.phone(), offering, an_hour(hour))


def test_what_a_quota_does_is_known_before(world: World) -> None:
    offering = world.offering(seats=4)
    books(world, offering, 3, an_hour(9))
    books(world, offering, 2, an_hour(10))
    with world.transaction() as db:
        few = replace(Capacity.of(offering), daily_quota=2)
        above = adjusting.above(db, offering, few, now=world.now)
    assert above == Above((Crowded(day_begins(local_date(an_hour(9))), True, 2, 5),))
    assert above.people == 3


def test_longer_minutes_and_a_quota_count_like_fewer_counters(world: World) -> None:
    offering = world.offering(seats=2)
    changes(world, offering, minutes=60, daily_quota=2)
    books(world, offering, 1, an_hour(9))
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(9))
    books(world, offering, 1, an_hour(10))
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(11))


def test_more_counters_are_open_at_once_also_where_the_catalogue_is_old(world: World) -> None:
    offering = world.offering(seats=1)
    books(world, offering, 1, an_hour(9))
    changes(world, offering, counters=2)
    books(world, offering, 1, an_hour(9))
    books(world, offering, 2, an_hour(15))


def test_a_change_is_the_managers_word(world: World) -> None:
    offering = world.offering(seats=1)
    changes(world, offering, counters=3)
    [row] = world.scalars(sa.select(rows.Offering))
    assert (row.counters, row.source, row.trust) == (3, "desk:manager", "verified")
    [event] = world.scalars(sa.select(Event).where(Event.name == "offering.capacity_changed"))
    assert (event.who, event.details["old"]["counters"], event.details["new"]["counters"]) == ("manager", 1, 3)


def test_a_capacity_changed_during_an_absence_counts_what_is_left(world: World) -> None:
    offering = world.offering(seats=4)
    what = What(offering.site, offering, 1)
    closure_id = world.closes(what, *ALL_TUESDAY)
    changes(world, offering, counters=2)
    assert (_wanted(world, offering, an_hour(9)), _wanted(world, offering, an_hour(9, day=WEDNESDAY))) == (1, 2)
    world.lifts(closure_id, what)
    assert _wanted(world, offering, an_hour(9)) == 2


def test_a_capacity_changed_while_it_is_closed_does_not_open_it(world: World) -> None:
    offering = world.offering(seats=1)
    world.closes(What(offering.site, offering), *ALL_TUESDAY)
    changes(world, offering, counters=5)
    assert (_wanted(world, offering, an_hour(9)), _wanted(world, offering, an_hour(9, day=WEDNESDAY))) == (0, 5)


def test_a_centres_cap_holds_for_all_services_together(world: World) -> None:
    offering, other = world.offering(), world.offering("IDN")
    books(world, offering, 3, an_hour(9))
    with world.transaction() as db:
        assert adjusting.above_cap(db, offering.site, 2, now=world.now) == Above((Crowded(an_hour(9), False, 2, 3),))
        adjusting.change_cap(
            db, site=offering.site, cap=2, seen=mark_of(None), actor=MANAGER, request_key="cap", now=world.now
        )
    assert times(world) == [an_hour(9)] * 3
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), other, an_hour(9))
    books(world, offering, 1, an_hour(10))
    books(world, other, 1, an_hour(10))
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), other, an_hour(10))


def test_whoever_is_outside_new_hours_is_moved_and_the_rest_stay(world: World) -> None:
    offering = world.offering(seats=2)
    books(world, offering, 1, an_hour(9))
    books(world, offering, 2, an_hour(15))
    with world.transaction() as db:
        impact = hours.outside(db, world.catalogue, offering=offering, week=MORNINGS, valid_from=TUESDAY, now=world.now)
    assert (impact.people, impact.movable) == (2, 2)
    changes_hours(world, offering, valid_from=TUESDAY)
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(14))
    # The clock's catalogue knows the new hours by then.
    world.offerings[0] = replace(
        offering, hours=tuple(p for p in offering.hours for p in [replace(p, closes=time(12))])
    )
    assert world.clears() == 2
    assert times(world)[0] == an_hour(9)
    assert all(at.astimezone(an_hour(9).tzinfo).hour < 12 for at in times(world))


def test_whoever_is_above_the_capacity_within_the_hours_is_not_moved_with_them(world: World) -> None:
    offering = world.offering(seats=4)
    books(world, offering, 4, an_hour(9))
    changes(world, offering, counters=1)
    changes_hours(world, offering)
    assert world.clears() == 0
    assert times(world) == [an_hour(9)] * 4


def test_hours_are_kept_by_day(world: World) -> None:
    """What held until then ends the day before; what was planned later goes."""
    offering = world.offering()
    changes_hours(world, offering, valid_from=TUESDAY + timedelta(days=7))
    changes_hours(world, offering, {1: (time(9), time(10))}, valid_from=WEDNESDAY)
    found = world.scalars(
        sa.select(rows.OfferingHours).where(rows.OfferingHours.weekday == 1).order_by(rows.OfferingHours.valid_from)
    )
    assert [(row.valid_from, row.valid_until, row.opens) for row in found] == [
        (found[0].valid_from, TUESDAY, time(8)),
        (WEDNESDAY, None, time(9)),
    ]
    assert (found[1].source, found[1].trust) == ("desk:manager", "verified")


@pytest.mark.parametrize("change", [{"counters": 0}, {"minutes": 0}, {"horizon_days": 1000}, {"daily_quota": -1}])
def test_a_capacity_that_makes_no_sense_is_refused(world: World, change: dict[str, int]) -> None:
    with pytest.raises(CannotChange):
        changes(world, world.offering(), **change)


@pytest.mark.parametrize(
    ("week", "days", "why"),
    [({}, 0, "week"), ({0: (time(9), time(9))}, 0, "hours"), (MORNINGS, -1, "valid_from")],
)
def test_hours_that_make_no_sense_are_refused(world: World, week: hours.Week, days: int, why: str) -> None:
    with pytest.raises(CannotChange, match=why):
        changes_hours(world, world.offering(), week, valid_from=local_date(world.now) + timedelta(days=days))


def test_changing_while_people_come_and_a_closure_is_made_counts_everybody(world: World) -> None:
    offering = world.offering(seats=6)
    what = What(offering.site, offering, 1)
    comers = [partial(world.confirms, world.phone(), offering, an_hour(9)) for _ in range(12)]
    outcomes = at_once(
        [
            *comers,
            partial(changes, world, offering, counters=3),
            partial(world.closes, what, *ALL_TUESDAY),
            partial(changes_hours, world, offering),
        ]
    )
    broken = [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, BookingRefused)]
    assert not broken
    assert _wanted(world, offering, an_hour(9)) == 2
    world.later(minutes=1)
    world.clears()
    assert sum(at == an_hour(9) for at in times(world)) <= 2


def _wanted(world: World, offering: Offering, at: datetime) -> int:
    [found] = world.scalars(
        sa.select(Window.wanted).where(
            Window.kind == Counted.OFFERING.value, Window.owner_id == offering.id, Window.starts_at == at
        )
    )
    return int(found)
