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
    if len(text) > SEPTETS:
        return False  # no character takes less than one septet; most texts that are tried are far too long
    count = septets(text)
    return count <= SEPTETS if count is not None else len(text.encode("utf-16-be")) // 2 <= UCS2_UNITS


def split(title: str, lines: Sequence[str], *, back: bool) -> list[str]:
    """The pages without their keys.

    A title too long to repeat is told once; one too long for a page is broken
    between words.
    """
    whole = _join([title, *lines])
    if fits(with_keys(whole, more=False, back=back)):
        return [whole]
    repeated = title if title and (septets(title) or SEPTETS) <= SHORT_TITLE else ""
    rest = deque(lines if repeated else [*title.split("\n"), *lines])
    pages: list[str] = []
    page = repeated
    while rest:
        if fits(with_keys(_join([page, *rest]), more=False, back=back)):
            page = _join([page, *rest])
            break
        line = rest.popleft()
        fresh = page == repeated
        fitting, left = _as_much_as_fits(page, line, fresh=fresh, back=back)
        page = _join([page, fitting])
        if left:
            rest.appendleft(left)
            pages.append(page)
            if fresh and not fitting:
                repeated = ""  # it leaves the line no room at all
            page = repeated
    return [*pages, page]


def with_keys(page: str, *, more: bool, back: bool) -> str:
    return _join([page, _("98 More") if more else "", _("0 Back") if back else ""])


def with_notice(notice: str, page: str, title: str, *, more: bool, back: bool, question: bool) -> tuple[str, bool]:
    """A page with a notice above it, or in place of its title; and whether some of the page had to give way.

    Then 98 leads to the page itself. A question has no further pages: its notice must do.
    """
    without_title = page.removeprefix(title).lstrip("\n")
    for kept in (page, without_title):
        noticed = with_keys(_join([notice, kept]), more=more, back=back)
        if fits(noticed) and (kept or question):
            return noticed, False
    lines = [notice, *(without_title or page).split("\n")]
    while not fits(with_keys(_join(lines), more=not question, back=back)):
        lines.pop()
    return with_keys(_join(lines), more=not question, back=back), True


def _as_much_as_fits(page: str, line: str, *, fresh: bool, back: bool) -> tuple[str, str]:
    """The line, or what a page still takes of it, and the rest.

    An option is never broken; running text is, between words, but not to save
    a few: a page that is nearly full ends at its last line. On a fresh page
    there is no better place: whatever the line is, it is broken there.
    """

    def has_room_for(text: str) -> bool:
        return fits(with_keys(_join([page, text]), more=True, back=back))

    if has_room_for(line):
        return line, ""
    if not fresh and (line[:1].isdecimal() or (septets(page) or SEPTETS) > NEARLY_FULL):
        return "", line
    words = line.split(" ")
    for count in range(len(words) - 1, 0 if fresh else 1, -1):
        first = " ".join(words[:count])
        if has_room_for(first):
            return first, " ".join(words[count:])
    if not fresh:
        return "", line
    room = next((n for n in range(len(line) - 1, 0, -1) if has_room_for(line[:n])), 0)
    return line[:room], line[room:]


def _join(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)
