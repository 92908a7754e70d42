"""Finding a service or a place by the first letters of its name, in whichever language, with small mistakes.

Every name counts in every language, so that the order of what is found does not
depend on the language being spoken.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import TypeVar

from rapidfuzz.distance import OSA

from core.catalogue.snapshot import Catalogue, Names, Service, Site
from core.catalogue.tables import Trust

T = TypeVar("T")

EARTH_KM = 6371.0
SAYS_NOTHING = frozenset({"huduma", "centre", "center", "kituo", "cha", "town", "mji", "wa", "county", "kaunti", "ya"})
"""Words of a place that do not tell it from others: Huduma Centre Kwale, mji wa Kwale, Kwale county."""
SHORTEST_GUESS = 3
"""Letters below which a typing error is not looked for: nearly anything is nearly "ab"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something that a caller may type: a town, a centre, a county or a part of one."""

    name: str
    """As it may be shown, the same in both languages."""
    sites: tuple[Site, ...]
    """The centres it means, in the order of the catalogue."""


def find_services(catalogue: Catalogue, typed: str, *, among: Iterable[Service] | None = None) -> list[Service]:
    """Services whose name begins like this, in any language; best first, common ones before others.

    Args:
        among: None: those that citizens may find (Catalogue.public_services).
    """
    services = sorted(
        catalogue.public_services if among is None else among, key=lambda s: (s.common_rank is None, s.common_rank or 0)
    )
    return [service for _rank, service in _find([(s, _all_names(s.names)) for s in services], _words(typed))]


def find_places(catalogue: Catalogue, typed: str) -> list[Place]:
    """Places whose name begins like this, best first; what a better one includes is left out."""
    words = _words(typed)
    words = tuple(word for word in words if word not in SAYS_NOTHING) or words
    found: list[tuple[tuple[int, ...], Place]] = []
    for rank, place in _find(_places(catalogue), words):
        codes = {site.code for site in place.sites}
        same = next((i for i, (_r, better) in enumerate(found) if better.name == place.name), None)
        if same is not None and codes > {site.code for site in found[same][1].sites}:
            # A centre and its county by one name: the county shows both this centre and the others.
            found[same] = found[same][0], place
        elif same is None and not any(
            codes == (held := {site.code for site in better.sites}) or (codes < held and better_rank <= rank)
            for better_rank, better in found
        ):
            found.append((rank, place))
    return [place for _rank, place in found]


def common_towns(catalogue: Catalogue) -> list[Place]:
    """The towns shown when a caller is asked where, in their order."""
    ranked: dict[int, list[Site]] = {}
    for site in catalogue.sites.values():
        if site.town_rank is not None:
            ranked.setdefault(site.town_rank, []).append(site)
    return [Place(sites[0].town, tuple(sites)) for _rank, sites in sorted(ranked.items())]


def counties(catalogue: Catalogue) -> list[Place]:
    """Every county that has a centre, by its name."""
    inside = _sites_by_area(catalogue)
    found = [
        Place(area.names.short["en"], tuple(inside[area.code]))
        for area in catalogue.areas.values()
        if area.parent is None and area.code in inside
    ]
    return sorted(found, key=lambda place: place.name)


def nearest_sites(site: Site, among: Iterable[Site]) -> list[Site]:
    """The others, nearest first as the crow flies; those whose place is not known come last, their own county first."""
    others = [other for other in among if other.code != site.code]
    return sorted(others, key=lambda other: (_distance_km(site, other), other.area != site.area))


def sites_in_reach(site: Site, among: Iterable[Site], *, km: float) -> list[Site]:
    """The others of the same county or at most so many kilometres away, nearest first."""
    return [other for other in nearest_sites(site, among) if other.area == site.area or _distance_km(site, other) <= km]


def _distance_km(one: Site, other: Site) -> float:
    """Along the great circle; infinite where either place is not known."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return float("inf")
    north, south = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))


def _sites_by_area(catalogue: Catalogue) -> dict[str, list[Site]]:
    inside: dict[str, list[Site]] = {}
    for site in catalogue.sites.values():
        inside.setdefault(site.area, []).append(site)
    return inside


