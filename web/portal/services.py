"""The services: found by name or by kind, and of each what to bring, what it costs and where it is given."""

from flask import Blueprint, Response, abort, render_template, request

from core.catalogue import telling
from core.catalogue.search import counties, find_services
from core.catalogue.snapshot import Catalogue, Service, Site
from core.clock import local_date
from web.pages.frame import kept_a_minute
from web.work import Work

MOST_TYPED = 60
MOST_FOUND = 12
"""Names shown of those that fit what was typed: the best come first."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("services", __name__)

    @blueprint.get("/services")
    def services() -> Response:
        catalogue = work.catalogue
        typed = request.args.get("q", "").strip()[:MOST_TYPED]
        found = find_services(catalogue, typed)[:MOST_FOUND] if typed else []
        page = render_template(
            "portal/services.html",
            typed=typed,
            found=found,
            common=_common(catalogue),
            kinds=[(kind, _of_kind(catalogue, kind.code)) for kind in catalogue.categories.values()],
        )
        return kept_a_minute(page)

    @blueprint.get("/services/<code>")
    def service(code: str) -> Response:
        catalogue = work.catalogue
        wanted = catalogue.services.get(code) or abort(404)
        given = [offering.site for offering in catalogue.offerings_of(code)]
        page = render_template(
            "portal/service.html",
            service=wanted,
            how=telling.how_line(wanted, bookable=bool(given)),
            bring=telling.bring_list(wanted),
            fee=telling.fee_line(wanted, local_date(work.now())),
            given=_by_county(catalogue, given),
            bookable=bool(given),
        )
        return kept_a_minute(page)

    return blueprint


def _common(catalogue: Catalogue) -> list[Service]:
    """Those that most people come for, in their order."""
    ranked = [(service.common_rank, service) for service in catalogue.services.values() if service.common_rank]
    return [service for _rank, service in sorted(ranked, key=lambda pair: pair[0])]


def _of_kind(catalogue: Catalogue, code: str) -> list[Service]:
    return [service for service in catalogue.public_services if service.category == code]


def _by_county(catalogue: Catalogue, sites: list[Site]) -> list[tuple[str, list[Site]]]:
    """Counties in the order of their names, each with those of these centres that are in it."""
    codes = {site.code for site in sites}
    inside = [(place.name, [site for site in place.sites if site.code in codes]) for place in counties(catalogue)]
    return [(name, there) for name, there in inside if there]
