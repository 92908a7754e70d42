"""Reads the whole catalogue in one go: one plain query a table, put together here."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, time, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from core.catalogue import snapshot, tables
from core.catalogue.holidays import closed_days
from core.catalogue.snapshot import Catalogue, Names, Period, Shut
from core.catalogue.tables import Named, Part, Trust
from core.catalogue.version import catalogue_version
from core.clock import at_local
from core.db import Base, Session

HOLIDAYS_AHEAD = timedelta(days=400)
"""Beyond every horizon."""


def read_catalogue(db: Session, *, today: date) -> Catalogue:
    """Everything that is told and booked, as it stands; closures and hours that ended before yesterday are left out."""
    # The version comes first: a change made while the rest is read counts it up, and is seen at the next look.
    version = catalogue_version(db)
    yesterday = today - timedelta(days=1)
    names = _names(db)
    areas = _areas(db, names)
    categories = {
        row.code: snapshot.Category(row.id, row.code, names[Named.CATEGORY, row.id])
        for row in _all(db, tables.Category, order=tables.Category.position)
    }
    services = _services(db, names, {category.id: category.code for category in categories.values()})
    closures = _closures(db, yesterday)
    sites = _sites(db, names, {area.id: area.code for area in areas.values()}, closures, yesterday)
    overrides = {row.day: row.closed for row in _all(db, tables.HolidayOverride)}
    return Catalogue(
        version=version,
        categories=categories,
        areas=areas,
        services=services,
        sites=sites,
        offerings=_offerings(db, services, sites, closures, yesterday),
        closed_days=closed_days(yesterday, today + HOLIDAYS_AHEAD, overrides),
    )


def _all(db: Session, model: type[Base], *where: sa.ColumnElement[bool], order: Any = None) -> Iterable[Any]:
    """Rows without their objects: a rebuild happens between two answers to a caller."""
    table = model.__table__
    return db.execute(sa.select(table).where(*where).order_by(*table.primary_key if order is None else (order,)))


def _names(db: Session) -> dict[tuple[str, int], Names]:
    short: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    full: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for row in _all(db, tables.Name):
        short[row.kind, row.owner_id][row.language] = row.short
        full[row.kind, row.owner_id][row.language] = row.full
    return {key: Names(short[key], full[key]) for key in short}


def _areas(db: Session, names: dict[tuple[str, int], Names]) -> dict[str, snapshot.Area]:
    rows = list(_all(db, tables.Area))
    codes = {row.id: row.code for row in rows}
    return {
        row.code: snapshot.Area(row.id, row.code, row.kind, codes.get(row.parent_id), names[Named.AREA, row.id])
        for row in rows
    }


def _services(
    db: Session, names: dict[tuple[str, int], Names], categories: dict[int, str]
) -> dict[str, snapshot.Service]:
    fees: dict[int, list[snapshot.Fee]] = defaultdict(list)
    for row in _all(db, tables.Fee):
        fees[row.service_id].append(
            snapshot.Fee(row.amount_kes, row.valid_from, row.valid_until, Trust(row.trust)),
        )
    lines: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    trusts: dict[int, set[Trust]] = defaultdict(set)
    for row in _all(db, tables.Requirement):
        lines[row.service_id][row.language].append(row.text)
        trusts[row.service_id].add(Trust(row.trust))
    added = sa.select(tables.HandEdit.owner_id)
    by_hand = set(db.scalars(added.where(tables.HandEdit.kind == Named.SERVICE, tables.HandEdit.part == Part.ADDED)))
    return {
        row.code: snapshot.Service(
            id=row.id,
            code=row.code,
            category=categories[row.category_id],
            agency_id=row.agency_id,
            agency=names[Named.AGENCY, row.agency_id],
            names=names[Named.SERVICE, row.id],
            appointment=row.appointment,
            elsewhere=row.elsewhere,
            identity=row.identity,
            common_rank=row.common_rank,
            requirements={language: tuple(texts) for language, texts in lines[row.id].items()},
            requirements_trust=_weakest(trusts[row.id]),
            fees=tuple(fees[row.id]),
            by_hand=row.id in by_hand,
        )
        for row in _all(db, tables.Service)
    }


def _weakest(trusts: set[Trust]) -> Trust:
    """A list is as good as its weakest line; no list is a guess."""
    for trust in (Trust.ESTIMATE, Trust.SOURCED, Trust.VERIFIED):
        if trust in trusts:
            return trust
    return Trust.ESTIMATE


def _closures(db: Session, yesterday: date) -> dict[tuple[str, int], tuple[Shut, ...]]:
    """By ("site", id) for a whole site and ("offering", id) for one offering.

    Not those that have been lifted, nor of some counters: these are in the windows (core.booking.capacity).
    """
    found: dict[tuple[str, int], list[Shut]] = defaultdict(list)
    recent = tables.Closure.ends_at >= at_local(yesterday, time.min)
    whole = (tables.Closure.counters.is_(None), tables.Closure.lifted_at.is_(None))
    for row in _all(db, tables.Closure, recent, *whole, order=tables.Closure.starts_at):
        key = ("site", row.site_id) if row.offering_id is None else ("offering", row.offering_id)
        found[key].append(Shut(row.starts_at, row.ends_at))
    return {key: tuple(shut) for key, shut in found.items()}


def _periods(db: Session, model: type[Base], owner: str, yesterday: date) -> dict[int, tuple[Period, ...]]:
    table = model.__table__
    # Thousands of demo offerings keep the same few periods: each is held once.
    period, periods = cache(Period), cache(_tuple)
    found: dict[int, list[Period]] = defaultdict(list)
    current = sa.or_(table.c.valid_until.is_(None), table.c.valid_until >= yesterday)
    for row in _all(db, model, current):
        found[getattr(row, owner)].append(
            period(row.weekday, row.opens, row.closes, row.valid_from, row.valid_until, Trust(row.trust))
        )
    return {key: periods(*rows) for key, rows in found.items()}


def _tuple(*periods: Period) -> tuple[Period, ...]:
    return periods


def _sites(
    db: Session,
    names: dict[tuple[str, int], Names],
    areas: dict[int, str],
    closures: dict[tuple[str, int], tuple[Shut, ...]],
    yesterday: date,
) -> dict[str, snapshot.Site]:
    hours = _periods(db, tables.SiteHours, "site_id", yesterday)
    return {
        row.code: snapshot.Site(
            id=row.id,
            code=row.code,
            kind=row.kind,
            area=areas[row.area_id],
            names=names[Named.SITE, row.id],
            town=row.town,
            town_trust=Trust(row.town_trust),
            town_rank=row.town_rank,
            address=row.address,
            address_trust=Trust(row.address_trust),
            latitude=row.latitude,
            longitude=row.longitude,
            window_minutes=row.window_minutes,
            window_cap=row.window_cap,
            opens_on=row.opens_on,
            closes_on=row.closes_on,
            hours=hours.get(row.id, ()),
            closures=closures.get(("site", row.id), ()),
        )
        for row in _all(db, tables.Site)
    }


def _offerings(
    db: Session,
    services: dict[str, snapshot.Service],
    sites: dict[str, snapshot.Site],
    closures: dict[tuple[str, int], tuple[Shut, ...]],
    yesterday: date,
) -> tuple[snapshot.Offering, ...]:
    by_service = {service.id: service for service in services.values()}
    by_site = {site.id: site for site in sites.values()}
    hours = _periods(db, tables.OfferingHours, "offering_id", yesterday)
    return tuple(
        snapshot.Offering(
            id=row.id,
            service=by_service[row.service_id],
            site=by_site[row.site_id],
            counters=row.counters,
            minutes=row.minutes,
            daily_quota=row.daily_quota,
            lead_minutes=row.lead_minutes,
            horizon_days=row.horizon_days,
            hours=hours.get(row.id, ()),
            closures=by_site[row.site_id].closures + closures.get(("offering", row.id), ()),
        )
        for row in _all(db, tables.Offering, tables.Offering.open.is_(True))
    )
