"""A file as a table: its heading understood, its rows one after the other."""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from core.errors import Malformed
from core.tracking.files import csv_files, xlsx_files
from core.tracking.files.columns import Columns, meaning_of, understand
from core.tracking.files.kinds import Kind, Looked, look
from core.wording import gettext as _

MOST_ROWS = 1_048_576
"""As many as a sheet of Excel has."""
MOST_IN_A_CELL = 200
"""Characters; nothing that is read is longer."""
_HEADING_WITHIN = 10
"""Rows in which the heading is looked for: agencies put titles above it."""
_NO_VALUE = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "N/A", "NULL", "-"})
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
"""What comes along when a number is copied out of a web page or a chat."""

Line = tuple[int, Sequence[str]]
"""The number of a row in its file, and its cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file."""

    line: int
    """Where it begins, counted from 1 as an editor or a spreadsheet does."""
    cells: Mapping[str, str]
    """By meaning (columns.WORDS); what is blank is left out."""
    given: tuple[str, ...]
    """As they stood in the file, under its heading."""
    fault: str | None = None
    """Why it cannot be read as a row; then `cells` is empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file being read."""

    looked: Looked
    columns: Columns
    rows: Iterator[Row]
    """Raises Malformed where the rest cannot be read."""
    total: int | None
    """How far `done` will come; None where nobody knows."""
    done: Callable[[], int]


@contextlib.contextmanager
def open_table(path: Path, looked: Looked | None = None) -> Iterator[Table]:
    """Open a CSV or XLSX file, told by its content; `looked` where `look` has been asked already.

    Raises:
        Malformed: it is no table, is damaged, or its columns do not say which documents it is about.
        OSError: it cannot be opened.
    """
    looked = looked or look(path)
    with path.open("rb") as file:
        if looked.kind is Kind.CSV:
            yield _csv(file, looked)
        else:
            with xlsx_files.sheets(file) as sheets:
                yield _xlsx(sheets, looked)


def clean(text: str) -> str:
    """A cell without what cannot be seen, and without the apostrophe that keeps a spreadsheet from reckoning."""
    text = " ".join(_INVISIBLE.sub("", text).removeprefix("'").split())
    return "" if text.upper() in _NO_VALUE else text


def _csv(file: BinaryIO, looked: Looked) -> Table:
    """The delimiter is the one under which most columns are understood."""

    def worth(delimiter: str) -> tuple[int, int]:
        first = csv_files.beginning(file, looked.encoding, delimiter, _HEADING_WITHIN)
        return _best(first), max((len(cells) for _line, cells in first), default=0)

    delimiter = max(csv_files.DELIMITERS, key=worth)
    columns, lines = _under_heading(csv_files.lines(file, looked.encoding, delimiter))
    return Table(looked, columns, _rows(columns, lines), looked.size, file.tell)


def _xlsx(sheets: Sequence[xlsx_files.Sheet], looked: Looked) -> Table:
    """The one sheet that holds documents.

    Raises:
        Malformed: several do.
    """
    worth = {sheet.name: _best(islice(sheet.lines(), _HEADING_WITHIN)) for sheet in sheets}
    if not worth:
        raise Malformed(_("This Excel file has no sheet that can be seen."))
    fitting = [name for name, known in worth.items() if known >= 2]
    if len(fitting) > 1:
        names = ", ".join(f'"{name}"' for name in fitting)
        said = _("Several sheets of this file hold documents: {names}. Give one file for each.")
        raise Malformed(said.format(names=names))
    sheet = max(sheets, key=lambda sheet: worth[sheet.name])
    at = [0]

    def counted() -> Iterator[Line]:
        for line, cells in sheet.lines():
            at[0] = line
            yield line, cells

    columns, lines = _under_heading(counted())
    return Table(looked, columns, _rows(columns, lines), sheet.total, lambda: at[0])


def _best(first: Iterable[Line]) -> int:
    """The most columns understood in any of these rows."""
    return max((_understood(cells) for _line, cells in first), default=0)


def _understood(cells: Sequence[str]) -> int:
    return len({meaning for cell in cells if (meaning := meaning_of(clean(cell)))})


def _under_heading(lines: Iterator[Line]) -> tuple[Columns, Iterator[Line]]:
    """The columns, and the rows below them.

    Raises:
        Malformed: there are no rows, two columns mean the same, or one is missing.
    """
    first: list[Line] = []
    rest = lines
    try:
        first.extend(islice((line for line in lines if any(map(clean, line[1]))), _HEADING_WITHIN))
    except Malformed as error:
        rest = _broken(error)  # what stands before it can be read
    if not first:
        next(rest, None)
        raise Malformed(_("The file is empty."))
    place = max(range(len(first)), key=lambda i: (_understood(first[i][1]), -i))
    columns = understand([clean(cell) for cell in first[place][1]])
    if missing := columns.missing():
        raise Malformed(missing)
    return columns, chain(first[place + 1 :], rest)


def _broken(error: Malformed) -> Iterator[Line]:
    yield from ()
    raise error


def _rows(columns: Columns, lines: Iterator[Line]) -> Iterator[Row]:
    """Blank rows, and headings repeated in the middle, are passed over."""
    for count, (line, cells) in enumerate(lines):
        if count >= MOST_ROWS:
            raise Malformed(_("The file has more than {most} rows. Split it.").format(most=f"{MOST_ROWS:,}"))
        texts = [clean(cell) for cell in cells]
        if any(texts) and tuple(texts) != columns.names:
            yield _row(columns, line, texts, tuple(cells))


def _row(columns: Columns, line: int, texts: list[str], given: tuple[str, ...]) -> Row:
    width = len(columns.names)
    named = {m: t for m, t in zip(columns.meanings, texts, strict=False) if m and t}
    fault = None
    if any(texts[width:]):
        fault = _(
            "This row has {cells} cells and the heading {width}: perhaps there is a comma inside a cell, "
            "which then needs quotation marks around it."
        ).format(cells=len(texts), width=width)
    elif any(len(text) > MOST_IN_A_CELL for text in named.values()):
        fault = _("A cell has more than {most} characters.").format(most=MOST_IN_A_CELL)
    return Row(line, {} if fault else named, given, fault)
