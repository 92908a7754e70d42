"""What people do with a campaign that was made. Each command is safe to repeat: pressed again, it changes nothing."""

from datetime import datetime
from typing import Any

from core.campaigns import pending
from core.campaigns.errors import NotNow, SamePerson
from core.campaigns.pressing import Pressed, press, said, stop
from core.campaigns.states import BEGUN, move, where_it_stands
from core.campaigns.tables import Campaign, State
from core.db import Session
from core.people.audit import Actor
from core.wording import N_
from core.wording import gettext as _

NO_REASON = N_("Type a reason.")
_NOT_BEGUN = frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED})


def approve(db: Session, campaign_id: int, *, actor: Actor, now: datetime) -> Pressed:
    """A second person agrees.

    Raises:
        SamePerson: whoever made it cannot approve it.
        NotNow: it has not been submitted, or is cancelled.
    """

    def work(campaign: Campaign) -> dict[str, Any]:
        if campaign.state != State.SUBMITTED:
            raise NotNow(where_it_stands(campaign) + " " + _("It cannot be approved now."))
        if _same_person(campaign.created_by, actor.who):
            made = _("{who} made campaign {number}: somebody else must approve it.")
            raise SamePerson(made.format(who=campaign.created_by, number=campaign.id))
        move(campaign, State.APPROVED)
        campaign.approved_by, campaign.approved_at = actor.who, now
        return {}

    return press(db, campaign_id, "approved", work, after=BEGUN | {State.APPROVED}, actor=actor, now=now)


def schedule(db: Session, campaign_id: int, *, starts_at: datetime, actor: Actor, now: datetime) -> Pressed:
    """Say from when its messages are written. Nothing is before it is approved.

    Raises:
        NotNow: it has begun, or is cancelled.
    """

    def work(campaign: Campaign) -> dict[str, Any] | None:
        if campaign.starts_at == starts_at:
            return None
        if campaign.state not in _NOT_BEGUN:
            raise NotNow(where_it_stands(campaign) + " " + _("Its hour cannot be changed now."))
        campaign.starts_at = starts_at
        return {"starts_at": starts_at.isoformat()}

    return press(db, campaign_id, "scheduled", work, after=(), actor=actor, now=now)


def look(db: Session, campaign_id: int, *, actor: Actor, now: datetime) -> Pressed:
    """Somebody has looked at how the first hundred went: it goes on.

    Raises:
        NotNow: they have not been written yet, or it is stopped.
    """

    def work(campaign: Campaign) -> dict[str, Any]:
        if campaign.state != State.LOOKING:
            raise NotNow(where_it_stands(campaign) + " " + _("There is nothing to look at now."))
        move(campaign, State.RUNNING)
        campaign.looked_by = actor.who
        return {}

    return press(db, campaign_id, "looked_at", work, after={State.RUNNING, State.DONE}, actor=actor, now=now)


def pause(db: Session, campaign_id: int, *, reason: str, actor: Actor, now: datetime) -> Pressed:
    """Nothing more is written, and nothing leaves but what is being handed over at this moment.

    Raises:
        NotNow: it has not been approved, or is cancelled.
        Unsaid: no reason is given.
    """

    def work(campaign: Campaign) -> dict[str, Any]:
        why, before = said(reason, NO_REASON), campaign.state
        move(campaign, State.PAUSED)
        campaign.paused_from, campaign.reason = before, why
        return {"put_aside": pending.put_aside(db, campaign.id)}

    return press(db, campaign_id, "paused", work, after={State.PAUSED}, actor=actor, now=now)


def resume(db: Session, campaign_id: int, *, actor: Actor, now: datetime) -> Pressed:
    """Go on where it was paused.

    Raises:
        NotNow: it has not been approved, or is cancelled.
    """

    def work(campaign: Campaign) -> dict[str, Any]:
        if campaign.paused_from is None:
            raise NotNow(where_it_stands(campaign) + " " + _("There is nothing to resume."))
        move(campaign, State(campaign.paused_from))
        campaign.paused_from, campaign.reason = None, ""
        return {"given_back": pending.give_back(db, campaign.id, now=now)}

    going = (BEGUN | {State.APPROVED}) - {State.PAUSED}
    return press(db, campaign_id, "resumed", work, after=going, actor=actor, now=now)


def cancel(db: Session, campaign_id: int, *, reason: str, actor: Actor, now: datetime) -> Pressed:
    """End it: what has not left never will, and whom that was for may be told by another campaign.

    Raises:
        Unsaid: no reason is given.
    """

    def work(campaign: Campaign) -> dict[str, Any]:
        return stop(db, campaign, said(reason, NO_REASON), now=now)

    return press(db, campaign_id, "cancelled", work, after={State.CANCELLED}, actor=actor, now=now)


def _same_person(one: str, other: str | None) -> bool:
    """Amina W. is amina w."""
    return other is not None and one.strip().casefold() == other.strip().casefold()
