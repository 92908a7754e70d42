"""The person who is coming, named in addresses by a sealed token: no number stands in one, nor in the session."""

import base64
import binascii

from core.db import Session
from core.people.sealing import Sealer, Unsealable
from core.people.tables import Person
from core.wording import gettext as _
from web.work import Work

NOBODY = "none"
"""Instead of a token: nobody asked for a number, or it is not known."""


class Tokens:
    """Made for one phone: nobody else learns anything from a token, or can use it."""

    def __init__(self, secret_key: str) -> None:
        self._sealer = Sealer(secret_key, "portal-who")

    def make(self, contact_id: int, person_id: int) -> str:
        sealed = self._sealer.seal(f"{contact_id}:{person_id}".encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def person(self, contact_id: int, token: str) -> int | None:
        """None for a token of another phone, or none at all."""
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            made_for, person_id = self._sealer.open(sealed).decode().split(":")
        except (Unsealable, binascii.Error, ValueError):
            return None
        return int(person_id) if int(made_for) == contact_id else None


def last_digits(work: Work, db: Session, person_id: int) -> str:
    """Enough to know somebody by."""
    sealed = db.get_one(Person, person_id).identity_sealed
    return work.register.last_digits(sealed) if sealed else ""


def kind_name(kind: str) -> str:
    return {
        "national_id": _("National ID"),
        "passport": _("Passport"),
        "alien_id": _("Alien ID"),
        "birth_entry": _("Birth certificate"),
    }[kind]


def question(kind: str) -> str:
    return {
        "national_id": _("The ID number of the person coming"),
        "passport": _("The passport number of the person coming"),
        "alien_id": _("The alien ID number of the person coming"),
        "birth_entry": _("The Entry No. on the birth certificate"),
    }[kind]
