"""My booking on the web: found by its number and phone, or by the phone alone; seen, moved, given up."""

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import ValidationError

from core.booking import closing, commands, free, queries
from core.booking.errors import NoSuchBooking
from core.booking.tables import Booking
from core.booking.waitlist import queries as waits
from core.db import Session
from core.errors import Malformed
from core.messaging.limits import TooManySms
from core.references import parse_reference
from core.wording import gettext as _
from web import seeing
from web.pages.forms import OnceForm
from web.pages.limits import limited
from web.portal.proving import (
    SENDING,
    PhoneForm,
    Prover,
    ask_code,
    ask_phone,
    forget,
    intent_of,
    phone_field,
    proven,
)
from web.portal.wanted import where
from web.portal.words import speaks
from web.work import Work

Page = str | Response


class FindForm(PhoneForm):
    """The number and the phone that belong together."""

    reference = StringField(widget=GovTextInput())
    phone = phone_field()  # once more, so that it comes second: what is wrong is listed in the order of the page

    def __init__(self, **more: object) -> None:
        super().__init__(**more)
        self.reference.label.text = _("Booking number")
        self.reference.description = _("The 8 digits in the SMS or on the slip, such as 4821 7096.")
        keys = {"inputmode": "numeric", "autocomplete": "off", "classes": "govuk-input--width-10"}
        self.reference.render_kw = {"params": keys}
        self.phone.label.text = _("The phone that it was booked with")
        self.phone.description = _("We send a code to it by SMS.")

    def validate_reference(self, field: StringField) -> None:
        try:
            parse_reference(field.data or "")
        except Malformed as error:
            raise ValidationError(str(error)) from error


def create_blueprint(work: Work) -> Blueprint:
    blueprint = speaks(Blueprint("own_booking", __name__, url_prefix="/booking"))
    prover = Prover(work)
    _finding(blueprint, work, prover)
    _seeing(blueprint, work)
    _changing(blueprint, work)
    return blueprint


def _finding(blueprint: Blueprint, work: Work, prover: Prover) -> None:
    @blueprint.route("", methods=["GET", "POST"])
    @limited(SENDING, counts=lambda response: response.status_code == 302)
    def find() -> Page:
        """The same answer whether or not there is such a booking."""
        form = FindForm(data={"reference": request.args.get("reference", "")})
        if not form.validate_on_submit():
            return render_template("portal/own_find.html", form=form)
        reference = parse_reference(form.reference.data or "")

        def is_theirs(db: Session, contact_id: int) -> bool:
            now = work.now()
            return _booking(db, reference, contact_id, now) is not None or _is_lost(db, reference, contact_id, now)

        refused = prover.send(form, form.number, about=reference, only_if=is_theirs)
        return redirect(url_for("own_booking.code", reference=reference, said=refused or None))

    @blueprint.route("/<reference>/code", methods=["GET", "POST"])
    def code(reference: str) -> Page:
        return ask_code(
            prover,
            onward=lambda: url_for("own_booking.see", reference=reference),
            back=url_for("own_booking.find", reference=reference),
            now=work.now(),
            sure=False,
        )

    @blueprint.route("/phone", methods=["GET", "POST"])
    @limited(SENDING, counts=lambda response: response.status_code == 302)
    def phone() -> Page:
        """For whoever has lost the number: the phone is proof enough."""
        if request.method == "GET" and proven(work.now()) is not None:
            return redirect(url_for("own_booking.mine"))
        onward = url_for("own_booking.phone_code")
        back = url_for("own_booking.find")
        return ask_phone(prover, PhoneForm(), onward=onward, back=back)

    @blueprint.route("/phone/code", methods=["GET", "POST"])
    def phone_code() -> Page:
        return ask_code(
            prover,
            onward=lambda: url_for("own_booking.mine"),
            back=url_for("own_booking.phone"),
            now=work.now(),
        )

    @blueprint.post("/forget", endpoint="forget")
    def forget_phone() -> Page:
        """On a computer that others use too."""
        if OnceForm().validate_on_submit():
            forget()
        return redirect(url_for("own_booking.find", said="forgotten"))


