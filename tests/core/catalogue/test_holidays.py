"""Closing days: what the library knows, as the data says, and what a decree changes."""

import csv
from datetime import date

from core.catalogue.content import FOLDER
from core.catalogue.holidays import closed_days

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)


def test_the_library_agrees_with_the_data():
    with (FOLDER / "holidays.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    expected = {date.fromisoformat(row["date"]) for row in rows if row["category"] in ("public", "islamic")}
    assert closed_days(FIRST, LAST, {}) == expected


def test_a_hindu_holiday_closes_no_office():
    assert date(2026, 11, 8) not in closed_days(FIRST, LAST, {})


def test_an_override_closes_or_opens_a_day():
    decreed, moved = date(2026, 11, 2), date(2026, 12, 25)
    closed = closed_days(FIRST, LAST, {decreed: True, moved: False})
    assert decreed in closed
    assert moved not in closed


def test_only_the_days_asked_for():
    assert closed_days(date(2026, 12, 13), date(2026, 12, 25), {date(2026, 12, 26): True}) == {date(2026, 12, 25)}
