"""The centres: found by place, and of each where it is, when it is open and what it does.

What nobody has a source for is not shown (core.catalogue.telling).
"""

from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, render_template, request

from core.catalogue import telling
from core.catalogue.search import counties, find_places
from core.catalogue.snapshot import Catalogue, Service, Shut, Site
from core.clock import local_date
from core.wording import dates
from core.wording import gettext as _
from web.pages.frame import kept_a_minute
from web.portal.services import MOST_FOUND, MOST_TYPED
from web.work import Work

AHEAD_DAYS = 30
"""How far ahead closed days and closures are told."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("centres", __name__)

    @blueprint.get("/centres")
    def centres() -> Response:
        catalogue = work.catalogue
        typed = request.args.get("q", "").strip()[:MOST_TYPED]
        found = find_places(catalogue, typed)[:MOST_FOUND] if typed else []
        return kept_a_minute(
            render_template("portal/centres.html", typed=typed, found=found, counties=counties(catalogue))
        )

    @blueprint.get("/centres/<code>")
    def centre(code: str) -> Response:
        catalogue, now = work.catalogue, work.now()
        site = catalogue.sites.get(code) or abort(404)
        page = render_template(
            "portal/centre.html",
            site=site,
            county=catalogue.areas[site.area].names.spoken,
            address=telling.address_line(site),
            hours=telling.hours_line(site, local_date(now)),
            open_now=telling.open_now(site, now, catalogue),
            closed=[*_stands(site), *_closures(site, now), *_closed_days(catalogue, local_date(now))],
            given=_given(catalogue, site),
        )
        return kept_a_minute(page)

    return blueprint


def _given(catalogue: Catalogue, site: Site) -> list[tuple[str, list[Service]]]:
    """What can be booked here, by kind, in the order of the catalogue."""
    here = {offering.service.code for offering in catalogue.offerings if offering.site.code == site.code}
    kinds = [
        (kind.names.spoken_full, [s for s in catalogue.services.values() if s.category == kind.code and s.code in here])
        for kind in catalogue.categories.values()
    ]
    return [(name, services) for name, services in kinds if services]


def _stands(site: Site) -> list[str]:
    """The days of a centre that stands for some days only."""
    if site.opens_on and site.closes_on:
        first, last = dates.day_month(site.opens_on), dates.day_month(site.closes_on)
        return [_("Here from {first} to {last} only").format(first=first, last=last)]
    if site.opens_on:
        return [_("Here from {first}").format(first=dates.day_month(site.opens_on))]
    if site.closes_on:
        return [_("Here until {last}").format(last=dates.day_month(site.closes_on))]
    return []


def _closures(site: Site, now: datetime) -> list[str]:
    soon = now + timedelta(days=AHEAD_DAYS)
    coming = sorted((s for s in site.closures if s.ends_at > now and s.starts_at < soon), key=_begins)
    return [
        _("Closed from {start} to {end}").format(start=dates.when(shut.starts_at), end=dates.when(shut.ends_at))
        for shut in coming
    ]


def _begins(shut: Shut) -> datetime:
    return shut.starts_at


def _closed_days(catalogue: Catalogue, today: date) -> list[str]:
    """Public holidays, as far as they are weekdays: on others nobody expects a centre to be open."""
    coming = sorted(d for d in catalogue.closed_days if today <= d <= today + timedelta(days=AHEAD_DAYS))
    return [
        _("Closed on {day}: public holiday").format(day=dates.day_month(day)) for day in coming if day.weekday() < 5
    ]
