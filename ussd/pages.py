"""Fitting a screen to a phone.

A screen holds 160 septets, or 70 UTF-16 units once it contains a character
outside the GSM 7-bit alphabet (the whole screen then changes its coding). What
does not fit goes on further pages, with 98 for more. 160 is what Safaricom
shows; Airtel shows more.
"""

from collections.abc import Sequence

from core.gsm7 import septets
from core.wording import gettext as _

SEPTETS = 160
UCS2_UNITS = 70
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
    repeated = [title] if title and (septets(title) or SEPTETS) <= SHORT_TITLE else []
    rest = list(lines) if repeated else [*_pieces(title, more), *lines]
    pages: list[str] = []
    page = list(repeated)
    while rest:
        if fits(_join([*page, *rest, *last])):
            page += rest
            break
        if len(page) > len(repeated) and not fits(_join([*page, rest[0], *more])):
            pages.append(_join([*page, *more]))
            page = list(repeated)
            continue
        page.append(rest.pop(0))
    pages.append(_join([*page, *last]))
    return pages


def _pieces(text: str, tail: Sequence[str]) -> list[str]:
    """Lines of the text, each short enough to stand on a page above the tail; long ones are broken between words."""
    pieces = []
    for line in text.split("\n"):
        piece = ""
        for word in line.split(" "):
            longer = f"{piece} {word}" if piece else word
            if piece and not fits(_join([longer, *tail])):
                pieces.append(piece)
                longer = word
            piece = longer
        pieces.append(piece)
    return pieces


def _join(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)
