"""Which service or centre a cell means: by its code, or by any of its names in either language.

A letter or two may be wrong, where only one thing is near enough to be meant.
"""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from rapidfuzz.distance import OSA

from core.catalogue.search import SAYS_NOTHING
from core.catalogue.snapshot import Catalogue, Names, Service, Site
from core.errors import Malformed
from core.tracking.files.columns import plain
from core.wording import N_
from core.wording import gettext as _

T = TypeVar("T", Service, Site)

_NO_SERVICE = N_('There is no service "{text}". Type its code, or its name as Zamu has it.')
_NO_CENTRE = N_('There is no centre "{text}". Type its code, or its name as Zamu has it.')
_MORE_SERVICES = N_('"{text}" can mean more than one service: {codes}. Type its code.')
_MORE_CENTRES = N_('"{text}" can mean more than one centre: {codes}. Type its code.')


class Finder:
    """Finds services and centres of one catalogue; what was found once is found again at once."""

    def __init__(self, catalogue: Catalogue) -> None:
        sites = list(catalogue.sites.values())
        self._services = _Named(
            _NO_SERVICE, _MORE_SERVICES, ((s, _names(s.names)) for s in catalogue.services.values())
        )
        self._sites = _Named(_NO_CENTRE, _MORE_CENTRES, ((s, [*_names(s.names), *_town(s, sites)]) for s in sites))

    def service(self, text: str) -> Service:
        """Raises:
        Malformed: none can be meant, or more than one.
        """
        return self._services.find(text)

    def site(self, text: str) -> Site:
        """Raises:
        Malformed: none can be meant, or more than one.
        """
        return self._sites.find(text)


class _Named(Generic[T]):
    def __init__(self, none: str, more: str, things: Iterable[tuple[T, Iterable[str]]]) -> None:
        self._none = none
        self._more = more
        self._things: dict[str, T] = {}
        self._meant: dict[str, set[str]] = {}
        """Codes by each name that they have."""
        self._found: dict[str, set[str]] = {}
        for thing, names in things:
            self._things[thing.code] = thing
            for name in names:
                for spelling in {_joined(plain(name)), _joined(_telling(name))} - {""}:
                    self._meant.setdefault(spelling, set()).add(thing.code)
        for code in self._things:  # a code means its thing, whatever else is called so
            self._meant[_joined(plain(code))] = {code}

    def find(self, text: str) -> T:
        codes = self._found.get(text)
        if codes is None:
            codes = self._found[text] = self._codes(_joined(plain(text))) or self._codes(_joined(_telling(text)))
        if not codes:
            raise Malformed(_(self._none).format(text=text[:40]))
        if len(codes) > 1:
            raise Malformed(_(self._more).format(text=text[:40], codes=", ".join(sorted(codes))))
        return self._things[next(iter(codes))]

    def _codes(self, typed: str) -> set[str]:
        exact = self._meant.get(typed)
        return exact or self._nearest(typed)

    def _nearest(self, typed: str) -> set[str]:
        """All that are as near as the nearest, or only a letter further: then it is not clear which is meant."""
        allowed = 0 if len(typed) < 5 else 1 if len(typed) < 9 else 2
        if not allowed:
            return set()
        near: dict[str, int] = {}
        for spelling, codes in self._meant.items():
            errors = OSA.distance(typed, spelling, score_cutoff=allowed + 1)
            for code in codes if errors <= allowed + 1 and len(spelling) >= 4 else ():
                near[code] = min(errors, near.get(code, errors))
        best = min(near.values(), default=allowed + 1)
        return {code for code, errors in near.items() if errors <= best + 1} if best <= allowed else set()


def _names(names: Names) -> Iterator[str]:
    yield from names.short.values()
    yield from names.full.values()


def _town(site: Site, sites: list[Site]) -> Iterator[str]:
    """The town, where this is its only centre."""
    if [other.code for other in sites if other.town == site.town] == [site.code]:
        yield site.town


def _telling(text: str) -> str:
    """Without the words that do not tell one centre from another: Huduma Centre Kwale, kituo cha Kwale."""
    return " ".join(word for word in plain(text).split() if word not in SAYS_NOTHING)


def _joined(text: str) -> str:
    return text.replace(" ", "")
