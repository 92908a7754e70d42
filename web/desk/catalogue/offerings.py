"""What is given where: services switched on and off at a centre, one by one."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.booking.given import Given, given_at, open_by_site
from core.booking.opening import Opening, close_offering, open_offering
from core.catalogue import search
from core.catalogue.editing.edit import Edit, thing
from core.catalogue.editing.services import service_row
from core.catalogue.errors import CatalogueRefused
from core.catalogue.tables import Named
from core.catalogue.telling import hours_line
from core.clock import local_date
from core.staff.roles import AT_A_CENTRE, Can
from core.wording import N_
from core.wording import gettext as _
from web.desk.access import needs, officer, own_site
from web.desk.asking import DeskForm, NumberField, refuse, words
from web.work import Work


class OpenForm(DeskForm):
    """How a service is given at a centre."""

    counters = NumberField(N_("Counters that serve it at once"), N_("Type a whole number, such as 2."), least=1)
    minutes = NumberField(N_("Minutes for one person"), N_("Type a whole number, such as 15."), least=1)
    note = words(
        N_("Who has confirmed that it is given here?"),
        N_("Say where this is written, or who confirmed it."),
        hint=N_("Such as: the centre manager, by letter of 20 Nov 2026."),
    )


class CloseForm(DeskForm):
    note = words(N_("Why is it no longer given here?"), N_("Type a reason."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("offerings", __name__, url_prefix="/desk/offerings")

    @blueprint.get("")
    @needs(Can.CAPACITY)
    def offerings() -> str | BaseResponse:
        """The centres, with how many services each has open; a manager's own at once."""
        if officer().role in AT_A_CENTRE:
            return redirect(url_for("offerings.at_centre", code=own_site(work.catalogue).code))
        with work.reading() as db:
            opened = open_by_site(db)
        sites = sorted(work.catalogue.sites.values(), key=lambda site: site.names.spoken)
        return render_template("desk/catalogue/offerings.html", sites=sites, opened=opened)

    @blueprint.get("/centre/<code>")
    @needs(Can.CAPACITY)
    def at_centre(code: str) -> str:
        """Each service, open or not; `q` finds some by their names."""
        site, typed = own_site(work.catalogue, code), request.args.get("q", "").strip()
        services = list(work.catalogue.services.values())
        if typed:
            services = search.find_services(work.catalogue, typed, among=services)
        with work.reading() as db:
            lines = given_at(db, services, [site], now=work.now())
        return render_template("desk/catalogue/offerings_at_centre.html", site=site, lines=lines, typed=typed)

    @blueprint.get("/service/<code>")
    @needs(Can.CAPACITY)
    def of_service(code: str) -> str:
        """Each centre that one may see, whether the service is open there or not."""
        service = work.catalogue.services.get(code) or abort(404)
        sites = sorted(officer().sites(work.catalogue), key=lambda site: site.names.spoken)
        with work.reading() as db:
            lines = given_at(db, [service], sites, now=work.now())
        return render_template("desk/catalogue/offerings_of_service.html", service=service, lines=lines)

    @blueprint.route("/<service>/<site>", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def switch(service: str, site: str) -> str | BaseResponse:
        """Open a service at a centre, or close it."""
        here = own_site(work.catalogue, site)
        what = work.catalogue.services.get(service) or abort(404)
        with work.reading() as db:
            [line] = given_at(db, [what], [here], now=work.now())
        wanted = request.form.get("do") or ("close" if line.open else "open")
        return _close(work, line) if wanted == "close" else _open(work, line)

    return blueprint


def _open(work: Work, line: Given) -> str | BaseResponse:
    form = OpenForm(counters=line.counters or 1, minutes=line.minutes or _minutes(work, line.service.code))
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


def _close(work: Work, line: Given) -> str | BaseResponse:
    form = CloseForm()
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


def _refused(form: DeskForm, error: CatalogueRefused) -> None:
    if error.field and error.field in form:
        refuse(form[error.field], error)
    else:
        form.form_errors.append(str(error))


def _edit(work: Work, form: Any) -> Edit:
    return Edit(officer().actor, form.note.data or "", form.key("desk"), work.now())


def _closures(line: Given) -> str:
    """Where bookings are moved, before the service is switched off."""
    return url_for("closures.new", centre=line.site.code, service=line.service.code)


def _minutes(work: Work, code: str) -> int:
    """What is proposed: what the catalogue says of the service."""
    with work.reading() as db:
        return service_row(db, thing(db, Named.SERVICE, code)).minutes
