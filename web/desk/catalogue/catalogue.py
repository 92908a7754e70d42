"""The catalogue at the desk: services, centres and what is said of them, a part at a time, each with its source."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.catalogue import search
from core.catalogue.editing import places
from core.catalogue.editing.naming import names_of
from core.catalogue.editing.services import list_of
from core.catalogue.tables import Fee, HandEdit, Named, Service, Site, SiteHours
from core.clock import local_date
from core.db import Session
from core.staff.roles import Can
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import needs
from web.desk.catalogue.changing import KINDS, done, found, page, title
from web.desk.catalogue.confirm import add_confirming
from web.desk.catalogue.days import add_days
from web.desk.catalogue.forms import SiteForm, appointments, long, span
from web.desk.catalogue.parts import PARTS, Part
from web.desk.catalogue.phone_screen import screens
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("catalogue", __name__, url_prefix="/desk/catalogue")

    @blueprint.get("")
    @needs(Can.CATALOGUE)
    def catalogue() -> str:
        """All services and centres, or those whose names begin as typed."""
        typed, now_ = request.args.get("q", "").strip(), work.catalogue
        if typed:
            services = search.find_services(now_, typed)
            at = {site.code: site for place in search.find_places(now_, typed) for site in place.sites}
            sites = list(at.values())
        else:
            services, sites = list(now_.services.values()), list(now_.sites.values())
        categories = [] if typed else list(now_.categories.values())
        return render_template(
            "desk/catalogue/catalogue.html", typed=typed, services=services, sites=sites, categories=categories
        )

    @blueprint.get("/service/<code>")
    @needs(Can.CATALOGUE)
    def service(code: str) -> str:
        with work.reading() as db:
            what = found(db, Named.SERVICE, code)
            return render_template(
                "desk/catalogue/service.html",
                code=code,
                row=db.get_one(Service, what.id),
                names=names_of(db, what),
                fees=db.scalars(sa.select(Fee).where(Fee.service_id == what.id).order_by(Fee.valid_from)).all(),
                bring=list_of(db, what),
                edits=_edits(db, Named.SERVICE, what.id),
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
            hours = sa.select(SiteHours).where(SiteHours.site_id == what.id)
            return render_template(
                "desk/catalogue/centre.html",
                code=code,
                row=db.get_one(Site, what.id),
                names=names_of(db, what),
                hours=db.scalars(hours.order_by(SiteHours.valid_from, SiteHours.weekday)).all(),
                edits=_edits(db, Named.SITE, what.id),
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
        section = PARTS.get((kind, part)) or abort(404)
        with work.reading() as db:
            what = found(db, KINDS[kind], code)
            held = section.held(db, what)
            caption = title(names_of(db, what), code)
        form = section.form(data=held)
        if form.validate_on_submit() and request.form.get("do") != "check":

            def act(db: Session) -> object:
                return section.act(db, code, form, form.edit(work))

            if done(work, form, act):
                return redirect(page(kind, code), 303)
        return _ask(work, section, form, kind, code, caption)

    @blueprint.route("/new-centre", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def new_centre() -> str | BaseResponse:
        form = SiteForm()
        form.offer(work)
        if form.validate_on_submit() and done(work, form, lambda db: _add(db, form, work)):
            return redirect(page("centre", form.code.data or ""), 303)
        return render_template(
            "desk/one_form.html",
            form=form,
            heading=_("New centre or outreach"),
            lines=[_("No service is given there before it is opened.")],
            button=_("Add it"),
            back=url_for("catalogue.catalogue"),
        )

    add_confirming(blueprint, work)
    add_days(blueprint, work)
    return blueprint


def _add(db: Session, form: SiteForm, work: Work) -> bool:
    new = places.NewSite(
        code=form.code.data or "",
        kind=form.kind.data,
        county=form.county.data,
        short={"en": form.short_en.data or "", "sw": form.short_sw.data or ""},
        full={"en": form.full_en.data or "", "sw": form.full_sw.data or ""},
        town=form.town.data or "",
        address=form.address.data or "",
        opens_on=form.opens_on.data,
        closes_on=form.closes_on.data,
        hours_of=form.hours_of.data,
    )
    return places.add_site(db, new, edit=form.edit(work))


def _ask(work: Work, section: Part, form: Any, kind: str, code: str, caption: str) -> str:
    """The form of a part; names with how the phone will show them."""
    shown = []
    if section.part == "names" and code in _codes(work, kind):
        fields = form.fields()
        shown = screens(work.catalogue, KINDS[kind], code, fields, register=work.register, now=work.now())
    return render_template(
        "desk/catalogue/edit.html",
        form=form,
        heading=_(section.heading),
        caption=caption,
        lines=[_(line) for line in section.lines],
        button=_("Save"),
        check=_("Show it as a phone does") if section.part == "names" else "",
        screens=shown,
        back=page(kind, code),
    )


def _codes(work: Work, kind: str) -> Any:
    now_ = work.catalogue
    return {"service": now_.services, "centre": now_.sites, "category": now_.categories}[kind]


def _edits(db: Session, kind: Named, owner_id: int) -> dict[str, HandEdit]:
    """By part, who set or confirmed it last."""
    rows = db.scalars(sa.select(HandEdit).where(HandEdit.kind == kind, HandEdit.owner_id == owner_id))
    return {row.part: row for row in rows}
