"""The phone in hand: a code by SMS, once in half an hour. The session remembers it as an id, never as a number."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from flask import redirect, render_template, request, session
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import ValidationError

from core import wording
from core.db import Session
from core.errors import Malformed
from core.messaging import phone_codes
from core.messaging.limits import TooManySms
from core.messaging.phone_codes import Answer, TooManyAbroad
from core.people.audit import Actor, Intent
from core.people.register import set_language
from core.people.sealing import Sealer, Unsealable
from core.people.tables import Person
from core.phones import is_abroad, parse_phone
from core.wording import gettext as _
from web.pages.forms import OnceForm
from web.pages.reading import url_with
from web.work import Work

REMEMBERED = timedelta(minutes=30)
SENDING = "200 per hour"
"""Codes from one address. A whole mobile network may share it, so a phone's own limits (core) do most of the work."""

OF_ONE_PERSON = ("proven", "asking", "document")
"""What a session holds of a citizen: the phone, whose code was asked for, and the document that was looked up."""

ENOUGH, ENOUGH_ABROAD = "enough", "enough-abroad"
"""Why no code was sent, as the next page says it (book_said.html)."""
PHONE_AGAIN = "phone-again"
"""Why somebody who was on the way is asked for their phone once more, as that page says it."""


def phone_field() -> StringField:
    return StringField(
        widget=GovTextInput(),
        filters=[lambda typed: (typed or "").strip()],
        render_kw={"params": {"type": "tel", "autocomplete": "tel", "classes": "govuk-input--width-20"}},
    )


class PhoneForm(OnceForm):
    """Which phone the code is sent to."""

    phone = phone_field()

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.phone.label.text = _("Your phone number")
        self.phone.description = _("We send a code to it by SMS. From abroad, begin with + and the country.")

    def validate_phone(self, field: StringField) -> None:
        check_phone(field.data or "")

    @property
    def number(self) -> str:
        """In E.164, once it is valid."""
        return parse_phone(self.phone.data or "")


class CodeForm(OnceForm):
    """The code that the SMS said."""

    digits = StringField(
        widget=GovTextInput(),
        render_kw={
            "params": {
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "spellcheck": False,
                "classes": "govuk-input--width-10 govuk-input--extra-letter-spacing",
            }
        },
    )

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.digits.label.text = _("The 6 digits in the SMS")

    def validate_digits(self, field: StringField) -> None:
        typed = "".join((field.data or "").split())
        if not (len(typed) == 6 and typed.isascii() and typed.isdecimal()):
            raise ValidationError(_("The code has 6 digits."))


def check_phone(typed: str) -> None:
    """Raises:
    ValidationError: no phone number; says what one looks like.
    """
    try:
        parse_phone(typed)
    except Malformed as error:
        raise ValidationError(str(error)) from error


def proven(now: datetime) -> int | None:
    """The contact whose phone was proven in this session within the last half hour."""
    kept = session.get("proven")
    if not kept:
        return None
    contact_id, at = kept
    return int(contact_id) if now - REMEMBERED < datetime.fromisoformat(at) <= now else None


