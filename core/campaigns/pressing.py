"""What all commands on a campaign share: it is locked, looked at, changed once, and an event says who did it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.campaigns import pending
from core.campaigns.errors import NoSuchCampaign, Unsaid
from core.campaigns.states import move
from core.campaigns.tables import Campaign, State
from core.db import Session
from core.people.audit import Actor, record_event
from core.wording import N_
from core.wording import gettext as _

NOBODY = N_("Type the name of whoever does this.")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A campaign after a command, and whether the command changed anything."""

    campaign: Campaign
    changed: bool


def find(db: Session, campaign_id: int) -> Campaign:
    """Raises:
    NoSuchCampaign: none of that number.
    """
    campaign = db.get(Campaign, campaign_id)
    if campaign is None:
        raise NoSuchCampaign(campaign_id)
    return campaign


def lock(db: Session, campaign_id: int) -> Campaign:
    """The campaign as it is now; nobody writes or changes it until the transaction ends.

    Raises:
        NoSuchCampaign: none of that number.
    """
    campaign = db.scalar(
        sa.select(Campaign)
        .where(Campaign.id == campaign_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if campaign is None:
        raise NoSuchCampaign(campaign_id)
    return campaign


def press(
    db: Session,
    campaign_id: int,
    done: str,
    work: Callable[[Campaign], dict[str, Any] | None],
    *,
    after: Collection[State],
    actor: Actor,
    now: datetime,
) -> Pressed:
    """Do `work` with the locked campaign, unless it is in a state that comes after it: then it was done before.

    `work` returns what the event campaign.<done> tells besides, or None if it changed nothing.

    Raises:
        NoSuchCampaign: none of that number.
        Unsaid: nobody acts.
    """
    said(actor.who, NOBODY)
    campaign = lock(db, campaign_id)
    details = None if campaign.state in after else work(campaign)
    if details is not None:
        record(db, campaign, done, actor=actor, now=now, **details)
        db.flush()
    return Pressed(campaign, details is not None)


def stop(db: Session, campaign: Campaign, reason: str, *, now: datetime) -> dict[str, Any]:
    """Cancel a locked campaign. Returns what its event tells."""
    move(campaign, State.CANCELLED)
    campaign.reason, campaign.paused_from, campaign.ended_at = reason, None, now
    return {"withheld": pending.withhold(db, campaign.id, now=now)}


def record(db: Session, campaign: Campaign, done: str, *, actor: Actor, now: datetime, **details: Any) -> None:
    record_event(db, f"campaign.{done}", f"campaign:{campaign.id}", actor=actor, now=now, **details)


def said(text: str | None, missing: str) -> str:
    """The text without the space around it.

    Raises:
        Unsaid: it is empty; `missing` is the sentence that says so.
    """
    stripped = (text or "").strip()
    if not stripped:
        raise Unsaid(_(missing))
    return stripped
