"""The clock: each job in its time, once however many clocks there are."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.messaging import lanes, relay
from core.messaging.tables import Lane, Status
from core.people.tables import PhoneCode
from tests.support import NOW
from workers import clock as clock_module
from workers.clock import JOBS, Job, tick, tick_until
from workers.push import push_lane

SECOND = timedelta(seconds=1)


class Counted:
    """A job that counts its runs."""

    def __init__(self, name="counted", every=60 * SECOND):
        self.runs = []
        self.job = Job(name, every, lambda context, now: self.runs.append(now))


def test_the_jobs_are_declared_once_each():
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.every > timedelta(0) for job in JOBS)


def test_all_declared_jobs_run_on_an_empty_town(context):
    assert tick(context, NOW) == [job.name for job in JOBS]
    assert tick(context, NOW) == []


def test_a_job_runs_when_it_is_due_and_not_before(context):
    counted = Counted()
    for seconds in (0, 1, 59, 60, 61, 120):
        tick(context, NOW + seconds * SECOND, (counted.job,))
    assert counted.runs == [NOW, NOW + 60 * SECOND, NOW + 120 * SECOND]


def test_a_clock_that_was_away_catches_up_with_one_run(context):
    counted = Counted()
    tick(context, NOW, (counted.job,))
    tick(context, NOW + timedelta(hours=5), (counted.job,))
    tick(context, NOW + timedelta(hours=5) + SECOND, (counted.job,))
    assert len(counted.runs) == 2


def test_clocks_at_once_run_a_job_once(context):
    counted = Counted(every=SECOND)
    with ThreadPoolExecutor(4) as clocks:
        for seconds in range(20):
            list(clocks.map(lambda _, at=NOW + seconds * SECOND: tick(context, at, (counted.job,)), range(4)))
    assert counted.runs == [NOW + seconds * SECOND for seconds in range(20)]


def test_a_job_that_fails_does_not_stop_the_others(context):
    counted = Counted()
    failing = Job("failing", 60 * SECOND, lambda context, now: 1 / 0)
    assert tick(context, NOW, (failing, counted.job)) == ["failing", "counted"]
    assert counted.runs == [NOW]


def test_a_lost_wake_up_is_made_good(context, box):
    box.write(lane=Lane.NOTICE)
    tick(context, NOW)
    assert [context.queues.waiting(lane) for lane in Lane] == [0, 1, 0]


def test_a_frozen_lane_is_not_woken(context, box):
    box.write()
    with context.transaction() as db:
        lanes.freeze(db, Lane.INTERACTIVE, reason="a look at it", now=NOW)
    tick(context, NOW)
    assert context.queues.waiting(Lane.INTERACTIVE) == 0


def test_what_a_crash_left_behind_is_swept_and_not_sent_again(context, box, gateway, clock):
    message_id = box.write()
    with context.transaction() as db:
        relay.claim(db, Lane.INTERACTIVE, limit=1, now=NOW)
    clock.time = NOW + relay.STUCK_AFTER
    tick(context, clock.time)
    assert (box.get(message_id).status, box.get(message_id).error) == (Status.UNKNOWN, "interrupted")
    assert push_lane(context, Lane.INTERACTIVE) == 0
    assert gateway.calls == []


def test_upkeep_goes_on_until_there_is_nothing_left(context, monkeypatch):
    left = [clock_module.BATCH, clock_module.BATCH, 3]
    monkeypatch.setattr("core.booking.upkeep.free_expired_holds", lambda db, *, now, limit: left.pop(0))
    clock_module.free_expired_holds(context, NOW)
    assert left == []


def test_codes_of_the_web_are_forgotten_when_they_are_long_over(context, register):
    with context.transaction() as db:
        contact = register.contact(db, "+254711000001", now=NOW)
        for about, age in (("48217092", timedelta(days=2)), ("48217100", timedelta(hours=2))):
            db.add(PhoneCode(contact_id=contact.id, about=about, nth=1, sent_at=NOW - age, expires_at=NOW - age))
    tick(context, NOW)
    with context.transaction() as db:
        assert db.scalars(sa.select(PhoneCode.about)).all() == ["48217100"]


@contextmanager
def away():
    raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))
    yield


def test_with_the_database_away_a_tick_says_so(context):
    with pytest.raises(sa.exc.OperationalError):
        tick(replace(context, transaction=away), NOW)


def test_the_clock_outlives_the_database(context, monkeypatch):
    monkeypatch.setattr("workers.clock.TICK_SECONDS", 0.0)
    stopping, ticks = threading.Event(), []

    @contextmanager
    def comes_back():
        ticks.append(1)
        if len(ticks) < 3:
            raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))
        stopping.set()
        with context.transaction() as db:
            yield db

    tick_until(replace(context, transaction=comes_back), stopping)
    assert len(ticks) >= 3
