"""What is given where: services switched on and off at a centre, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.booking.availability import day_begins
from core.booking.opening import Opening, close_offering, open_offering
from core.booking.tables import Counted, Window
from core.catalogue import search
from core.catalogue.editing.edit import Edit
from core.catalogue.errors import CatalogueRefused
from core.catalogue.snapshot import Service, Site
from core.catalogue.tables import Offering
from core.catalogue.tables import Service as ServiceRow
from core.catalogue.telling import hours_line
from core.clock import local_date
from core.db import Session
from core.staff.roles import AT_A_CENTRE, Can
from core.wording import N_
from core.wording import gettext as _
from web.desk.access import needs, officer, own_site
from web.desk.asking import Asked, NumberField, refuse, words
from web.work import Work

WALK_IN = "walk_in"


class Open(Asked):
    """How a service is given at a centre."""

    counters = NumberField(N_("Counters that serve it at once"), N_("Type a whole number, such as 2."), least=1)
    minutes = NumberField(N_("Minutes for one person"), N_("Type a whole number, such as 15."), least=1)
    note = words(
        N_("Who has confirmed that it is given here?"),
        N_("Say where this is written, or who confirmed it."),
        hint=N_("Such as: the centre manager, by letter of 20 Nov 2026."),
    )


class Close(Asked):
    note = words(N_("Why is it no longer given here?"), N_("Type a reason."))


@dataclass(frozen=True, slots=True)
class Line:
    """A service at a centre, as the list shows it."""

    service: Service
    site: Site
    open: bool = False
    counters: int | None = None
    minutes: int | None = None
    taken: int = 0
    """Places still to come that somebody has."""

    @property
    def bookable(self) -> bool:
        """Whether it could be opened at all."""
        return self.service.appointment != WALK_IN and not self.service.elsewhere


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("offerings", __name__, url_prefix="/desk/offerings")

    @blueprint.get("")
    @needs(Can.CAPACITY)
    def offerings() -> str | BaseResponse:
        """The centres, with how many services each has open; a manager's own at once."""
        if officer().role in AT_A_CENTRE:
            return redirect(url_for("offerings.at_centre", code=own_site(work.catalogue).code))
        with work.reading() as db:
            of_site = sa.select(Offering.site_id, sa.func.count().label("open")).where(Offering.open)
            opened = {row.site_id: row.open for row in db.execute(of_site.group_by(Offering.site_id))}
        sites = sorted(work.catalogue.sites.values(), key=lambda site: site.names.spoken)
        return render_template("desk/catalogue/offerings.html", sites=sites, opened=opened)

    @blueprint.get("/centre/<code>")
    @needs(Can.CAPACITY)
    def at_centre(code: str) -> str:
        """Each service, open or not; `q` finds some by their names."""
        site, typed = own_site(work.catalogue, code), request.args.get("q", "").strip()
        services = search.find_services(work.catalogue, typed) if typed else list(work.catalogue.services.values())
        with work.reading() as db:
            lines = _lines(work, db, services, [site])
        return render_template("desk/catalogue/offerings_at_centre.html", site=site, lines=lines, typed=typed)

    @blueprint.get("/service/<code>")
    @needs(Can.CAPACITY)
    def of_service(code: str) -> str:
        """Each centre that one may see, whether the service is open there or not."""
        service = work.catalogue.services.get(code) or abort(404)
        sites = sorted(officer().sites(work.catalogue), key=lambda site: site.names.spoken)
        with work.reading() as db:
            lines = _lines(work, db, [service], sites)
        return render_template("desk/catalogue/offerings_of_service.html", service=service, lines=lines)

    @blueprint.route("/<service>/<site>", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def switch(service: str, site: str) -> str | BaseResponse:
        """Open a service at a centre, or close it."""
        here = own_site(work.catalogue, site)
        what = work.catalogue.services.get(service) or abort(404)
        with work.reading() as db:
            line = _lines(work, db, [what], [here])[0]
        wanted = request.form.get("do") or ("close" if line.open else "open")
        return _close(work, line) if wanted == "close" else _open(work, line)

    return blueprint


def _open(work: Work, line: Line) -> str | BaseResponse:
    form = Open(counters=line.counters or 1, minutes=line.minutes or _minutes(work, line))
    if form.validate_on_submit():
        opening = Opening(line.service.code, line.site.code, form.counters.data, form.minutes.data)
        try:
            with work.writing() as db:
                open_offering(db, opening, edit=_edit(work, form))
            return redirect(url_for("offerings.at_centre", code=line.site.code), 303)
        except CatalogueRefused as error:
            _refused(form, error)
    hours = hours_line(line.site, local_date(work.now())) or _("Hours: ask at the centre.")
    return render_template(
        "desk/catalogue/offering_switch.html",
        form=form,
        line=line,
        heading=_("Open {service} at {site}").format(
            service=line.service.names.spoken_full, site=line.site.names.spoken
        ),
        button=_("Open it for booking"),
        do="open",
        lines=[_("It takes bookings in the hours of the centre: {hours}").format(hours=hours)],
        back=url_for("offerings.at_centre", code=line.site.code),
    )


def _close(work: Work, line: Line) -> str | BaseResponse:
    form = Close()
    if form.validate_on_submit():
        try:
            with work.writing() as db:
                close_offering(db, service=line.service.code, site=line.site.code, edit=_edit(work, form))
            return redirect(url_for("offerings.at_centre", code=line.site.code), 303)
        except CatalogueRefused as error:
            _refused(form, error)
    return render_template(
        "desk/catalogue/offering_switch.html",
        form=form,
        line=line,
        heading=_("Close {service} at {site}").format(
            service=line.service.names.spoken_full, site=line.site.names.spoken
        ),
        button=_("Close it for booking"),
        do="close",
        lines=[_("Nobody can book it here any more.")],
        moving=_closures(line) if line.taken else "",
        back=url_for("offerings.at_centre", code=line.site.code),
    )


def _refused(form: Asked, error: CatalogueRefused) -> None:
    if error.field and error.field in form:
        refuse(form[error.field], error)
    else:
        form.form_errors.append(str(error))


def _edit(work: Work, form: Any) -> Edit:
    return Edit(officer().actor, form.note.data or "", form.key("desk"), work.now())


def _closures(line: Line) -> str:
    """Where bookings are moved, before the service is switched off."""
    return url_for("closures.new", centre=line.site.code, service=line.service.code)


def _minutes(work: Work, line: Line) -> int:
    """What is proposed: what the catalogue says of the service."""
    with work.reading() as db:
        return db.scalars(sa.select(ServiceRow.minutes).where(ServiceRow.code == line.service.code)).one()


def _lines(work: Work, db: Session, services: Sequence[Service], sites: Sequence[Site]) -> list[Line]:
    """Of each service at each centre; read from the tables, so that what was just switched is seen."""
    rows = db.execute(
        sa.select(
            Offering.id, Offering.service_id, Offering.site_id, Offering.open, Offering.counters, Offering.minutes
        )
        .where(Offering.site_id.in_([site.id for site in sites]))
        .where(Offering.service_id.in_([service.id for service in services]))
    ).all()
    held = {(row.service_id, row.site_id): row for row in rows}
    taken = _taken(work, db, [row.id for row in rows])
    lines = []
    for service in services:
        for site in sites:
            row = held.get((service.id, site.id))
            if row is None:
                lines.append(Line(service, site))
            else:
                lines.append(Line(service, site, row.open, row.counters, row.minutes, taken.get(row.id, 0)))
    return lines


def _taken(work: Work, db: Session, offering_ids: Sequence[int]) -> dict[int, int]:
    """As `places_taken`, of many: through the key of `windows`, an offering at a time."""
    counted = (
        sa.select(Window.owner_id, sa.func.sum(Window.taken).label("taken"))
        .where(
            Window.kind == Counted.OFFERING.value,
            Window.owner_id.in_(offering_ids),
            Window.starts_at >= day_begins(local_date(work.now())),
            Window.taken > 0,
        )
        .group_by(Window.owner_id)
    )
    return {row.owner_id: row.taken for row in db.execute(counted)}
