"""The forms of signing in, in Zamu's look and words. Flask-Security's views fill `user` and what else they know."""

from datetime import timedelta
from typing import Any

from flask import request, session
from flask_login import current_user
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovTextInput
from wtforms import Field, HiddenField, PasswordField, RadioField, StringField

from core.staff.attempts import LOCKED, MOST
from core.staff.secrets import LEAST_CHARACTERS, MOST_CHARACTERS, guessed_early, is_printed_code, normal
from core.wording import N_
from core.wording import gettext as _
from web.desk.signing.gate import Gate, TimeCodes
from web.desk.signing.officers import StaffDatastore, User
from web.pages.forms import Form, OnceForm

NOT_RIGHT = N_(
    "The staff number or the password is not right. "
    "After {tries} wrong tries an account is locked for {minutes} minutes."
)
"""The same for all: whether there is such an account, and whether it is locked, is not told."""
WRONG_CODE = N_(
    "That code is not right, or it has been used. "
    "After {tries} wrong tries your account is locked for {minutes} minutes."
)
NOT_OF_THIS_PICTURE = N_(
    "That is not the code of this picture. Type the one that the app shows now. If it is refused again, take Zamu out "
    "of the app, scan the picture anew, and see that the clock of the phone is right."
)


def _refuse(field: Field, sentence: str) -> bool:
    field.errors = [*field.errors, sentence]
    return False


def _wrong(sentence: str) -> str:
    return _(sentence).format(tries=MOST, minutes=LOCKED // timedelta(minutes=1))


def is_new_phone() -> bool:
    """Whether whoever asks has been shown what a phone has to scan, and has not proved yet that it did."""
    return bool(session.get("tf_state") == "validating_profile")


def _page_of_ours(wanted: str | None) -> str:
    """Where to go on: a page of the desk, whatever the address says."""
    return wanted if wanted and (wanted == "/desk" or wanted.startswith(("/desk/", "/desk?"))) else "/desk"


class GatedForm(Form):
    """A form that asks the gate."""

    def __init__(self, *args: Any, gate: Gate, codes: TimeCodes, datastore: StaffDatastore, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate, self.codes, self.datastore = gate, codes, datastore
        for field in self:
            field.label.text = _(field.label.text)


class SignInForm(GatedForm):
    username = StringField(N_("Staff number"), widget=GovTextInput())
    password = PasswordField(N_("Password"), widget=GovPasswordInput())
    next = HiddenField()
    requires_confirmation = False
    user: User | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = _page_of_ours(self.next.data or request.args.get("next"))

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        username, password = (self.username.data or "").strip().lower(), self.password.data or ""
        if not username:
            chosen_from = not self.username.raw_data  # a browser sends a field left empty, and no list left alone
            return _refuse(self.username, _("Choose who you are.") if chosen_from else _("Type your staff number."))
        if not password:
            return _refuse(self.password, _("Type your password."))
        self.user = self.datastore.find_user(username=username)
        return self.gate.password(self.user, password) or _refuse(self.username, _wrong(NOT_RIGHT))


class AgainForm(GatedForm):
    """Before something that a passer-by at an open screen must not do."""

    password = PasswordField(N_("Password"), widget=GovPasswordInput())
    next = HiddenField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.next.data = _page_of_ours(self.next.data or request.args.get("next"))

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) and (
            self.gate.password(self.user, self.password.data or "")
            or _refuse(self.password, _("That is not your password."))
        )


class PasswordForm(GatedForm):
    password = PasswordField(N_("The password you have now"), widget=GovPasswordInput())
    new_password = PasswordField(N_("New password"), widget=GovPasswordInput())
    new_password_confirm = PasswordField(N_("New password once more"), widget=GovPasswordInput())

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        old, new = self.password.data or "", normal(self.new_password.data or "")
        if len(new) < LEAST_CHARACTERS:
            sentence = _("Use at least {number} characters. A few words are good.").format(number=LEAST_CHARACTERS)
            return _refuse(self.new_password, sentence)
        if len(new) > MOST_CHARACTERS:
            return _refuse(self.new_password, _("Use at most {number} characters.").format(number=MOST_CHARACTERS))
        own = [current_user.username, *(part for part in current_user.name.lower().split() if len(part) > 3)]
        if any(word in new.lower() for word in own):
            return _refuse(self.new_password, _("Your staff number or name must not be in your password."))
        if guessed_early(new):
            sentence = _(
                "This is one of the passwords that are guessed first. Take three words that do not go together."
            )
            return _refuse(self.new_password, sentence)
        if new == normal(old):
            return _refuse(self.new_password, _("This is the password you have now. Choose another one."))
        if new != normal(self.new_password_confirm.data or ""):
            return _refuse(self.new_password_confirm, _("This is not the same as above."))
        return self.gate.password(current_user, old) or _refuse(self.password, _("That is not your password."))


class PhoneForm(Form):
    """To have an app on a phone show codes: nothing is chosen, the next page shows what to scan."""

    setup = HiddenField(default="authenticator")
    user: User | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) and self.setup.data == "authenticator"


class CodeForm(GatedForm):
    code = StringField(N_("Code"), widget=GovTextInput())
    user: User
    primary_method: str | None = None
    tf_totp_secret: str | None = None
    is_setup = False

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        code = "".join((self.code.data or "").split())
        if not (code.isascii() and code.isdecimal() and len(code) == 6):
            return _refuse(self.code, _("Type the 6 digits that the app shows."))
        new_phone = is_new_phone()
        right = self.gate.time_code(self.user, code, self.tf_totp_secret, self.codes, new_phone=new_phone)
        return right or _refuse(self.code, _(NOT_OF_THIS_PICTURE) if new_phone else _wrong(WRONG_CODE))


class PrintedCodeForm(GatedForm):
    code = StringField(N_("Printed code"), widget=GovTextInput())
    user: User | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators) or self.user is None:
            return False
        if not is_printed_code(self.code.data or ""):
            return _refuse(self.code, _("Type the 12 letters and digits of one of your printed codes."))
        return self.gate.printed_code(self.user, self.code.data or "") or _refuse(self.code, _wrong(WRONG_CODE))


class NewCodesForm(OnceForm):
    """To make printed codes for oneself. Sent twice, it makes the same ones."""

    show_codes = HiddenField()


class NoPhoneForm(Form):
    """Flask-Security's question what to do without the phone: there is one answer, and the page links to it."""

    help_setup = RadioField(choices=[])
    user: User | None = None
