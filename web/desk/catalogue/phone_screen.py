"""How a phone shows something of the catalogue: the very screens of the menus, with names that are not saved yet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from core.catalogue.snapshot import Catalogue, Names, Service
from core.catalogue.tables import Named, Trust
from core.gsm7 import septets
from core.people.register import Register
from core.people.sealing import Sealer
from core.wording import LANGUAGES, speaking
from menus import more, services
from ussd.hop import Hop
from ussd.machine import shown_for
from ussd.pages import split, with_keys
from ussd.replies import Menu, Reply
from ussd.turn import Turn


@dataclass(frozen=True, slots=True)
class Screen:
    language: str
    text: str

    @property
    def septets(self) -> int | None:
        """Of 160; None: a character is outside the alphabet."""
        return septets(self.text)


def screens(catalogue: Catalogue, kind: Named, code: str, *, register: Register, now: datetime) -> list[Screen]:
    """What callers see of a thing in each language, screen by screen, with the catalogue as it would be."""
    turn = _turn(catalogue, register, now)
    found = []
    for language in LANGUAGES:
        with speaking(language):
            for reply in _replies(turn, kind, code):
                found += [Screen(language, text) for text in _pages(reply)]
    return found


def with_names(catalogue: Catalogue, kind: Named, code: str, fields: Mapping[str, str]) -> Catalogue:
    """The catalogue with a service, a centre or a category renamed; `fields` are short_en, full_sw and so on."""
    names = _names(fields)
    if kind is Named.SERVICE:
        # Shown as it will be when it can be found.
        service = replace(catalogue.services[code], names=names, by_hand=False)
        return replace(catalogue, services={**catalogue.services, code: service})
    if kind is Named.SITE:
        site = replace(catalogue.sites[code], names=names)
        return replace(catalogue, sites={**catalogue.sites, code: site})
    category = replace(catalogue.categories[code], names=names)
    return replace(catalogue, categories={**catalogue.categories, code: category})


def with_service(
    catalogue: Catalogue, code: str, fields: Mapping[str, str], *, category: str, appointment: str
) -> Catalogue:
    """The catalogue with one service more, of which no more is known; `category` is a code."""
    service = Service(
        id=0,
        code=code,
        category=category,
        agency_id=0,
        agency=Names({}, {}),
        names=_names(fields),
        appointment=appointment,
        elsewhere=False,
        identity="none",
        common_rank=None,
        requirements={},
        requirements_trust=Trust.ESTIMATE,
        fees=(),
    )
    return replace(catalogue, services={**catalogue.services, code: service})


def _names(fields: Mapping[str, str]) -> Names:
    return Names(
        {language: fields[f"short_{language}"] for language in LANGUAGES},
        {language: fields[f"full_{language}"] for language in LANGUAGES},
    )


def _replies(turn: Turn, kind: Named, code: str) -> list[Reply]:
    if kind is Named.SERVICE:
        shelf = turn.catalogue.services[code].category
        return [services.category(turn, purpose="info", code=shelf), services.info(turn, service=code)]
    if kind is Named.SITE:
        county = turn.catalogue.sites[code].area
        beside = [site.code for site in turn.catalogue.sites.values() if site.area == county]
        listed = [more.centres(turn, sites=beside)] if len(beside) > 1 else []
        return [*listed, more.centre(turn, site=code)]
    return [services.categories(turn, purpose="info")]


def _pages(reply: Reply) -> list[str]:
    assert isinstance(reply, Menu)
    shown = shown_for(reply, back=True)
    pages = split(shown.title, shown.lines, back=True)
    return [with_keys(page, more=nth < len(pages), back=True) for nth, page in enumerate(pages, start=1)]


def _turn(catalogue: Catalogue, register: Register, now: datetime) -> Turn:
    """Nobody's: the screens above ask nothing of the caller or the database."""
    hop = Hop("none", "", "+254700000000", "", "", ())
    sealer = Sealer("a preview is of no session: nothing is sealed", "session")
    return Turn(hop, now=now, catalogue=catalogue, register=register, sealer=sealer, open_transaction=_no_database)


def _no_database() -> NoReturn:
    raise AssertionError("a preview asks the catalogue only")
