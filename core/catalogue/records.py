"""The data files as records: what core/catalogue/content.py has read and found without a fault."""

from dataclasses import dataclass
from datetime import date, time

from core.catalogue.tables import Trust


@dataclass(frozen=True, slots=True)
class NamedRow:
    """An agency or a category: its code, and its names by language."""

    code: str
    short: dict[str, str]
    full: dict[str, str]


@dataclass(frozen=True, slots=True)
class AreaRow:
    code: str
    kind: str
    parent: str | None
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class SiteRow:
    code: str
    short: str
    name: str
    county: str
    town: str
    town_trust: Trust
    town_rank: int | None
    address: str
    address_trust: Trust
    latitude: float | None
    longitude: float | None
    source: str


@dataclass(frozen=True, slots=True)
class HoursRow:
    site: str
    weekday: int
    valid_from: date
    valid_until: date | None
    opens: time
    closes: time
    source: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class ServiceRow:
    code: str
    agency: str
    category: str
    short: dict[str, str]
    full: dict[str, str]
    appointment: str
    elsewhere: bool
    identity: str
    common_rank: int | None
    minutes: int
    source: str


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """What to bring, in one language, in order."""

    service: str
    language: str
    texts: tuple[str, ...]
    trust: Trust


@dataclass(frozen=True, slots=True)
class FeeRow:
    service: str
    valid_from: date
    valid_until: date | None
    amount_kes: int | None
    source: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class Content:
    """All the files of a folder, without a fault."""

    agencies: tuple[NamedRow, ...]
    categories: tuple[NamedRow, ...]
    areas: tuple[AreaRow, ...]
    sites: tuple[SiteRow, ...]
    hours: tuple[HoursRow, ...]
    services: tuple[ServiceRow, ...]
    requirements: tuple[RequirementRow, ...]
    fees: tuple[FeeRow, ...]
