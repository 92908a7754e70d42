"""The buttons of a campaign: each does one thing once, and comes back to the campaign's page."""

from collections.abc import Callable, Mapping

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.campaigns import commands, making
from core.campaigns.errors import BadText, CampaignRefused, NoSuchCampaign
from core.campaigns.pressing import Pressed
from core.campaigns.preview import sample
from core.campaigns.tables import Campaign
from core.db import Session
from core.errors import Malformed
from core.idempotency import Outcome, once
from core.messaging.segments import segments
from core.people.audit import Actor
from core.staff.roles import Can
from core.wording import gettext as _
from web.campaigning import bulk_speech
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, refuse
from web.desk.campaigns.forms import LANGUAGE_NAMES, CorrectionForm, HourForm, ReasonForm, TrialForm
from web.desk.campaigns.page import campaign_or_404, campaign_page
from web.work import Work

Press = Callable[[Work, Session, int, Actor], Pressed]


def _submit(work: Work, db: Session, number: int, actor: Actor) -> Pressed:
    bounds = {"approve_above": work.settings.approve_above, "sms_a_day": work.settings.sms_a_day}
    return making.submit(db, number, actor=actor, now=work.now(), **bounds)


PRESSES: Mapping[str, Press] = {
    "submit": _submit,
    "approve": lambda work, db, number, actor: commands.approve(db, number, actor=actor, now=work.now()),
    "look": lambda work, db, number, actor: commands.look(db, number, actor=actor, now=work.now()),
    "resume": lambda work, db, number, actor: commands.resume(db, number, actor=actor, now=work.now()),
}
"""What is done at once, without a question."""


