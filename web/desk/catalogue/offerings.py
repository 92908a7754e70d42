"""What is given where: services switched on and off at a centre, one by one, several at once, or all of them."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.booking.given import Given, given_at, open_by_site
from core.booking.opening import Opening, close_all, close_offering, open_offering, usual_minutes
from core.catalogue import search
from core.catalogue.errors import CatalogueRefused
from core.catalogue.snapshot import Service, Site
from core.catalogue.telling import hours_line
from core.clock import local_date
from core.staff.roles import AT_A_CENTRE, Can
from core.wording import N_
from core.wording import gettext as _
from web.desk.access import look_anew, needs, officer, own_site
from web.desk.asking import NO_NUMBER, NumberField, words
from web.desk.catalogue.changing import done, say
from web.desk.catalogue.forms import Said
from web.desk.catalogue.several import open_several, who_confirmed
from web.work import Work


class OpenForm(Said):
    """How a service is given at a centre."""

    counters = NumberField(N_("Counters that serve it at once"), NO_NUMBER, least=1)
    minutes = NumberField(N_("Minutes for one person"), NO_NUMBER, least=1)
    note = who_confirmed(N_("Who has confirmed that it is given here?"))


class CloseForm(Said):
    note = words(N_("Why is it no longer given here?"), N_("Type a reason."))


class CloseAllForm(Said):
    note = words(N_("Why does the centre give nothing any more?"), N_("Type a reason."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("offerings", __name__, url_prefix="/desk/offerings")
    blueprint.before_request(lambda: look_anew(work))

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
        lines = _at(work, site)
        services = list(work.catalogue.services.values())
        if typed:
            services = search.find_services(work.catalogue, typed, among=services)
        by_code = {line.service.code: line for line in lines}
        return render_template(
            "desk/catalogue/offerings_at_centre.html",
            site=site,
            opened=sum(line.open for line in lines),
            more=any(line.bookable and not line.open for line in lines),
            lines=[by_code[service.code] for service in services],
            typed=typed,
        )

    @blueprint.route("/centre/<code>/open", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def open_at_centre(code: str) -> str | BaseResponse:
        """Open several services of a centre in one go."""
        site = own_site(work.catalogue, code)
        heading = _("Open several services at {site}").format(site=site.names.spoken)
        back = url_for("offerings.at_centre", code=site.code)
        return open_several(work, _at(work, site), by="service", heading=heading, back=back)

    @blueprint.route("/centre/<code>/close", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def close_centre(code: str) -> str | BaseResponse:
        """Close all that is open at a centre, for good or until somebody opens it again."""
        return _close_centre(work, own_site(work.catalogue, code))

    @blueprint.get("/service/<code>")
    @needs(Can.CAPACITY)
    def of_service(code: str) -> str:
        """Each centre that one may see, whether the service is open there or not."""
        service = work.catalogue.services.get(code) or abort(404)
        lines = _of(work, service)
        more = len(lines) > 1 and any(line.bookable and not line.open for line in lines)
        return render_template("desk/catalogue/offerings_of_service.html", service=service, lines=lines, more=more)

    @blueprint.route("/service/<code>/open", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def open_service(code: str) -> str | BaseResponse:
        """Open a service at several of the centres that one may see, in one go."""
        service = work.catalogue.services.get(code) or abort(404)
        heading = _("Open {service} at several centres").format(service=service.names.spoken_full)
        back = url_for("offerings.of_service", code=service.code)
        return open_several(work, _of(work, service), by="site", heading=heading, back=back)

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


def _at(work: Work, site: Site) -> list[Given]:
    """All services at a centre."""
    with work.reading() as db:
        return given_at(db, list(work.catalogue.services.values()), [site], now=work.now())


def _of(work: Work, service: Service) -> list[Given]:
    """A service at each centre that one may see, by their names."""
    sites = sorted(officer().sites(work.catalogue), key=lambda site: site.names.spoken)
    with work.reading() as db:
        return given_at(db, [service], sites, now=work.now())


def _open(work: Work, line: Given) -> str | BaseResponse:
    form = OpenForm(counters=line.counters or 1, minutes=line.minutes or _minutes(work, line.service.code))
    if form.validate_on_submit():
        opening = Opening(line.service.code, line.site.code, form.counters.data, form.minutes.data)
        if done(work, form, lambda db: open_offering(db, opening, edit=form.edit(work))):
            return redirect(url_for("offerings.at_centre", code=line.site.code), 303)
    hours = hours_line(line.site, local_date(work.now())) or _("Hours: ask at the centre.")
    return render_template(
        "desk/catalogue/offering_switch.html",
        form=form,
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
    codes = {"service": line.service.code, "site": line.site.code}
    if form.validate_on_submit() and done(work, form, lambda db: close_offering(db, **codes, edit=form.edit(work))):
        return redirect(url_for("offerings.at_centre", code=line.site.code), 303)
    return render_template(
        "desk/catalogue/offering_switch.html",
        form=form,
        taken=line.taken,
        heading=_("Close {service} at {site}").format(
            service=line.service.names.spoken_full, site=line.site.names.spoken
        ),
        button=_("Close it for booking"),
        do="close",
        lines=[_("Nobody can book it here any more.")],
        moving=url_for("closures.new", centre=line.site.code, service=line.service.code) if line.taken else "",
        back=url_for("offerings.at_centre", code=line.site.code),
    )


def _close_centre(work: Work, site: Site) -> str | BaseResponse:
    form, back = CloseAllForm(), url_for("offerings.at_centre", code=site.code)
    lines = [line for line in _at(work, site) if line.open]
    if form.validate_on_submit():
        try:
            with work.writing() as db:
                closed = close_all(db, site=site.code, edit=form.edit(work))
            if closed:
                flash(_("Nothing can be booked here now. Services closed: {count}.").format(count=closed), "done")
            return redirect(back, 303)
        except CatalogueRefused as error:
            say(form, error)
    elif not lines:
        return redirect(back, 303)
    taken = sum(line.taken for line in lines)
    return render_template(
        "desk/catalogue/offering_switch.html",
        form=form,
        taken=taken,
        heading=_("Close the whole centre for booking"),
        caption=site.names.spoken_full,
        button=_("Close it for booking"),
        do="close",
        lines=[
            _("Services open: {count}. Places taken, still to come: {taken}.").format(count=len(lines), taken=taken),
            _("Nobody can book anything here until somebody opens it again."),
        ],
        moving=url_for("closures.new", centre=site.code) if taken else "",
        back=back,
    )


def _minutes(work: Work, code: str) -> int:
    """What is proposed: what the catalogue says of the service."""
    with work.reading() as db:
        return usual_minutes(db)[code]
