"""Keys and webhooks of an agency's systems: its clerk's own, and everybody's for an administrator.

A key, and the secret of a webhook, are shown on the page that answers the form,
and nowhere else: sending the form twice shows the same one.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its stubs are of the version before
from wtforms.validators import ValidationError

from core.db import Session
from core.idempotency import Outcome, once
from core.partners import deliveries, keys, webhooks
from core.partners.errors import BadAddress, NoSuchKey, NoSuchWebhook, TooManyWebhooks
from core.partners.keys import MOST_IN_A_NAME, SCOPES, Scope
from core.partners.news import NAMES
from core.partners.tables import ApiKey, Webhook
from core.partners.webhooks import MOST_IN_AN_ADDRESS
from core.staff.roles import OF_AN_AGENCY, Can
from core.wording import N_
from core.wording import gettext as _
from core.wording.dates import when
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, refuse, some_of, words
from web.desk.home import place_name
from web.pages.reading import asked_number
from web.work import Work

SHOWN_FOR = timedelta(minutes=10)
"""A form sent again later shows no key: whoever sits there then may be somebody else."""
MOST_FAILING = 50


class KeyForm(DeskForm):
    """What a new key is for, and what it may be used for."""

    name = words(
        N_("What is it for?"), N_("Say what it is for."), hint=N_("Such as: card printer."), most=MOST_IN_A_NAME
    )
    scopes = some_of(N_("What may it be used for?"), hint=N_("No more than it needs."))

    def validate_scopes(self, field: Any) -> None:
        """Something, or it would be of no use."""
        if not field.data:
            raise ValidationError(_("Choose at least one."))


class WebhookForm(DeskForm):
    """Where to tell, and what."""

    url = words(
        N_("Address"),
        N_("Type an address that begins with https:// and can be reached from everywhere."),
        hint=N_("It begins with https://."),
        most=MOST_IN_AN_ADDRESS,
    )
    events = some_of(N_("What to tell"), hint=N_("Choose none to tell everything."))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("keys", __name__, url_prefix="/desk/keys")
    maker, secrets = keys.Maker(work.settings.secret_key), webhooks.Secrets(work.settings.secret_key)

    @blueprint.get("")
    @needs(Can.KEYS)
    def list_keys() -> str:
        """An agency's keys and webhooks; an administrator chooses the agency first."""
        if officer().role not in OF_AN_AGENCY and "agency" not in request.args:
            return render_template("desk/keys_agencies.html", agencies=sorted(_agencies(work).items(), key=_by_name))
        agency_id = _agency(work)
        with work.reading() as db:
            mine, told = keys.keys_of(db, agency_id), webhooks.webhooks_of(db, agency_id)
        name = place_name(work.catalogue, None, agency_id)
        return render_template(
            "desk/keys.html", name=name, keys=mine, webhooks=told, said=SCOPES, when=when, **_where(agency_id)
        )

    @blueprint.route("/new", methods=["GET", "POST"])
    @needs(Can.KEYS)
    def new() -> str:
        """Make a key, and show it."""
        agency_id, form = _agency(work), KeyForm()
        form.scopes.choices = [SelectChoice(scope.value, _(SCOPES[scope])) for scope in Scope]
        if not form.validate_on_submit():
            return _one_form(form, _("Make a key"), _("Make the key"), agency_id)
        request_key = form.key("desk")
        key = maker.key(request_key)
        now = work.now()

        def make(db: Session) -> Outcome:
            scopes = [Scope(scope) for scope in form.scopes.data or []]
            made = keys.make(
                db,
                agency_id=agency_id,
                name=form.name.data or "",
                scopes=scopes,
                actor=officer().actor,
                now=now,
                key=key,
            )
            return {"key_id": made.key_id}

        with work.writing() as db:
            made = db.get_one(ApiKey, _once(db, request_key, make)["key_id"])
        return _shown(made.name, key if now <= made.created_at + SHOWN_FOR else None, agency_id)

    @blueprint.route("/<small:key_id>/revoke", methods=["GET", "POST"])
    @needs(Can.KEYS)
    def revoke(key_id: int) -> str | Response:
        """End a key at once."""
        agency_id, form = _agency(work), DeskForm()
        with work.reading() as db:
            key = next((it for it in keys.keys_of(db, agency_id) if it.id == key_id), None)
        if key is None:
            abort(404)
        if form.validate_on_submit():

            def end(db: Session) -> Outcome:
                keys.revoke(db, agency_id=agency_id, key_id=key_id, actor=officer().actor, now=work.now())
                return {}

            return _do(form, end, url_for("keys.list_keys", **_where(agency_id)))
        lines = [_("What uses it is refused from then on. This cannot be undone.")]
        return _one_form(form, _("Revoke the key: {name}").format(name=key.name), _("Revoke it"), agency_id, lines)

    @blueprint.route("/webhooks/new", methods=["GET", "POST"])
    @needs(Can.KEYS)
    def new_webhook() -> str:
        """Add a webhook, and show its secret."""
        agency_id, form = _agency(work), WebhookForm()
        form.events.choices = [SelectChoice(name, name) for name in NAMES]
        if form.validate_on_submit():
            now = work.now()

            def add(db: Session) -> Outcome:
                added = webhooks.add(
                    db,
                    secrets,
                    agency_id=agency_id,
                    url=form.url.data or "",
                    events=form.events.data or [],
                    actor=officer().actor,
                    practice=work.settings.practice,
                    now=now,
                )
                return {"webhook_id": added.id}

            try:
                with work.writing() as db:
                    added = db.get_one(Webhook, _once(db, form.key("desk"), add)["webhook_id"])
                secret = secrets.open(added.secret_sealed) if now <= added.created_at + SHOWN_FOR else None
                return _shown(added.url, secret, agency_id)
            except (BadAddress, TooManyWebhooks) as refusal:
                refuse(form.url, refusal)
        return _one_form(form, _("Add a webhook"), _("Add it"), agency_id)

    @blueprint.get("/webhooks/<small:webhook_id>")
    @needs(Can.KEYS)
    def webhook(webhook_id: int) -> str:
        """How it goes: what it has not taken."""
        return _webhook_page(webhook_id, DeskForm())

    @blueprint.post("/webhooks/<small:webhook_id>/test")
    @needs(Can.KEYS)
    def test(webhook_id: int) -> str | Response:
        return change(webhook_id, lambda db, it: deliveries.send_test(db, it, actor=officer().actor, now=work.now()))

    @blueprint.post("/webhooks/<small:webhook_id>/again")
    @needs(Can.KEYS)
    def again(webhook_id: int) -> str | Response:
        """Send what was not taken."""
        return change(webhook_id, lambda db, it: deliveries.send_again(db, it, actor=officer().actor, now=work.now()))

    @blueprint.route("/webhooks/<small:webhook_id>/end", methods=["GET", "POST"])
    @needs(Can.KEYS)
    def end_webhook(webhook_id: int) -> str | Response:
        agency_id, form = _agency(work), DeskForm()
        back = url_for("keys.list_keys", **_where(agency_id))
        if form.validate_on_submit():

            def end(db: Session) -> Outcome:
                webhooks.end(db, agency_id=agency_id, webhook_id=webhook_id, actor=officer().actor, now=work.now())
                return {}

            return _do(form, end, back)
        found = _found(webhook_id)
        lines = [found.url, _("It is told nothing any more. What waits for it is dropped.")]
        return _one_form(form, _("End the webhook"), _("End it"), agency_id, lines)

    def change(webhook_id: int, command: Callable[[Session, Webhook], object]) -> str | Response:
        """Do one thing with a webhook, and go back to its page."""
        agency_id, form = _agency(work), DeskForm()
        if not form.validate_on_submit():
            return _webhook_page(webhook_id, form)

        def act(db: Session) -> Outcome:
            command(db, webhooks.find(db, agency_id=agency_id, webhook_id=webhook_id, lock=True))
            return {}

        return _do(form, act, url_for("keys.webhook", webhook_id=webhook_id, **_where(agency_id)))

    def _webhook_page(webhook_id: int, form: DeskForm) -> str:
        found = _found(webhook_id)
        with work.reading() as db:
            failing = deliveries.failing(db, webhook_id, limit=MOST_FAILING)
        return render_template(
            "desk/keys_webhook.html", webhook=found, failing=failing, form=form, when=when, **_where(_agency(work))
        )

    def _found(webhook_id: int) -> Webhook:
        try:
            with work.reading() as db:
                return webhooks.find(db, agency_id=_agency(work), webhook_id=webhook_id)
        except NoSuchWebhook:
            abort(404)

    def _do(form: DeskForm, command: Callable[[Session], Outcome], then: str) -> Response:
        try:
            with work.writing() as db:
                _once(db, form.key("desk"), command)
        except (NoSuchKey, NoSuchWebhook):
            abort(404)
        return redirect(then, 303)

    def _once(db: Session, request_key: str, command: Callable[[Session], Outcome]) -> Outcome:
        return once(db, request_key, lambda: command(db), now=work.now())

    return blueprint


