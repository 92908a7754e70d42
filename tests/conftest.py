"""Real servers for the whole suite: one PostgreSQL and one Valkey, started once, emptied after each test."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
import sqlalchemy as sa
from sqlalchemy import orm

from core.catalogue.live import LiveCatalogue
from core.catalogue.snapshot import Catalogue
from core.db import Session, Transaction, make_engine, transactions
from core.people.register import Register
from core.settings import ServiceCode, Settings
from core.tables import metadata
from migrations import migrate
from tests.support import NOW, SECRET, SECRET_KEY, Clock, Database
from web.local.scratch import ScratchServers, scratch_servers
from web.seeding import seed_database

pytest_plugins = ["tests.journeys.fixtures", "tests.desk.papers"]

# What is given is judged by what comes of it, not by how fast this machine makes it up.
hypothesis.settings.register_profile(
    "zamu",
    parent=hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("zamu")


@sa.event.listens_for(orm.Session, "do_orm_execute")
def _backwards(asked: orm.ORMExecuteState) -> sa.Result[Any] | None:
    """Rows whose order nobody asked for come backwards.

    PostgreSQL gives them as they lie, which is nearly always how they were
    written: code or a test that counts on it fails here every time, not once in a thousand runs.
    """
    if not asked.is_select or asked.is_column_load or asked.is_relationship_load:
        return None
    statement = asked.statement
    if not isinstance(statement, sa.Select | sa.CompoundSelect) or statement._order_by_clauses:
        return None
    found = asked.invoke_statement().freeze()
    found.data = found.data[::-1]
    return found()


CATALOGUE_TABLES = frozenset(
    [
        "agencies",
        "categories",
        "areas",
        "sites",
        "site_hours",
        "services",
        "requirements",
        "fees",
        "offerings",
        "offering_hours",
        "names",
        "holiday_overrides",
        "closures",
        "catalogue_version",
        "hand_edits",
    ]
)


@pytest.fixture(scope="session")
def servers() -> Iterator[ScratchServers]:
    with scratch_servers() as running:
        yield running
        for owner in _owners:
            owner.dispose()


def make_database(servers: ScratchServers, name: str) -> Database:
    """A database of its own, migrated and empty."""
    superuser = sa.create_engine(
        servers.postgres.address("postgres", "postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool
    )
    with superuser.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(sa.text(f"CREATE DATABASE {name} OWNER zamu_owner"))
    database = Database(
        app=servers.postgres.address("zamu_app", name), owner=servers.postgres.address("zamu_owner", name)
    )
    migrate(database.owner)
    return database


def empty(database: Database, keep: frozenset[str] = frozenset()) -> None:
    """Empty all tables but those to keep."""
    tables = ", ".join(t.name for t in metadata.sorted_tables if t.name not in keep)
    with _owner(database.owner).begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


_owners: list[sa.Engine] = []


@cache
def _owner(address: str) -> sa.Engine:
    """One connection a database, kept: opening one takes ten times as long as emptying the tables."""
    _owners.append(sa.create_engine(address, pool_size=1))
    return _owners[-1]


def clear(database: Database, keep: frozenset[str] = frozenset()) -> None:
    """Delete all rows but of the tables to keep: for the few of one test, a fraction of what TRUNCATE takes."""
    tables = [table.name for table in reversed(metadata.sorted_tables) if table.name not in keep]
    with _owner(database.owner).begin() as connection:
        connection.exec_driver_sql("; ".join(f"DELETE FROM {name}" for name in tables))


# A database with nothing in it, for tests of the core.


@pytest.fixture(scope="session")
def empty_database(servers: ScratchServers) -> Database:
    return make_database(servers, "bare")


@pytest.fixture(scope="session")
def _empty_engine(empty_database: Database) -> Iterator[sa.Engine]:
    engine = make_engine(empty_database.app, pool_size=50)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(_empty_engine: sa.Engine, empty_database: Database) -> Iterator[sa.Engine]:
    """An engine on a database whose tables are all empty, and are emptied again."""
    yield _empty_engine
    empty(empty_database)


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Session]:
    """A session on empty tables; nothing of it is kept."""
    with orm.Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def now() -> datetime:
    return NOW


# A town as a citizen finds it: the real catalogue, with demo offerings open.


@pytest.fixture(scope="session")
def town_database(servers: ScratchServers, tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = make_database(servers, "town")
    seed_database(settings_for(database, servers), demo=True, now=NOW)
    empty(database, keep=CATALOGUE_TABLES)
    return database


def settings_for(database: Database, servers: ScratchServers, **changes: object) -> Settings:
    values: dict[str, object] = {
        "database_url": database.app,
        "database_owner_url": database.owner,
        "redis_url": servers.redis_url,
        "queue_url": servers.redis_url,
        "secret_key": SECRET_KEY,
        "callback_secrets": (SECRET, "the-secret-before-this-one"),
        "ussd_codes": (ServiceCode("*191*9#"), ServiceCode("*384*7#", prefix="77")),
        "at_api_key": "a-key",
        "data_dir": Path("unused"),
    }
    return Settings(**values | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def _town_settings(town_database: Database, servers: ScratchServers) -> Settings:
    return settings_for(town_database, servers)


@pytest.fixture
def settings(_town_settings: Settings) -> Settings:
    return _town_settings


@pytest.fixture
def town(town_database: Database, servers: ScratchServers) -> Iterator[Database]:
    """The town, with nobody in it; emptied of people and bookings afterwards."""
    yield town_database
    clear(town_database, keep=CATALOGUE_TABLES)
    with contextlib.closing(redis.Redis.from_url(servers.redis_url)) as client:
        client.flushall()


@pytest.fixture(scope="session")
def _town_engine(town_database: Database) -> Iterator[sa.Engine]:
    engine = make_engine(town_database.app, pool_size=20)
    yield engine
    engine.dispose()


@pytest.fixture
def transaction(town: Database, _town_engine: sa.Engine) -> Transaction:
    """Opens transactions on the town's database."""
    return transactions(_town_engine)


@pytest.fixture
def catalogue(transaction: Transaction) -> Catalogue:
    return LiveCatalogue(transaction).current()


@pytest.fixture
def register(settings: Settings) -> Register:
    return Register(settings.secret_key)


@pytest.fixture
def clock() -> Clock:
    return Clock()
