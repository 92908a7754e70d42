"""A worker's context on the real town."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.catalogue.live import LiveCatalogue
from core.db import Transaction
from core.people.register import Register
from tests.support import Clock
from tests.workers.support import FakeGateway, Outbox
from workers.context import Context
from workers.pace import Pace
from workers.queues import Queues


@pytest.fixture
def box(transaction: Transaction, register: Register) -> Outbox:
    return Outbox(transaction, register)


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def context(settings, transaction, register, gateway, clock: Clock, _town_engine) -> Iterator[Context]:
    settings = replace(settings, at_senders={"interactive": "22191"}, at_segments_a_second=100_000)
    queues, pace = Queues(settings.queue_url), Pace(settings)
    with ThreadPoolExecutor(4) as executor:
        yield Context(
            settings=settings,
            engine=_town_engine,
            transaction=transaction,
            catalogue=LiveCatalogue(transaction),
            register=register,
            gateway=gateway,
            queues=queues,
            pace=pace,
            executor=executor,
            calls_at_once=4,
            now=clock,
        )
    queues.close()
    pace.close()
