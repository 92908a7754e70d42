"""Adding to the catalogue what no data file has: a service, a centre, an outreach."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.catalogue.editing import sites
from core.catalogue.editing.new_service import NewService, add_service, agencies
from core.catalogue.tables import Named, Trust
from core.db import Session
from core.staff.roles import Can
from core.wording import gettext as _
from core.wording import language
from web.desk.access import needs
from web.desk.catalogue.changing import address_of, done
from web.desk.catalogue.forms import ServiceForm, SiteForm
from web.desk.catalogue.phone_screen import Screen, screens, with_service
from web.work import Work


def add_adding(blueprint: Blueprint, work: Work) -> None:
    """Add the pages that add something to the catalogue's."""

    @blueprint.route("/new-service", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def new_service() -> str | BaseResponse:
        """Its names with how the phone will show them. What is said of it counts as an estimate."""
        form = ServiceForm()
        with work.reading() as db:
            form.offer(work.catalogue, agencies(db, language()))
        good = form.validate_on_submit() and request.form.get("do") != "check"
        if good and done(work, form, lambda db: _add_service(db, form, work)):
            return redirect(address_of("service", form.code.data or ""), 303)
        return render_template(
            "desk/catalogue/edit.html",
            form=form,
            heading=_("New service"),
            lines=[
                _("Citizens find it once a centre has opened it. One that people walk in to, they find at once."),
                _("What you say here counts as an estimate until somebody confirms it."),
            ],
            button=_("Add it"),
            check=_("Show it as a phone does"),
            screens=_screens(work, form),
            back=url_for("catalogue.catalogue"),
        )

    @blueprint.route("/new-centre", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def new_centre() -> str | BaseResponse:
        form = SiteForm()
        form.offer(work.catalogue)
        if form.validate_on_submit() and done(work, form, lambda db: _add_site(db, form, work)):
            return redirect(address_of("centre", form.code.data or ""), 303)
        return render_template(
            "desk/one_form.html",
            form=form,
            heading=_("New centre or outreach"),
            lines=[_("No service is given there before it is opened.")],
            button=_("Add it"),
            back=url_for("catalogue.catalogue"),
        )


def _add_service(db: Session, form: ServiceForm, work: Work) -> bool:
    new = NewService(
        code=form.code.data or "",
        agency=form.agency.data,
        category=form.category.data,
        short=form.by_language("short"),
        full=form.by_language("full"),
        appointment=form.appointment.data,
        identity=form.identity.data,
        minutes=form.minutes.data,
    )
    return add_service(db, new, edit=form.edit(work, Trust.ESTIMATE))


def _screens(work: Work, form: ServiceForm) -> list[Screen]:
    """Nothing before all its names are typed, and where it stands is chosen."""
    fields, catalogue = form.fields(), work.catalogue
    if not all(fields.values()) or form.category.data not in catalogue.categories or not form.appointment.data:
        return []
    code = form.code.data or "NEW"
    seen = with_service(catalogue, code, fields, category=form.category.data, appointment=form.appointment.data)
    return screens(seen, Named.SERVICE, code, register=work.register, now=work.now())


def _add_site(db: Session, form: SiteForm, work: Work) -> bool:
    new = sites.NewSite(
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
    return sites.add_site(db, new, edit=form.edit(work))
