"""The terminal of an operator, on the town's database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.settings import Settings
from tests.support import Clock
from web.cli import main
from web.commands.opening import Surroundings

Terminal = Callable[..., Result]


class Pauses:
    """Nobody waits: at each pause the next thing happens, if anything is to happen."""

    def __init__(self) -> None:
        self.then: Iterator[Callable[[], object]] = iter(())
        self.seconds = 0.0

    def __call__(self, seconds: float) -> None:
        self.seconds += seconds
        next(self.then, lambda: None)()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def zamu(town: object, settings: Settings, clock: Clock, pauses: Pauses) -> Terminal:
    """`zamu messages stuck` as zamu("messages", "stuck"): what it printed, and how it ended."""
    environment = {
        "ZAMU_DATABASE_URL": settings.database_url,
        "ZAMU_REDIS_URL": settings.redis_url,
        "ZAMU_SECRET_KEY": settings.secret_key,
        "ZAMU_CALLBACK_SECRETS": ",".join(settings.callback_secrets),
        "ZAMU_PUBLIC_URL": "https://zamu.example.go.ke",
        "ZAMU_SMS_CAPS": "bulk=100/day",
    }

    def run(*arguments: str, **given: Any) -> Result:
        return CliRunner(env=environment | given).invoke(main, arguments, obj=Surroundings(clock, pauses))

    return run
