"""The database: one engine a process, one transaction an edge, and a limit on how long anyone waits for it.

PostgreSQL's own time-outs are no help against a server that has stopped
answering, so the waiting is bounded on this side: inside `answer_within`, every
connect and every statement gives up when the time is spent, and the connection
is closed rather than returned to the pool.
"""

import contextlib
import contextvars
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import psycopg.errors
import sqlalchemy as sa
from sqlalchemy import orm

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

DatabaseDown = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""What SQLAlchemy raises when PostgreSQL does not answer, refuses or has no connection to spare."""

MOST_PATIENCE = 30.0
"""Seconds that one statement may take anywhere, in a worker or the clock too: then the server is taken for dead."""
CONNECT_WITHIN = 2
"""Seconds that a new connection may take, where no less is left; psycopg, like libpq, can be told no less."""

_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("database_deadline", default=None)


class Base(orm.DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


Moment = sa.DateTime(timezone=True)
"""Every time in the database: a moment, never a wall clock."""

Session = orm.Session
Transaction = Callable[[], contextlib.AbstractContextManager[Session]]
"""Opens a transaction: commits when the block ends, rolls back when it raises."""


@contextlib.contextmanager
def answer_within(seconds: float) -> Iterator[None]:
    """Bound everything this block waits for the database, counted together. An earlier bound around it holds on."""
    outer = _deadline.get()
    until = time.monotonic() + seconds
    token = _deadline.set(until if outer is None else min(until, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def _seconds_left() -> float | None:
    """Until the deadline of the surrounding `answer_within`; None outside of one."""
    deadline = _deadline.get()
    return None if deadline is None else deadline - time.monotonic()


class _ImpatientConnection(psycopg.Connection[Any]):
    """A connection that gives up with the deadline of `answer_within` instead of waiting for ever."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Any:
        # psycopg asks it again every tenth of a second, and waits CONNECT_WITHIN for it whatever is left.
        connecting = super()._connect_gen(conninfo)
        try:
            waits_for = next(connecting)
            while True:
                ready = yield waits_for
                if (left := _seconds_left()) is not None and left <= 0:
                    raise psycopg.OperationalError("the database did not answer in time")
                waits_for = connecting.send(ready)
        except StopIteration as connected:
            return connected.value

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        left = MOST_PATIENCE if (seconds := _seconds_left()) is None else max(0.001, seconds)
        timeout = left if timeout is None else min(timeout, left)
        try:
            return super().wait(gen, interval=interval, timeout=timeout)
        except psycopg.errors._WaitTimeout as error:
            # Half an answer may still arrive: the connection is of no more use, and closing it
            # makes the server give up its work and its locks when it wakes.
            self.pgconn.finish()
            raise psycopg.OperationalError("the database did not answer in time") from error


def make_engine(url: str, *, pool_size: int = 8) -> sa.Engine:
    """An engine that suits pgbouncer in transaction mode: no prepared statements, no session state.

    The worst wait for a connection is half a second for one of the pool and
    CONNECT_WITHIN for a new one, or what is left of `answer_within`.
    """
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=0.5,
        pool_recycle=1800,
        hide_parameters=True,  # errors are logged, and parameters are personal
    )

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, parameters: dict[str, Any]) -> psycopg.Connection[Any]:
        left = _seconds_left()
        if left is not None and left <= 0:
            raise psycopg.OperationalError("no time is left to connect to the database")
        return _ImpatientConnection.connect(
            *arguments, **parameters, prepare_threshold=None, connect_timeout=CONNECT_WITHIN
        )

    return engine


def transactions(engine: sa.Engine, *, read_only: bool = False) -> Transaction:
    """A way to open transactions, for the edges (views, jobs, commands of the terminal). Core opens none."""
    if read_only:
        engine = engine.execution_options(postgresql_readonly=True)
    return orm.sessionmaker(engine, expire_on_commit=False).begin
