"""The page of one campaign: where it stands, what it would do or has done, and what can be done with it now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template

from core.campaigns import listing, states
from core.campaigns.criteria import criteria_of
from core.campaigns.errors import NoSuchCampaign
from core.campaigns.lasting import ends_at
from core.campaigns.pressing import find
from core.campaigns.preview import Preview, preview
from core.campaigns.report import progress
from core.campaigns.states import MOVES
from core.campaigns.tables import Campaign, Kind, State
from core.db import Session
from core.messaging import lanes
from core.messaging.tables import Lane, Status
from core.staff.roles import Can
from core.wording import dates
from core.wording import gettext as _
from web.campaigning import bulk_speech, left_out, sender_line
from web.desk.access import officer
from web.desk.asking import DeskForm
from web.desk.campaigns import ahead
from web.desk.campaigns.forms import LANGUAGE_NAMES
from web.desk.messages.wording import stands
from web.pages import live
from web.work import Work

SECOND = "govuk-button--secondary"
EARLY = frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED})
"""Its preview still says what will be."""
OVER = frozenset({State.DONE, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be done with a campaign as it stands."""

    endpoint: str
    label: str
    what: str = ""
    """Of `campaigns.press`: done at once. Otherwise it leads to a question."""
    kind: str = SECOND


def offered(campaign: Campaign, *, own: bool, told: int, waiting: int, approve_above: int) -> list[Button]:
    """What can be done with it now; `own`: by whoever made it.

    Args:
        told: so many a draft would tell.
        waiting: so many of its messages have not left.
    """
    state, main = State(campaign.state), ""
    stops = MOVES[state] if state != State.DONE or waiting else frozenset()
    buttons: list[Button] = []
    if state == State.DRAFT and told:
        alone = told <= approve_above
        label = _("Submit: nobody else has to approve it") if alone else _("Submit it for approval")
        buttons.append(Button("campaigns.press", label, "submit", main))
    if state == State.SUBMITTED and not own:
        buttons.append(Button("campaigns.press", _("Approve"), "approve", main))
    if state in (State.DRAFT, State.SUBMITTED, State.APPROVED):
        needed = state == State.APPROVED and campaign.starts_at is None
        buttons.append(Button("campaigns.schedule", _("Say when it begins"), kind=main if needed else SECOND))
        buttons.append(Button("campaigns.test", _("Send a test")))
    if state == State.LOOKING:
        buttons.append(Button("campaigns.press", _("All is well: go on"), "look", main))
    if state == State.PAUSED:
        buttons.append(Button("campaigns.press", _("Resume"), "resume", main))
    if State.PAUSED in stops:
        buttons.append(Button("campaigns.pause", _("Pause")))
    if campaign.written:
        buttons.append(Button("campaigns.correct", _("Correct what was told")))
    if State.CANCELLED in stops:
        buttons.append(Button("campaigns.cancel", _("Cancel the campaign"), kind="govuk-button--warning"))
    return buttons


def campaign_or_404(db: Session, number: int) -> Campaign:
    try:
        return find(db, number)
    except NoSuchCampaign:
        abort(404)


def state_words(campaign: Campaign) -> str:
    return _(states.IN_WORDS[State(campaign.state)])


def campaign_page(work: Work, db: Session, campaign: Campaign, form: DeskForm) -> str:
    """The page of a campaign; `form` holds what a button was refused for."""
    state = State(campaign.state)
    may = officer().may(Can.CAMPAIGN)
    seen = _preview(work, db, campaign) if state in EARLY else None
    counts = progress(db, campaign.id)
    own = campaign.created_by.strip().casefold() == officer().username.casefold()
    told, most = seen.chosen.recipients if seen else 0, work.settings.approve_above
    waiting, frozen = counts[Status.PENDING] + counts[Status.SENDING], lanes.frozen(db, Lane.BULK)
    return render_template(
        "desk/campaigns/campaign.html",
        campaign=campaign,
        state=state,
        standing=state_words(campaign),
        form=form,
        buttons=offered(campaign, own=own, told=told, waiting=waiting, approve_above=most) if may else [],
        following=_following(work, campaign, told, waiting, own=may and own, frozen=frozen is not None),
        about=_about(work, campaign),
        seen=seen,
        lasts=_lasts(work, campaign, seen),
        languages=LANGUAGE_NAMES,
        left_out=left_out,
        sender_line=sender_line,
        counts=[(stands(kind), counts[kind]) for kind in statuses_shown(counts)],
        frozen=frozen,
        corrected_by=listing.corrections_of(db, campaign.id),
        live=live.times_left(),
        live_times=live.TIMES,
        moving=state not in OVER and state not in EARLY,
        when=dates.when,
    )


def _following(work: Work, campaign: Campaign, told: int, waiting: int, *, own: bool, frozen: bool) -> list[str]:
    """What comes next, in sentences; `told` and `waiting` as in `offered`."""
    state, most, now = State(campaign.state), work.settings.approve_above, work.now()
    if frozen and ((state in states.WRITES and campaign.starts_at) or (state == State.DONE and waiting)):
        return [_("Until campaigns are thawed nothing of it is sent; then it goes on by itself.")]
    if state not in EARLY:
        return ahead.going(campaign, waiting, now)
    first = []
    if state == State.DRAFT:
        first = [ahead.submitting(told, approve_above=most)]
    elif state == State.SUBMITTED:
        first = [ahead.approving(campaign, own=own, approve_above=most)]
    return first + (ahead.beginning(campaign, now) if told or state != State.DRAFT else [])


def statuses_shown(counts: Mapping[Status, int]) -> list[Status]:
    """Always what everybody asks about, and the others where there are any."""
    always = (Status.PENDING, Status.SENT, Status.DELIVERED, Status.FAILED, Status.UNKNOWN)
    return [kind for kind in Status if kind in always or counts.get(kind)]


def _preview(work: Work, db: Session, campaign: Campaign) -> Preview:
    speech = bulk_speech(work.settings, work.catalogue, work.register)
    return preview(db, campaign, speech=speech, sms_a_day=work.settings.sms_a_day, now=work.now())


def _lasts(work: Work, campaign: Campaign, seen: Preview | None) -> datetime | None:
    """When it would have sent all, beginning at its hour or now; None where that is not known."""
    if seen is None or not seen.segments:
        return None
    starts_at = max(campaign.starts_at or work.now(), work.now())
    return ends_at(seen.segments, per_second=work.settings.at_segments_a_second, starts_at=starts_at)


def _about(work: Work, campaign: Campaign) -> list[str]:
    """Which documents, in words."""
    if campaign.kind == Kind.CORRECTION:
        return []
    criteria, catalogue = criteria_of(campaign), work.catalogue
    services = [catalogue.services[code].names.spoken for code in criteria.services if code in catalogue.services]
    sites = [catalogue.sites[code].names.spoken for code in criteria.sites if code in catalogue.sites]
    lines = [
        _("Services: {names}").format(names=", ".join(services) or _("all")),
        _("Centres: {names}").format(names=", ".join(sites) or _("all")),
    ]
    if criteria.least_days:
        lines.append(_("At least {days} days on the shelf").format(days=criteria.least_days))
    if criteria.most_days is not None:
        lines.append(_("At most {days} days on the shelf").format(days=criteria.most_days))
    return lines
