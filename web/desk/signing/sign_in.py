"""Signing in and out: what happens around Flask-Security's views, and what their pages show."""

from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import Blueprint, Flask, redirect, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from flask_security import Security, logout_user, password_changed, user_authenticated
from werkzeug.wrappers import Response as BaseResponse

from core.people.audit import Actor
from core.staff import signing_in
from core.staff.signing_in import LONGEST
from core.staff.tables import Staff
from core.wording import LANGUAGES
from web.desk.signing import lasting
from web.desk.signing.computers import Computers
from web.desk.signing.forms import is_new_phone
from web.desk.signing.gate import TimeCodes
from web.desk.signing.officers import User, last_here
from web.desk.signing.security import DESK, secure
from web.desk.signing.typed import KEEPER, TypedKeeper, is_ours
from web.pages.forms import Form
from web.work import Work

OPEN = frozenset(
    {
        "sign_in.login",
        "sign_in.two_factor_setup",
        "sign_in.two_factor_token_validation",
        "sign_in.two_factor_rescue",
        "sign_in.tf_select",
        "sign_in.mf_recovery",
    }
)
"""Endpoints of the desk for who has not signed in yet."""
OWN = frozenset(
    {
        "sign_in.verify",
        "sign_in.two_factor_setup_validate",
        "sign_in.mf_recovery_codes",
        "sign_in.change_password",
        "signing.sign_out",
        "signing.change_officer",
        "signing.choose_language",
    }
)
"""Endpoints for everybody who has signed in, about their own sign-in."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("signing", __name__, url_prefix=DESK)
    computers = Computers(work)

    def set_up(state: BlueprintSetupState) -> None:
        app = cast(Flask, state.app)
        security = secure(app, work, computers)
        _follow(app, work, computers)
        _furnish(security, work, computers)
        app.extensions[KEEPER] = TypedKeeper(work.settings, now=work.now)

    blueprint.record_once(set_up)

    @blueprint.post("/sign-out")
    def sign_out() -> BaseResponse:
        """End the session; here the next sign-in needs everything again."""
        return leave(forget=True)

    @blueprint.post("/change-officer")
    def change_officer() -> BaseResponse:
        """End the session for a colleague at the same computer; whoever comes back needs only the password."""
        return leave(forget=False)

    def leave(*, forget: bool) -> BaseResponse:
        if current_user.is_authenticated and Form().validate_on_submit():
            user: User = current_user._get_current_object()
            with work.writing() as db:
                signing_in.signed_out(db, user.id, lasting.since(), actor=_actor(user), now=work.now())
            if forget:
                computers.forget(user)
            logout_user()
            lasting.end()
        elif not current_user.is_authenticated and is_ours(request):
            # From a page that wore out: what is sent after this is nobody's.
            if forget and (was_here := last_here()):
                computers.forget(was_here)
            lasting.end()
        return redirect(url_for("sign_in.login"))

    @blueprint.post("/language/<code>")
    def choose_language(code: str) -> BaseResponse:
        """The language of the desk for this officer, on the page they came from and wherever they sign in."""
        if not current_user.is_authenticated:
            return redirect(url_for("sign_in.login"))
        if code in LANGUAGES and Form().validate_on_submit():
            user: User = current_user._get_current_object()
            with work.writing() as db:
                signing_in.choose_language(db, user.id, code, actor=_actor(user), now=work.now())
        return redirect(url_for("pages.choose_language", code=code, back=request.args.get("back")))

    return blueprint


def _actor(user: User) -> Actor:
    return Actor("desk", who=user.username)


def _follow(app: Flask, work: Work, computers: Computers) -> None:
    """Do what has to be done when Flask-Security says that somebody signed in or changed their password."""

    @user_authenticated.connect_via(app)
    def signed_in(_app: Flask, user: User, authn_via: list[str] | None, **_rest: object) -> None:
        lasting.begin(work.now(), who=user.fs_uniquifier, ended=user.ended_sessions)
        if authn_via == ["change"]:
            return
        with work.writing() as db:
            signing_in.signed_in(db, user.id, actor=_actor(user), now=work.now())
        session["language"] = user.language  # whatever the officer before them spoke here
        if authn_via is None:  # the second factor was asked for, and given
            computers.remember(user)

    @password_changed.connect_via(app)
    def changed(_app: Flask, user: User, **_rest: object) -> None:
        user.must_change_password = False
        db = app.extensions["security"].datastore.db.session
        signing_in.noted(db, "staff.password_changed", user.id, actor=_actor(user), now=work.now())


def _furnish(security: Security, work: Work, computers: Computers) -> None:
    """What the pages of signing in show beside their forms."""

    def sign_in() -> dict[str, Any]:
        return {
            "known": [] if "other" in request.args else _known(work, computers),
            "worn_out": lasting.worn_out(),
            "idle_minutes": lasting.IDLE // timedelta(minutes=1),
            "longest_hours": LONGEST // timedelta(hours=1),
            "typed": url_for("desk.typed"),
        }

    def code() -> dict[str, Any]:
        return {"shown": _practice_code(security) if work.settings.practice else None}

    security.login_context_processor(sign_in)
    security.tf_setup_context_processor(code)
    security.tf_token_validation_context_processor(lambda: code() | _to_scan(security))


def _known(work: Work, computers: Computers) -> list[Staff]:
    """Those who gave their second factor at this computer today, by name."""
    ids = computers.ids()
    if not ids:
        return []
    with work.reading() as db:
        staff = db.scalars(sa.select(Staff).where(Staff.id.in_(ids), Staff.active).order_by(Staff.name))
        return [one for one in staff if computers.knows(one)]


def _signing_in(security: Security) -> User | None:
    """Whoever is on the way in, or is in and sets up another phone."""
    name = session.get("tf_user_id", session.get("_user_id"))
    return cast(User | None, security.datastore.find_user(fs_uniquifier=name))


def _to_scan(security: Security) -> dict[str, Any]:
    """What a phone that is being set up scans, as the page before showed it: the first code may have been wrong."""
    user = _signing_in(security) if is_new_phone() else None
    if user is None:
        return {}
    values = security.totp_factory.fetch_setup_values(session["tf_totp_secret"], user)
    return {"authr_qrcode": values["image"], "authr_key": values["key"]}


def _practice_code(security: Security) -> str | None:
    """What the app of whoever is signing in would show now. Only where people and accounts are made up."""
    user = _signing_in(security)
    secret = session.get("tf_totp_secret") or (user.tf_totp_secret if user else None)
    codes = cast(TimeCodes, security.totp_factory)
    return codes.unused(secret, user.last_code) if user and secret else None
