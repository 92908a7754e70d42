"""What was done on paper in a cut is keyed in: line after line, each once, with the time at which it was done."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Field
from wtforms.validators import ValidationError

from core.booking.errors import NoSuchBooking
from core.catalogue.snapshot import Catalogue
from core.clock import at_local, local_date
from core.db import Session
from core.errors import Malformed
from core.references import grouped, parse_reference
from core.staff.roles import Can
from core.tracking.errors import NumberInUse
from core.visits.errors import AlreadyOver, Ambiguous, TimeRefused
from core.visits.paper import Entry, What, key_in
from core.visits.paper_agency import Sent, key_in_sent
from core.visits.paper_walk_in import WalkIn, key_in_walk_in
from core.visits.turning_away import SAID as REASONS
from core.visits.turning_away import Reason
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DayField, NumberField, TimeField, one_of, pick, refuse, words
from web.desk.visits import wording
from web.desk.visits.serving_forms import ServedForm, walk_in_services
from web.desk.visits.today import Told, own
from web.work import Work

DONE = {
    What.CAME: N_("Came"),
    What.SERVED: N_("Served"),
    What.NOT_SERVED: N_("Could not be served"),
}


class Who(StrEnum):
    BOOKING = "booking"
    AGENCY = "agency"
    WALK_IN = "walk_in"


WHO = {
    Who.BOOKING: N_("A citizen with a booking"),
    Who.AGENCY: N_("Somebody whom an agency sent"),
    Who.WALK_IN: N_("Somebody without a booking"),
}
Line = Entry | Sent | WalkIn
MOST_PEOPLE = 200
"""In one line: more than that no centre turns away in a minute."""


class PaperForm(ServedForm):
    """One line of a paper list."""

    who = one_of(N_("Who is it?"), none=N_("Choose who it is."))
    reference = words(N_("Number"), hint=N_("As printed on the day list. Leave it empty without a booking."), most=40)
    service = pick(N_("Service"), hint=N_("Needed without a booking only."))
    what = one_of(N_("What was done?"), none=N_("Choose what was done."))
    day = DayField(N_("Day"), N_("Type the day."), hint=N_("At most a week ago."))
    time = TimeField(N_("Time"), N_("Type the time."), hint=N_("Such as 2:30pm."))
    reason = pick(N_("Why could they not be served?"))
    people = NumberField(
        N_("How many people"),
        hint=N_("Without a booking only: all in that minute for that service and reason."),
        least=1,
        default=1,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Of those who were served more is asked, after this: what is wrong is told in the order of the page.
        for name in [name for name in self._fields if hasattr(ServedForm, name)]:
            self._fields.move_to_end(name)
        self.who.choices = [(who.value, _(said)) for who, said in WHO.items()]
        self.what.choices = [(what.value, _(said)) for what, said in DONE.items()]
        self.reason.choices = [(reason.value, _(said)) for reason, said in REASONS.items()]
        if self.reason.data is None:
            self.reason.data = Reason.SYSTEM_DOWN.value
        if self.service.data is None:
            self.service.data = ""

    @property
    def makes_document(self) -> bool:
        """An agency makes its own."""
        return self.what.data == What.SERVED and self.who.data != Who.AGENCY and super().makes_document

    @property
    def at(self) -> datetime:
        """Of a valid form."""
        at: datetime = at_local(self.day.data, self.time.data)
        return at

    def line(self, catalogue: Catalogue) -> Line:
        """Of a valid form."""
        what, at, service = What(self.what.data), self.at, catalogue.services.get(self.service.data)
        application = self.application() if self.makes_document else None
        number, reason = self.reference.data or "", Reason(self.reason.data)
        if self.who.data == Who.AGENCY:
            return Sent(number, what, at, service_id=service.id if service else None, reason=reason)
        if self.who.data == Who.WALK_IN:
            assert service is not None, "the form has been checked"
            turned_away = reason if what is What.NOT_SERVED else None
            people = self.people.data or 1
            return WalkIn(
                service.id, at, application=application, paid=self.paid, turned_away=turned_away, people=people
            )
        return Entry(
            parse_reference(number),
            what,
            at,
            application=application,
            paid=self.paid,
            reason=reason,
        )

    def validate_reference(self, field: Field) -> None:
        if self.who.data == Who.WALK_IN:
            return
        if not field.data:
            raise ValidationError(_("Type the number."))
        try:
            if self.who.data == Who.BOOKING:
                parse_reference(field.data)
        except Malformed as error:
            raise ValidationError(str(error)) from None

    def validate_service(self, field: Field) -> None:
        if self.who.data == Who.WALK_IN and not field.data:
            raise ValidationError(_("Choose the service."))

    def validate_what(self, field: Field) -> None:
        if self.who.data == Who.WALK_IN and field.data == What.CAME:
            raise ValidationError(_("Without a booking, key in that they were served, or could not be."))

    def validate_people(self, field: Field) -> None:
        count = field.data or 1
        if count > MOST_PEOPLE:
            raise ValidationError(_("The most is {most}.").format(most=MOST_PEOPLE))
        if count > 1 and not (self.who.data == Who.WALK_IN and self.what.data == What.NOT_SERVED):
            raise ValidationError(_("One line is one person here. Key in the others after it."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("paper", __name__, url_prefix="/desk")

    @blueprint.route("/paper", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def paper() -> str | Response:
        form = PaperForm()
        form.service.choices = [("", ""), *walk_in_services(work.catalogue)]
        if form.validate_on_submit():
            done = _key_in(work, form)
            if done:
                flash(*done)
                # The next line is mostly of the same day and of the same kind.
                again = {"day": form.day.data.isoformat(), "what": form.what.data, "who": form.who.data}
                return redirect(url_for("paper.paper", **again), 303)
        elif request.method == "GET":
            _begin(form, work.now())
        return render_template("desk/visits/paper.html", form=form)

    return blueprint


def _begin(form: PaperForm, now: datetime) -> None:
    what, who = request.args.get("what"), request.args.get("who")
    form.what.data = what if what in set(What) else What.SERVED.value
    form.who.data = who if who in set(Who) else Who.BOOKING.value
    days = {str(local_date(now) - timedelta(days=ago)): local_date(now) - timedelta(days=ago) for ago in range(8)}
    form.day.data = days.get(request.args.get("day", ""), local_date(now))


def _key_in(work: Work, form: PaperForm) -> Told | None:
    """None: it was refused, beside its field."""
    line = form.line(work.catalogue)
    try:
        with work.writing() as db:
            already, document = _write(work, db, line, form.key("desk"))
    except TimeRefused as error:
        field = form.day if error.why in ("too_old", "another_day") else form.time
        refuse(field, wording.refusal(error, work.catalogue))
    except Ambiguous as error:
        refuse(form.service, wording.refusal(error, work.catalogue))
    except (NoSuchBooking, AlreadyOver) as error:
        refuse(form.reference, wording.refusal(error, work.catalogue))
    except NumberInUse as error:
        refuse(form.tracking_number, error)
    else:
        return _told(work, line, already=already, document=document)
    return None


def _write(work: Work, db: Session, line: Line, key: str) -> tuple[bool, str | None]:
    """Whether it was known already, and the number of the document that was registered now."""
    place: dict[str, Any] = {
        "site": own(work.catalogue),
        "actor": officer().actor,
        "request_key": key,
        "now": work.now(),
    }
    if isinstance(line, Sent):
        return key_in_sent(db, line, **place), None
    if isinstance(line, WalkIn):
        walk_in = key_in_walk_in(db, work.register, line, **place)
        return walk_in.already, walk_in.tracking_number
    keyed = key_in(db, work.register, line, **place)
    return keyed.already, keyed.tracking_number


def _told(work: Work, line: Line, *, already: bool, document: str | None) -> Told:
    said = {"number": _number(work, line), "what": _(DONE[line.what]), "when": dates.when(line.at)}
    if isinstance(line, WalkIn) and line.turned_away:
        return _told_of_many(line, said, already=already)
    if already and isinstance(line, WalkIn):
        sentence = _(
            "{number}, {when}: written down already. Nothing was changed. "
            "If it was somebody else, give a time one minute later."
        )
        return sentence.format(**said), "already"
    if already:
        return _("{number} was written down already. Nothing was changed.").format(**said), "already"
    if document:
        sentence = _("{number}: {what}, {when}. The document has number {document}.")
        return sentence.format(document=grouped(document), **said), "done"
    return _("{number}: {what}, {when}.").format(**said), "done"


def _told_of_many(line: WalkIn, said: dict[str, str], *, already: bool) -> Told:
    """Of those who could not be served the line knows only how many there were."""
    if already:
        sentence = _(
            "{number}, {when}: written down already. Nothing was changed. "
            "If there were more people, type how many in all."
        )
        return sentence.format(**said), "already"
    sentence = _("{number}: {what}, {when}. People in all: {people}.")
    return sentence.format(people=line.people, **said), "done"


def _number(work: Work, line: Line) -> str:
    """What a line is about: the number, as it is printed on the list; of who had none, the service."""
    if isinstance(line, Sent):
        return line.reference
    if isinstance(line, WalkIn):
        return work.catalogue.service_by_id(line.service_id).names.spoken_full
    return grouped(line.reference)
