"""The alphabet of the air: which characters fit the GSM 7-bit code, and what each costs (3GPP TS 23.038, 6.2.1).

A text with one character outside it is sent as UCS-2, at less than half the length.
"""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each. (0x1B, the escape, is no character.)"""
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Reached through the escape: two septets each."""

_ALPHABET = BASIC | EXTENSION


def is_gsm7(text: str) -> bool:
    """Whether every character is in the alphabet."""
    return _ALPHABET.issuperset(text)


def septets(text: str) -> int | None:
    """The length of a text in septets; None if a character is outside the alphabet."""
    if not _ALPHABET.issuperset(text):
        return None
    return len(text) + sum(map(text.count, EXTENSION))
