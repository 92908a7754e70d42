"""One document: its way so far, what its owner was told, and the phone that is missing."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import TelField

from core.clock import local_date
from core.errors import Malformed
from core.phones import parse_phone
from core.references import grouped
from core.staff.roles import Can
from core.tracking import journeys
from core.tracking.corrections import Correction
from core.tracking.errors import PhoneKnown
from core.tracking.mending import confirm_phone
from core.tracking.stages import READY, SAID, Stage
from core.tracking.tables import Document, DocumentEvent
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, refuse
from web.desk.messages.wording import says, stands
from web.desk.reach import own_document
from web.work import Work

CORRECTIONS: Mapping[str, str] = {
    Correction.PHOTO: N_("the photo"),
    Correction.FINGERPRINTS: N_("the fingerprints"),
    Correction.SIGNATURE: N_("the signature"),
    Correction.DETAILS_DIFFER: N_("details do not agree"),
    Correction.PAPER_MISSING: N_("a paper is missing"),
    Correction.PAYMENT: N_("a payment is missing"),
    Correction.OTHER: N_("something else"),
}
CHANNELS: Mapping[str, str] = {
    "desk": N_("at the desk"),
    "terminal": N_("at the terminal"),
    "clock": N_("by itself"),
    "api": N_("by the agency's system"),
}
PROBLEMS: Mapping[str, str] = {
    "no_phone": N_("No phone is known: the owner cannot be told."),
    "bad_phone": N_("The phone that was given cannot be one: the owner cannot be told."),
}


class PhoneForm(DeskForm):
    phone = TelField(
        N_("The owner's phone"),
        description=N_("As the owner shows it to you, such as 0711 000 001. The owner is told by SMS at once."),
        widget=GovTextInput(),
    )


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("document", __name__, url_prefix="/desk/documents/<number>")

    @blueprint.get("")
    @needs(Can.SEE_DOCUMENTS)
    def document(number: str) -> str:
        """All of it. That it was looked at is recorded."""
        return _page(work, number, PhoneForm(formdata=None))

    @blueprint.post("/phone")
    @needs(Can.HANDLE_DOCUMENTS, shows_again=True)
    def phone(number: str) -> str | Response:
        """The phone that was missing; then the owner is told what waits to be told."""
        form = PhoneForm()
        if form.validate_on_submit():
            try:
                typed = parse_phone(form.phone.data or "")
            except Malformed as error:
                refuse(form.phone, error)
                return _page(work, number, form)
            try:
                with work.writing() as db:
                    confirm_phone(
                        db,
                        work.register,
                        document_id=own_document(db, work.catalogue, number).id,
                        phone=typed,
                        actor=officer().actor,
                        request_key=form.key("desk"),
                        now=work.now(),
                    )
                return redirect(url_for("document.document", number=number), 303)
            except PhoneKnown as error:
                refuse(form.phone, error)
        return _page(work, number, form)

    return blueprint


def _page(work: Work, number: str, form: PhoneForm) -> str:
    with work.writing() as db:
        document = own_document(db, work.catalogue, number)
        seen = journeys.look_at(db, work.register, document, actor=officer().actor, now=work.now())
    may_act = officer().may(Can.HANDLE_DOCUMENTS) and officer().sees_site(document.site_id)
    return render_template(
        "desk/documents/document.html",
        document=document,
        number=grouped(document.tracking_number),
        rows=_rows(work, document, seen),
        steps=[_step(work, step) for step in seen.steps],
        told=[_told(told) for told in seen.told],
        consents=[(dates.when(c.asked_at), consent_said(c.given)) for c in seen.consents],
        problem=_problem(document),
        may_act=may_act,
        ready=document.stage in READY,
        form=form,
    )


def _rows(work: Work, document: Document, seen: journeys.Journey) -> list[tuple[str, str]]:
    """What is known of it, as a list of names and values."""
    service = work.catalogue.service_by_id(document.service_id)
    site = work.catalogue.site_by_id(document.site_id)
    stage = _("{stage}, since {when}").format(
        stage=_(SAID[Stage(document.stage)]), when=dates.when(document.stage_since)
    )
    rows = [(_("Document"), service.names.spoken_full), (_("Stage"), stage), (_("Centre"), site.names.spoken_full)]
    if document.shelf:
        rows.append((_("Bin"), document.shelf))
    if document.correction:
        rows.append((_("To be corrected"), _(CORRECTIONS[document.correction])))
    if document.promised_on:
        rows.append((_("Promised by"), dates.day_month(document.promised_on)))
    if seen.known.identity:
        rows.append((_("The owner's ID ends with"), seen.known.identity))
    if seen.known.phone:
        rows.append((_("The owner's phone ends with"), seen.known.phone))
    if document.contact_confirmed_at:
        rows.append((_("Phone confirmed on"), dates.day_month(local_date(document.contact_confirmed_at))))
    return rows


def _problem(document: Document) -> str | None:
    """Why its owner cannot be told; None where that is possible."""
    known = document.contact_problem or "no_phone"
    return _(PROBLEMS[known]) if document.contact_id is None else None


def _step(work: Work, step: DocumentEvent) -> tuple[str, str, str, str, str]:
    """When, what, where, who and through what, why."""
    channel = _(CHANNELS.get(step.channel or "", step.channel or ""))
    reason = _(CORRECTIONS.get(step.reason, step.reason)) if step.reason else ""
    site = work.catalogue.site_by_id(step.site_id).names.spoken if step.site_id else ""
    by = f"{step.who}, {channel}" if step.who and channel else step.who or channel
    return dates.when(step.at), _(SAID[Stage(step.stage)]), site, by, reason


def _told(told: journeys.Told) -> tuple[str, str, str]:
    """When, what, and what became of it."""
    return dates.when(told.written_at), says(told.template), f"{stands(told.status, told.error)}, {dates.when(told.at)}"


def consent_said(given: bool | None) -> str:
    """How a question to the owner stands."""
    return _("No answer yet") if given is None else _("The owner said YES") if given else _("The owner said NO")
