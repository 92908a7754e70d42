"""CSV as a stream of lines, none longer than we are willing to hold."""

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from core.errors import Malformed
from core.wording import gettext as _

DELIMITERS = (",", ";", "\t")
LONGEST_LINE = 100_000
"""Characters: below what the csv module takes for a cell (131,072), so that it is we who say what is wrong."""
MOST_LINES_A_ROW = 50
"""A row that goes on for longer has a quotation mark that nobody closed."""


def lines(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line that it begins on, from the beginning of the file.

    Raises:
        Malformed: a line is far too long, or a quotation mark is not closed.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    taken: list[str] = []
    first = 1

    def feed() -> Iterator[str]:
        for line in _physical(text):
            taken.append(line)
            if len(line) > LONGEST_LINE:
                said = _("Line {line} is far too long: this is no table of documents.")
                raise Malformed(said.format(line=first + len(taken) - 1))
            if len(taken) > MOST_LINES_A_ROW:
                raise _unclosed(first)
            yield line

    reader = csv.reader(feed(), delimiter=delimiter)
    try:
        for cells in reader:
            open_ended = len(taken) > 1 or (cells and cells[-1].endswith(("\n", "\r")))
            if open_ended and sum(line.count('"') for line in taken) % 2:
                raise _unclosed(first)
            yield first, cells
            first += len(taken)
            taken.clear()
    except csv.Error as error:
        raise _unclosed(first) from error
    finally:
        with contextlib.suppress(ValueError):  # closed already by whoever opened it
            text.detach()


def beginning(file: BinaryIO, encoding: str, delimiter: str, count: int) -> Sequence[tuple[int, list[str]]]:
    """The first rows, as they would be with this delimiter, up to where it makes no sense of them."""
    first: list[tuple[int, list[str]]] = []
    with contextlib.suppress(Malformed):
        first.extend(islice(lines(file, encoding, delimiter), count))
    return first


def _physical(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE + 1):
        yield line


def _unclosed(line: int) -> Malformed:
    said = _("Line {line} opens a quotation mark that is not closed: what follows cannot be read.")
    return Malformed(said.format(line=line))
