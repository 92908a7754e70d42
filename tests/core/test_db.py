"""How long anybody waits for the database."""

import socket

import pytest
import sqlalchemy as sa

from core.db import LEAST_TO_CONNECT, DatabaseDown, answer_within, make_engine


@pytest.fixture
def silent() -> socket.socket:
    """Takes connections, and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def test_no_connection_is_begun_that_could_not_be_waited_for(silent: socket.socket) -> None:
    with silent:
        engine = make_engine(f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing")
        with answer_within(LEAST_TO_CONNECT / 2), pytest.raises(DatabaseDown), engine.connect():
            pass
        with pytest.raises(BlockingIOError):
            silent.accept()
        engine.dispose()


def test_an_inner_bound_does_not_lengthen_the_outer_one(engine: sa.Engine) -> None:
    with engine.connect() as connection, answer_within(0.05), answer_within(60), pytest.raises(DatabaseDown):
        connection.execute(sa.text("SELECT pg_sleep(30)"))
