"""The whole application in one process, phones to call it with, and servers that fail."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask

from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.settings import Settings
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import Clock, Database
from web.app import create_app
from web.health import get_ready
from web.local.scratch import ScratchServers

CALLER, OTHER = "+254711000001", "+254711000002"

Phones = Callable[..., Phone]
MakeApp = Callable[..., Flask]


@dataclass(slots=True)
class _Hands:
    """The clock that the one application of all tests looks at: each test puts its own there."""

    clock: Clock = field(default_factory=Clock)

    def __call__(self) -> datetime:
        return self.clock()


@pytest.fixture(scope="session")
def _hands() -> _Hands:
    return _Hands()


@pytest.fixture(scope="session")
def _town_app(_town_settings: Settings, _hands: _Hands) -> Iterator[Flask]:
    app = create_app(_town_settings, now=_hands)
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def app(town: Database, _town_app: Flask, _hands: _Hands, clock: Clock) -> Flask:
    """The application with everything in order; one for all tests, since reading the catalogue takes a while."""
    _hands.clock = clock
    return _town_app


@pytest.fixture
def make_app(town: Database, settings: Settings, clock: Clock) -> Iterator[MakeApp]:
    """Another process of the application, with some settings changed: it shares database and session store."""
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        app = create_app(replace(settings, **changes), now=clock)  # type: ignore[arg-type]
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["engine"].dispose()


@pytest.fixture
def phones(app: Flask) -> Phones:
    """Phones by number, all calling the same application unless another is given.

    Whichever it is has read the catalogue before its first caller, as every process of `zamu serve`.
    """

    def phone(number: str = CALLER, *, language: str = "en", app: Flask = app, **more: Any) -> Phone:
        get_ready(app.extensions["catalogue"])
        return Phone(app.test_client(), number, language, **more)

    return phone


@pytest.fixture(params=["en", "sw"])
def language(request: pytest.FixtureRequest) -> str:
    """For what must hold in every language."""
    return str(request.param)


@pytest.fixture
def phone(phones: Phones) -> Phone:
    """A caller in English."""
    return phones()


@pytest.fixture
def caller(phones: Phones, language: str) -> Phone:
    """A caller in each language."""
    return phones(language=language)


@pytest.fixture
def ledger(transaction: Transaction, catalogue: Catalogue) -> Ledger:
    return Ledger(transaction, catalogue)


@pytest.fixture
def valkey(town: Database, servers: ScratchServers) -> Iterator[redis.Redis]:
    """The session store itself, to look into and to empty."""
    with contextlib.closing(redis.Redis.from_url(servers.redis_url)) as client:
        yield client


# Addresses where nobody answers.


@pytest.fixture(scope="session")
def dead_redis(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Nobody listens: every connection is refused at once."""
    return f"unix://{tmp_path_factory.mktemp('dead')}/valkey.sock"


@pytest.fixture
def hanging_redis() -> Iterator[str]:
    """Connections are accepted, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture(scope="session")
def dead_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"postgresql+psycopg://zamu_app@/town?host={tmp_path_factory.mktemp('dead')}"


@dataclass(frozen=True, slots=True)
class Postgres:
    """The scratch PostgreSQL, to be stopped as a full disk or a dead machine stops one: it answers nothing any more."""

    servers: ScratchServers
    town: Database

    @contextlib.contextmanager
    def hangs(self) -> Iterator[None]:
        """Every process of it is frozen. Whatever happens, it is woken after PATIENCE seconds at the latest."""
        frozen = self._processes()
        waker = threading.Timer(20, _signal, [frozen, signal.SIGCONT])
        waker.start()
        try:
            _signal(frozen, signal.SIGSTOP)
            yield
        finally:
            _signal(frozen, signal.SIGCONT)
            waker.cancel()
            waker.join()

    @contextlib.contextmanager
    def is_locked(self, table: str) -> Iterator[None]:
        """Somebody has locked a table and does not let go: statements on it wait, all others are answered."""
        owner = sa.create_engine(self.town.owner, poolclass=sa.pool.NullPool)
        with owner.begin() as connection:
            connection.execute(sa.text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            yield

    def _processes(self) -> list[int]:
        """The postmaster first, so that it starts no other."""
        superuser = sa.create_engine(self.servers.postgres.address("postgres", "town"), poolclass=sa.pool.NullPool)
        with superuser.connect() as connection:
            postmaster = _parent(connection.scalar(sa.text("SELECT pg_backend_pid()")))
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [postmaster, *(pid for pid in pids if _parent(pid) == postmaster)]


@pytest.fixture
def postgres(servers: ScratchServers, town: Database) -> Postgres:
    return Postgres(servers, town)


def _parent(pid: int | None) -> int:
    """0 for a process that has just gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _signal(pids: list[int], which: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, which)
