"""What staff prove themselves with: passwords and printed codes, and how they are kept.

A password is kept as an Argon2id hash, a printed code as a keyed hash of which
nothing can be learnt without the secret key. A temporary password and a set of
codes follow from the key of the request that made them: sending the form twice
shows the same ones, and they are stored nowhere.
"""

import unicodedata

from argon2 import PasswordHasher

from core.people.sealing import Sealer

ROUNDS, MEMORY_KIB, LANES = 2, 19_456, 1
"""Of Argon2id: what OWASP's Password Storage Cheat Sheet asks for at least."""
LEAST_CHARACTERS = 10
MOST_CHARACTERS = 128
TOO_FEW_GUESSES = 10**8
"""A password that is found in so many is refused: a thief of the table would have it within the day."""
ENOUGH_TO_SEE = 32
"""Characters of a password that are looked at. What is hard to guess by then stays so; 128 odd ones took 7 seconds."""
HERE = (
    *("zamu", "huduma", "kenya", "serikali", "government", "kaunta", "karani", "kituo", "wananchi", "mwananchi"),
    *("nairobi", "mombasa", "kisumu", "nakuru", "eldoret", "safaricom", "harambee", "uhuru", "gormahia", "leopards"),
    *("karibu", "jambo", "asante", "mungu", "mpenzi", "nakupenda", "baraka", "neema", "upendo", "maisha", "familia"),
    *("mwenyezi", "hakuna", "matata", "habari", "shalom", "siri", "nenosiri"),
)
"""Words that are guessed early here, beside the common ones of elsewhere."""
CODES = 10
"""Printed at a time."""
CODE_CHARACTERS = 12
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that looks like another one."""


def normal(password: str) -> str:
    """The one spelling of a password, however the keyboard composed it."""
    return unicodedata.normalize("NFKD", password)


def hash_password(password: str) -> str:
    """As it is kept."""
    return PasswordHasher(ROUNDS, MEMORY_KIB, LANES).hash(normal(password))


def guessed_early(password: str) -> bool:
    """Whether those who try passwords come to it early: a common one, a row of keys, a date, with digits behind it."""
    from zxcvbn import zxcvbn  # its lists take 14 MB, which only a process needs in which somebody changes a password

    return bool(zxcvbn(password[:ENOUGH_TO_SEE], user_inputs=HERE)["guesses"] < TOO_FEW_GUESSES)


def is_printed_code(text: str) -> bool:
    """Whether it looks like one: 12 letters and digits, however they are parted."""
    return len(_plain(text)) == CODE_CHARACTERS


class Secrets:
    """Makes passwords and codes, and knows the codes again. It holds their keys."""

    def __init__(self, secret_key: str) -> None:
        self._passwords = Sealer(secret_key, "temporary-password")
        self._codes = Sealer(secret_key, "recovery-code")

    def temporary_password(self, username: str, request_key: str) -> str:
        """Three groups of four, easy to read out."""
        return _groups(self._passwords.index(f"{username}:{request_key}"))

    def codes(self, staff_id: int, request_key: str) -> list[str]:
        """Ten codes to print, each good for one sign-in."""
        return [_groups(self._codes.index(f"new:{staff_id}:{request_key}:{nth}")) for nth in range(CODES)]

    def code_index(self, staff_id: int, code: str) -> str:
        """How a code is kept. Spaces, hyphens and capitals make no difference."""
        return self._codes.index(f"kept:{staff_id}:{_plain(code)}").hex()


def _plain(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())


def _groups(random: bytes) -> str:
    number = int.from_bytes(random)
    letters = []
    for _place in range(CODE_CHARACTERS):
        number, which = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[which])
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))
