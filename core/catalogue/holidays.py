"""Days on which government offices are closed."""

from collections.abc import Mapping
from datetime import date, timedelta

import holidays

COUNTRY = "KE"
CATEGORIES = ("public", "islamic")
"""Closing days in Kenya. The library's third category, hindu, closes no office."""


def closed_days(first: date, last: date, overrides: Mapping[date, bool]) -> frozenset[date]:
    """Public holidays between two days, both included.

    Args:
        overrides: True closes a day that the library does not know (a day decreed), False opens one it has wrong.
    """
    known = holidays.country_holidays(COUNTRY, years=range(first.year, last.year + 1), categories=CATEGORIES)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return frozenset(day for day in days if overrides.get(day, day in known))
