"""What can be chosen, step by step: service, place, centre, day, time. For the portal and the desk; knows no Flask.

All of it comes from the snapshot of the catalogue, and from one query of what
is full. A time in an address is written 202611240800: local, so that it can be
read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.booking import availability, free
from core.catalogue import search
from core.catalogue.search import Place
from core.catalogue.snapshot import Catalogue, Category, Offering, Service, Site
from core.clock import NAIROBI, in_reach, local
from core.db import Session

MOST_FOUND = 12
"""Names shown of those that fit what was typed."""
NEAREST = 4
STAMP = "%Y%m%d%H%M"
STAMP_DIGITS = 12
DOCUMENTS = ("national_id", "passport", "alien_id", "birth_entry")


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre that gives the service, and its first day with room; None: it is full."""

    offering: Offering
    first_free: date | None

    @property
    def site(self) -> Site:
        return self.offering.site


@dataclass(frozen=True, slots=True)
class Times:
    """What a centre has to offer at first sight."""

    best: list[datetime]
    soon: bool
    """Whether the first of them is near enough; otherwise `elsewhere` says where it is earlier."""
    elsewhere: list[Centre]
    wait_until: date | None
    """The last day of a wait for something earlier; None: nothing is earlier."""


def common_services(catalogue: Catalogue) -> list[Service]:
    """Those that most people come for and that can be booked somewhere, in their order."""
    ranked = [s for s in catalogue.services.values() if s.common_rank is not None]
    return [s for s in sorted(ranked, key=lambda s: s.common_rank or 0) if catalogue.offerings_of(s.code)]


def services_by_category(catalogue: Catalogue) -> list[tuple[Category, list[Service]]]:
    """All that can be booked somewhere, by the name being spoken."""
    found = [
        (category, [s for s in catalogue.services.values() if s.category == code and catalogue.offerings_of(s.code)])
        for code, category in catalogue.categories.items()
    ]
    return [(category, sorted(services, key=lambda s: s.names.spoken_full)) for category, services in found if services]


def find_services(catalogue: Catalogue, typed: str) -> list[Service]:
    """Whether or not they can be booked: whoever types a name is told how it is with that service."""
    return search.find_services(catalogue, typed)[:MOST_FOUND]


def find_places(catalogue: Catalogue, typed: str) -> list[Place]:
    return search.find_places(catalogue, typed)[:MOST_FOUND]


def place_named(catalogue: Catalogue, name: str) -> Place | None:
    """A town or county by the very name that was shown."""
    known = [*search.common_towns(catalogue), *search.counties(catalogue)]
    found = next((place for place in known if place.name == name), None)
    return found or next((place for place in search.find_places(catalogue, name) if place.name == name), None)


def centres_at(db: Session, catalogue: Catalogue, service: Service, place: Place, *, now: datetime) -> list[Centre]:
    """The centres of a place that give the service; empty: none does."""
    codes = {site.code for site in place.sites}
    return _with_first_days(
        db, catalogue, [o for o in catalogue.offerings_of(service.code) if o.site.code in codes], now
    )


def nearest(db: Session, catalogue: Catalogue, service: Service, place: Place, *, now: datetime) -> list[Centre]:
    """Where else: the centres with the service that are nearest to a place without it."""
    offerings = {o.site.code: o for o in catalogue.offerings_of(service.code)}
    near = search.nearest_sites(place.sites[0], [o.site for o in offerings.values()])[:NEAREST]
    return _with_first_days(db, catalogue, [offerings[site.code] for site in near], now)


def times(
    db: Session, catalogue: Catalogue, offering: Offering, *, now: datetime, booked: datetime | None = None
) -> Times:
    """The best times of a centre, and what to do where it is full. `booked`: the time that one would move from."""
    facts = free.known(db, catalogue, [offering], now=now)
    best = free.best_but(offering, booked, **facts)
    soon = free.is_soon(best, now)
    here = local(best[0]).date() if best else None
    elsewhere = [] if soon else free.earlier_elsewhere(db, catalogue, offering, here, now=now)
    return Times(
        best=best,
        soon=soon,
        elsewhere=[Centre(*found) for found in elsewhere],
        wait_until=free.last_day_to_wait_for(offering, best, now=now),
    )


def days(db: Session, catalogue: Catalogue, offering: Offering, *, now: datetime) -> list[date]:
    """Every day with room."""
    return availability.days_with_room(offering, **free.known(db, catalogue, [offering], now=now))


def times_on(db: Session, catalogue: Catalogue, offering: Offering, day: date, *, now: datetime) -> list[datetime]:
    """The times of a day with room."""
    return availability.free_times(offering, day, **free.known(db, catalogue, [offering], now=now))


def stamp(moment: datetime) -> str:
    """A time as an address has it."""
    return local(moment).strftime(STAMP)


def moment_of(text: str) -> datetime | None:
    """None for what is not a time."""
    if len(text) != STAMP_DIGITS or not (text.isascii() and text.isdecimal()):
        return None
    try:
        moment = datetime.strptime(text, STAMP).replace(tzinfo=NAIROBI)
    except ValueError:
        return None
    return moment if in_reach(moment) else None


def day_of(text: str) -> date | None:
    """2026-11-24; None for what is not a day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if in_reach(day) else None


def identity_kinds(service: Service) -> Sequence[str]:
    """By which papers the person coming may be known; empty: nobody asks."""
    return {"national_id": DOCUMENTS[:1], "document": DOCUMENTS}.get(service.identity, ())


def _with_first_days(db: Session, catalogue: Catalogue, offerings: Sequence[Offering], now: datetime) -> list[Centre]:
    first: dict[int, Any] = free.first_days(db, catalogue, offerings, now=now)
    return [Centre(offering, first[offering.id]) for offering in offerings]
