"""The catalogue at the desk: services, centres and what is said of them, a part at a time, each with its source."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.catalogue import search
from core.catalogue.editing import fees, holidays, places
from core.catalogue.editing.edit import thing
from core.catalogue.editing.naming import names_of
from core.catalogue.editing.services import list_of
from core.catalogue.errors import CatalogueRefused, NoSuchEntry
from core.catalogue.holidays import closed_days
from core.catalogue.tables import Fee, HandEdit, HolidayOverride, Named, Service, Site, SiteHours
from core.clock import local_date
from core.db import Session
from core.staff.roles import Can
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import needs
from web.desk.asking import refuse
from web.desk.catalogue_forms import DayForm, Said, SiteForm, appointments, long, span
from web.desk.catalogue_parts import PARTS, VERIFIES, Part
from web.desk.phone_screen import screens
from web.work import Work

KINDS = {"service": Named.SERVICE, "centre": Named.SITE, "category": Named.CATEGORY}
"""As addresses call them."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("catalogue", __name__, url_prefix="/desk/catalogue")

    @blueprint.get("")
    @needs(Can.CATALOGUE)
    def catalogue() -> str:
        """All services and centres, or those whose names begin as typed."""
        typed, now_ = request.args.get("q", "").strip(), work.catalogue
        if typed:
            services = search.find_services(now_, typed)
            found = {site.code: site for place in search.find_places(now_, typed) for site in place.sites}
            sites = list(found.values())
        else:
            services, sites = list(now_.services.values()), list(now_.sites.values())
        categories = [] if typed else list(now_.categories.values())
        return render_template(
            "desk/catalogue.html", typed=typed, services=services, sites=sites, categories=categories
        )

    @blueprint.get("/service/<code>")
    @needs(Can.CATALOGUE)
    def service(code: str) -> str:
        with work.reading() as db:
            what = _thing(db, Named.SERVICE, code)
            return render_template(
                "desk/catalogue_service.html",
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
            what = _thing(db, Named.SITE, code)
            hours = sa.select(SiteHours).where(SiteHours.site_id == what.id)
            return render_template(
                "desk/catalogue_centre.html",
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
            what = _thing(db, KINDS[kind], code)
            held = section.held(db, what)
            title = _title(names_of(db, what), code)
        form = section.form(data=held)
        if form.validate_on_submit() and request.form.get("do") != "check":

            def act(db: Session) -> object:
                return section.act(db, code, form, form.edit(work))

            if _done(work, form, act):
                return redirect(_page(kind, code), 303)
        return _ask(work, section, form, kind, code, title)

    @blueprint.route("/<any(service, centre):kind>/<code>/<part>/verify", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def verify(kind: str, code: str, part: str) -> str | BaseResponse:
        """Confirm a part as it stands."""
        heading, act = VERIFIES.get((kind, part)) or abort(404)
        with work.reading() as db:
            title = _title(names_of(db, _thing(db, KINDS[kind], code)), code)
        form = Said()
        if form.validate_on_submit() and _done(work, form, lambda db: act(db, code, form.edit(work))):
            return redirect(_page(kind, code), 303)
        return _confirm(form, _(heading), title, _("It is right as it stands"), _page(kind, code))

    @blueprint.route("/service/<code>/fee/<day>/<any(verify, drop):what>", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def one_fee(code: str, day: str, what: str) -> str | BaseResponse:
        """Confirm a fee as it stands, or take away one that has not begun."""
        valid_from = _day(day)
        with work.reading() as db:
            service_ = _thing(db, Named.SERVICE, code)
            title = _title(names_of(db, service_), code)
            row = db.get(Fee, (service_.id, valid_from)) or abort(404)
        amount = _("nobody knows") if row.amount_kes is None else f"KES {row.amount_kes:,}"
        title = f"{title}: {amount}, {span(row.valid_from, row.valid_until)}"
        form, command = Said(), fees.verify_fee if what == "verify" else fees.drop_fee

        def act(db: Session) -> object:
            return command(db, code, valid_from=valid_from, edit=form.edit(work))

        if form.validate_on_submit() and _done(work, form, act):
            return redirect(_page("service", code), 303)
        heading = _("Confirm the fee") if what == "verify" else _("Take the fee away")
        button = _("It is right as it stands") if what == "verify" else heading
        return _confirm(form, heading, title, button, _page("service", code))

    @blueprint.route("/holidays", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def days() -> str | BaseResponse:
        """Public holidays, and what was decreed."""
        form = DayForm()

        def act(db: Session) -> object:
            closed = form.closed.data == "closed"
            return holidays.set_day(
                db, form.day.data, closed=closed, reason=form.reason.data or "", edit=form.edit(work)
            )

        if form.validate_on_submit() and _done(work, form, act):
            return redirect(url_for("catalogue.days"), 303)
        return render_template("desk/catalogue_holidays.html", form=form, long=long, **_known_days(work))

    @blueprint.route("/holidays/<day>/drop", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def drop_day(day: str) -> str | BaseResponse:
        form, chosen = Said(), _day(day)
        if form.validate_on_submit() and _done(
            work, form, lambda db: holidays.drop_day(db, chosen, edit=form.edit(work))
        ):
            return redirect(url_for("catalogue.days"), 303)
        heading = _("Take back what is said of {day}").format(day=long(chosen))
        return _confirm(form, heading, "", heading, url_for("catalogue.days"))

    @blueprint.route("/new-centre", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def new_centre() -> str | BaseResponse:
        form = SiteForm()
        form.offer(work)
        if form.validate_on_submit() and _done(work, form, lambda db: _add(db, form, work)):
            return redirect(_page("centre", form.code.data or ""), 303)
        return render_template(
            "desk/one_form.html",
            form=form,
            heading=_("New centre or outreach"),
            lines=[_("No service is given there before it is opened.")],
            button=_("Add it"),
            back=url_for("catalogue.catalogue"),
        )

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


def _done(work: Work, form: Said, act: Callable[[Session], object]) -> bool:
    """Do it. False: it was refused, and the form says why, beside the field at fault."""
    try:
        with work.writing() as db:
            act(db)
    except NoSuchEntry:
        abort(404)
    except CatalogueRefused as error:
        field = form.place(error.field)
        if field is None:
            form.form_errors.append(str(error))
        else:
            refuse(field, error)
        return False
    return True


def _ask(work: Work, section: Part, form: Any, kind: str, code: str, title: str) -> str:
    """The form of a part; names with how the phone will show them."""
    shown = []
    if section.part == "names" and code in _codes(work, kind):
        fields = form.fields()
        shown = screens(work.catalogue, KINDS[kind], code, fields, register=work.register, now=work.now())
    return render_template(
        "desk/catalogue_edit.html",
        form=form,
        heading=_(section.heading),
        caption=title,
        lines=[_(line) for line in section.lines],
        button=_("Save"),
        check=_("Show it as a phone does") if section.part == "names" else "",
        screens=shown,
        back=_page(kind, code),
    )


def _codes(work: Work, kind: str) -> Any:
    now_ = work.catalogue
    return {"service": now_.services, "centre": now_.sites, "category": now_.categories}[kind]


def _confirm(form: Said, heading: str, caption: str, button: str, back: str) -> str:
    return render_template(
        "desk/one_form.html", form=form, heading=heading, caption=caption, lines=[], button=button, back=back
    )


def _known_days(work: Work) -> dict[str, Any]:
    """What the library knows of the year to come, and what was said besides."""
    today = local_date(work.now())
    with work.reading() as db:
        said = db.scalars(sa.select(HolidayOverride).order_by(HolidayOverride.day)).all()
    ahead = closed_days(today, date(today.year + 1, today.month, 1), {})
    return {"said": [row for row in said if row.day >= today], "ahead": sorted(ahead)}


def _thing(db: Session, kind: Named, code: str) -> Any:
    try:
        return thing(db, kind, code)
    except NoSuchEntry:
        abort(404)


def _title(names: dict[str, str], code: str) -> str:
    return f"{names.get('full_en', code)} ({code})"


def _page(kind: str, code: str) -> str:
    if kind == "category":
        return url_for("catalogue.catalogue")
    return url_for(f"catalogue.{kind}", code=code)


def _edits(db: Session, kind: Named, owner_id: int) -> dict[str, HandEdit]:
    """By part, who set or confirmed it last."""
    rows = db.scalars(sa.select(HandEdit).where(HandEdit.kind == kind, HandEdit.owner_id == owner_id))
    return {row.part: row for row in rows}


def _day(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        abort(404)
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)
