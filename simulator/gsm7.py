"""How long a text is on the air (3GPP TS 23.038): septets, or UCS-2 units when one character is outside GSM-7."""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Reached through an escape character, so each costs two septets."""
_GSM7 = _BASIC | _EXTENDED


@dataclass(frozen=True, slots=True)
class Length:
    """The size of one text.

    Attributes:
        coding: "GSM-7" or "UCS-2".
        units: septets in GSM-7, 16-bit units in UCS-2 (an emoji is two).
        screen: the most units one USSD screen carries in this coding.
        segments: SMS needed; 1 for an empty text.
    """

    coding: str
    units: int
    screen: int
    segments: int


def measure(text: str) -> Length:
    """Measure a text as the network will code it."""
    if _GSM7.issuperset(text):
        costs = [2 if character in _EXTENDED else 1 for character in text]
        return Length("GSM-7", sum(costs), 160, _segments(costs, single=160, part=153))
    costs = [2 if ord(character) > 0xFFFF else 1 for character in text]
    # Networks publish 70 to 80 for a UCS-2 screen: the lowest is the only safe one.
    return Length("UCS-2", sum(costs), 70, _segments(costs, single=70, part=67))


def _segments(costs: list[int], *, single: int, part: int) -> int:
    if sum(costs) <= single:
        return 1
    segments, room = 1, part
    for cost in costs:
        # A character of two units is never split over two segments.
        if cost > room:
            segments, room = segments + 1, part
        room -= cost
    return segments
