"""Small pieces of wording that several screens share."""

from datetime import datetime

from core.catalogue.snapshot import Names
from core.wording import dates


def short(names: Names) -> str:
    """The name for a phone's screen, in the language being spoken."""
    return names.spoken


def full(names: Names) -> str:
    return names.spoken_full


def moment(iso: str) -> datetime:
    """A time as screens hand it on."""
    return datetime.fromisoformat(iso)


def when(iso: str) -> str:
    return dates.when(moment(iso))
