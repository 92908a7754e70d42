"""Rows that go back to whoever sent them: the same columns, and in front of them the line and the reason.

Corrected, the file is given again as it is: the two columns in front are ignored.
"""

import csv
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from core.tracking.files.columns import REFUSED_BECAUSE, REFUSED_LINE, Columns, plain
from core.tracking.files.table import Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for a formula at the beginning of a cell: it would run what a stranger wrote there."""
_OURS = frozenset(plain(name) for name in (REFUSED_LINE, REFUSED_BECAUSE))


class ReturnedRows:
    """Writes rows as they come. Without any, there is no file; no file that is there already is written over."""

    def __init__(self, source: Path, kind: str, columns: Columns) -> None:
        """Beside `source`: june.xlsx → june.refused.csv, or june.refused-2.csv where that is taken."""
        self._source = source
        self._kind = kind
        self._columns = columns
        self._file: IO[str] | None = None
        self._writer: Any = None
        self.path: Path | None = None
        self.rows = 0

    def __enter__(self) -> "ReturnedRows":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, row: Row, reason: str) -> None:
        """Raises:
        OSError: the folder cannot be written to.
        """
        if self._file is None:
            self._file = self._create()
            self._writer = csv.writer(self._file)
            self._writer.writerow([REFUSED_LINE, REFUSED_BECAUSE, *self._kept(self._columns.names)])
        self._writer.writerow([row.line, reason, *self._kept(row.given)])
        self.rows += 1

    def _create(self) -> IO[str]:
        stem = self._source.stem.partition(f".{self._kind}")[0]
        for number in count(1):
            path = self._source.with_name(f"{stem}.{self._kind}{f'-{number}' if number > 1 else ''}.csv")
            try:
                file = path.open("x", encoding="utf-8-sig", newline="")
            except FileExistsError:
                continue
            self.path = path
            return file
        raise AssertionError  # numbers do not end

    def _kept(self, cells: tuple[str, ...]) -> list[str]:
        ours = [plain(name) in _OURS for name in self._columns.names]
        return [harmless(cell) for place, cell in enumerate(cells) if place >= len(ours) or not ours[place]]


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run. `clean` takes the apostrophe off again."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell
