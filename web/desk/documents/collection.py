"""Handing over: scan, code, Enter. Or for a reason, or to somebody whom the owner allows by SMS."""

import re

from flask import Blueprint, redirect, render_template, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import Field, StringField
from wtforms.validators import ValidationError

from core.db import Session
from core.errors import Malformed, ZamuError
from core.people.identities import parse_identity
from core.references import grouped
from core.staff.roles import Can
from core.tracking import journeys, scanning
from core.tracking.collection import By, Code, Collector, HandOver, Override, hand_over
from core.tracking.consents import ask_consent, consent_of
from core.tracking.errors import AskedTooOften, DocumentRefused, NobodyToAsk, NoReason, TooManyCodes
from core.tracking.stages import READY, IllegalMove
from core.tracking.tables import CollectionConsent, Document
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, pick, refuse, words
from web.desk.documents import scanned
from web.desk.documents.document import consent_said
from web.desk.reach import own_document
from web.work import Work

KINDS = (("national_id", N_("National ID")), ("passport", N_("Passport")), ("alien_id", N_("Alien ID")))
_PAGE = Can.HANDLE_DOCUMENTS


class CodeForm(DeskForm):
    code = StringField(
        N_("Collection code"),
        description=N_("4 digits, from the SMS that says it is ready. The person collecting says it."),
        widget=GovTextInput(),
    )

    def validate_code(self, field: Field) -> None:
        """What cannot be a code, such as the number of another document that was scanned here, is no try."""
        if not re.fullmatch(r"[0-9]{4}", "".join((field.data or "").split())):
            raise ValidationError(_("Type the code of 4 digits."))


class OverrideForm(DeskForm):
    reason = words(
        N_("Why without the code?"),
        N_("Type a reason for handing it over without the code."),
        hint=N_("Such as: no phone, the owner showed the ID. It is kept with your name."),
        most=200,
    )


class ConsentForm(DeskForm):
    kind = pick(N_("What does this person show?"))
    number = words(N_("Its number"), N_("Type the number of the ID or passport."), most=30)


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("collection", __name__, url_prefix="/desk/documents/<number>/collect")

    @blueprint.get("")
    @needs(_PAGE)
    def collect(number: str) -> str | Response:
        """The field for the code has the focus. What does not lie ready leads to its own page."""
        seen = _see(work, number)
        if seen[0].stage not in READY:
            return redirect(url_for("document.document", number=seen[0].tracking_number), 303)
        return _page(work, seen)

    @blueprint.post("")
    @needs(_PAGE)
    def by_code(number: str) -> str | Response:
        form = CodeForm()
        if form.validate_on_submit():
            try:
                done = _hand_over(work, number, Code(form.code.data or ""), form)
            except DocumentRefused as error:
                refuse(form.code, _refused(work, number, error))
            else:
                if done.collected:
                    return _next()
                form.renew()
                refuse(form.code, _wrong(done.tries_left))
        form.code.data = ""
        return _page(work, _see(work, number), code=form)

    @blueprint.post("/override")
    @needs(_PAGE, shows_again=True)
    def by_override(number: str) -> str | Response:
        form = OverrideForm()
        if form.validate_on_submit():
            try:
                _hand_over(work, number, Override(form.reason.data or ""), form)
                return _next()
            except (NoReason, IllegalMove) as error:
                refuse(form.reason, _refused(work, number, error))
        return _page(work, _see(work, number), override=form)

    @blueprint.post("/ask")
    @needs(_PAGE, shows_again=True)
    def ask(number: str) -> str | Response:
        """Ask the owner whether whoever came may have it."""
        form = _consent_form(ConsentForm())
        if form.validate_on_submit():
            try:
                asked = _ask(work, number, form)
                return redirect(url_for("collection.consent", number=number, consent_id=asked), 303)
            except (Malformed, NobodyToAsk, AskedTooOften, IllegalMove) as error:
                refuse(form.number, _refused(work, number, error))
        return _page(work, _see(work, number), consent=form)

    @blueprint.get("/asked/<int:consent_id>")
    @needs(_PAGE)
    def consent(number: str, consent_id: int) -> str:
        """Whether the owner has answered: one key looks again."""
        return _consent_page(work, number, consent_id, DeskForm(formdata=None))

    @blueprint.post("/asked/<int:consent_id>")
    @needs(_PAGE)
    def by_consent(number: str, consent_id: int) -> str | Response | tuple[str, int]:
        form = DeskForm()
        if form.validate_on_submit():
            try:
                with work.reading() as db:
                    _document, asked = _asked(db, work, number, consent_id)
                _hand_over(work, number, Collector(asked.collector_id), form)
                return _next()
            except DocumentRefused as error:
                return _consent_page(work, number, consent_id, form, wrong=_refused(work, number, error)), 422
        return _consent_page(work, number, consent_id, form)

    return blueprint


