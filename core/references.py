"""Numbers that people write down and type on a phone: eight digits, the last a check digit (Damm).

The check digit catches every single wrong digit and every swap of neighbours.
The numbers are random and say nothing; without the phone or the identity that
belongs to them they are of no use.
"""

import re
import secrets

from core.errors import Malformed
from core.wording import gettext as _

DIGITS = 8

_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)  # fmt: skip


def new_reference() -> str:
    """Eight random digits, such as 48210937. Whoever stores it tries another if it is taken."""
    digits = str(secrets.randbelow(9 * 10 ** (DIGITS - 2)) + 10 ** (DIGITS - 2))
    return digits + _check_digit(digits)


def parse_reference(text: str) -> str:
    """`4821 0937` or `4821-0937` → `48210937`.

    Raises:
        Malformed: not eight digits, or mistyped.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(rf"[1-9][0-9]{{{DIGITS - 1}}}", digits):
        raise Malformed(_("The number has 8 digits."))
    if _check_digit(digits) != "0":
        raise Malformed(_("That number is not right. Check each digit."))
    return digits


def grouped(reference: str) -> str:
    """48210937 → 4821 0937, as it is shown and read out."""
    return f"{reference[:4]} {reference[4:]}"


def _check_digit(digits: str) -> str:
    """The digit that completes these; "0" for a number that ends with its own."""
    state = "0"
    for digit in digits:
        state = _DAMM[int(state)][int(digit)]
    return state
