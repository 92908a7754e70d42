"""Long lists, a page at a time: where a page ended stands in the address of the next one, as `after`.

The next page is found by an index from the last row that was shown. So no row
is left out or shown twice while others come in, and the last page of a million
rows costs what the first does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from flask import request

from core.clock import in_reach
from web.pages.reading import BIG, number_of, url_with

Row = TypeVar("Row")

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)


def one_page(rows: Sequence[Row], most: int) -> tuple[Sequence[Row], Row | None]:
    """Of rows asked for with one more than `most`: those of the page, and the last of them if others come behind it."""
    return rows[:most], rows[most - 1] if len(rows) > most else None


def next_page(*ended: datetime | int | str) -> str:
    """The address of the page behind this one; `ended` is by what the list is sorted, of the last row shown."""
    parts = ((one - _EPOCH) // _MICROSECOND if isinstance(one, datetime) else one for one in ended)
    return url_with(request.full_path, after="-".join(map(str, parts)))


def asked_position(numbers: int = 1) -> tuple[Any, ...] | None:
    """Where the page before ended: a moment, and so many `numbers`, the last of them the id of a row.

    None for the first page, also where an address is broken. A list that is sorted by ids alone asks for
    `asked_number("after")`.
    """
    moment, *others = (number_of(part, most=BIG) for part in request.args.get("after", "").split("-"))
    if moment is None or None in others or len(others) != numbers:
        return None
    try:
        at = _EPOCH + moment * _MICROSECOND
    except OverflowError:
        return None
    return (at, *others) if in_reach(at) else None
