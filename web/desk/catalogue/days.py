"""Holidays at the desk: a day is closed after one has seen who is booked on it."""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.booking.closing import days as closing_days
from core.booking.closing.days import AtCentre
from core.catalogue.editing import holidays
from core.catalogue.errors import CatalogueRefused
from core.catalogue.holidays import closed_days
from core.clock import local_date
from core.db import Session
from core.staff.roles import Can
from core.wording import gettext as _
from web.desk.access import needs
from web.desk.catalogue.changing import confirm, day_in, done, say
from web.desk.catalogue.forms import DayForm, Said, long
from web.work import Work


def add_days(blueprint: Blueprint, work: Work) -> None:
    """Add the pages of holidays to the catalogue's."""

    @blueprint.route("/holidays", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def days() -> str | BaseResponse:
        """Public holidays, and what was decreed. Before a day is closed one sees who would be moved."""
        form, do = DayForm(), request.form.get("do")

        def act(db: Session) -> object:
            return closing_days.say(
                db,
                form.day.data,
                closed=_closes(form),
                reason=form.reason.data or "",
                edit=form.edit(work),
            )

        if form.validate_on_submit() and do != "change":
            if _closes(form) and do != "it":
                if _can_be(work, form):
                    return _check(work, form)
            elif done(work, form, act):
                return redirect(url_for("catalogue.days"), 303)
        return render_template("desk/catalogue/holidays.html", form=form, long=long, **_known(work))

    @blueprint.route("/holidays/<day>/drop", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def drop_day(day: str) -> str | BaseResponse:
        """Go by the calendar of public holidays again: offices may be closed by that."""
        form, chosen = Said(), day_in(day)
        if form.validate_on_submit() and done(
            work, form, lambda db: closing_days.take_back(db, chosen, edit=form.edit(work))
        ):
            return redirect(url_for("catalogue.days"), 303)
        heading = _("Take back what is said of {day}").format(day=long(chosen))
        return confirm(form, heading=heading, lines=_moved_lines(work, chosen), back=url_for("catalogue.days"))


def _closes(form: DayForm) -> bool:
    return bool(form.closed.data == "closed")


def _can_be(work: Work, form: DayForm) -> bool:
    """False: the form says why the day cannot be closed."""
    try:
        holidays.check_day(form.day.data, form.reason.data or "", form.edit(work))
    except CatalogueRefused as error:
        say(form, error)
        return False
    return True


def _check(work: Work, form: DayForm) -> str:
    """Who would be moved, by centre."""
    with work.reading() as db:
        found = closing_days.expected_on(db, form.day.data, now=work.now())
    return render_template(
        "desk/catalogue/day_check.html",
        form=form,
        day=long(form.day.data),
        bookings=sum(one.bookings for one in found),
        appointments=sum(one.appointments for one in found),
        centres=[(_centre(work, one), one.bookings, one.appointments) for one in found],
    )


def _moved_lines(work: Work, day: date) -> list[str]:
    """Who would be moved if nothing were said of a day: it may be a public holiday."""
    with work.reading() as db:
        if not closing_days.would_close(db, day, said=None):
            return []
        found = closing_days.expected_on(db, day, now=work.now())
    lines = [_("It is a public holiday: offices are closed then. Whoever is booked is moved and told.")]
    counted = _("{centre}: bookings {bookings}, appointments of agencies {appointments}")
    for one in found:
        line = counted.format(centre=_centre(work, one), bookings=one.bookings, appointments=one.appointments)
        lines.append(line)
    return lines


def _centre(work: Work, one: AtCentre) -> str:
    return work.catalogue.site_by_id(one.site_id).names.spoken_full


def _known(work: Work) -> dict[str, Any]:
    """What the library knows of the year to come, and what was said besides."""
    today = local_date(work.now())
    with work.reading() as db:
        said = holidays.said_days(db, since=today)
    ahead = closed_days(today, date(today.year + 1, today.month, 1), {})
    return {"said": said, "ahead": sorted(ahead)}