def forget() -> None:
    """For a computer that others use too: nothing is left of who was there, on any page of the portal."""
    for kept in OF_ONE_PERSON:
        session.pop(kept, None)


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose code is being asked for. `told`: whether one was sent; if not, none can be right, and nothing shows it."""

    contact_id: int
    told: bool
    about: str
    """The booking number that was given with the phone; empty: none was asked for."""


class Prover:
    """Sends codes and checks them, for the pages that need a phone."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._sealer = Sealer(work.settings.secret_key, "portal-asking")

    def send(
        self,
        form: OnceForm,
        phone: str,
        *,
        about: str = "",
        only_if: Callable[[Session, int], bool] | None = None,
    ) -> str:
        """Send a code to a phone, and remember in the session whose it is. Answers the word for why not, or "".

        `only_if`: the SMS is sent only to whom this is true, for the number `about` that was given with the phone;
        all else is the same.
        """
        with self._work.writing() as db:
            contact = self._work.register.contact(db, phone, now=self._work.now())
            asking = Asking(contact.id, only_if is None or only_if(db, contact.id), about)
            self._remember(asking)
            return self._send(db, form, asking)

    def send_again(self, form: OnceForm) -> str:
        """The same to the phone that is being asked about."""
        asking = self.asking()
        if asking is None:
            return ENOUGH
        with self._work.writing() as db:
            return self._send(db, form, asking)

    def check(self, form: CodeForm, then: Callable[[Session, int], None] | None = None) -> Answer:
        """Whether the code is right; then the session remembers the phone. `then` is done in the same transaction."""
        asking = self.asking()
        if asking is None:
            return Answer.OVER
        now = self._work.now()
        digits = "".join((form.digits.data or "").split()) if asking.told else ""
        with self._work.writing() as db:
            intent = self._intent(form, asking, "code")
            answer = phone_codes.check(db, self._work.register, intent, digits=digits, about=asking.about)
            if answer is Answer.RIGHT:
                contact = db.get_one(Person, asking.contact_id)
                if contact.language is None:
                    set_language(db, contact, wording.language())
                if then is not None:
                    then(db, asking.contact_id)
        if answer is Answer.RIGHT:
            session["proven"] = [asking.contact_id, now.isoformat()]
            session.pop("asking", None)
        return answer

    def asking(self) -> Asking | None:
        kept = session.get("asking")
        if not kept:
            return None
        try:
            opened = self._sealer.open(base64.urlsafe_b64decode(kept)).decode()
            contact_id, told, about = opened.split(":")
        except (Unsealable, binascii.Error, ValueError):
            return None
        return Asking(int(contact_id), told == "1", about.strip())

    def phone_asked(self) -> str:
        """The number that the code was sent to, as people write it; empty if none was."""
        asking = self.asking()
        if asking is None:
            return ""
        with self._work.reading() as db:
            return spaced(self._work.register.phone_of(db.get_one(Person, asking.contact_id)))

    def _send(self, db: Session, form: OnceForm, asking: Asking) -> str:
        intent = self._intent(form, asking, "send-code")
        try:
            phone_codes.send(db, self._work.register, intent, about=asking.about, told=asking.told)
        except TooManyAbroad:
            return ENOUGH_ABROAD
        except TooManySms:
            return ENOUGH
        return ""

    def _remember(self, asking: Asking) -> None:
        # Sealed, and always of one length: the cookie does not tell whether the phone was known.
        plain = f"{asking.contact_id:012}:{int(asking.told)}:{asking.about:8}"
        session["asking"] = base64.urlsafe_b64encode(self._sealer.seal(plain.encode())).decode()

    def _intent(self, form: OnceForm, asking: Asking, what: str) -> Intent:
        """Nobody is proven yet, so nobody acts."""
        # Whose code it is, for which booking, only the session knows: the same form may be sent about another.
        key = form.key(f"portal:{what}:{asking.contact_id}:{asking.about}")
        return Intent(asking.contact_id, key, Actor("portal"), wording.language(), self._work.now())


def spaced(phone: str) -> str:
    """+254711000001 → 0711 000001; others with their country."""
    kinds = phonenumbers.PhoneNumberFormat
    kind = kinds.INTERNATIONAL if is_abroad(phone) else kinds.NATIONAL
    return phonenumbers.format_number(phonenumbers.parse(phone), kind)


def intent_of(work: Work, contact_id: int, form: OnceForm) -> Intent:
    """What a proven phone wants by sending a form."""
    # The phone is in the session alone: where another has been proven since, the same form is another request.
    key = form.key(f"portal:{contact_id}")
    return Intent(contact_id, key, Actor("portal", contact_id), wording.language(), work.now())


def ask_phone(prover: Prover, form: PhoneForm, *, onward: str, back: str) -> str | Response:
    """The page that asks for a phone. `onward` asks for the code, and says so where no other one was sent."""
    if form.validate_on_submit():
        refused = prover.send(form, form.number)
        return redirect(url_with(onward, said=refused) if refused else onward)
    return render_template("portal/prove_phone.html", form=form, back=back)


def ask_code(
    prover: Prover,
    *,
    onward: Callable[[], str],
    back: str,
    now: datetime,
    then: Callable[[Session, int, OnceForm], None] | None = None,
    sure: bool = True,
) -> str | Response:
    """The page that asks for the code, and goes on once it is right.

    Args:
        onward: where to; asked after `then`.
        then: done with the contact's id and the form, in the transaction that finds the code right.
        sure: whether it may be said that a code was sent.
    """
    form, again = CodeForm(), OnceForm(prefix="again")
    if prover.asking() is None:
        return redirect(onward() if proven(now) else url_with(back, said=PHONE_AGAIN))
    if again.request_key.name in request.form:
        if again.validate_on_submit():
            return redirect(url_with(request.full_path, said=prover.send_again(again) or "sent"))
    elif form.validate_on_submit():
        answer = prover.check(form, None if then is None else lambda db, contact: then(db, contact, form))
        if answer is Answer.RIGHT:
            return redirect(onward())
        form.digits.errors = [_refusal(answer)]
    return render_template(
        "portal/prove_code.html",
        form=form,
        again=again,
        back=back,
        phone=prover.phone_asked(),
        sure=sure,
        refused=request.args.get("said") in (ENOUGH, ENOUGH_ABROAD),
    )


def _refusal(answer: Answer) -> str:
    if answer is Answer.WRONG:
        return _("That is not the code. Look at the SMS again.")
    return _("That code can no longer be used. Send another one.")
