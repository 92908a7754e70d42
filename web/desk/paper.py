"""What was done on paper in a cut is keyed in: line after line, each once, with the time at which it was done."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Field
from wtforms.validators import ValidationError

from core.booking.errors import NoSuchBooking
from core.clock import at_local, local_date
from core.errors import Malformed
from core.references import grouped, parse_reference
from core.staff.roles import Can
from core.tracking.errors import NumberInUse
from core.visits.errors import AlreadyOver, TimeRefused
from core.visits.paper import Entry, Keyed, What, key_in
from core.visits.turning_away import SAID as REASONS
from core.visits.turning_away import Reason
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk import visit_words
from web.desk.access import needs, officer
from web.desk.asking import DayField, TimeField, one_of, pick, refuse, words
from web.desk.serving_forms import ServedForm
from web.desk.today import Told, own
from web.work import Work

DONE = {
    What.CAME: N_("Came"),
    What.SERVED: N_("Served"),
    What.NOT_SERVED: N_("Could not be served"),
}


class PaperForm(ServedForm):
    """One line of a paper list."""

    reference = words(N_("Booking number"), N_("Type the booking number."), most=20)
    what = one_of(N_("What was done?"), none=N_("Choose what was done."))
    day = DayField(N_("Day"), N_("Type the day."), hint=N_("At most a week ago, such as 24/11/2026."))
    time = TimeField(N_("Time"), N_("Type the time."), hint=N_("On the clock of 24 hours, such as 14:30."))
    reason = pick(N_("Why could they not be served?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.what.choices = [(what.value, _(said)) for what, said in DONE.items()]
        self.reason.choices = [(reason.value, _(said)) for reason, said in REASONS.items()]
        if self.reason.data is None:
            self.reason.data = Reason.SYSTEM_DOWN.value

    @property
    def makes_document(self) -> bool:
        return self.what.data == What.SERVED and super().makes_document

    def entry(self) -> Entry:
        """Of a valid form."""
        what = What(self.what.data)
        at: datetime = at_local(self.day.data, self.time.data)
        return Entry(
            parse_reference(self.reference.data or ""),
            what,
            at,
            application=self.application() if self.makes_document else None,
            paid=self.paid,
            reason=Reason(self.reason.data),
        )

    def validate_reference(self, field: Field) -> None:
        try:
            parse_reference(field.data or "")
        except Malformed as error:
            raise ValidationError(str(error)) from None


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("paper", __name__, url_prefix="/desk")

    @blueprint.route("/paper", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def paper() -> str | Response | tuple[str, int]:
        form = PaperForm()
        if form.validate_on_submit():
            done = _key_in(work, form)
            if done:
                flash(*done)
                # The next line is mostly of the same day and of the same kind.
                again = {"day": form.day.data.isoformat(), "what": form.what.data}
                return redirect(url_for("paper.paper", **again), 303)
        elif request.method == "GET":
            _begin(form, work.now())
        page = render_template("desk/paper.html", form=form)
        return (page, 422) if form.errors else page

    return blueprint


def _begin(form: PaperForm, now: datetime) -> None:
    what = request.args.get("what")
    form.what.data = what if what in set(What) else What.SERVED.value
    days = {str(local_date(now) - timedelta(days=ago)): local_date(now) - timedelta(days=ago) for ago in range(8)}
    form.day.data = days.get(request.args.get("day", ""), local_date(now))


def _key_in(work: Work, form: PaperForm) -> Told | None:
    """None: it was refused, beside its field."""
    entry, site = form.entry(), own(work.catalogue)
    key = f"{form.key('desk')}:{entry.reference}"
    try:
        with work.writing() as db:
            keyed = key_in(db, work.register, entry, site=site, actor=officer().actor, request_key=key, now=work.now())
    except TimeRefused as error:
        field = form.day if error.why in ("too_old", "another_day") else form.time
        refuse(field, visit_words.refusal(error, work.catalogue))
    except (NoSuchBooking, AlreadyOver) as error:
        refuse(form.reference, visit_words.refusal(error, work.catalogue))
    except NumberInUse as error:
        refuse(form.tracking_number, error)
    else:
        return _told(entry, keyed)
    return None


def _told(entry: Entry, keyed: Keyed) -> Told:
    said = {"number": grouped(entry.reference), "what": _(DONE[entry.what]), "when": dates.when(entry.at)}
    if keyed.already:
        return _("{number} was written down already. Nothing was changed.").format(**said), "already"
    if keyed.tracking_number:
        sentence = _("{number}: {what}, {when}. The document has number {document}.")
        return sentence.format(document=grouped(keyed.tracking_number), **said), "done"
    return _("{number}: {what}, {when}.").format(**said), "done"