def _places(catalogue: Catalogue) -> list[tuple[Place, Sequence[str]]]:
    """Every place with the names it is found by; of equally good ones, the earlier is shown."""
    inside = _sites_by_area(catalogue)
    places: list[tuple[Place, Sequence[str]]] = [(town, [town.name]) for town in common_towns(catalogue)]
    towns: dict[str, list[Site]] = {}
    for site in catalogue.sites.values():
        towns.setdefault(site.town, []).append(site)
        # "Huduma Centre" begins every full name: without it, "Nairobi GPO" is found by its first letters.
        names = [name.removeprefix("Huduma Centre ") for name in _all_names(site.names)]
        places.append((Place(site.names.short["en"], (site,)), names))
    for town, sites in towns.items():
        # A town that is only guessed finds its centre, and is not shown.
        sure = all(site.town_trust is not Trust.ESTIMATE for site in sites)
        shown = town if sure or len(sites) > 1 else sites[0].names.short["en"]
        places.append((Place(shown, tuple(sites)), [town]))
    for area in sorted(catalogue.areas.values(), key=lambda area: area.parent is not None):
        name = area.names.short["en"]
        own = [s for s in inside.get(area.parent or "", []) if name in (s.town, s.names.short["en"])]
        sites = own or inside.get(area.parent or area.code, [])
        if sites:
            places.append((Place(name, tuple(sites)), _all_names(area.names)))
    return places


def _all_names(names: Names) -> list[str]:
    """Each once, whatever the language."""
    return list(dict.fromkeys([*names.short.values(), *names.full.values()]))


def _find(things: Sequence[tuple[T, Sequence[str]]], typed: tuple[str, ...]) -> list[tuple[tuple[int, ...], T]]:
    if not typed:
        return []
    found = _ranked(things, lambda name: _begins(typed, name))
    if not found:
        found = _ranked(things, lambda name: _resembles(typed, name))
        # Where all words fit something, what fits only some of them is noise.
        found = [(rank, thing) for rank, thing in found if rank[0] == found[0][0][0]]
    return found


def _ranked(
    things: Sequence[tuple[T, Sequence[str]]], rank: Callable[[str], tuple[int, ...] | None]
) -> list[tuple[tuple[int, ...], T]]:
    """Those with a rank, lowest first; equals stay in their order."""
    ranked = []
    for thing, names in things:
        ranks = [r for r in map(rank, names) if r is not None]
        if ranks:
            ranked.append((min(ranks), thing))
    return sorted(ranked, key=lambda entry: entry[0])


def _begins(typed: tuple[str, ...], name: str) -> tuple[int, ...] | None:
    """0 for the very name, 1 for its beginning, 2 for the beginning of a later word, 3 for words out of order."""
    words = _words(name)
    together = "".join(typed)
    for place in range(len(words)):
        rest = "".join(words[place:])
        if rest.startswith(together):
            return (0,) if rest == together and place == 0 else (1,) if place == 0 else (2,)
    if all(any(word.startswith(part) for word in words) for part in typed):
        return (3,)
    return None


def _resembles(typed: tuple[str, ...], name: str) -> tuple[int, ...] | None:
    """How many typed words find nothing like them, and how many letters are wrong in those that do."""
    words = _words(name)
    costs = [min((_errors(part, word) for word in (*words, "".join(words))), default=99) for part in typed]
    close = [cost for part, cost in zip(typed, costs, strict=True) if cost <= _allowed(part)]
    # One small word ("ya", "of") that fits says nothing.
    telling = any(
        cost <= _allowed(part) and len(part) >= SHORTEST_GUESS for part, cost in zip(typed, costs, strict=True)
    )
    return (len(typed) - len(close), sum(close)) if telling else None


def _allowed(part: str) -> int:
    """Wrong letters forgiven in a word of this length."""
    return 0 if len(part) < SHORTEST_GUESS else 1 if len(part) < 7 else 2


def _errors(part: str, word: str) -> int:
    """Letters wrong, missing, added or swapped between what was typed and the beginning of a word."""
    lengths = {len(part) - 1, len(part), len(part) + 1, len(word)}
    most = _allowed(part)
    return min(OSA.distance(part, word[:length], score_cutoff=most) for length in lengths if length > 0)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """Lang'ata Sub-County → (langata, sub, county)."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("'", "").replace("\u2019", "").replace("`", "")
    return tuple("".join(c if c.isalnum() else " " for c in plain).split())