def _agency(work: Work) -> int:
    """The agency that is looked at: a clerk's own. Aborts with 404 where it is none of theirs."""
    who, asked = officer(), asked_number("agency")
    if who.role in OF_AN_AGENCY:
        if asked is not None and asked != who.agency_id:
            abort(404)
        return who.agency_id or abort(404)
    if asked is None:
        abort(redirect(url_for("keys.list_keys")))
    if asked not in _agencies(work):
        abort(404)
    return asked


def _agencies(work: Work) -> dict[int, str]:
    return {service.agency_id: service.agency.spoken_full for service in work.catalogue.services.values()}


def _by_name(agency: tuple[int, str]) -> str:
    return agency[1]


def _where(agency_id: int) -> dict[str, Any]:
    """The agency in addresses, for those who see more than one."""
    return {"agency": None if officer().role in OF_AN_AGENCY else agency_id}


def _shown(name: str, secret: str | None, agency_id: int) -> str:
    return render_template("desk/keys_shown.html", name=name, secret=secret, **_where(agency_id))


def _one_form(form: DeskForm, heading: str, button: str, agency_id: int, lines: Sequence[str] = ()) -> str:
    back = url_for("keys.list_keys", **_where(agency_id))
    return render_template("desk/one_form.html", form=form, heading=heading, button=button, lines=lines, back=back)
