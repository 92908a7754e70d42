"""A centre's day on paper: shown, printed, and saved again at any time."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.catalogue.snapshot import Catalogue, Site
from core.clock import local_date
from core.people.audit import record_event
from core.references import grouped
from core.staff.roles import Can
from core.visits import day_lists
from core.visits.day_lists import Line, Saved
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.reach import chosen_site, which_centre
from web.pages.forms import EXPIRED, OnceForm
from web.work import Work

NAMED = {"today": 0, "tomorrow": 1}


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("day_list", __name__, url_prefix="/desk/day-list")

    @blueprint.get("/<day>")
    @needs(Can.SEE_DAY)
    def day_list(day: str) -> str:
        """As it was saved; of a day that has not been saved, as it is now."""
        that_day = _day(day, today=local_date(work.now()))
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            return which_centre(work.catalogue, "day_list.day_list", day=day)
        with work.writing() as db:
            saved = day_lists.saved_list(db, site_id=site.id, day=that_day)
            lines = saved.lines if saved else day_lists.lines(db, work.register, site_id=site.id, day=that_day)
            details = {"day": that_day.isoformat(), "rows": len(lines), "printed": True}
            record_event(db, "visits.seen", f"site:{site.id}", actor=officer().actor, now=work.now(), **details)
        return _page(work, site, that_day, lines, saved)

    @blueprint.post("/<day>")
    @needs(Can.SEE_DAY)
    def save(day: str) -> Response:
        """Saving twice does no harm: the list of now takes the place of the one before."""
        that_day, form = _day(day, today=local_date(work.now())), OnceForm()
        site = chosen_site(work.catalogue, request.args.get("centre")) or abort(404)
        if not form.validate_on_submit():
            flash(_(EXPIRED), "refused")
        elif that_day < local_date(work.now()):
            abort(404)
        else:
            with work.writing() as db:
                day_lists.save_list(db, work.register, site_id=site.id, day=that_day, now=work.now())
                details = {"day": that_day.isoformat()}
                record_event(
                    db, "visits.list_saved", f"site:{site.id}", actor=officer().actor, now=work.now(), **details
                )
            flash(_("Saved as of now."), "done")
        return redirect(url_for("day_list.day_list", day=day, centre=_centre(site)), 303)

    return blueprint


def _day(text: str, *, today: date) -> date:
    """`today`, `tomorrow`, or a day of the last month such as 2026-11-24; 404 for any other."""
    if text in NAMED:
        return today + timedelta(days=NAMED[text])
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(404)
    if not today - day_lists.KEPT <= day <= today + timedelta(days=1):
        abort(404)
    return day


def _centre(site: Site) -> str | None:
    """For the address of those who see all centres."""
    return None if officer().site_id == site.id else site.code


def _page(work: Work, site: Site, day: date, lines: list[Line], saved: Saved | None) -> str:
    catalogue: Catalogue = work.catalogue
    rows: list[dict[str, Any]] = [
        {
            "at": dates.clock(line.at),
            "number": line.reference if line.is_appointment else grouped(line.reference),
            "service": catalogue.services[line.service].names.spoken,
            "digits": line.last_digits or "",
            "priority": line.priority,
        }
        for line in lines
    ]
    return render_template(
        "desk/visits/day_list.html",
        form=OnceForm(formdata=None),
        rows=rows,
        site=site,
        centre=_centre(site),
        day=dates.day_month(day),
        address=url_for("day_list.save", day=day.isoformat(), centre=_centre(site)),
        may_save=day >= local_date(work.now()),
        saved_at=dates.when(saved.saved_at) if saved else None,
        serves=officer().may(Can.SERVE),
    )
