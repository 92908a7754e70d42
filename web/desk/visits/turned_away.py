"""Somebody came and could not be served: first why, then when they may come again."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking.errors import BookingRefused, NoSuchBooking
from core.catalogue.snapshot import Offering
from core.clock import in_reach
from core.staff.roles import Can
from core.visits import turning_away
from core.visits.expected import Expected
from core.visits.turning_away import SAID, Reason, Turned
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import Asked, one_of, refuse
from web.desk.visits import wording
from web.desk.visits.today import own, words
from web.desk.visits.visit import LIVE, note_seen, own_visit
from web.work import Work

NONE = "none"
"""They want no other time."""


class WhyForm(Asked):
    reason = one_of(N_("Why can they not be served?"), none=N_("Choose the reason."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [(reason.value, _(said)) for reason, said in SAID.items()]


class WhenForm(Asked):
    start = one_of(N_("When will they come again?"), none=N_("Choose a time."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("turned_away", __name__, url_prefix="/desk/visit/<reference>")

    @blueprint.route("/not-served", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def why(reference: str) -> str | Response | tuple[str, int]:
        """Nothing is written yet: the reason goes on to the times, in the address."""
        row = _live(work, reference)
        if isinstance(row, Response):
            return row
        form = WhyForm()
        if form.validate_on_submit():
            where = {"reference": row.reference, "reason": form.reason.data}
            return redirect(url_for("turned_away.when", **where), 303)
        page = render_template("desk/visits/why.html", form=form, visit=row, **words(work))
        return (page, 422) if form.errors else page

    @blueprint.route("/another-time", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def when(reference: str) -> str | Response | tuple[str, int]:
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
        page = render_template(
            "desk/visits/when.html", form=form, visit=row, priority=reason.gives_priority, times=starts, **words(work)
        )
        return (page, 422) if form.errors else page

    return blueprint


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
                said = _("Noted: could not be served.")
            else:
                closed = work.catalogue.closed_days
                turning_away.bring_back(
                    db, turned, offering=offering, starts_at=starts_at, closed_days=closed, **common
                )
                said = _("New time: {when}. The SMS is on its way.").format(when=dates.when(starts_at))
    except NoSuchBooking:
        said, kind = _("Somebody has dealt with this visit already. Nothing was changed."), "already"
    except BookingRefused as error:
        refuse(form.start, wording.refusal(error, work.catalogue))
        return None
    flash(said, kind)
    return redirect(url_for("visits.visit", reference=row.reference), 303)
