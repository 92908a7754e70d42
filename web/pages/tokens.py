"""Whom an address is about: sealed for one reader, so that nobody walks through other people's pages by counting."""

import base64
import binascii

from core.people.sealing import Sealer, Unsealable


class Tokens:
    """Ids of people as addresses have them; `purpose` keeps the tokens of one kind of page from any other."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._sealer = Sealer(secret_key, purpose)

    def make(self, reader_id: int, person_id: int) -> str:
        """Different each time. `reader_id` is whoever may open it: an officer, or the phone that proved itself."""
        sealed = self._sealer.seal(f"{reader_id}:{person_id}".encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def person_of(self, reader_id: int, token: str) -> int | None:
        """None for what was made for another reader, or by nobody."""
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            made_for, person_id = self._sealer.open(sealed).decode().split(":")
        except (Unsealable, binascii.Error, ValueError):
            return None
        return int(person_id) if int(made_for) == reader_id else None
