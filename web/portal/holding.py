"""From a time to a booking: the phone, its code, the place held, who is coming, and the answers checked.

A wait for an earlier time and the move of a booking go the same way, without
what they do not need.
"""

from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import ValidationError

from core.booking import commands, queries
from core.booking.errors import NotOffered, SlotFull
from core.booking.visits import last_visit
from core.db import Session
from core.errors import Malformed
from core.people.identities import parse_identity
from web import choosing
from web.pages.forms import OnceForm
from web.pages.limits import limited
from web.portal import coming
from web.portal.proving import PHONE_AGAIN, SENDING, PhoneForm, Prover, ask_code, ask_phone, intent_of, proven
from web.portal.wanted import Wanted, moving, moving_to, wanted_or_404
from web.portal.words import speaks
from web.work import Work

Page = str | Response
AT = "/<service>/<site>/<what>"


class NumberForm(OnceForm):
    """The number of the person coming."""

    number = StringField(widget=GovTextInput())

    def __init__(self, kind: str, **more: object) -> None:
        super().__init__(**more)
        self.kind = kind
        self.number.label.text = coming.question(kind)
        classes = "govuk-input--width-10"
        self.number.render_kw = {"params": {"classes": classes, "spellcheck": False, "autocomplete": "off"}}
        if kind == "national_id":
            self.number.render_kw["params"]["inputmode"] = "numeric"

    def validate_number(self, field: StringField) -> None:
        try:
            parse_identity(self.kind, field.data or "")
        except Malformed as error:
            raise ValidationError(str(error)) from error


def take(work: Work, form: OnceForm, wanted: Wanted) -> Response:
    """A time has been chosen: hold it if the phone is known, or ask for the phone."""
    contact_id = proven(work.now())
    if contact_id is None:
        return redirect(wanted.to("holding.phone"))
    with work.writing() as db:
        refused = hold(work, db, contact_id, form, wanted)
    return redirect(wanted.times(refused) if refused else _after_phone(wanted))


def hold(work: Work, db: Session, contact_id: int, form: OnceForm, wanted: Wanted) -> str:
    """Hold the time for a phone. Answers the word for why it cannot be had, or an empty one. A wait needs no place."""
    if wanted.starts_at is None:
        return ""
    try:
        commands.hold(
            db,
            intent_of(work, contact_id, form),
            offering=wanted.offering,
            starts_at=wanted.starts_at,
            closed_days=work.catalogue.closed_days,
        )
    except SlotFull:
        return "filled"
    except NotOffered:
        return "over"
    return ""


def held_until(db: Session, contact_id: int, wanted: Wanted, now: datetime) -> datetime | None:
    """Until when the phone holds this very time."""
    held = queries.current_hold(db, contact_id, now)
    if held is None or (held.offering_id, held.starts_at) != (wanted.offering.id, wanted.starts_at):
        return None
    return held.expires_at


def create_blueprint(work: Work) -> Blueprint:
    blueprint = speaks(Blueprint("holding", __name__, url_prefix="/book"))
    prover = Prover(work)
    tokens = coming.tokens(work)

    def look(service: str, site: str, what: str) -> Wanted | Response:
        wanted = wanted_or_404(work.catalogue, service, site, what)
        return wanted or redirect(url_for("booking.place", service=service, said="not-here", **moving_to(moving())))

    @blueprint.route(f"{AT}/phone", methods=["GET", "POST"])
    @limited(SENDING, counts=lambda response: response.status_code == 302)
    def phone(service: str, site: str, what: str) -> Page:
        wanted = look(service, site, what)
        if isinstance(wanted, Response):
            return wanted
        if request.method == "GET" and proven(work.now()) is not None:
            return redirect(_after_phone(wanted))
        return ask_phone(
            prover,
            PhoneForm(),
            onward=wanted.to("holding.code", **_who()),
            back=wanted.times(),
        )

    @blueprint.route(f"{AT}/code", methods=["GET", "POST"])
    def code(service: str, site: str, what: str) -> Page:
        """The right code holds the time in the same breath."""
        wanted = look(service, site, what)
        if isinstance(wanted, Response):
            return wanted
        refused = ""

        def then(db: Session, contact_id: int, form: OnceForm) -> None:
            nonlocal refused
            refused = hold(work, db, contact_id, form, wanted)

        return ask_code(
            prover,
            onward=lambda: wanted.times(refused) if refused else _after_phone(wanted),
            back=wanted.to("holding.phone", **_who()),
            now=work.now(),
            then=then,
        )

    @blueprint.post(f"{AT}/hold")
    def again(service: str, site: str, what: str) -> Page:
        """The five minutes were over: hold the time once more."""
        wanted = look(service, site, what)
        if isinstance(wanted, Response):
            return wanted
        form = OnceForm()
        if form.validate_on_submit():
            return take(work, form, wanted)
        return render_template("portal/book_hold.html", wanted=wanted, form=form)

    @blueprint.route(f"{AT}/who", methods=["GET", "POST"])
    def who(service: str, site: str, what: str) -> Page:
        """Who is coming? Asked as the service needs it."""
        wanted = look(service, site, what)
        if isinstance(wanted, Response):
            return wanted
        contact_id = proven(work.now())
        if contact_id is None:
            return redirect(wanted.to("holding.phone", said=PHONE_AGAIN))
        kinds = choosing.identity_kinds(wanted.offering.service)
        if not kinds or wanted.moving:
            return redirect(wanted.to("confirming.check", who=coming.NOBODY))
        kind = request.args.get("kind", "") if len(kinds) > 1 else kinds[0]
        form = NumberForm(kind) if kind in kinds else None
        if form is not None and form.validate_on_submit():
            number = parse_identity(kind, form.number.data or "").number
            with work.writing() as db:
                person_id = work.register.identity(db, kind, number, now=work.now()).id
            return redirect(wanted.to("confirming.check", who=tokens.make(contact_id, person_id)))
        with work.reading() as db:
            until = held_until(db, contact_id, wanted, work.now())
            last = last_visit(db, contact_id)
            person = last.beneficiary_id if last else None
            digits = coming.last_digits(work, db, person) if person else ""
        if wanted.starts_at is not None and until is None:
            return render_template("portal/book_hold.html", wanted=wanted, form=OnceForm())
        same = wanted.to("confirming.check", who=tokens.make(contact_id, person)) if person else ""
        nobody = wanted.to("confirming.check", who=coming.NOBODY)
        names = [(kind, coming.kind_name(kind)) for kind in kinds]
        return render_template(
            "portal/book_who.html",
            wanted=wanted,
            until=until,
            form=form,
            kinds=names,
            same=same,
            digits=digits,
            nobody=nobody,
        )

    return blueprint


def _after_phone(wanted: Wanted) -> str:
    """Whoever had answered already is not asked again."""
    who = request.args.get("who")
    return wanted.to("confirming.check", who=who) if who else wanted.to("holding.who")


def _who() -> dict[str, str]:
    who = request.args.get("who")
    return {"who": who} if who else {}