def _next() -> Response:
    return redirect(url_for("documents.documents", task="collect"), 303)


def _see(work: Work, number: str) -> tuple[Document, journeys.Known]:
    """That it was looked at is recorded."""
    with work.writing() as db:
        document = own_document(db, work.catalogue, number)
        journeys.note_seen(db, document, actor=officer().actor, now=work.now())
        return document, journeys.known_of(db, work.register, [document])[document.id]


def _page(
    work: Work,
    seen: tuple[Document, journeys.Known],
    *,
    code: CodeForm | None = None,
    override: OverrideForm | None = None,
    consent: ConsentForm | None = None,
) -> str:
    """The three ways."""
    document, known = seen
    shown = next((form for form in (code, override, consent) if form is not None), CodeForm(formdata=None))
    return render_template(
        "desk/documents/collect.html",
        **_named(work, document),
        known=known,
        shown=shown,
        code=code or CodeForm(formdata=None),
        override=override or OverrideForm(formdata=None),
        consent=consent or _consent_form(ConsentForm(formdata=None)),
        ready=document.stage in READY,
    )


def _consent_page(work: Work, number: str, consent_id: int, form: DeskForm, wrong: str | None = None) -> str:
    with work.reading() as db:
        document, asked = _asked(db, work, number, consent_id)
    now = work.now()
    return render_template(
        "desk/documents/collect_asked.html",
        **_named(work, document),
        form=form,
        wrong=wrong,
        answer=consent_said(asked.given),
        until=dates.clock(asked.expires_at),
        over=asked.expires_at <= now,
        allowed=asked.given is True and asked.expires_at > now and document.stage in READY,
        waiting=asked.given is None and asked.expires_at > now,
    )


def _named(work: Work, document: Document) -> dict[str, object]:
    """Which document a page is about."""
    service = work.catalogue.service_by_id(document.service_id)
    number = grouped(document.tracking_number)
    return {"document": document, "number": number, "service": service.names.spoken_full}


def _asked(db: Session, work: Work, number: str, consent_id: int) -> tuple[Document, CollectionConsent]:
    """The question about this very document, or 404."""
    document = own_document(db, work.catalogue, number)
    try:
        found = consent_of(db, consent_id)
    except NoResultFound:
        raise NotFound from None
    if found.document_id != document.id:
        raise NotFound
    return document, db.get_one(CollectionConsent, consent_id)


def _hand_over(work: Work, number: str, by: By, form: DeskForm) -> HandOver:
    """Raises:
    DocumentRefused: see `core.tracking.collection.hand_over`.
    """
    who, now = officer(), work.now()
    with work.writing() as db:
        document = own_document(db, work.catalogue, number)
        done = hand_over(
            db,
            work.register,
            actor=who.actor,
            document_id=document.id,
            by=by,
            request_key=form.key("desk"),
            now=now,
        )
    if done.collected:
        scanned.remember(done.document_id, "collect", already=False, at=now, who=who.username)
    return done


def _ask(work: Work, number: str, form: ConsentForm) -> int:
    with work.writing() as db:
        return ask_consent(
            db,
            work.register,
            actor=officer().actor,
            document_id=own_document(db, work.catalogue, number).id,
            collector=parse_identity(form.kind.data, form.number.data or ""),
            request_key=form.key("desk"),
            now=work.now(),
        )


def _consent_form(form: ConsentForm) -> ConsentForm:
    form.kind.choices = [(kind, _(said)) for kind, said in KINDS]
    return form


def _refused(work: Work, number: str, error: ZamuError) -> str:
    """The sentence; for whoever came second, with what happened and when."""
    if not isinstance(error, IllegalMove):
        return str(error)
    with work.reading() as db:
        step = scanning.last_step(db, own_document(db, work.catalogue, number).id)
    said = _("That was done at {time} by {who}.")
    return f"{error} {said.format(time=scanned.at(step.at, work.now()), who=step.who or 'Zamu')}"


def _wrong(left: int) -> str:
    if left == 0:
        return str(TooManyCodes())
    return _("This is not the code. Tries left in this hour: {left}.").format(left=left)
