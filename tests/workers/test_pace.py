"""The pace: segments a second by sender, shared by all workers, with a part kept for whoever is waiting."""

from dataclasses import dataclass, replace

import pytest
import redis

from core.messaging.tables import Lane
from workers.pace import Pace

SHARED = {"interactive": "22191", "notice": "22191", "bulk": "22191"}


@dataclass
class Seconds:
    time: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def pace(settings, town, seconds):
    """Makes the pace of an installation: `pace(bulk="HUDUMA")`, 100 segments a second."""
    made = []

    def make(**senders):
        made.append(Pace(replace(settings, at_senders=senders, at_segments_a_second=100, at_batch=20), now=seconds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_bucket_begins_full_and_holds_a_second(pace, seconds):
    it = pace(bulk="HUDUMA")
    assert (it.room(Lane.BULK).segments, it.room(Lane.BULK).wait) == (100, 0)
    it.take({"HUDUMA": 50})
    assert it.room(Lane.BULK).segments == 50
    seconds.time += 0.2
    assert it.room(Lane.BULK).segments == 70
    seconds.time += 60
    assert it.room(Lane.BULK).segments == 100


def test_asking_takes_nothing(pace):
    it = pace(bulk="HUDUMA")
    for _ in range(50):
        assert it.room(Lane.BULK).segments == 100


def test_a_debt_is_waited_for(pace, seconds):
    it = pace(interactive="22191")
    it.take({"22191": 250})
    room = it.room(Lane.INTERACTIVE)
    assert (room.segments, room.wait) == (0, pytest.approx(1.5))
    seconds.time += 1.4
    assert it.room(Lane.INTERACTIVE).wait == pytest.approx(0.1, abs=1e-4)
    seconds.time += 0.11
    assert it.room(Lane.INTERACTIVE).wait == 0
    assert it.room(Lane.INTERACTIVE).segments >= 1


def test_no_more_than_the_pace_leaves_over_a_while(pace, seconds):
    it, left, until = pace(bulk="HUDUMA"), 0, seconds.time + 60
    while seconds.time < until:
        room = it.room(Lane.BULK)
        seconds.time += room.wait
        if not room.wait:
            it.take({"HUDUMA": room.segments})
            left += room.segments
    assert 60 * 100 * 0.95 <= left <= 61 * 100


@pytest.mark.parametrize("lane", [Lane.NOTICE, Lane.BULK])
def test_the_last_fifth_of_a_shared_bucket_is_for_whoever_waits(pace, lane):
    it = pace(**SHARED)
    assert it.room(lane).segments == 80
    it.take({"22191": 80})
    assert it.room(lane).segments == 0
    assert it.room(lane).wait > 0
    assert it.room(Lane.INTERACTIVE).wait == 0


def test_other_senders_are_no_concern(pace):
    it = pace(interactive="22191", bulk="HUDUMA")
    it.take({"22191": 500})
    assert it.room(Lane.BULK).segments == 100


def test_the_accounts_own_sender_has_a_bucket_too(pace):
    it = pace()
    it.take({None: 500})
    assert it.room(Lane.BULK).wait > 0


def test_a_sender_of_one_network_holds_its_lane_back(pace):
    it = pace(**{"bulk": "HUDUMA", "bulk@63903": "HUDUMAKE"})
    it.take({"HUDUMAKE": 90, "HUDUMA": 10})
    assert it.room(Lane.BULK).segments == 0


def test_bulk_waits_until_a_call_is_worth_making(pace, seconds):
    it = pace(bulk="HUDUMA")
    it.take({"HUDUMA": 99})
    assert it.room(Lane.BULK).segments == 0
    seconds.time += it.room(Lane.BULK).wait
    assert it.room(Lane.BULK).segments == 20


def test_all_workers_draw_from_one_bucket(pace):
    one, other = pace(bulk="HUDUMA"), pace(bulk="HUDUMA")
    one.take({"HUDUMA": 60})
    assert other.room(Lane.BULK).segments == 40


def test_a_clock_that_is_behind_gives_nothing_away(pace, seconds):
    it = pace(bulk="HUDUMA")
    it.take({"HUDUMA": 60})
    seconds.time -= 5
    assert it.room(Lane.BULK).segments == 40


def test_without_a_clock_of_its_own_the_time_is_valkeys(settings, town):
    it = Pace(replace(settings, at_segments_a_second=1))
    it.take({None: 1000})
    assert 990 < it.room(Lane.INTERACTIVE).wait <= 1000
    it.close()


def test_a_bucket_nobody_uses_is_forgotten(pace, servers):
    it = pace(bulk="HUDUMA")
    it.take({"HUDUMA": 100})
    client = redis.Redis.from_url(servers.redis_url)
    assert 60 < client.ttl("zamu:pace:HUDUMA") <= 61
    client.close()
