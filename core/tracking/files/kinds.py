"""What a file is: told by its bytes, since names lie. Read once from end to end, in bounded memory."""

import codecs
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from core.errors import Malformed
from core.wording import N_
from core.wording import gettext as _

_CHUNK = 1 << 20


class Kind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that can be read."""

    kind: Kind
    encoding: str
    """Of a CSV."""
    digest: bytes
    """SHA-256 of its bytes."""
    size: int
    """Bytes."""


_PICTURE = N_("This is a picture, and not a table.")
_OTHERS = (
    (b"%PDF", N_("This is a PDF, and not a table. Ask for the table it was made from, as .xlsx or CSV.")),
    (
        b"\xd0\xcf\x11\xe0",
        N_("This is an old Excel file (.xls), or one with a password. Save it as .xlsx without one, or as CSV."),
    ),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"{\\rtf", N_("This is a text with formatting (RTF), and not a table. Save it as .xlsx or CSV, and give that.")),
    (b"\x1f\x8b", N_("This file is compressed (gzip). Unpack it first.")),
    (b"Rar!", N_("This file is compressed (RAR). Unpack it first.")),
    (b"7z\xbc\xaf", N_("This file is compressed (7z). Unpack it first.")),
)
"""What files that are no table begin with, and what is said of them."""
_WEB_PAGE = (b"<!doctype", b"<html", b"<table", b"<?xml")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def look(path: Path) -> Looked:
    """Raises:
    Malformed: it is neither a CSV nor an XLSX file; says what it is, and what to do.
    OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(512)
        _refuse_others(head)
        file.seek(0)
        if head.startswith(b"PK"):
            digest = hashlib.file_digest(file, "sha256").digest()
            return Looked(Kind.XLSX, "", digest, file.tell())
        return _look_at_text(file, head)


def _refuse_others(head: bytes) -> None:
    if not head:
        raise Malformed(_("The file is empty."))
    for beginning, sentence in _OTHERS:
        if head.startswith(beginning):
            raise Malformed(_(sentence))
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_WEB_PAGE):
        raise Malformed(
            _(
                "This is a web page, though it may be named like a table. "
                "Open it in Excel, save it as .xlsx or CSV, and give that."
            )
        )


def _look_at_text(file: BinaryIO, head: bytes) -> Looked:
    """UTF-8 or UTF-16 by its mark; else UTF-8 if it is that, else what Windows in English writes."""
    marked = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)
    possible = {name: codecs.getincrementaldecoder(name)() for name in ([marked] if marked else ["utf-8", "cp1252"])}
    digest = hashlib.sha256()
    while True:
        chunk = file.read(_CHUNK)
        digest.update(chunk)
        for name, decoder in list(possible.items()):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                del possible[name]
                continue
            if "\0" in text:
                raise Malformed(
                    _("This is not a text file: it holds NUL characters. Save it as .xlsx or CSV, and give that.")
                )
        if not chunk:
            break
    if not possible:
        raise Malformed(_("The text of this file cannot be read. Save it as CSV UTF-8, and give that."))
    return Looked(Kind.CSV, next(iter(possible)), digest.digest(), file.tell())
