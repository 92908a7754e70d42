"""Somebody came and could not be served: first why, then when they may come again.

Who had no booking, or was sent by an agency, is asked for no other time: the one may book, the other is the agency's.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking.errors import BookingRefused, NoSuchBooking
from core.catalogue.snapshot import Offering
from core.clock import in_reach
from core.staff.roles import Can
from core.visits import appointments, turning_away
from core.visits.expected import Expected
from core.visits.turning_away import SAID, Reason, Turned
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, one_of, refuse
from web.desk.visits import wording
from web.desk.visits.sent_by_agency import do, seen_appointment
from web.desk.visits.serving_forms import OfService, walk_in_services
from web.desk.visits.today import own, words
from web.desk.visits.visit import LIVE, note_seen, own_visit, walk_in_place
from web.work import Work

NONE = "none"
"""They want no other time."""
NOTED = N_("Noted: could not be served.")


class WhyForm(DeskForm):
    reason = one_of(N_("Why can they not be served?"), none=N_("Choose the reason."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [(reason.value, _(said)) for reason, said in SAID.items()]


class WalkInWhyForm(OfService, WhyForm):
    """The service, and why."""


class WhenForm(DeskForm):
    start = one_of(N_("When will they come again?"), none=N_("Choose a time."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("turned_away", __name__, url_prefix="/desk")
    _with_booking(blueprint, work)
    _without_booking(blueprint, work)
    return blueprint


def _with_booking(blueprint: Blueprint, work: Work) -> None:

    @blueprint.route("/visit/<reference>/not-served", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def why(reference: str) -> str | Response:
        """Nothing is written yet: the reason goes on to the times, in the address."""
        row = _live(work, reference)
        if isinstance(row, Response):
            return row
        form = WhyForm()
        if form.validate_on_submit():
            where = {"reference": row.reference, "reason": form.reason.data}
            return redirect(url_for("turned_away.when", **where), 303)
        return render_template("desk/visits/why.html", form=form, visit=row, **words(work))

    @blueprint.route("/visit/<reference>/another-time", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def when(reference: str) -> str | Response:
        asked = request.args.get("reason", "")
        reason = Reason(asked) if asked in set(Reason) else abort(404)
        form = WhenForm()
        with work.reading() as db:
            row = own_visit(work, db, reference)
            offering = work.catalogue.offering_by_id(row.offering_id)
            starts = _times(work, db, offering, reason)
        if request.method == "POST":
            # What was shown is checked by the command: it may be gone, or be shown no more.
            form.start.choices = [(form.start.data, "")] if _moment(form.start.data) or form.start.data == NONE else []
            if form.validate_on_submit() and (done := _end(work, row, offering, reason, form)):
                return done
        elif row.state not in LIVE:
            return redirect(url_for("visits.visit", reference=row.reference), 303)
        form.start.choices = [(start.isoformat(), dates.when(start)) for start in starts]
        form.start.choices += [(NONE, _("They want no other time"))]
        return render_template(
            "desk/visits/when.html", form=form, visit=row, priority=reason.gives_priority, times=starts, **words(work)
        )


def _without_booking(blueprint: Blueprint, work: Work) -> None:
    @blueprint.route("/walk-in/not-served", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def walk_in() -> str | Response:
        """Somebody without a booking."""
        form = WalkInWhyForm()
        form.service.choices = [("", ""), *walk_in_services(work.catalogue)]
        back = url_for("visits.walk_in")
        if form.validate_on_submit():
            place = walk_in_place(work, form.service.data, form.key("desk"))
            with work.writing() as db:
                turning_away.note_walk_in(db, reason=Reason(form.reason.data), **place)
            flash(_(NOTED), "done")
            return redirect(back, 303)
        return _why_page(form, _("Without a booking"), back)

    @blueprint.route("/appointment/<int:appointment_id>/not-served", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def sent(appointment_id: int) -> str | Response:
        """Somebody whom an agency sent."""
        row = seen_appointment(work, appointment_id)
        back = url_for("sent_by_agency.appointment", appointment_id=appointment_id)
        form = WhyForm()
        if form.validate_on_submit():

            def act(**place: Any) -> str:
                appointments.turn_away(reason=Reason(form.reason.data), **place)
                return _(NOTED)

            return do(work, appointment_id, form, act)
        if row.state not in LIVE:
            return redirect(back, 303)
        return _why_page(form, f"{row.reference}, {words(work)['service'](row)}", back)


def _why_page(form: WhyForm, caption: str, back: str) -> str:
    heading, button = _("Could not be served"), _("Write it down")
    return render_template(
        "desk/one_form.html", form=form, heading=heading, caption=caption, lines=[], button=button, back=back
    )


def _live(work: Work, reference: str) -> Expected | Response:
    """A visit of this centre that can still be turned away; else back to its page."""
    with work.writing() as db:
        row = own_visit(work, db, reference)
        note_seen(work, db, row)
    return row if row.state in LIVE else redirect(url_for("visits.visit", reference=row.reference), 303)


def _times(work: Work, db: Any, offering: Offering | None, reason: Reason) -> list[datetime]:
    if offering is None:
        return []
    closed = work.catalogue.closed_days
    return turning_away.times(db, offering, reason, now=work.now(), closed_days=closed)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo and in_reach(moment) else None


def _end(work: Work, row: Expected, offering: Offering | None, reason: Reason, form: WhenForm) -> Response | None:
    """None: it was refused, beside the field."""
    turned = Turned(row.reference, own(work.catalogue).id, reason)
    common: dict[str, Any] = {"actor": officer().actor, "request_key": form.key("desk"), "now": work.now()}
    starts_at, kind = _moment(form.start.data), "done"
    try:
        with work.writing() as db:
            if starts_at is None or offering is None:
                turning_away.let_go(db, turned, **common)
                said = _(NOTED)
            else:
                closed = work.catalogue.closed_days
                turning_away.bring_back(
                    db, turned, offering=offering, starts_at=starts_at, closed_days=closed, **common
                )
                said = _("New time: {when}. The SMS is on its way.").format(when=dates.when(starts_at))
    except NoSuchBooking:
        said, kind = _(wording.DEALT_WITH), "already"
    except BookingRefused as error:
        refuse(form.start, wording.refusal(error, work.catalogue))
        return None
    flash(said, kind)
    return redirect(url_for("visits.visit", reference=row.reference), 303)
