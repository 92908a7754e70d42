"""A booking is put on another phone: the SIM was lost, or it was somebody else's phone. The ID is looked at first."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Field
from wtforms.validators import ValidationError

from core import wording
from core.booking.another_phone import WrongNumber, change_phone
from core.booking.errors import (
    BookingRefused,
    NoSuchBooking,
    OtherPerson,
    SamePhone,
    TooManyBookings,
    TooManyNumbers,
)
from core.booking.tables import Booking
from core.db import Session
from core.people.tables import Person
from core.phones import parse_phone
from core.references import grouped
from core.staff.roles import Can
from core.wording import N_, dates
from core.wording import gettext as _
from web import seeing
from web.desk.access import needs
from web.desk.asking import DeskForm, one_of, refuse, tick, words
from web.desk.reach import ContactTokens
from web.desk.visits.booking_for import LANGUAGES, NONE, intent_of, own_booking, reference_seen
from web.desk.visits.citizens import Page, identities_in
from web.desk.visits.serving_forms import readable
from web.work import Work

WRONG = N_(
    "The booking is for somebody with another number. Nothing was changed. Tries left in this hour for it: {left}."
)
TOO_MANY = N_("Too many wrong numbers for this booking. Try again in an hour, or ask your manager.")


class PhoneForm(DeskForm):
    phone = words(N_("The other phone"), N_("Type the phone."), most=30, keys="tel")
    number = words(
        N_("Number on the ID of the person coming"),
        N_("Type the number on the ID."),
        hint=N_("Look at the ID. On the telephone, let them say the number."),
        most=30,
    )
    sure = tick(N_("They have said which service, which centre and what time"))
    language = one_of(N_("Language of the SMS"))

    def validate_phone(self, field: Field) -> None:
        readable(field, parse_phone)

    def validate_sure(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Let them say it before you go on."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("another_phone", __name__, url_prefix="/desk/citizens/<token>")
    tokens = ContactTokens(work.settings.secret_key)

    @blueprint.route("/<reference>/phone", methods=["GET", "POST"])
    @needs(Can.BOOK_FOR)
    def change(token: str, reference: str) -> Page:
        contact_id = tokens.contact_or_404(token)
        with work.reading() as db:
            contact = db.get_one(Person, contact_id)
            booking = _booking(work, db, contact_id, reference)
            told = seeing.of_booking(work, db, booking) if booking else None
        form = _form_for(booking, contact.language or wording.DEFAULT)
        # Pressed twice, it is not this phone's any more: the key of the request decides about that.
        if form.validate_on_submit() and (done := _change(work, tokens, contact_id, reference, form)):
            return done
        if booking is None or told is None:
            if request.method == "GET":
                abort(404)
            flash(_(NONE), "refused")
            return redirect(url_for("citizens.citizen", token=token), 303)
        return render_template(
            "desk/one_form.html",
            form=form,
            heading=_("Put booking {reference} on another phone").format(reference=grouped(booking.reference)),
            caption=f"{told.service.names.spoken_full}, {told.site.names.spoken}, {dates.when(booking.starts_at)}",
            lines=[
                _("The number stays. The other phone gets the SMS; the old one is told that it is gone from there.")
            ],
            button=_("Put it on this phone"),
            back=url_for("citizens.citizen", token=token),
        )

    return blueprint


def _booking(work: Work, db: Session, contact_id: int, reference: str) -> Booking | None:
    """This phone's, if the officer may see it."""
    try:
        return own_booking(work, db, contact_id, reference)
    except NoSuchBooking:
        return None


def _form_for(booking: Booking | None, language: str) -> PhoneForm:
    """Asks for the ID, or where the booking names nobody, whether they know what is booked."""
    form = PhoneForm(language=language)
    form.language.choices = list(LANGUAGES.items())
    if booking is None or booking.beneficiary_id is None:
        del form.number
    if booking is None or booking.beneficiary_id is not None:
        del form.sure
    return form


def _change(work: Work, tokens: ContactTokens, contact_id: int, reference: str, form: PhoneForm) -> Response | None:
    """None: something in the form was refused."""
    asked = list(identities_in(form.number.data or "")) if "number" in form else None
    back = url_for("citizens.citizen", token=tokens.make(contact_id))
    try:
        with work.writing() as db:
            contact = db.get_one(Person, contact_id)
            other = work.register.contact(db, parse_phone(form.phone.data or ""), now=work.now())
            done = change_phone(
                db,
                work.register,
                intent_of(work, contact, form.key("desk"), form.language.data),
                reference=reference_seen(work, db, contact_id, reference),
                contact_id=other.id,
                shown=None if asked is None else work.register.find_identities(db, asked),
            )
            phone_end = work.register.phone_of(other)[-3:]
            back = url_for("citizens.citizen", token=tokens.make(other.id))
    except SamePhone:
        refuse(form.phone, _("The booking is on this phone already."))
        return None
    except TooManyBookings:
        refuse(form.phone, _("This phone has as many bookings as a phone may have."))
        return None
    except TooManyNumbers:
        refuse(form.number, _(TOO_MANY))
        return None
    except OtherPerson:  # the booking has come to this phone, or got its name, since the form was made
        form.form_errors.append(_("The booking is for somebody with another number. Nothing was changed."))
        return None
    except BookingRefused:
        flash(_(NONE), "refused")
        return redirect(back, 303)
    if isinstance(done, WrongNumber):
        form.renew()
        refuse(form.number, _(WRONG).format(left=done.tries_left) if done.tries_left else _(TOO_MANY))
        return None
    said = _("Booking {reference} is now on the phone ending in {digits}. Ask whether the SMS has come.")
    flash(said.format(reference=grouped(done.reference), digits=phone_end), "done")
    return redirect(back, 303)
