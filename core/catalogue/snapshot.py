"""The catalogue as a process holds it: read once, never changed, asked without a query."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property

from core.catalogue.tables import Trust
from core.wording import language


@dataclass(frozen=True, slots=True)
class Names:
    """One thing's names by language."""

    short: Mapping[str, str]
    full: Mapping[str, str]

    @property
    def spoken(self) -> str:
        """The short name, for a phone's screen or an SMS, in the language being spoken."""
        return self.short[language()]

    @property
    def spoken_full(self) -> str:
        return self.full[language()]


@dataclass(frozen=True, slots=True)
class Period:
    """Hours on one weekday (0 is Monday), for as long as they hold."""

    weekday: int
    opens: time
    closes: time
    valid_from: date
    valid_until: date | None
    trust: Trust

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )


def places_a_window(*, counters: int, minutes: int, window_minutes: int) -> int:
    """How many people so many counters serve in one window."""
    return counters * window_minutes // minutes


@dataclass(frozen=True, slots=True)
class Shut:
    """A closure of all there is: from one moment until another."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Fee:
    """`amount_kes` is None where nobody can say."""

    amount_kes: int | None
    valid_from: date
    valid_until: date | None
    trust: Trust


@dataclass(frozen=True, slots=True)
class Area:
    id: int
    code: str
    kind: str
    parent: str | None
    """Code of the area around it."""
    names: Names


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    code: str
    names: Names


@dataclass(frozen=True, slots=True)
class Service:
    id: int
    code: str
    category: str
    agency_id: int
    agency: Names
    names: Names
    appointment: str
    """needed, optional or walk_in."""
    elsewhere: bool
    identity: str
    """national_id, document or none."""
    common_rank: int | None
    requirements: Mapping[str, tuple[str, ...]]
    """What to bring, by language, in order."""
    requirements_trust: Trust
    fees: tuple[Fee, ...]
    by_hand: bool = False
    """Added at the desk: no data file has it."""

    def fee_on(self, day: date) -> Fee | None:
        for fee in self.fees:
            if fee.valid_from <= day and (fee.valid_until is None or day <= fee.valid_until):
                return fee
        return None


@dataclass(frozen=True, slots=True)
class Site:
    id: int
    code: str
    kind: str
    area: str
    """Code of its county."""
    names: Names
    town: str
    town_trust: Trust
    town_rank: int | None
    address: str
    address_trust: Trust
    latitude: float | None
    longitude: float | None
    window_minutes: int
    window_cap: int | None
    opens_on: date | None
    closes_on: date | None
    hours: tuple[Period, ...]
    closures: tuple[Shut, ...]


@dataclass(frozen=True, slots=True)
class Offering:
    """A service at a site that takes bookings."""

    id: int
    service: Service
    site: Site
    counters: int
    minutes: int
    daily_quota: int | None
    lead_minutes: int
    horizon_days: int
    hours: tuple[Period, ...]
    closures: tuple[Shut, ...]
    """Of this offering and of its whole site."""

    @property
    def capacity(self) -> int:
        """Places in one window, while no counter is shut."""
        return places_a_window(counters=self.counters, minutes=self.minutes, window_minutes=self.site.window_minutes)


@dataclass(frozen=True)
class Catalogue:
    """Everything, by code; only open offerings are here."""

    version: int
    categories: Mapping[str, Category]
    areas: Mapping[str, Area]
    services: Mapping[str, Service]
    sites: Mapping[str, Site]
    offerings: tuple[Offering, ...]
    closed_days: frozenset[date] = field(repr=False)
    """Public holidays and days decreed, from yesterday to beyond every horizon."""

    def offering(self, service: str, site: str) -> Offering | None:
        """By the codes of its service and site; None if it takes no bookings now."""
        return self._offering_by_codes.get((service, site))

    def offering_by_id(self, offering_id: int) -> Offering | None:
        return self._offering_by_id.get(offering_id)

    def offerings_of(self, service: str) -> tuple[Offering, ...]:
        """In the order of the catalogue, whatever the language."""
        return self._offerings_by_service.get(service, ())

    def service_by_id(self, service_id: int) -> Service:
        return self._service_by_id[service_id]

    def site_by_id(self, site_id: int) -> Site:
        return self._site_by_id[site_id]

    @cached_property
    def public_services(self) -> tuple[Service, ...]:
        """Those that citizens find, in the order of the catalogue.

        One that was added at the desk is found once a centre has it open, or if
        people walk in to it; those of the data files are given somewhere, by their source.
        """
        return tuple(
            service
            for service in self.services.values()
            if not service.by_hand or service.appointment == "walk_in" or self.offerings_of(service.code)
        )

    @cached_property
    def _offering_by_codes(self) -> dict[tuple[str, str], Offering]:
        return {(o.service.code, o.site.code): o for o in self.offerings}

    @cached_property
    def _offering_by_id(self) -> dict[int, Offering]:
        return {o.id: o for o in self.offerings}

    @cached_property
    def _offerings_by_service(self) -> dict[str, tuple[Offering, ...]]:
        found: dict[str, list[Offering]] = {}
        for offering in self.offerings:
            found.setdefault(offering.service.code, []).append(offering)
        return {code: tuple(offerings) for code, offerings in found.items()}

    @cached_property
    def _service_by_id(self) -> dict[int, Service]:
        return {s.id: s for s in self.services.values()}

    @cached_property
    def _site_by_id(self) -> dict[int, Site]:
        return {s.id: s for s in self.sites.values()}
