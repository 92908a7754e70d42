"""Loads the data files into the database, again and again: what differs is changed and told, what is verified stays.

Nothing is deleted that a booking could point at: a service or centre that is no
longer in the files is left, and told about.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from core.catalogue.content import FOLDER, read_content
from core.catalogue.demo import open_demo_offerings
from core.catalogue.loading import FEES, HOURS, Loading
from core.catalogue.merging import Change, Values, ids, merge, told
from core.catalogue.records import Content, NamedRow
from core.catalogue.tables import (
    Agency,
    Area,
    CatalogueVersion,
    Category,
    Named,
    Part,
    Requirement,
    Service,
    Site,
    Trust,
)
from core.catalogue.version import bump_version, hold_version
from core.db import Session
from core.people.audit import Actor, record_event

__all__ = ["Change", "load_catalogue", "open_demo_offerings"]

OPERATOR = Actor("terminal")


def load_catalogue(db: Session, *, now: datetime, folder: Path = FOLDER) -> list[Change]:
    """Load every data file, and say in words what that changed; nothing the second time.

    A value that somebody has verified since is left as it is, and told about
    (`Change.applied` is False) for as long as the files say otherwise.

    Raises:
        BadData: naming every bad row; nothing has been loaded.
    """
    content = read_content(folder)
    hold_version(db)
    db.flush()
    loading = Loading(db)
    content = _without_added(loading, content)
    _load_shelves(loading, content)
    _load_areas(loading, content)
    _load_sites(loading, content)
    _load_services(loading, content)
    _load_requirements(loading, content)
    applied = [str(change) for change in loading.changes if change.applied]
    if applied:
        subject = f"catalogue:{bump_version(db)}"
        record_event(db, "catalogue.loaded", subject, actor=OPERATOR, now=now, changes=applied)
        digest = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.csv"))}
        db.execute(sa.update(CatalogueVersion).values(digest=digest))
    # The rows were changed beneath the session: what it remembers of them is old.
    db.expire_all()
    return loading.changes


def _without_added(loading: Loading, content: Content) -> Content:
    """The files without what was added by hand: should they name its code one day, the whole of it is left."""
    services = loading.added_by_hand(Named.SERVICE, Service)
    sites = loading.added_by_hand(Named.SITE, Site)
    for kind, rows, added in ((Named.SERVICE, content.services, services), (Named.SITE, content.sites, sites)):
        for row in rows:
            if row.code in added:
                loading.tell(kind, row.code, "was added by hand, left as it is (the data has one too)", applied=False)
    return replace(
        content,
        services=tuple(row for row in content.services if row.code not in services),
        requirements=tuple(row for row in content.requirements if row.service not in services),
        fees=tuple(row for row in content.fees if row.service not in services),
        sites=tuple(row for row in content.sites if row.code not in sites),
        hours=tuple(row for row in content.hours if row.site not in sites),
    )


def _load_shelves(loading: Loading, content: Content) -> None:
    agencies = loading.merge_things(Named.AGENCY, Agency, [{"code": row.code} for row in content.agencies])
    shelves: list[Values] = [{"code": row.code, "position": i} for i, row in enumerate(content.categories)]
    categories = loading.merge_things(Named.CATEGORY, Category, shelves)
    loading.merge_names(Named.AGENCY, agencies, _names(content.agencies))
    loading.merge_names(Named.CATEGORY, categories, _names(content.categories))


def _names(rows: Iterable[NamedRow]) -> Iterable[tuple[str, dict[str, str], dict[str, str]]]:
    return ((row.code, row.short, row.full) for row in rows)


def _load_areas(loading: Loading, content: Content) -> None:
    known: dict[str, int] = {}
    # A county must have its id before the places within it can point at it.
    for outermost in (True, False):
        rows: list[Values] = [
            {
                "code": area.code,
                "kind": area.kind,
                "parent_id": None if area.parent is None else known[area.parent],
                "source": area.source,
            }
            for area in content.areas
            if (area.parent is None) is outermost
        ]
        known = loading.merge_things(Named.AREA, Area, rows)
    names = ((area.code, {"en": area.name, "sw": area.name}) for area in content.areas)
    loading.merge_names(Named.AREA, known, ((code, name, name) for code, name in names))


def _load_sites(loading: Loading, content: Content) -> None:
    areas = ids(loading.db, Area)
    held = {site.code: site for site in loading.db.scalars(sa.select(Site))}
    wanted: list[Values] = []
    for row in content.sites:
        values = asdict(row) | {"area_id": areas[row.county]}
        for column in ("short", "name", "county"):
            del values[column]
        _keep_verified(loading, held.get(row.code), values)
        wanted.append(values)
    sites = loading.merge_things(Named.SITE, Site, wanted)
    names = ((row.code, {"en": row.short, "sw": row.short}, {"en": row.name, "sw": row.name}) for row in content.sites)
    loading.merge_names(Named.SITE, sites, names)

    owners = {row.code: sites[row.code] for row in content.sites}
    loading.merge_spans(HOURS, owners, (_owned(asdict(row), "site") for row in content.hours))
    centres = {code for code, site in held.items() if site.kind == "centre"}
    for code in sorted(centres - owners.keys() - loading.added_by_hand(Named.SITE, Site)):
        loading.tell(Named.SITE, code, "is no longer in the data: left as it is", applied=False)


def _keep_verified(loading: Loading, site: Site | None, values: Values) -> None:
    """Put a town or address that is verified, or was set by hand, in the place of what the files say."""
    for part in (Part.TOWN, Part.ADDRESS):
        if site is None:
            continue
        trust = Trust(getattr(site, f"{part}_trust"))
        if trust is not Trust.VERIFIED and not loading.by_hand(Named.SITE, site.id, part):
            continue
        held = getattr(site, part)
        if held != values[part]:
            loading.tell_left(Named.SITE, site.code, f"{part} {told(held)}", told(values[part]))
        values.update({part.value: held, f"{part}_trust": trust})


def _keep_by_hand(loading: Loading, service: Service | None, values: Values) -> None:
    """Put what was set by hand in the place of what the files say."""
    for part in (Part.MINUTES, Part.APPOINTMENT):
        if service is not None and loading.by_hand(Named.SERVICE, service.id, part):
            held = getattr(service, part)
            if held != values[part]:
                loading.tell_left(Named.SERVICE, service.code, f"{part} {held}", told(values[part]))
            values[part.value] = held


def _load_services(loading: Loading, content: Content) -> None:
    agencies, categories = ids(loading.db, Agency), ids(loading.db, Category)
    held = {service.code: service for service in loading.db.scalars(sa.select(Service))}
    wanted: list[Values] = []
    for row in content.services:
        values = asdict(row) | {"agency_id": agencies[row.agency], "category_id": categories[row.category]}
        for column in ("agency", "category", "short", "full"):
            del values[column]
        _keep_by_hand(loading, held.get(row.code), values)
        wanted.append(values)
    services = loading.merge_things(Named.SERVICE, Service, wanted)
    loading.merge_names(Named.SERVICE, services, ((row.code, row.short, row.full) for row in content.services))

    owners = {row.code: services[row.code] for row in content.services}
    loading.merge_spans(FEES, owners, (_owned(asdict(row), "service") for row in content.fees))
    for code in sorted(services.keys() - owners.keys() - loading.added_by_hand(Named.SERVICE, Service)):
        loading.tell(Named.SERVICE, code, "is no longer in the data: left as it is", applied=False)


def _owned(values: Values, owner: str) -> tuple[str, Values]:
    return values.pop(owner), values


def _load_requirements(loading: Loading, content: Content) -> None:
    """A list is verified as a whole: one verified line keeps all lines of that service and language.

    So does having been set by hand.
    """
    db = loading.db
    services = ids(db, Service)
    codes = {services[row.service]: row.service for row in content.requirements}
    held: dict[tuple[int, str], list[Requirement]] = {}
    for line in db.scalars(sa.select(Requirement).order_by(Requirement.position)):
        held.setdefault((line.service_id, line.language), []).append(line)
    verified = {
        key
        for key, lines in held.items()
        if any(line.trust == Trust.VERIFIED for line in lines) or loading.by_hand(Named.SERVICE, key[0], Part.BRING)
    }

    wanted: list[Values] = []
    for row in content.requirements:
        key = (services[row.service], row.language)
        if key in verified:
            texts = tuple(line.text for line in held[key])
            if texts != row.texts:
                what = f"what to bring ({row.language})"
                loading.tell_left(Named.SERVICE, row.service, f"{what} {'; '.join(texts)}", "; ".join(row.texts))
            continue
        wanted += [
            {"service_id": key[0], "language": key[1], "position": position, "text": text, "trust": row.trust}
            for position, text in enumerate(row.texts, start=1)
        ]
    merged = merge(
        db,
        Requirement,
        ("service_id", "language", "position"),
        wanted,
        removable=lambda row: row["service_id"] in codes and (row["service_id"], row["language"]) not in verified,
    )
    for service_id, language, _ in (*merged.added, *merged.changed, *merged.removed):
        old = "; ".join(line.text for line in held.get((service_id, language), []))
        new = "; ".join(row["text"] for row in wanted if (row["service_id"], row["language"]) == (service_id, language))
        words = (
            f"what to bring ({language}) {told(old)} -> {told(new)}" if old != new else f"trust ({language}) changed"
        )
        loading.tell(Named.SERVICE, codes[service_id], words)