def _seeing(blueprint: Blueprint, work: Work) -> None:
    @blueprint.get("/mine")
    def mine() -> Page:
        """All that this phone has booked or waits for."""
        contact_id = proven(work.now())
        if contact_id is None:
            return redirect(url_for("own_booking.phone"))
        catalogue = work.catalogue
        with work.reading() as db:
            now = work.now()
            bookings = [
                (booking, seeing.of_booking(work, db, booking), closing.moved_by_closure(db, booking.id))
                for booking in queries.live_bookings(db, contact_id, now)
            ]
            lost = [
                (booking, seeing.of_booking(work, db, booking))
                for booking in closing.lost_by_closure(db, contact_id, now=now)
            ]
            offers = [(o, catalogue.offering_by_id(o.offering_id)) for o in waits.open_offers(db, contact_id, now)]
            waiting = [
                (wait, catalogue.service_by_id(wait.service_id), catalogue.site_by_id(wait.site_ids[0]))
                for wait in waits.waits_of(db, contact_id)
                if wait.booking_id is None
            ]
        return render_template(
            "portal/own_mine.html", bookings=bookings, lost=lost, offers=offers, waiting=waiting, form=OnceForm()
        )

    @blueprint.get("/<reference>")
    def see(reference: str) -> Page:
        found = own(work, reference)
        if isinstance(found, Response):
            return found
        contact_id, booking = found
        offering = work.catalogue.offering_by_id(booking.offering_id)
        with work.reading() as db:
            now = work.now()
            told = seeing.of_booking(work, db, booking)
            moved = closing.moved_by_closure(db, booking.id)
            wait = next((w for w in waits.waits_of(db, contact_id) if w.booking_id == booking.id), None)
            offers = [(o, work.catalogue.offering_by_id(o.offering_id)) for o in waits.open_offers(db, contact_id, now)]
            can_wait = (
                wait is None
                and offering is not None
                and free.can_wait_beside(db, work.catalogue, offering, booking.starts_at, now=now)
            )
        return render_template(
            "portal/own_see.html",
            booking=booking,
            told=told,
            moved=moved,
            wait=wait,
            offers=offers,
            can_wait=can_wait,
            move=url_for("booking.times", **where(offering), moving=reference) if offering else "",
            form=OnceForm(),
        )

    @blueprint.get("/<reference>/booked")
    def booked(reference: str) -> Page:
        found = own(work, reference)
        if isinstance(found, Response):
            return found
        contact_id, booking = found
        offering = work.catalogue.offering_by_id(booking.offering_id)
        with work.reading() as db:
            told = seeing.of_booking(work, db, booking)
            can_wait = (
                offering is not None
                and not any(w.booking_id == booking.id for w in waits.waits_of(db, contact_id))
                and free.can_wait_beside(db, work.catalogue, offering, booking.starts_at, now=work.now())
            )
        return render_template("portal/own_booked.html", booking=booking, told=told, can_wait=can_wait, form=OnceForm())


def _changing(blueprint: Blueprint, work: Work) -> None:
    @blueprint.route("/<reference>/give-up", methods=["GET", "POST"])
    def give_up(reference: str) -> Page:
        """Asks first."""
        contact_id = proven(work.now())
        form = OnceForm()
        if contact_id is not None and form.validate_on_submit():
            # The key decides before the booking is looked for: a second press gets the first answer.
            try:
                with work.writing() as db:
                    intent = intent_of(work, contact_id, form)
                    commands.give_up(db, intent, reference=reference)
            except NoSuchBooking:
                return redirect(url_for("own_booking.mine", said="none"))
            return redirect(url_for("own_booking.mine", said="given-up"))
        found = own(work, reference)
        if isinstance(found, Response):
            return found
        with work.reading() as db:
            told = seeing.of_booking(work, db, found[1])
        return render_template("portal/own_give_up.html", booking=found[1], told=told, form=form)

    @blueprint.post("/<reference>/sms")
    def send_again(reference: str) -> Page:
        found = own(work, reference)
        if isinstance(found, Response):
            return found
        form = OnceForm()
        if not form.validate_on_submit():
            return redirect(url_for("own_booking.see", reference=reference, said="expired"))
        said = "sms"
        try:
            with work.writing() as db:
                intent = intent_of(work, found[0], form)
                commands.send_again(db, intent, reference=reference)
        except TooManySms:
            said = "sms-lately"
        except NoSuchBooking:
            return redirect(url_for("own_booking.mine", said="none"))
        return redirect(url_for("own_booking.see", reference=reference, said=said))


def own(work: Work, reference: str) -> tuple[int, Booking] | Response:
    """The proven phone and its live booking; else the way to prove the phone, or to what it has."""
    try:
        reference = parse_reference(reference)
    except Malformed:
        abort(404)
    contact_id = proven(work.now())
    if contact_id is None:
        return redirect(url_for("own_booking.find", reference=reference))
    with work.reading() as db:
        booking = _booking(db, reference, contact_id, work.now())
        is_lost = booking is None and _is_lost(db, reference, contact_id, work.now())
    if booking is None:
        return redirect(url_for("own_booking.mine", said=None if is_lost else "none"))
    return contact_id, booking


def _booking(db: Session, reference: str, contact_id: int, now: datetime) -> Booking | None:
    bookings = queries.live_bookings(db, contact_id, now)
    return next((booking for booking in bookings if booking.reference == reference), None)


def _is_lost(db: Session, reference: str, contact_id: int, now: datetime) -> bool:
    """Whether a closure took it: the page of the phone says so."""
    return any(lost.reference == reference for lost in closing.lost_by_closure(db, contact_id, now=now))
