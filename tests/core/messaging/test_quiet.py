"""Quiet hours, in Nairobi: when a lane rests, and when it goes on."""

from datetime import datetime

import pytest

from core.clock import NAIROBI
from core.messaging import quiet
from core.messaging.tables import Lane


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=NAIROBI)


@pytest.mark.parametrize(
    ("lane", "asleep", "awake"),
    [
        (Lane.NOTICE, "23 20:00", "24 07:00"),
        (Lane.NOTICE, "23 23:59", "24 07:00"),
        (Lane.NOTICE, "24 00:00", "24 07:00"),
        (Lane.NOTICE, "24 06:59", "24 07:00"),
        (Lane.BULK, "23 18:00", "24 08:00"),
        (Lane.BULK, "24 07:59", "24 08:00"),
    ],
)
def test_a_lane_rests_until_the_morning(lane, asleep, awake):
    assert quiet.rests(lane, at(asleep))
    assert quiet.wakes_at(lane, at(asleep)) == at(awake)
    assert not quiet.rests(lane, at(awake))


@pytest.mark.parametrize(
    ("lane", "moment"),
    [
        (Lane.NOTICE, "23 07:00"),
        (Lane.NOTICE, "23 19:59"),
        (Lane.BULK, "23 08:00"),
        (Lane.BULK, "23 17:59"),
        (Lane.INTERACTIVE, "23 03:00"),
        (Lane.INTERACTIVE, "23 23:00"),
    ],
)
def test_by_day_a_lane_is_awake_and_whoever_waits_is_answered_at_any_time(lane, moment):
    assert not quiet.rests(lane, at(moment))
    assert quiet.wakes_at(lane, at(moment)) == at(moment)


@pytest.mark.parametrize(
    ("lane", "morning"), [(Lane.BULK, "24 08:00"), (Lane.NOTICE, "24 07:00"), (Lane.INTERACTIVE, "24 07:00")]
)
@pytest.mark.parametrize("moment", ["23 00:10", "23 12:00", "23 23:50"])
def test_the_next_morning_is_tomorrows(lane, morning, moment):
    assert quiet.next_morning(lane, at(moment)) == at(morning)
