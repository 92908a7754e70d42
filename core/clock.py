"""The time of day where the citizens are. Core is handed `now`; only the edges read the clock."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

NAIROBI = ZoneInfo("Africa/Nairobi")
YEARS = range(2000, 2101)


def utc_now() -> datetime:
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    return moment.astimezone(NAIROBI)


def local_date(moment: datetime) -> date:
    return moment.astimezone(NAIROBI).date()


def at_local(day: date, when: time) -> datetime:
    """The aware moment of a wall-clock time in Nairobi."""
    return datetime.combine(day, when, tzinfo=NAIROBI)


def in_reach(day: date) -> bool:
    """Whether a day, or a moment, that somebody typed can be reckoned with: far away there is none before or after."""
    return day.year in YEARS
