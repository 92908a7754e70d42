"""How many SMS a text is, and so what it costs."""

from core.gsm7 import EXTENSION, is_gsm7, septets

__all__ = ["segments", "septets"]

SINGLE, PART = 160, 153
"""Septets in one SMS, and in each of several: these lose seven to the header that joins them."""
UCS2_SINGLE, UCS2_PART = 70, 67
"""The same in UTF-16 units, for a text with a character outside GSM-7."""


def segments(text: str) -> int:
    """SMS needed for a text; one for an empty text."""
    if is_gsm7(text):
        return _parts([2 if character in EXTENSION else 1 for character in text], SINGLE, PART)
    return _parts([2 if ord(character) > 0xFFFF else 1 for character in text], UCS2_SINGLE, UCS2_PART)


def _parts(costs: list[int], single: int, part: int) -> int:
    if sum(costs) <= single:
        return 1
    count, room = 1, part
    for cost in costs:
        # A character of two units is never split over two SMS.
        if cost > room:
            count, room = count + 1, part
        room -= cost
    return count
