"""Figures for those who watch over the centres: sums only, and nobody's name, phone or number."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from flask import Blueprint, Response, abort, render_template, request

from core import sums
from core.catalogue.snapshot import Service, Site
from core.clock import local_date
from core.messaging import money
from core.messaging.tables import Lane
from core.staff.roles import OF_AN_AGENCY, Can
from core.sums import MOST_DAYS, Sums
from core.visits.turning_away import SAID, Reason
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DayField
from web.desk.messages.lanes import SAID as LANES
from web.pages.downloads import csv_file
from web.work import Work

FROM_TODAY = timedelta(days=6)
"""A week is shown first."""


@dataclass(slots=True)
class Choice:
    """Which days, and of which centre: from the address, so that a page can be sent to a colleague."""

    first: date
    last: date
    site: Site | None
    """None: all that one may see, a line each."""
    wrong: dict[str, str] = field(default_factory=dict)
    """What cannot be read, by field: then the days are those shown first."""
    typed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedSums:
    name: str
    sums: Sums


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("figures", __name__, url_prefix="/desk/figures")

    @blueprint.get("")
    @needs(Can.FIGURES)
    def figures() -> str:
        chosen = _chosen(work)
        lines = _lines(work, chosen)
        total = Sums()
        for line in lines:
            total += line.sums
        return render_template(
            "desk/figures.html",
            chosen=chosen,
            lines=lines,
            total=total,
            span=_("{first} to {last}").format(first=_day(chosen.first, chosen), last=_day(chosen.last, chosen)),
            sites=officer().sites(work.catalogue),
            spent=_spent(work, chosen) if officer().role not in OF_AN_AGENCY else None,
            reason=lambda code: _(SAID[Reason(code)]) if code in list(Reason) else code,
            most=MOST_DAYS,
        )

    @blueprint.get("/figures.csv")
    @needs(Can.FIGURES)
    def file() -> Response:
        """The same, a line a centre and service."""
        chosen = _chosen(work)
        if chosen.wrong:
            abort(404)
        reasons = [reason.value for reason in Reason]
        heads = ["centre", "service", *sums.COUNTS, *(f"not_served_{reason}" for reason in reasons)]
        rows: list[tuple[object, ...]] = [("from", "until", *heads)]
        for site, services in _by_centre(work, chosen):
            for service, found in services:
                counts = (getattr(found, name) for name in sums.COUNTS)
                why = (found.not_served.get(reason, 0) for reason in reasons)
                rows.append((chosen.first, chosen.last, site.code, service.code, *counts, *why))
        return csv_file(rows, f"figures-{chosen.first}-{chosen.last}.csv")

    return blueprint


def _chosen(work: Work) -> Choice:
    """Both days, or the last week. A manager sees one centre whatever is asked for."""
    today = local_date(work.now())
    chosen = Choice(today - FROM_TODAY, today, None)
    own = officer().sites(work.catalogue)
    code = request.args.get("centre", "")
    if len(own) == 1:
        chosen.site = own[0]
    elif code:
        chosen.site = work.catalogue.sites.get(code) or abort(404)
    days = {}
    for name in ("first", "last"):
        typed = request.args.get(name, "").strip()
        chosen.typed[name] = typed
        if typed:
            try:
                days[name] = DayField.parse(typed)
            except ValueError as error:
                chosen.wrong[name] = str(error)
    first, last = days.get("first", chosen.first), days.get("last", chosen.last)
    if not chosen.wrong and last < first:
        chosen.wrong["last"] = _("The last day is before the first.")
    elif not chosen.wrong and last - first >= timedelta(days=MOST_DAYS):
        chosen.wrong["last"] = _("No more than {most} days at a time.").format(most=MOST_DAYS)
    if not chosen.wrong:
        chosen.first, chosen.last = first, last
    return chosen


def _day(day: date, chosen: Choice) -> str:
    """16 Nov; the last day says the year, and the first where it is another one."""
    says_year = day == chosen.last or day.year != chosen.last.year
    return f"{dates.month_day(day)} {day.year}" if says_year else dates.month_day(day)


def _lines(work: Work, chosen: Choice) -> list[NamedSums]:
    """Of one centre its services, of all of them a line each."""
    lines = []
    for site, services in _by_centre(work, chosen):
        if chosen.site is not None:
            return [NamedSums(service.names.spoken_full, found) for service, found in services]
        total = Sums()
        for _service, found in services:
            total += found
        lines.append(NamedSums(site.names.spoken_full, total))
    return lines


def _by_centre(work: Work, chosen: Choice) -> list[tuple[Site, list[tuple[Service, Sums]]]]:
    """Each centre that was chosen, with its services of which there is anything and that one may see."""
    catalogue, who = work.catalogue, officer()
    sites = [chosen.site] if chosen.site else who.sites(catalogue)
    services = [service for service in catalogue.services.values() if who.sees_service(service)]
    with work.reading() as db:
        days = {"first": chosen.first, "last": chosen.last}
        found = sums.at_sites(db, [site.id for site in sites], **days, services={service.id for service in services})
    return [
        (site, [(service, here[service.id]) for service in services if service.id in here])
        for site, here in ((site, found.get(site.id, {})) for site in sites)
    ]


def _spent(work: Work, chosen: Choice) -> list[tuple[str, money.Cost]]:
    """Messages and calls of all centres together, and what they cost."""
    with work.reading() as db:
        costs = money.costs(db, chosen.first, chosen.last)
    named = {**{lane.value: _(LANES[lane]) for lane in Lane}, money.USSD: _("Calls (USSD)")}
    return [(named[what], costs.get(what, money.Cost())) for what in named]
