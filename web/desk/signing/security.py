"""Flask-Security set up for the desk: what of it is used, and where ours takes its place.

Its views sign in, ask for codes and change passwords; its forms, templates and
messages are replaced by ours. It sends no e-mail, hands out no tokens and
speaks no JSON here (docs/decisions/0016-signing-in.md).
"""

import hashlib
import hmac
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseValue
from flask_security import FormInfo, Security, UserMixin
from flask_security.recovery_codes import MfRecoveryCodesUtil
from flask_security.twofactor import CodeTfPlugin, is_tf_setup

from core.db import DatabaseDown, answer_within
from core.staff import signing_in
from core.staff.secrets import CODES, LANES, MEMORY_KIB, ROUNDS
from web.desk.signing import forms, lasting
from web.desk.signing.computers import Computers
from web.desk.signing.gate import Gate, TimeCodes
from web.desk.signing.officers import COMPUTERS, StaffDatastore, User, make_datastore
from web.pages.limits import limited
from web.work import Work

DESK = "/desk"
FRESH = timedelta(minutes=15)
"""How long after giving their password somebody may change how they sign in."""
KNOWN_WITHIN = 2.4
"""Seconds that it may take to know who is there, before they are told that Zamu cannot answer now."""
REFUSED = "100 per 15 minutes"
"""Refused tries an address: a whole centre has one. Accounts are locked much earlier."""
ASKING = ("login", "verify", "two_factor_token_validation", "mf_recovery", "change_password")
"""Views that try a secret."""
FORMS: dict[str, type[forms.GatedForm]] = {
    "login_form": forms.SignInForm,
    "verify_form": forms.AgainForm,
    "change_password_form": forms.PasswordForm,
    "two_factor_verify_code_form": forms.CodeForm,
    "mf_recovery_form": forms.PrintedCodeForm,
}


def secure(app: Flask, work: Work, computers: Computers) -> Security:
    """Mount sign-in under /desk."""
    app.config.update(_settings(work.settings.secret_key))
    datastore, gate = make_datastore(app), Gate(work)
    app.extensions[COMPUTERS] = computers
    security = Security(
        app,
        datastore,
        # A class is asked for, and only ever called.
        totp_cls=partial(TimeCodes, now=lambda: work.now().timestamp()),  # type: ignore[arg-type]
        mf_recovery_codes_util_cls=partial(PrintedCodes, gate=gate, datastore=datastore),  # type: ignore[arg-type]
        two_factor_setup_form=forms.PhoneForm,
        two_factor_rescue_form=forms.NoPhoneForm,
        mf_recovery_codes_form=forms.NewCodesForm,
    )
    security.want_json(lambda _request: False)
    for name, form in FORMS.items():
        make = partial(_make, gate=gate, codes=security.totp_factory, datastore=datastore)
        security.set_form_info(name, FormInfo(instantiator=make, cls=form))
    _limit(app)
    _load(security, work)
    return security


def _make(_name: str, form: type[forms.GatedForm], **given: Any) -> forms.GatedForm:
    return form(**given)


def _load(security: Security, work: Work) -> None:
    """Whoever the session names, while it lasts: only at the desk, and by no token."""
    find = security.login_manager._user_callback

    @security.login_manager.user_loader
    def load(user_id: str) -> User | None:
        if not request.path.startswith(DESK):
            return None
        try:
            with answer_within(KNOWN_WITHIN):
                return known(user_id)
        except DatabaseDown:
            # The page that says so asks again who is there: it must not wait again, nor fail.
            g._login_user = security.login_manager.anonymous_user()
            raise

    def known(user_id: str) -> User | None:
        user: User | None = find(user_id)
        if user is None or lasting.since() in user.ended_sessions:
            return None
        if lasting.lasts(work.now()):
            return user
        with work.writing() as db:  # in whatever browser a copy of the cookie is
            signing_in.end_session(db, user.id, lasting.since(), now=work.now())
        return None

    security.login_manager.request_loader(lambda _request: None)


def _limit(app: Flask) -> None:
    for name in ASKING:
        view = app.view_functions[f"sign_in.{name}"]

        def ask(*args: Any, _view: Any = view, **kwargs: Any) -> Any:
            return _view(*args, **kwargs)

        refused = limited(REFUSED, counts=lambda response: response.status_code in (200, 422))
        app.view_functions[f"sign_in.{name}"] = refused(wraps(view)(ask))


