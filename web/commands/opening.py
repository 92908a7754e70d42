"""What every command of an operator begins with: the settings, a database, and a table to print."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from core.clock import utc_now
from core.db import DatabaseDown, Transaction, make_engine, transactions
from core.settings import Settings, SettingsError


def given_settings() -> Settings:
    """Raises:
    ClickException: a setting is missing or wrong.
    """
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command's time comes from; tests hand `main` others as its object."""

    now: Callable[[], datetime] = utc_now
    pause: Callable[[float], None] = time.sleep
    """Waits for so many seconds."""


def surroundings() -> Surroundings:
    return click.get_current_context().obj or Surroundings()


def now() -> datetime:
    return surroundings().now()


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Transaction]:
    """A way to open transactions, for one command.

    Raises:
        ClickException: PostgreSQL does not answer.
    """
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        yield transactions(engine)
    except DatabaseDown as error:
        raise click.ClickException("PostgreSQL does not answer at ZAMU_DATABASE_URL.") from error
    finally:
        engine.dispose()


def wake(settings: Settings, lanes: Sequence[str]) -> None:
    """Wake the workers of lanes that have been written to; after the commit."""
    from workers.queues import Queues

    queues = Queues(settings.queue_url)
    for lane in lanes:
        queues.wake(lane)
    queues.close()


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lines of a table; what is a number stands to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    numbers = [bool(rows) and all(isinstance(row[place], int) for row in rows) for place in range(len(heads))]
    for line in ([*heads], *texts):
        cells = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numbers, strict=True)
        ]
        yield "  ".join(cells).rstrip()
