"""The catalogue at the desk: services, centres and what is said of them, a part at a time, each with its source."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.catalogue import search
from core.catalogue.editing.edit import edits_of
from core.catalogue.editing.fees import fee_rows
from core.catalogue.editing.hours import periods
from core.catalogue.editing.naming import names_of
from core.catalogue.editing.services import list_of, service_row
from core.catalogue.editing.sites import site_row
from core.catalogue.tables import Named, Part
from core.clock import local_date
from core.db import Session
from core.staff.roles import Can
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import look_anew, needs
from web.desk.catalogue.adding import add_adding
from web.desk.catalogue.changing import KINDS, address_of, done, found, title
from web.desk.catalogue.confirm import add_confirming
from web.desk.catalogue.days import add_days
from web.desk.catalogue.forms import appointments, long, span
from web.desk.catalogue.parts import PART_FORMS, PartForm
from web.desk.catalogue.phone_screen import screens, with_names
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("catalogue", __name__, url_prefix="/desk/catalogue")
    blueprint.before_request(lambda: look_anew(work))

    @blueprint.get("")
    @needs(Can.CATALOGUE)
    def catalogue() -> str:
        """All services and centres, or those whose names begin as typed."""
        typed, now_ = request.args.get("q", "").strip(), work.catalogue
        if typed:
            services = search.find_services(now_, typed, among=now_.services.values())
            at = {site.code: site for place in search.find_places(now_, typed) for site in place.sites}
            sites = list(at.values())
        else:
            services, sites = list(now_.services.values()), list(now_.sites.values())
        categories = [] if typed else list(now_.categories.values())
        return render_template(
            "desk/catalogue/catalogue.html",
            typed=typed,
            services=services,
            public=now_.public_services,
            sites=sites,
            categories=categories,
        )

    @blueprint.get("/service/<code>")
    @needs(Can.CATALOGUE)
    def service(code: str) -> str:
        with work.reading() as db:
            what = found(db, Named.SERVICE, code)
            edits = edits_of(db, what)
            public = Part.ADDED not in edits or code in (one.code for one in work.catalogue.public_services)
            return render_template(
                "desk/catalogue/service.html",
                code=code,
                row=service_row(db, what),
                names=names_of(db, what),
                fees=fee_rows(db, what),
                bring=list_of(db, what),
                edits=edits,
                public=public,
                appointments=appointments(),
                today=local_date(work.now()),
                span=span,
                when=dates.when,
            )

    @blueprint.get("/centre/<code>")
    @needs(Can.CATALOGUE)
    def centre(code: str) -> str:
        with work.reading() as db:
            what = found(db, Named.SITE, code)
            return render_template(
                "desk/catalogue/centre.html",
                code=code,
                row=site_row(db, what),
                names=names_of(db, what),
                hours=periods(db, what),
                edits=edits_of(db, what),
                weekday=dates.weekday,
                clock=lambda at: dates.hours(at.hour, at.minute),
                long=long,
                span=span,
                when=dates.when,
            )

    @blueprint.get("/category/<code>")
    @needs(Can.CATALOGUE)
    def category(code: str) -> BaseResponse:
        """Nothing but its names."""
        return redirect(url_for("catalogue.edit", kind="category", code=code, part="names"))

    @blueprint.route("/<any(service, centre, category):kind>/<code>/<part>", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def edit(kind: str, code: str, part: str) -> str | BaseResponse:
        """Change a part of something."""
        section = PART_FORMS.get((kind, part)) or abort(404)
        with work.reading() as db:
            what = found(db, KINDS[kind], code)
            held = section.held(db, what)
            caption = title(names_of(db, what), code)
            lines = [*map(_, section.lines), *section.known(db, what, work.now())]
        form = section.form(data=held)
        if form.validate_on_submit() and request.form.get("do") != "check":

            def act(db: Session) -> object:
                return section.act(db, code, form, form.edit(work))

            if done(work, form, act):
                return redirect(address_of(kind, code), 303)
        return _ask(work, section, form, kind, code, caption, lines)

    add_adding(blueprint, work)
    add_confirming(blueprint, work)
    add_days(blueprint, work)
    return blueprint


def _ask(work: Work, section: PartForm, form: Any, kind: str, code: str, caption: str, lines: list[str]) -> str:
    """The form of a part; names with how the phone will show them."""
    shown = []
    if section.part == "names" and code in _codes(work, kind):
        renamed = with_names(work.catalogue, KINDS[kind], code, form.fields())
        shown = screens(renamed, KINDS[kind], code, register=work.register, now=work.now())
    return render_template(
        "desk/catalogue/edit.html",
        form=form,
        heading=_(section.heading),
        caption=caption,
        lines=lines,
        button=_("Save"),
        check=_("Show it as a phone does") if section.part == "names" else "",
        screens=shown,
        closing=url_for("closures.new", centre=code) if section.part == "days" else "",
        back=address_of(kind, code),
    )


def _codes(work: Work, kind: str) -> Any:
    now_ = work.catalogue
    return {"service": now_.services, "centre": now_.sites, "category": now_.categories}[kind]