def add_to(blueprint: Blueprint, work: Work) -> None:
    @blueprint.post("/<small:number>/do/<what>")
    @needs(Can.CAMPAIGN)
    def press(number: int, what: str) -> str | BaseResponse:
        """Do what needs no question; a refusal is told on the campaign's page."""
        if what not in PRESSES:
            abort(404)
        form = DeskForm()
        if form.validate() and _done(work, form, number, PRESSES[what]):
            return _back(number)
        with work.reading() as db:
            return campaign_page(work, db, campaign_or_404(db, number), form)

    @blueprint.route("/<small:number>/pause", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def pause(number: int) -> str | BaseResponse:
        lines = [_("Nothing more of it leaves but what is being handed over at this moment. It can go on later.")]
        return _stop(work, number, commands.pause, _("Pause the campaign"), lines)

    @blueprint.route("/<small:number>/cancel", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def cancel(number: int) -> str | BaseResponse:
        lines = [_("What has not left never will. Those people may be told by another campaign.")]
        return _stop(work, number, commands.cancel, _("Cancel the campaign"), lines)

    @blueprint.route("/<small:number>/schedule", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def schedule(number: int) -> str | BaseResponse:
        form, now = HourForm(), work.now()
        form.offer(now)
        starts_at = form.starts_at(now) if form.validate_on_submit() else None
        if starts_at is not None:

            def say(work: Work, db: Session, number: int, actor: Actor) -> Pressed:
                return commands.schedule(db, number, starts_at=starts_at, actor=actor, now=now)

            if _done(work, form, number, say):
                return _back(number)
        lines = [_("It is sent between 8:00am and 6:00pm only: at other times it rests by itself.")]
        return _ask(work, number, form, _("When does the campaign begin?"), _("Save"), lines=lines)

    @blueprint.route("/<small:number>/test", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def test(number: int) -> str | BaseResponse:
        form = TrialForm()
        form.offer()
        if form.validate_on_submit() and _tested(work, form, number):
            return _back(number)
        lines = [_("One SMS to one phone, now, as a recipient reads it.")]
        return _ask(work, number, form, _("Send a test"), _("Send"), lines=lines)

    @blueprint.route("/<small:number>/correct", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def correct(number: int) -> str | BaseResponse:
        form = CorrectionForm()
        only_counted = request.form.get("do") == "check"
        if form.validate_on_submit() and not only_counted:
            made = _corrected(work, form, number)
            if made is not None:
                return _back(made)
        lines = [
            _("It goes to all whom this campaign reached or may have reached. This campaign is cancelled."),
            _("Nothing leaves yet: the correction is a draft, to be submitted as any campaign."),
        ]
        lines += [
            _("{language}: {count} SMS").format(language=name, count=segments(form[code].data))
            for code, name in LANGUAGE_NAMES.items()
            if form[code].data
        ]
        heading = _("Correct what was told")
        return _ask(work, number, form, heading, _("Make the correction"), lines=lines, check=_("Count the SMS"))


def _stop(
    work: Work, number: int, command: Callable[..., Pressed], heading: str, lines: list[str]
) -> str | BaseResponse:
    form = ReasonForm()

    def say(work: Work, db: Session, number: int, actor: Actor) -> Pressed:
        return command(db, number, reason=form.reason.data, actor=actor, now=work.now())

    if form.validate_on_submit() and _done(work, form, number, say):
        return _back(number)
    return _ask(work, number, form, heading, heading, lines=lines)


def _done(work: Work, form: DeskForm, number: int, press: Press) -> bool:
    """Do it once, however often the form is sent. False: it was refused, and the form says why."""
    try:
        with work.writing() as db:

            def act() -> Outcome:
                return {"changed": press(work, db, number, officer().actor).changed}

            once(db, form.key("desk"), act, now=work.now())
    except NoSuchCampaign:
        abort(404)
    except CampaignRefused as error:
        fields = [field for field in form if field.type not in ("CSRFTokenField", "HiddenField")]
        if fields:
            refuse(fields[0], error)
        else:
            form.form_errors.append(str(error))
        return False
    return True


def _tested(work: Work, form: TrialForm, number: int) -> bool:
    """Whether a test is on its way; otherwise the form says why not."""
    catalogue = work.catalogue
    try:
        phone = form.number()
        with work.writing() as db:
            campaign = campaign_or_404(db, number)
            speech = bulk_speech(work.settings, catalogue, work.register)
            person = work.register.contact(db, phone, now=work.now())
            service, site = _example(campaign, *_first(catalogue.services, catalogue.sites))
            making.send_test(
                db,
                number,
                person=person,
                sample=sample(campaign, form.language.data, service=service, site=site, speech=speech),
                actor=officer().actor,
                request_key=form.key("desk"),
                now=work.now(),
            )
    except Malformed as error:
        refuse(form.phone, error)
        return False
    return True


def _first(services: Mapping[str, object], sites: Mapping[str, object]) -> tuple[str, str]:
    return next(iter(services)), next(iter(sites))


def _example(campaign: Campaign, service: str, site: str) -> tuple[str, str]:
    """A service and a centre that the campaign is about; the first of all where it is about all."""
    criteria = campaign.criteria or {}
    return next(iter(criteria.get("services", ())), service), next(iter(criteria.get("sites", ())), site)


def _corrected(work: Work, form: CorrectionForm, number: int) -> int | None:
    """The number of the correction; None: it was refused, and the form says why."""
    try:
        with work.writing() as db:
            return making.correct(
                db,
                number,
                texts=form.texts(),
                actor=officer().actor,
                request_key=form.key("desk"),
                now=work.now(),
            ).id
    except NoSuchCampaign:
        abort(404)
    except BadText as error:
        refuse(form[error.language], error)
    except CampaignRefused as error:
        refuse(form.en, error)
    return None


def _ask(
    work: Work, number: int, form: DeskForm, heading: str, button: str, *, lines: list[str], check: str = ""
) -> str:
    with work.reading() as db:
        campaign = campaign_or_404(db, number)
    return render_template(
        "desk/one_form.html",
        form=form,
        heading=heading,
        caption=campaign.name,
        button=button,
        check=check,
        lines=lines,
        back=url_for("campaigns.campaign", number=number),
    )


def _back(number: int) -> BaseResponse:
    return redirect(url_for("campaigns.campaign", number=number), 303)
