"""Somebody whom an agency sent to its own appointment: checked in and served by one key each."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from core.booking.errors import BookingRefused
from core.booking.outcomes import appointment_subject
from core.booking.tables import Appointment
from core.clock import local_date
from core.people.audit import record_event
from core.staff.roles import Can
from core.visits import appointments, expected
from core.visits.errors import VisitRefused
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.visits import wording
from web.desk.visits.today import own, words
from web.desk.visits.visit import LIVE
from web.pages.forms import EXPIRED, OnceForm
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("sent_by_agency", __name__, url_prefix="/desk/appointment/<int:appointment_id>")

    @blueprint.get("")
    @needs(Can.SERVE)
    def appointment(appointment_id: int) -> str:
        now = work.now()
        with work.writing() as db:
            found = expected.appointments_where(
                db, work.register, own(work.catalogue).id, Appointment.id == appointment_id
            )
            row = found[0] if found else abort(404)
            record_event(db, "appointment.seen", appointment_subject(row.id), actor=officer().actor, now=now)
        live, today = row.state in LIVE, local_date(row.starts_at) == local_date(now)
        form = OnceForm(formdata=None)
        return render_template("desk/visits/agency.html", visit=row, form=form, live=live, today=today, **words(work))

    @blueprint.post("/check-in")
    @needs(Can.SERVE)
    def check_in(appointment_id: int) -> Response:
        def act(**place: Any) -> str:
            came_at = appointments.check_in(**place)
            return _("Came at {time}").format(time=wording.clock(came_at, work.now()))

        return _do(work, appointment_id, act)

    @blueprint.post("/served")
    @needs(Can.SERVE)
    def served(appointment_id: int) -> Response:
        def act(**place: Any) -> str:
            appointments.end_served(**place)
            return _("Served.")

        return _do(work, appointment_id, act)

    return blueprint


def _do(work: Work, appointment_id: int, act: Callable[..., str]) -> Response:
    form, site = OnceForm(), own(work.catalogue)
    back = redirect(url_for("sent_by_agency.appointment", appointment_id=appointment_id), 303)
    if not form.validate_on_submit():
        flash(_(EXPIRED), "refused")
        return back
    try:
        with work.writing() as db:
            said = act(
                db=db,
                appointment_id=appointment_id,
                site_id=site.id,
                actor=officer().actor,
                request_key=form.key("desk"),
                now=work.now(),
            )
    except (BookingRefused, VisitRefused) as error:
        flash(wording.refusal(error, work.catalogue), "refused")
    else:
        flash(said, "done")
    return back
