"""Identity numbers as people type them. The kinds and their rules are data: another country has others."""

import re
from dataclasses import dataclass

from core.errors import Malformed
from core.wording import N_
from core.wording import gettext as _


@dataclass(frozen=True, slots=True)
class Identity:
    """A kind and its number, normalised: two spellings of one number are equal."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What a number of one kind looks like once spaces, dots, dashes and slashes are dropped."""

    pattern: str
    otherwise: str
    """Said to somebody whose number does not fit."""
    leading_zeros: bool = True


_LETTERS_AND_DIGITS = r"[A-Z0-9]{5,12}"

KINDS = {
    "national_id": Rule(r"0*[1-9][0-9]{5,8}", N_("An ID number has 6 to 9 digits."), leading_zeros=False),
    "passport": Rule(_LETTERS_AND_DIGITS, N_("A passport number has 5 to 12 letters or digits.")),
    "alien_id": Rule(_LETTERS_AND_DIGITS, N_("An alien ID number has 5 to 12 letters or digits.")),
    "birth_entry": Rule(_LETTERS_AND_DIGITS, N_("An Entry No. has 5 to 12 letters or digits.")),
}


def parse_identity(kind: str, text: str) -> Identity:
    """`national_id`, `012 345 678` → Identity("national_id", "12345678").

    Raises:
        Malformed: no such number of this kind; the message says what one looks like.
        KeyError: no such kind.
    """
    rule = KINDS[kind]
    number = re.sub(r"[\s./-]", "", text)
    if not re.fullmatch(rule.pattern, number, re.ASCII | re.IGNORECASE):
        raise Malformed(_(rule.otherwise))
    return Identity(kind, number.upper() if rule.leading_zeros else number.lstrip("0"))
