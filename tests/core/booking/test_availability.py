"""Which times there are: hours, holidays, closures, lead time, horizon and counters in, times out."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from core.booking.availability import (
    Fullness,
    best_times,
    bookable,
    days_with_room,
    first_free_day,
    free_times,
    is_bookable,
    slots_on,
)
from core.booking.tables import Counted
from core.catalogue.snapshot import Offering, Shut
from tests.core.booking.world import TUESDAY, a_service, a_site, an_hour, an_offering, hours

MONDAY_MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WEDNESDAY = TUESDAY + timedelta(days=1)
NOTHING_FULL = Fullness()


def offering(site: dict[str, Any] | None = None, **details: Any) -> Offering:
    return an_offering(service=a_service(), site=a_site(**(site or {})), **details)


def clock_times(starts: list[datetime]) -> list[str]:
    return [f"{start:%H:%M}" for start in starts]


def short_hours(*spans: tuple[time, time]) -> dict[str, Any]:
    return {"hours": tuple(hours(day, *span) for day in range(7) for span in spans)}


@pytest.mark.parametrize(
    ("spans", "minutes", "expected"),
    [
        pytest.param([(time(8), time(9, 30))], 30, ["08:00", "08:30", "09:00"], id="one period"),
        pytest.param([(time(8), time(9, 15))], 30, ["08:00", "08:30"], id="a window fits wholly before closing"),
        pytest.param([(time(8, 10), time(9, 30))], 30, ["08:30", "09:00"], id="windows lie on the site's grid"),
        pytest.param([(time(8), time(8, 20))], 30, [], id="too short for one"),
        pytest.param([(time(8), time(9)), (time(14), time(15))], 30, ["08:00", "08:30", "14:00", "14:30"], id="lunch"),
        pytest.param([(time(8), time(9)), (time(8), time(9))], 60, ["08:00"], id="said twice"),
        pytest.param([(time(0), time(1))], 20, ["00:00", "00:20", "00:40"], id="from midnight"),
    ],
)
def test_the_starts_of_a_day(spans: list[tuple[time, time]], minutes: int, expected: list[str]) -> None:
    its = offering({"window_minutes": minutes}, **short_hours(*spans))
    assert clock_times(slots_on(its, TUESDAY, closed_days=())) == expected


def test_starts_are_the_clock_times_of_nairobi_all_year() -> None:
    its = offering(**short_hours((time(8), time(8, 30))))
    for day in (date(2026, 3, 29), date(2026, 6, 21), date(2026, 10, 25), date(2026, 12, 31), date(2028, 2, 29)):
        [start] = slots_on(its, day, closed_days=())
        assert start.astimezone(UTC) == datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("site", "details", "closed"),
    [
        pytest.param({}, {}, {TUESDAY}, id="holiday"),
        pytest.param({"opens_on": WEDNESDAY}, {}, (), id="not open yet"),
        pytest.param({"closes_on": TUESDAY - timedelta(days=1)}, {}, (), id="an outreach that has ended"),
        pytest.param({"window_cap": 0}, {}, (), id="site without places"),
        pytest.param({}, {"daily_quota": 0}, (), id="day without places"),
        pytest.param({}, {"counters": 0}, (), id="no counter"),
        pytest.param({}, {"hours": ()}, (), id="no hours"),
        pytest.param({}, {"hours": (hours(1, time(8), time(9), valid_from=WEDNESDAY),)}, (), id="hours to come"),
        pytest.param({}, {"hours": (hours(1, time(8), time(9), valid_until=date(2026, 11, 23)),)}, (), id="hours past"),
        pytest.param({}, {"closures": (Shut(an_hour(0), an_hour(23)),)}, (), id="shut all day"),
    ],
)
def test_days_without_times(site: dict[str, Any], details: dict[str, Any], closed: Any) -> None:
    assert slots_on(offering(site, **details), TUESDAY, closed_days=closed) == []


def test_an_outreach_is_there_on_its_first_and_last_day() -> None:
    assert slots_on(offering({"opens_on": TUESDAY, "closes_on": TUESDAY}), TUESDAY, closed_days=())


def test_a_closure_takes_out_every_window_that_it_touches() -> None:
    its = offering(closures=(Shut(an_hour(8, 45), an_hour(9, 30)),), **short_hours((time(8), time(10, 30))))
    assert clock_times(slots_on(its, TUESDAY, closed_days=())) == ["08:00", "09:30", "10:00"]


def test_what_can_be_booked_begins_after_the_lead_time_and_ends_at_the_horizon() -> None:
    its = offering(lead_minutes=90, horizon_days=7)
    monday = MONDAY_MORNING.date()
    assert clock_times(bookable(its, monday, now=MONDAY_MORNING, closed_days=()))[0] == "10:30"
    last = monday + timedelta(days=7)
    assert bookable(its, last, now=MONDAY_MORNING, closed_days=())
    assert not bookable(its, last + timedelta(days=1), now=MONDAY_MORNING, closed_days=())
    assert not bookable(its, monday - timedelta(days=3), now=MONDAY_MORNING, closed_days=())


def test_a_moment_is_bookable_whatever_its_time_zone() -> None:
    assert is_bookable(offering(), an_hour(8).astimezone(UTC), now=MONDAY_MORNING, closed_days=())
    assert not is_bookable(offering(), an_hour(8, 1), now=MONDAY_MORNING, closed_days=())


@pytest.mark.parametrize("counted", [Counted.OFFERING, Counted.SITE])
def test_a_full_window_is_not_free(counted: Counted) -> None:
    its = offering(**short_hours((time(8), time(9))))
    full = Fullness(frozenset({(counted.value, 1, an_hour(8).astimezone(UTC))}))
    assert clock_times(free_times(its, TUESDAY, full=full, now=MONDAY_MORNING, closed_days=())) == ["08:30"]


def test_a_full_day_is_passed_over() -> None:
    its = offering()
    full = Fullness(frozenset({("day", 1, an_hour(0, day=day)) for day in (date(2026, 11, 23), TUESDAY)}))
    assert first_free_day(its, full=full, now=MONDAY_MORNING, closed_days=()) == WEDNESDAY
    assert days_with_room(replace(its, horizon_days=4), full=full, now=MONDAY_MORNING, closed_days=()) == [
        date(2026, 11, day) for day in (25, 26, 27)
    ]


def test_there_may_be_no_free_day() -> None:
    its = offering(hours=())
    assert first_free_day(its, full=NOTHING_FULL, now=MONDAY_MORNING, closed_days=()) is None
    assert best_times(its, full=NOTHING_FULL, now=MONDAY_MORNING, closed_days=()) == []


@pytest.mark.parametrize(
    ("spans", "horizon", "count", "expected"),
    [
        pytest.param(
            [(time(8), time(17))], 30, 3, ["23 10:00", "23 12:00", "24 08:00"], id="morning, afternoon, next day"
        ),
        pytest.param([(time(10), time(12))], 30, 3, ["23 10:00", "23 10:30", "24 10:00"], id="mornings only"),
        pytest.param([(time(14), time(17))], 30, 3, ["23 14:00", "23 14:30", "24 14:00"], id="afternoons only"),
        pytest.param([(time(10), time(10, 30))], 30, 3, ["23 10:00", "24 10:00", "25 10:00"], id="one time a day"),
        pytest.param([(time(8), time(17))], 0, 3, ["23 10:00", "23 10:30", "23 12:00"], id="today only"),
        pytest.param([(time(10), time(10, 30))], 1, 3, ["23 10:00", "24 10:00"], id="no more than there are"),
        pytest.param([(time(8), time(17))], 30, 1, ["23 10:00"], id="one"),
        pytest.param(
            [(time(8), time(17))],
            30,
            5,
            ["23 10:00", "23 10:30", "23 11:00", "23 12:00", "24 08:00"],
            id="five",
        ),
    ],
)
def test_the_best_times(spans: list[tuple[time, time]], horizon: int, count: int, expected: list[str]) -> None:
    its = offering(horizon_days=horizon, **short_hours(*spans))
    found = best_times(its, full=NOTHING_FULL, now=MONDAY_MORNING, closed_days=(), count=count)
    assert [f"{start:%d %H:%M}" for start in found] == expected
