"""Files to save."""

import csv
import io
from collections.abc import Iterable, Iterator

from flask import Response


def download(content: str | bytes | Iterator[str], name: str) -> Response:
    """A text of comma-separated values, whole or in parts, as a file of this name."""
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def csv_file(rows: Iterable[Iterable[object]], name: str) -> Response:
    """Rows as such a file; the first are its heads."""
    return download(csv_lines(rows), name)


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()