class PhoneOrPaper(CodeTfPlugin):
    """Second factors: an app on a phone, or, for who has none, the codes their manager printed."""

    def get_setup_methods(self, user: UserMixin) -> list[tuple[str, str]]:
        return super().get_setup_methods(user) or ([("paper", "paper")] if _on_paper(user) else [])

    def tf_login(self, user: UserMixin, json_payload: dict[str, Any], next_loc: str | None) -> ResponseValue:
        if not _on_paper(user):
            return super().tf_login(user, json_payload, next_loc)
        session["tf_state"] = "ready"
        return redirect(url_for("sign_in.mf_recovery", next=next_loc))


def _on_paper(user: UserMixin) -> bool:
    """Also with none left: then it takes new codes, and not just the password, to come in."""
    return user.mf_recovery_codes is not None and not is_tf_setup(user)


class PrintedCodes(MfRecoveryCodesUtil):
    """Printed codes as core keeps them: hashed, so that nobody can look them up again."""

    def __init__(self, app: Flask, *, gate: Gate, datastore: StaffDatastore) -> None:
        super().__init__(app)
        self._gate, self._datastore = gate, datastore

    def create_recovery_codes(self, user: UserMixin) -> list[str]:
        codes = self._gate.secrets.codes(user.id, request.form.get("request_key", ""))
        signing_in.keep_codes(self._datastore.db.session, user.id, codes, secrets=self._gate.secrets)
        self._gate.note("staff.own_codes_printed", user)
        return codes

    def get_recovery_codes(self, user: UserMixin) -> list[str]:
        return []

    def check_recovery_code(self, user: UserMixin, code: str) -> bool:
        raise NotImplementedError("our form asks the gate")

    def delete_recovery_code(self, user: UserMixin, code: str) -> bool:
        return True  # the gate has used it up


def _settings(secret_key: str) -> dict[str, object]:
    def derived(label: str) -> bytes:
        return hmac.digest(hashlib.sha256(secret_key.encode()).digest(), label.encode(), "sha256")

    return {
        "SECURITY_BLUEPRINT_NAME": "sign_in",
        "SECURITY_URL_PREFIX": DESK,
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"username": {"mapper": str.lower}}],
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__time_cost": ROUNDS,
            "argon2__memory_cost": MEMORY_KIB,
            "argon2__parallelism": LANES,
        },
        "SECURITY_TOTP_SECRETS": {1: derived("staff-totp").hex()},
        "SECURITY_TOTP_ISSUER": "Zamu",
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_REQUIRED": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_IMPLEMENTATIONS": {"code": "web.desk.signing.security.PhoneOrPaper"},
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": CODES,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
        "SECURITY_FRESHNESS": FRESH,
        "SECURITY_FRESHNESS_GRACE_PERIOD": FRESH,
        "SECURITY_LOGOUT_METHODS": None,
        "SECURITY_POST_LOGIN_VIEW": DESK,
        "SECURITY_POST_CHANGE_VIEW": DESK,
        "SECURITY_POST_VERIFY_VIEW": DESK,
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": DESK,
        **_addresses(),
    }


def _addresses() -> dict[str, str]:
    """Where each view is, and its template."""
    return {
        "SECURITY_LOGIN_URL": "/sign-in",
        "SECURITY_LOGIN_USER_TEMPLATE": "desk/signing/sign_in.html",
        "SECURITY_VERIFY_URL": "/sign-in/again",
        "SECURITY_VERIFY_TEMPLATE": "desk/signing/again.html",
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
        "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "desk/signing/code.html",
        "SECURITY_TWO_FACTOR_RESCUE_URL": "/sign-in/no-phone",
        "SECURITY_TWO_FACTOR_SELECT_URL": "/sign-in/which",
        "SECURITY_TWO_FACTOR_SELECT_TEMPLATE": "desk/signing/sign_in.html",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/sign-in/printed-code",
        "SECURITY_MULTI_FACTOR_RECOVERY_TEMPLATE": "desk/signing/printed.html",
        "SECURITY_TWO_FACTOR_SETUP_URL": "/phone",
        "SECURITY_TWO_FACTOR_SETUP_TEMPLATE": "desk/signing/phone.html",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/printed-codes",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "desk/signing/codes.html",
        "SECURITY_CHANGE_URL": "/password",
        "SECURITY_CHANGE_PASSWORD_TEMPLATE": "desk/signing/password.html",
    }
