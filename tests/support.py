"""What tests share beside fixtures."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.people.sealing import Sealer

SECRET = "a-callback-secret-for-tests"
SECRET_KEY = "a secret key of the tests, long enough"
COLLECTOR = Sealer(SECRET_KEY, "identity").seal(b"national_id:12345678").hex()
"""Somebody's identity as a message about collecting keeps it: sealed."""
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
