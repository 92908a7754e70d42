"""Reads the catalogue's CSV files field by field, and remembers everything that is wrong with them.

A field that cannot be read gives a harmless value and leaves a problem behind,
so that one run names every bad row and not only the first.
"""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from core.catalogue.fitting import Fault, faults
from core.catalogue.tables import Trust
from core.errors import Malformed
from core.gsm7 import is_gsm7

ALWAYS = date(2000, 1, 1)
"""Stands for "as long as anybody remembers", where a file gives no first day."""


class BadData(Malformed):
    """The data files cannot be loaded; nothing has been.

    Attributes:
        problems: "fees.csv line 12: ..." for every bad row.
    """

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__("The catalogue's data cannot be loaded:\n" + "\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of one file, as text."""

    file: str
    line: int
    values: Mapping[str, str]


class Reader:
    """The files of one folder, and what is wrong with them so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, Trust] = {}
        self.problems: list[str] = []

    def rows(self, file: str, columns: str) -> list[Row]:
        """Every row of a file that has exactly these columns, separated by spaces, in this order."""
        wanted = columns.split()
        try:
            with (self._folder / file).open(encoding="utf-8", newline="") as lines:
                reader = csv.DictReader(lines, strict=True)
                if reader.fieldnames != wanted:
                    self.problems.append(f"{file} line 1: the columns must be {','.join(wanted)}")
                    return []
                return list(self._whole_rows(file, reader))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.problems.append(f"{file}: {error}")
            return []

    def _whole_rows(self, file: str, reader: "csv.DictReader[str]") -> list[Row]:
        rows = []
        for values in reader:
            row = Row(file, reader.line_num, values)
            if None in values or None in values.values():
                self.refuse(row, "has too many or too few fields")
            else:
                rows.append(row)
        return rows

    def refuse(self, row: Row, reason: str) -> None:
        self.problems.append(f"{row.file} line {row.line}: {reason}")

    def read_sources(self) -> None:
        """Read the source tokens first: no other field can be trusted without them."""
        for row in self.rows("sources.csv", "token where trust"):
            trust = self.choice(row, "trust", (Trust.SOURCED, Trust.ESTIMATE))
            self._sources[self.text(row, "token", taken=self._sources)] = Trust(trust)

    def optional(self, row: Row, column: str) -> str:
        """Text that may be empty, in the alphabet that every phone can show."""
        value = row.values[column].strip()
        if not is_gsm7(value):
            self.refuse(row, f"{column} {value!r} has a character outside GSM-7")
        return value

    def text(self, row: Row, column: str, *, most: int | None = None, taken: Collection[str] = ()) -> str:
        """Text that must be there, of at most `most` septets, and not among the `taken`."""
        value = self.optional(row, column)
        for found in faults(value, most=most, taken=taken):
            if found.fault is Fault.EMPTY:
                self.refuse(row, f"{column} is empty")
            elif found.fault is Fault.LONG:
                self.refuse(row, f"{column} {value!r} is longer than {most} septets")
            elif found.fault is Fault.TAKEN:
                self.refuse(row, f"{column} {value!r} is there twice")
        return value

    def choice(self, row: Row, column: str, choices: Collection[str]) -> str:
        value = row.values[column]
        if value not in choices:
            self.refuse(row, f"{column} {value!r} is none of {', '.join(choices)}")
            return next(iter(choices))
        return value

    def known(self, row: Row, column: str, among: Collection[str]) -> str:
        """A code that another file must have."""
        value = row.values[column]
        if value not in among:
            self.refuse(row, f"{column} {value!r} is not known")
        return value

    def whole(self, row: Row, column: str) -> int | None:
        """A whole number from 0; None where the field is empty."""
        value = row.values[column]
        if value and not (value.isascii() and value.isdigit()):
            self.refuse(row, f"{column} {value!r} is not a whole number")
            return None
        return int(value) if value else None

    def degrees(self, row: Row, column: str) -> float | None:
        value = row.values[column]
        try:
            return float(value) if value else None
        except ValueError:
            self.refuse(row, f"{column} {value!r} is not a number of degrees")
            return None

    def day(self, row: Row, column: str) -> date | None:
        value = row.values[column]
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.refuse(row, f"{column} {value!r} is not a date (2026-11-23)")
            return None

    def span(self, row: Row) -> tuple[date, date | None]:
        """The columns valid_from (empty: always) and valid_until (empty: still)."""
        first, last = self.day(row, "valid_from") or ALWAYS, self.day(row, "valid_until")
        if last is not None and last < first:
            self.refuse(row, f"valid_until {last} is before valid_from {first}")
        return first, last

    def opening(self, row: Row) -> tuple[time, time]:
        """The columns opens and closes."""
        try:
            opens, closes = time.fromisoformat(row.values["opens"]), time.fromisoformat(row.values["closes"])
        except ValueError:
            self.refuse(row, "opens and closes must be times (08:00)")
            return time(8), time(17)
        if opens >= closes:
            self.refuse(row, f"opens {opens:%H:%M} is not before closes {closes:%H:%M}")
        return opens, closes

    def source(self, row: Row, column: str) -> tuple[str, Trust]:
        """Tokens joined by +, and how far they reach: the weakest of them counts, and none is an estimate."""
        value = row.values[column]
        tokens = value.split("+") if value else []
        for token in tokens:
            if token not in self._sources:
                self.refuse(row, f"{column} {token!r} is not in sources.csv")
        known = {self._sources.get(token, Trust.ESTIMATE) for token in tokens}
        return value, Trust.SOURCED if known == {Trust.SOURCED} else Trust.ESTIMATE
