"""Temporary: until tests/conftest.py exists."""

from datetime import UTC, datetime

import pytest

from core.db import make_engine
from migrations import migrate, migrate_down

URL = "postgresql+psycopg://zamu_owner@/zamu_cat?host=/tmp/pgdev&port=5499"


@pytest.fixture(scope="session")
def database_engine():
    migrate(URL)
    migrate_down(URL, "base")
    migrate(URL)
    engine = make_engine(URL)
    yield engine
    engine.dispose()


@pytest.fixture
def db(database_engine):
    from sqlalchemy.orm import Session

    with database_engine.connect() as connection:
        outer = connection.begin()
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        yield session
        session.close()
        outer.rollback()


@pytest.fixture
def now():
    return datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
