"""XLSX as a stream of lines. openpyxl reads it; what it would hold in memory without a limit is limited here.

A file of 40 kB can unpack to gigabytes. What openpyxl reads as a whole may be
small only; the shared texts may be as long as real files need; and no row, and
no single text, may make it hold more than a few megabytes of XML at once.
"""

import contextlib
import datetime as dt
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import iterparse
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from core.errors import Malformed
from core.wording import N_
from core.wording import gettext as _

MOST_TEXT = 48 << 20
"""Bytes of shared texts, unpacked: about three times what 100,000 rows need."""
MOST_OF_A_SHEET = 600 << 20
"""Bytes of a sheet, unpacked. It is never held; this bounds the time."""
MOST_OF_THE_REST = 4 << 20
"""Bytes of any other part that openpyxl reads as a whole."""
MOST_AT_ONCE = 8 << 20
"""Bytes of XML from one row, or one text, to the next."""
MOST_COLUMNS = 200

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, ParseError, KeyError, IndexError, ValueError, TypeError, AttributeError, EOFError,
    OverflowError, NotImplementedError, RuntimeError, AssertionError, OSError,
)  # fmt: skip
"""What openpyxl and zipfile raise over files that are damaged or made up."""
_SENTENCE = N_("This Excel file is damaged, or was not copied completely. Open it in Excel and save it again.")
_TOO_MUCH = N_("This Excel file unpacks to far more than a table of documents needs. Copy the table into a new file.")
_TEXT = f"{{{SHEET_MAIN_NS}}}si"


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    total: int | None
    """Rows, as the file says itself: good enough for a progress bar."""
    lines: Callable[[], Iterator[tuple[int, list[str]]]]
    """Reads it from the beginning; raises Malformed where it is damaged."""


@contextlib.contextmanager
def sheets(file: BinaryIO) -> Iterator[list[Sheet]]:
    """The sheets of a workbook that can be seen.

    Raises:
        Malformed: it is no XLSX, is damaged, or would unpack to too much.
    """
    with _said():
        warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")  # of styles and features we skip
        reader = _Reader(file)
        found = reader.visible_sheets()
    try:
        yield found
    finally:
        reader.archive.close()


class _Parts(zipfile.ZipFile):
    """The parts of a workbook. Sizes are as the archive declares them: a part cannot unpack to more."""

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        self.limit(name, MOST_OF_THE_REST)
        return super().read(name, pwd)

    def limit(self, name: str | zipfile.ZipInfo, most: int) -> None:
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if part.file_size > most:
            raise Malformed(_(_TOO_MUCH))


class _Reader(ExcelReader):
    """openpyxl's, without what we do not need, under limits, and with equal texts held once."""

    archive: _Parts

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive = _Parts(file)
        if "xl/workbook.xml" not in self.valid_files:
            raise Malformed(_other(self.valid_files))
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is None:
            return
        name = part.PartName[1:]
        self.archive.limit(name, MOST_TEXT)
        seen: dict[str, str] = {}
        with self.archive.open(name) as raw:
            source = _Rationed(raw)
            for _event, node in iterparse(source):
                if node.tag == _TEXT:
                    found = Text.from_tree(node)
                    text = str(found.content).replace("x005F_", "") if found else ""
                    self.shared_strings.append(seen.setdefault(text, text))
                    node.clear()
                    source.begin()

    def visible_sheets(self) -> list[Sheet]:
        found = []
        for sheet, relation in self.parser.find_sheets():
            path = relation.target
            if sheet.state == "visible" and path in self.valid_files and "chartsheet" not in relation.Type:
                self.archive.limit(path, MOST_OF_A_SHEET)
                found.append(Sheet(sheet.name, self._rows(path), partial(_lines, self, path)))
        return found

    def _rows(self, path: str) -> int | None:
        with self.archive.open(path) as raw:
            said = re.search(rb'<dimension ref="[A-Z]+[0-9]+:[A-Z]+([0-9]{1,7})"', raw.read(4096))
        return int(said[1]) if said else None


class _Rationed:
    """A stream that gives no more than MOST_AT_ONCE between two calls of `begin`."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._given = 0

    def begin(self) -> None:
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        self._given += len(data)
        if self._given > MOST_AT_ONCE:
            raise Malformed(_(_TOO_MUCH))
        return data


def _lines(reader: _Reader, path: str) -> Iterator[tuple[int, list[str]]]:
    book: Any = reader.wb
    with _said(), reader.archive.open(path) as raw:
        source = _Rationed(raw)
        parser = WorkSheetParser(
            source,
            reader.shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            parser.row_dimensions.clear()  # it would remember the height of every row
            source.begin()
            yield number, _in_columns(cells)


def _in_columns(cells: list[dict[str, Any]]) -> list[str]:
    line: list[str] = []
    for cell in cells:
        place = cell["column"]
        if cell["value"] is None or place > MOST_COLUMNS:
            continue
        line.extend([""] * (place - len(line)))
        line[place - 1] = _text(cell["value"])
    return line


def _text(value: object) -> str:
    """A cell as somebody would have typed it: whole numbers without a point, dates as 2026-11-30."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)


def _other(parts: Collection[str]) -> str:
    if "word/document.xml" in parts:
        return _("This is a Word document, and not a table. Copy the table into Excel, and save that as .xlsx or CSV.")
    if "xl/workbook.bin" in parts:
        return _("This is a binary Excel file (.xlsb). Save it as .xlsx or CSV, and give that.")
    if "content.xml" in parts:
        return _("This is an OpenDocument file. Save it as .xlsx or CSV, and give that.")
    return _("This is an archive (zip), and not a table. Unpack it, and give the table in it.")


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Whatever openpyxl makes of a damaged file, said in one sentence."""
    try:
        yield
    except Malformed:
        raise
    except _DAMAGED as error:
        raise Malformed(_(_SENTENCE)) from error
