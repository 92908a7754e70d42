"""That hops come in is noted beside answering them."""

from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from core.messaging import seen
from core.messaging.seen import Kind
from tests.support import NOW
from web.noticing import Noticing


class AtOnce(Executor):
    """Does what it is given while the caller waits."""

    def __init__(self):
        self.done = 0

    def submit(self, act, /, *arguments, **named):
        self.done += 1
        act(*arguments, **named)
        return Future()


@pytest.fixture
def executor():
    return AtOnce()


def test_a_kind_is_noted_once_however_often_it_comes(town, transaction, settings, clock, executor):
    noticing = Noticing(settings.database_url, now=clock, executor=executor)
    for _ in range(100):
        noticing(Kind.USSD)
    noticing(Kind.INBOUND)
    assert executor.done == 2
    with transaction() as db:
        assert seen.last_seen(db) == dict.fromkeys(Kind, None) | {Kind.USSD: NOW, Kind.INBOUND: NOW}


def test_a_database_that_is_away_harms_nobody(dead_database, clock, executor):
    with capture_logs() as lines:
        Noticing(dead_database, now=clock, executor=executor)(Kind.USSD)
    assert [(line["event"], line["part"]) for line in lines] == [("a callback was not noted", "postgresql")]


def test_what_cannot_be_foreseen_harms_nobody(settings, executor):
    with capture_logs() as lines:
        Noticing(settings.database_url, now=lambda: 1 / 0, executor=executor)(Kind.USSD)
    assert [line["event"] for line in lines] == ["a callback was not noted"]


def test_a_process_that_ends_harms_nobody(settings, clock):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    Noticing(settings.database_url, now=clock, executor=executor)(Kind.USSD)
