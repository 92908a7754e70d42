"""What a job needs and a process builds once."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from core.catalogue.live import LiveCatalogue
from core.clock import utc_now
from core.db import Transaction, make_engine, transactions
from core.messaging.tables import Lane
from core.people.register import Register
from core.settings import Cap, Settings
from sms.gateways import Gateway
from sms.gateways.africastalking import AfricasTalking
from workers.pace import Pace
from workers.queues import Queues

CALLS_AT_ONCE = 32
"""Calls to the gateway that one worker has under way."""


@dataclass(slots=True)
class Memory:
    """What one push leaves for the next in this process; nothing is lost with it."""

    caps: dict[Lane, Cap | None] = field(default_factory=dict)
    """The cap that a lane was last seen at: it is told once, not at every tick."""
    doubted: set[Lane] = field(default_factory=set)
    """Lanes whose last push was broken off by the gateway: the next one tries a single message first."""


@dataclass(frozen=True, slots=True)
class Context:
    """One a process, for all its jobs: connections stay open between them."""

    settings: Settings
    engine: sa.Engine
    transaction: Transaction
    catalogue: LiveCatalogue
    register: Register
    gateway: Gateway
    queues: Queues
    pace: Pace
    executor: Executor
    """For calls to the gateway; it has `calls_at_once` threads."""
    calls_at_once: int = CALLS_AT_ONCE
    memory: Memory = field(default_factory=Memory)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the process is asked to end: finish what is in flight, begin nothing."""
    now: Callable[[], datetime] = utc_now

    def close(self) -> None:
        self.executor.shutdown()
        self.queues.close()
        self.pace.close()
        self.gateway.close()
        self.engine.dispose()


def build_context(settings: Settings) -> Context:
    """Everything for a worker or a clock. Nothing is connected before it is used."""
    engine = make_engine(settings.database_url, pool_size=2)
    transaction = transactions(engine)
    return Context(
        settings=settings,
        engine=engine,
        transaction=transaction,
        catalogue=LiveCatalogue(transaction),
        register=Register(settings.secret_key),
        gateway=AfricasTalking(settings),
        queues=Queues(settings.queue_url),
        pace=Pace(settings),
        executor=ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="gateway"),
    )
