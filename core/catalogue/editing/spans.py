"""Days for which something holds, among others for which something else does."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeVar

from core.catalogue.content import overlap
from core.catalogue.errors import BadSpan, Overlapping
from core.catalogue.tables import Fee, SiteHours
from core.clock import in_reach
from core.wording import dates
from core.wording import gettext as _

Row = TypeVar("Row", Fee, SiteHours)

A_DAY = timedelta(days=1)


def check_span(valid_from: date, valid_until: date | None) -> None:
    """Raises:
    BadSpan: it ends before it begins, or a day of it is too far away to have a day after it.
    """
    if not in_reach(valid_from):
        raise BadSpan(_("That day is too far away."), field="valid_from")
    if valid_until is not None and not in_reach(valid_until):
        raise BadSpan(_("That day is too far away."), field="valid_until")
    if valid_until is not None and valid_until < valid_from:
        raise BadSpan(_("The last day is before the first."), field="valid_until")


def end_before(rows: Iterable[Row], valid_from: date, valid_until: date | None) -> Row | None:
    """End the row that holds when a new one begins, the day before; returns one that begins on the same day.

    Raises:
        Overlapping: another row begins within the new span.
    """
    same = None
    for row in rows:
        if row.valid_from == valid_from:
            same = row
        elif not overlap((row.valid_from, row.valid_until), (valid_from, valid_until)):
            continue
        elif row.valid_from > valid_from:
            sentence = _("Something else is planned from {day}: end this before it, or take that away first.")
            raise Overlapping(sentence.format(day=_long(row.valid_from)), field="valid_until")
        else:
            row.valid_until = valid_from - A_DAY
    return same


def _long(day: date) -> str:
    return f"{dates.month_day(day)} {day.year}"
