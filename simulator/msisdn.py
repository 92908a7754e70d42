"""Kenyan mobile numbers, in the ways people write them."""

import re

from simulator.errors import Refusal

_WRITTEN = re.compile(r"(?:\+?254|0)([17][0-9]{8})")
_E164 = re.compile(r"\+254[17][0-9]{8}")


def is_e164(written: str) -> bool:
    """Whether this is a Kenyan mobile number, written as `parse_msisdn` returns it."""
    return _E164.fullmatch(written) is not None


def parse_msisdn(written: str) -> str:
    """The number in E.164 (`+2547…` or `+2541…`), from 07…, 01…, 2547… or +2547…; spaces and hyphens are ignored.

    Raises:
        Refusal: it is not a Kenyan mobile number.
    """
    match = _WRITTEN.fullmatch(re.sub(r"[ -]", "", written))
    if match is None:
        raise Refusal("That is not a Kenyan mobile number; write it as +2547…, 2547…, 07… or 01….")
    return f"+254{match[1]}"
