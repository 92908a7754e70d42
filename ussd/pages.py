"""Fitting a screen to a phone.

A screen holds 160 septets, or 70 UTF-16 units once it contains a character
outside the GSM 7-bit alphabet (the whole screen then changes its coding). What
does not fit goes on further pages, with 98 for more. 160 is what Safaricom
shows; Airtel shows more.
"""

from collections import deque
from collections.abc import Sequence

from core.gsm7 import septets
from core.wording import gettext as _

SEPTETS = 160
UCS2_UNITS = 70
NEARLY_FULL = 100
"""Septets of a page from which the next line of text goes to the next page whole."""
SHORT_TITLE = 50
"""Septets up to which a title is repeated on every page."""

BACK, HOME, MORE = "0", "00", "98"


def fits(text: str) -> bool:
    """Whether one screen can show it."""
    count = septets(text)
    return count <= SEPTETS if count is not None else len(text.encode("utf-16-be")) // 2 <= UCS2_UNITS


def paginate(title: str, lines: Sequence[str], *, back: bool) -> list[str]:
    """The pages of a screen: its title, its lines, and the keys to move with.

    A title too long to repeat is told once; one too long for a page is broken
    between words. Every page fits.
    """
    last = [_("0 Back")] if back else []
    whole = _join([title, *lines, *last])
    if fits(whole):
        return [whole]
    more = [_("98 More"), *last]
    repeated = title if title and (septets(title) or SEPTETS) <= SHORT_TITLE else ""
    rest = deque(lines if repeated else [*title.split("\n"), *lines])
    pages: list[str] = []
    page = repeated
    while rest:
        if fits(_join([page, *rest, *last])):
            page = _join([page, *rest])
            break
        line = rest.popleft()
        fitting, left = _as_much_as_fits(page, line, more, fresh=page == repeated)
        page = _join([page, fitting])
        if left:
            rest.appendleft(left)
            pages.append(_join([page, *more]))
            page = repeated = repeated if fitting else ""
    return [*pages, _join([page, *last])]


def _as_much_as_fits(page: str, line: str, more: Sequence[str], *, fresh: bool) -> tuple[str, str]:
    """The line, or what a page still takes of it, and the rest.

    An option is never broken; running text is, between words, but not to save
    a few: a page that is nearly full ends at its last line. On a fresh page
    there is no better place: whatever the line is, it is broken there.
    """
    if fits(_join([page, line, *more])):
        return line, ""
    if not fresh and (line[:1].isdecimal() or (septets(page) or SEPTETS) > NEARLY_FULL):
        return "", line
    words = line.split(" ")
    for count in range(len(words) - 1, 0 if fresh else 1, -1):
        first = " ".join(words[:count])
        if fits(_join([page, first, *more])):
            return first, " ".join(words[count:])
    if not fresh:
        return "", line
    room = next((n for n in range(len(line) - 1, 0, -1) if fits(_join([page, line[:n], *more]))), 0)
    return line[:room], line[room:]


def _join(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)
