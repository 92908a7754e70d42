"""The person who is coming, named in addresses by a sealed token: no number stands in one, nor in the session."""

from core.db import Session
from core.people.tables import Person
from core.wording import gettext as _
from web.pages.tokens import Tokens
from web.work import Work

NOBODY = "none"
"""Instead of a token: nobody asked for a number, or it is not known."""


def tokens(work: Work) -> Tokens:
    """Made for one phone: nobody else learns anything from a token, or can use it."""
    return Tokens(work.settings.secret_key, "portal-who")


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
