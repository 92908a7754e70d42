"""Where the simulator gets the time from, so that tests can pass three minutes in no time."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the simulated network sees it."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:  # to sleep for no time at all takes 80 µs
            time.sleep(seconds)


def stamp(moment: datetime) -> str:
    """A moment as the gateway writes it in callbacks: ISO 8601 in UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
