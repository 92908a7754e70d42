"""Forms: WTForms in the look of GOV.UK Frontend, saying what is wrong in the language being spoken.

A form is checked against forgery by itself (`csrf_token`); one that was open
for too long comes back with what was typed, and a sentence. `request_key` makes
sending it twice do one thing (core.idempotency). At the desk a page that shows
what was sent again, and what is wrong with it, answers 422 (`answer_refused`).
"""

import hmac
import secrets
from typing import Any

from flask import current_app, g, request
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField, HiddenField
from wtforms.i18n import DummyTranslations
from wtforms.validators import Length, Regexp

from core.wording import N_
from core.wording import gettext as _

EXPIRED = N_("This page was open for a long time. Nothing was done: please press the button again.")
CSRF = "csrf_token"
MOST_FORM = 64 * 1024
"""Bytes of a form without a file: five texts of 1,000 characters, of which a browser makes up to 12 bytes each."""
_UNSEEN = frozenset({CSRF, "request_key"})
"""Fields that nobody types: if one of them is wrong, the page is old, or was not ours."""


class Form(FlaskForm):
    """The base of every form that changes something. The error beside a field is a sentence for its reader."""

    class Meta:
        def get_translations(self, form: Any) -> DummyTranslations:
            """Messages are translated where they are said."""
            return DummyTranslations()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        g.setdefault("forms", []).append(self)

    def validate(self, extra_validators: Any = None) -> bool:
        """As in WTForms. What validators say may be marked by N_: it is put into the reader's language here."""
        valid = bool(super().validate(extra_validators))
        for field in self:
            if not isinstance(field, FormField | FieldList):
                field.errors = [_(str(error)) for error in field.errors]
        return valid

    def refusals(self) -> dict[str, list[str]]:
        """What is wrong, by field; under "form" what is wrong with all of it, such as that it has expired.

        Templates show it by {% from "errors.html" import problems %}{{ problems(form) }}.
        """
        found: dict[str, list[str]] = {}
        for name, errors in self.errors.items():
            if name in _UNSEEN:
                found["form"] = [_(EXPIRED)]
            else:
                found.setdefault(name or "form", []).extend(str(error) for error in errors)
        return found


def answer_refused(response: Response) -> Response:
    """A page of the desk that answers a form with what is wrong in it is no success: 422, whichever view shows it."""
    if request.method == "POST" and response.status_code == 200 and any(form.errors for form in g.get("forms", ())):
        response.status_code = 422
    return response


class OnceForm(Form):
    """A form that does something once: it carries the key of the request."""

    request_key = HiddenField(
        default=lambda: secrets.token_urlsafe(16), validators=[Regexp(r"^[A-Za-z0-9_-]{16,64}$"), Length(max=64)]
    )

    def renew(self) -> None:
        """What was sent has had its outcome: the next try from the page that is shown now is another request."""
        self.request_key.data = type(self)(formdata=None).request_key.data

    def key(self, door: str) -> str:
        """The key under which core keeps the outcome, such as `portal:…`: of just this form, sent to this address.

        All buttons of a page share what it was made with, and whoever goes back
        may send it with other words: the same key is for the same address and
        the same fields alone. They are hashed with our own key, since some are
        personal.
        """
        sent = sorted((name, value) for name, value in request.form.items(multi=True) if name != CSRF)
        deed = "\0".join((request.full_path, *(part for field in sent for part in field)))
        digest = hmac.digest(current_app.config["SECRET_KEY"], deed.encode(errors="replace"), "sha256")
        return f"{door}:{digest.hex()[:32]}:{self.request_key.data}"
