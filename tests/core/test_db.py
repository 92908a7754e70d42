"""How long anybody waits for the database."""

import socket
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core.db import CONNECT_WITHIN, DatabaseDown, answer_within, make_engine


@pytest.fixture
def silent() -> socket.socket:
    """Takes connections, and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


@pytest.fixture
def hopeless(silent: socket.socket) -> Iterator[sa.Engine]:
    """Waits for a server that never says a word."""
    engine = make_engine(f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing")
    with silent:
        yield engine
    engine.dispose()


def test_a_connection_is_waited_for_as_long_as_there_is_time(hopeless: sa.Engine) -> None:
    with answer_within(CONNECT_WITHIN / 10), pytest.raises(DatabaseDown, match="did not answer in time"):
        hopeless.connect()


def test_no_connection_is_begun_when_the_time_is_over(hopeless: sa.Engine, silent: socket.socket) -> None:
    with answer_within(0), pytest.raises(DatabaseDown, match="no time is left"):
        hopeless.connect()
    with pytest.raises(BlockingIOError):
        silent.accept()


def test_a_little_time_is_enough_to_connect_to_a_server_that_is_well(engine: sa.Engine) -> None:
    """Whoever has lost half a second elsewhere is not turned away for that."""
    engine.dispose()
    with answer_within(CONNECT_WITHIN * 0.95), engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_an_inner_bound_does_not_lengthen_the_outer_one(engine: sa.Engine) -> None:
    with engine.connect() as connection, answer_within(0.05), answer_within(60), pytest.raises(DatabaseDown):
        connection.execute(sa.text("SELECT pg_sleep(30)"))
