"""What tests share beside fixtures."""

from dataclasses import dataclass
from datetime import UTC, datetime

SECRET = "a-callback-secret-for-tests"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""Monday, 9:00 in Nairobi."""


@dataclass(frozen=True, slots=True)
class Database:
    """Addresses of one database, for the application's role and for the owner."""

    app: str
    owner: str


@dataclass(slots=True)
class Clock:
    """The time as the application reads it; tests move it on."""

    time: datetime = NOW

    def __call__(self) -> datetime:
        return self.time
