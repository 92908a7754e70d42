"""Figures for those who watch over the centres: sums only, and nobody's name, phone or number."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from flask import Blueprint, Response, abort, render_template, request

from core import sums
from core.catalogue.snapshot import Site
from core.clock import local_date
from core.messaging import money
from core.messaging.tables import Lane
from core.staff.roles import OF_AN_AGENCY, Can
from core.sums import MOST_DAYS, Sums
from core.visits.turning_away import SAID, Reason
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DayField
from web.desk.campaigns.campaigns import csv_file
from web.desk.messages.lanes import SAID as LANES
from web.work import Work

FROM_TODAY = timedelta(days=6)
"""A week is shown first."""


@dataclass(slots=True)
class Asked:
    """Which days, and of which centre: from the address, so that a page can be sent to a colleague."""

    first: date
    last: date
    site: Site | None
    """None: all that one may see, a line each."""
    wrong: dict[str, str] = field(default_factory=dict)
    """What cannot be read, by field: then the days are those shown first."""
    typed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    sums: Sums


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("figures", __name__, url_prefix="/desk/figures")

    @blueprint.get("")
    @needs(Can.FIGURES)
    def figures() -> str:
        asked = _asked(work)
        lines = _lines(work, asked)
        total = Sums()
        for line in lines:
            total += line.sums
        return render_template(
            "desk/figures.html",
            asked=asked,
            lines=lines,
            total=total,
            sites=officer().sites(work.catalogue),
            spent=_spent(work, asked) if officer().role not in OF_AN_AGENCY else None,
            reason=lambda code: _(SAID[Reason(code)]) if code in list(Reason) else code,
            most=MOST_DAYS,
        )

    @blueprint.get("/figures.csv")
    @needs(Can.FIGURES)
    def file() -> Response:
        """The same, a line a centre and service."""
        asked = _asked(work)
        if asked.wrong:
            abort(404)
        sites = [asked.site] if asked.site else officer().sites(work.catalogue)
        reasons = [reason.value for reason in Reason]
        heads = ["centre", "service", *sums.COUNTS, *(f"not_served_{reason}" for reason in reasons)]
        rows: list[tuple[object, ...]] = [("from", "until", *heads)]
        for site in sites:
            for code, found in _of_site(work, asked, site):
                counts = (getattr(found, name) for name in sums.COUNTS)
                why = (found.not_served.get(reason, 0) for reason in reasons)
                rows.append((asked.first, asked.last, site.code, code, *counts, *why))
        return csv_file(rows, f"figures-{asked.first}-{asked.last}.csv")

    return blueprint


def _asked(work: Work) -> Asked:
    """Both days, or the last week. A manager sees one centre whatever is asked for."""
    today = local_date(work.now())
    asked = Asked(today - FROM_TODAY, today, None)
    own = officer().sites(work.catalogue)
    code = request.args.get("centre", "")
    if len(own) == 1:
        asked.site = own[0]
    elif code:
        asked.site = work.catalogue.sites.get(code) or abort(404)
    days = {}
    for name in ("first", "last"):
        typed = request.args.get(name, "").strip()
        asked.typed[name] = typed
        if typed:
            try:
                days[name] = DayField.parse(typed)
            except ValueError as error:
                asked.wrong[name] = str(error)
    first, last = days.get("first", asked.first), days.get("last", asked.last)
    if not asked.wrong and last < first:
        asked.wrong["last"] = _("The last day is before the first.")
    elif not asked.wrong and last - first >= timedelta(days=MOST_DAYS):
        asked.wrong["last"] = _("No more than {most} days at a time.").format(most=MOST_DAYS)
    if not asked.wrong:
        asked.first, asked.last = first, last
    return asked


def _lines(work: Work, asked: Asked) -> list[Line]:
    """Of one centre its services, of all of them a line each."""
    catalogue = work.catalogue
    if asked.site is not None:
        return [Line(catalogue.services[code].names.spoken_full, s) for code, s in _of_site(work, asked, asked.site)]
    lines = []
    for site in officer().sites(catalogue):
        total = Sums()
        for _code, found in _of_site(work, asked, site):
            total += found
        lines.append(Line(site.names.spoken_full, total))
    return lines


def _of_site(work: Work, asked: Asked, site: Site) -> list[tuple[str, Sums]]:
    """By service code, those that one may see."""
    catalogue, who = work.catalogue, officer()
    seen = {service.id for service in catalogue.services.values() if who.sees_service(service)}
    with work.reading() as db:
        found = sums.at_site(db, site.id, first=asked.first, last=asked.last, services=seen)
    return [(service.code, found[service.id]) for service in catalogue.services.values() if service.id in found]


def _spent(work: Work, asked: Asked) -> list[tuple[str, money.Cost]]:
    """Messages and calls of all centres together, and what they cost."""
    with work.reading() as db:
        costs = money.costs(db, asked.first, asked.last)
    named = {**{lane.value: _(LANES[lane]) for lane in Lane}, money.USSD: _("Calls (USSD)")}
    return [(named[what], costs.get(what, money.Cost())) for what in named]
