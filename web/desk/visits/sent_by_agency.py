"""Somebody whom an agency sent to its own appointment: checked in and served by one key each.

Why they could not be served is asked in `turned_away`.
"""

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
from core.visits.expected import Expected
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.visits import wording
from web.desk.visits.today import own, words
from web.desk.visits.visit import LIVE, NOT_HERE
from web.pages.forms import EXPIRED, OnceForm
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("sent_by_agency", __name__, url_prefix="/desk/appointment/<int:appointment_id>")

    @blueprint.get("")
    @needs(Can.SERVE)
    def appointment(appointment_id: int) -> str:
        row = seen_appointment(work, appointment_id)
        live, today = row.state in LIVE, local_date(row.starts_at) == local_date(work.now())
        form = OnceForm(formdata=None)
        return render_template("desk/visits/agency.html", visit=row, form=form, live=live, today=today, **words(work))

    @blueprint.post("/check-in")
    @needs(Can.SERVE)
    def check_in(appointment_id: int) -> Response:
        def act(**place: Any) -> str:
            came_at = appointments.check_in(**place)
            return _("Came at {time}").format(time=wording.clock(came_at, work.now()))

        return do(work, appointment_id, OnceForm(), act)

    @blueprint.post("/not-here")
    @needs(Can.SERVE)
    def not_here(appointment_id: int) -> Response:
        """Somebody else had come: the check-in is taken back."""

        def act(**place: Any) -> str:
            appointments.undo_check_in(**place)
            return _(NOT_HERE)

        return do(work, appointment_id, OnceForm(), act)

    @blueprint.post("/served")
    @needs(Can.SERVE)
    def served(appointment_id: int) -> Response:
        def act(**place: Any) -> str:
            appointments.end_served(**place)
            return _("Served.")

        return do(work, appointment_id, OnceForm(), act)

    return blueprint


def seen_appointment(work: Work, appointment_id: int) -> Expected:
    """An appointment at the officer's own centre; any other does not exist: 404. That it was seen is recorded."""
    with work.writing() as db:
        found = expected.appointments_where(db, work.register, own(work.catalogue).id, Appointment.id == appointment_id)
        row = found[0] if found else abort(404)
        record_event(db, "appointment.seen", appointment_subject(row.id), actor=officer().actor, now=work.now())
    return row


def do(work: Work, appointment_id: int, form: OnceForm, act: Callable[..., str]) -> Response:
    """One thing, once; what is refused is said on the appointment's page, to which this leads."""
    site = own(work.catalogue)
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
