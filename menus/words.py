"""Small pieces of wording that several screens share."""

from datetime import datetime

from core.catalogue.snapshot import Names, Service, Site
from core.wording import dates

MOST_FOUND = 9
"""Names shown of those that fit what was typed: one digit each."""


def short(names: Names) -> str:
    """The name for a phone's screen, in the language being spoken."""
    return names.spoken


def full(names: Names) -> str:
    return names.spoken_full


def about(service: Service, site: Site) -> str:
    """Lost ID, GPO: what a caller is in the middle of."""
    return f"{short(service.names)}, {short(site.names)}"


def moment(iso: str) -> datetime:
    """A time as screens hand it on."""
    return datetime.fromisoformat(iso)


def when(iso: str) -> str:
    return dates.when(moment(iso))
