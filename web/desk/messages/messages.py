"""Messages at the desk: what was sent to a phone and what became of it; what is unknown; what came to nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField

from core.campaigns import pending
from core.clock import local_date
from core.db import Session
from core.errors import Malformed
from core.idempotency import Outcome, once
from core.messaging import desk
from core.messaging.tables import Status
from core.people.audit import record_event
from core.people.tables import Person
from core.phones import parse_msisdn
from core.staff.roles import AT_A_CENTRE, Can
from core.visits.concerning import subjects_at
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, refuse
from web.desk.messages.wording import REFUSED, says, stands
from web.desk.reach import ContactTokens
from web.pages.forms import EXPIRED
from web.pages.paging import asked_position, next_page
from web.work import Work

LISTED = 50
GOOD_FOR = timedelta(hours=24)
"""How long a message is good for that is sent again after its time."""


class PhoneForm(DeskForm):
    phone = StringField(
        N_("Phone number"), description=N_("All its digits, such as 0711 000 001."), widget=GovTextInput()
    )


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("messages", __name__, url_prefix="/desk/messages")
    tokens = ContactTokens(work.settings.secret_key)

    @blueprint.route("", methods=["GET", "POST"])
    @needs(Can.SEE_MESSAGES)
    def find() -> str | BaseResponse:
        """The phone goes in the body of the form: an address lies in logs and histories."""
        form = PhoneForm()
        if form.validate_on_submit():
            try:
                number = parse_msisdn(form.phone.data or "")
            except Malformed as error:
                refuse(form.phone, error)
            else:
                with work.writing() as db:
                    contact = work.register.find_contact(db, number)
                    found = contact is not None and _subjects(db, contact.id) != []
                    record_event(
                        db, "messages.searched", "messages", actor=officer().actor, now=work.now(), found=found
                    )
                if contact is not None and found:
                    return redirect(url_for("messages.of_phone", token=tokens.make(contact.id)), 303)
                refuse(form.phone, _("Nothing that you can see was sent to this phone."))
        return render_template("desk/messages/messages.html", form=form, may_mend=officer().may(Can.MEND_MESSAGES))

    @blueprint.get("/of/<token>")
    @needs(Can.SEE_MESSAGES)
    def of_phone(token: str) -> str:
        """At a centre only what is about its own bookings and documents. Who looked is kept."""
        person_id, who = tokens.contact_or_404(token), officer()
        with work.writing() as db:
            contact = db.get_one(Person, person_id)
            found = desk.sent_to(db, person_id, limit=LISTED, subjects=_subjects(db, person_id))
            record_event(db, "messages.seen", f"person:{person_id}", actor=who.actor, now=work.now())
            ending = work.register.open_phone(contact.phone_sealed)[-3:]
        return _listed(found, _("Messages to the phone ending in {digits}").format(digits=ending), contact=contact)

    @blueprint.get("/unknown")
    @needs(Can.MEND_MESSAGES)
    def unknown() -> str:
        """What may have left and may not: somebody looks it up at the gateway, and says."""
        with work.reading() as db:
            page = desk.unknown(db, limit=LISTED, after=asked_position())
        return _listed(page.messages, _("Unknown messages"), ended=page.next)

    @blueprint.get("/dead")
    @needs(Can.MEND_MESSAGES)
    def dead() -> str:
        reason = request.args.get("reason") or None
        with work.reading() as db:
            counts = desk.reasons(db, since=work.now() - timedelta(hours=24))
            page = desk.dead(db, limit=LISTED, after=asked_position(), error=reason)
        heading = _("Messages that came to nothing")
        return _listed(page.messages, heading, ended=page.next, reasons=counts)

    @blueprint.post("/<int:message_id>/<answer>")
    @needs(Can.MEND_MESSAGES)
    def mend(message_id: int, answer: str) -> BaseResponse:
        """`arrived` or `not-arrived` of an unknown one; `again` of a failed one."""
        form = DeskForm()
        if answer not in ("arrived", "not-arrived", "again"):
            abort(404)
        if form.validate():
            now = work.now()
            with work.writing() as db:
                outcome = once(db, form.key("desk"), lambda: _mend(db, message_id, answer, now), now=now)
            flash(_said(outcome), "refused" if "refused" in outcome else "done")
        else:
            flash(_(EXPIRED), "refused")
        return redirect(url_for("messages.dead" if answer == "again" else "messages.unknown"), 303)

    return blueprint


def _subjects(db: Session, person_id: int) -> list[str] | None:
    """What of a phone's messages the officer may see; None is all."""
    who = officer()
    return subjects_at(db, person_id, who.site_id) if who.role in AT_A_CENTRE and who.site_id else None


def _mend(db: Session, message_id: int, answer: str, now: datetime) -> Outcome:
    """What became of it: `status`, or `refused` with a code."""
    actor = officer().actor
    if answer == "again":
        until = now + GOOD_FOR
        requeued = desk.requeue(db, [message_id], actor=actor, now=now, valid_until=until)
        outcome: Outcome = {"refused": requeued.refused[message_id]} if requeued.refused else {"status": Status.PENDING}
    else:
        try:
            outcome = {"status": desk.resolve(db, message_id, answer == "arrived", actor, now)}
        except desk.NotUnknown:
            outcome = {"refused": "not_unknown"}
    pending.keep_still(db, now=now)  # of a campaign that was stopped nothing leaves
    return outcome


def _said(outcome: Outcome) -> str:
    refused = outcome.get("refused")
    if refused == "not_unknown":
        return _("Somebody else, or a report, was faster: it is no longer unknown. Nothing was changed.")
    if refused:
        return _("It was not sent again: {reason}.").format(reason=_(REFUSED[refused]))
    return _("Done. The message is now: {status}.").format(status=stands(outcome["status"], None))


def _listed(
    messages: Sequence[desk.Kept],
    heading: str,
    *,
    ended: tuple[datetime, int] | None = None,
    contact: Person | None = None,
    reasons: Sequence[desk.Reason] = (),
) -> str:
    return render_template(
        "desk/messages/messages_listed.html",
        messages=messages,
        heading=heading,
        next=next_page(*ended) if ended else None,
        contact=contact,
        reasons=reasons,
        may_mend=officer().may(Can.MEND_MESSAGES),
        says=says,
        stands=stands,
        when=dates.when,
        day=lambda moment: dates.day_month(local_date(moment)),
        form=DeskForm(),
    )
