"""Making a campaign, and trying it: nobody but a tester is told anything here."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.campaigns import choosing, preview, reaching
from core.campaigns.criteria import Criteria, check_criteria, criteria_of
from core.campaigns.errors import NobodyToTell, NotNow
from core.campaigns.pressing import NOBODY, Pressed, find, lock, press, record, said, stop
from core.campaigns.preview import Sample
from core.campaigns.states import move, where_it_stands
from core.campaigns.tables import Campaign, Kind, State
from core.campaigns.texts import check_texts
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Actor
from core.people.tables import Person
from core.wording import N_
from core.wording import gettext as _

TEST_VALID_FOR = timedelta(hours=1)
NO_NAME = N_("Type a name.")


def draft(db: Session, *, name: str, criteria: Criteria, actor: Actor, request_key: str, now: datetime) -> Campaign:
    """A new campaign about documents. A repeated request_key returns the first one.

    Raises:
        UnknownCode: the catalogue has no such service or site.
        Unsaid: it has no name, or nobody makes it.
    """

    def work() -> Outcome:
        check_criteria(db, criteria)
        return _create(db, actor, now, name=name, kind=Kind.READY, criteria=criteria.kept())

    return find(db, once(db, request_key, work, now=now)["campaign_id"])


def correct(
    db: Session, campaign_id: int, *, texts: Mapping[str, str], actor: Actor, request_key: str, now: datetime
) -> Campaign:
    """A new campaign that corrects an earlier one, to all whom it reached. The earlier one is cancelled, whatever its
    state: nothing more of it may leave. A repeated request_key returns the first correction.

    Raises:
        BadText: a text is missing, too long, or no plain phone can show it.
        NotNow: the earlier campaign has told nobody.
        Unsaid: nobody makes it.
    """

    def work() -> Outcome:
        checked = check_texts(texts)
        earlier = lock(db, campaign_id)
        if not earlier.written:
            raise NotNow(where_it_stands(earlier) + " " + _("It has told nobody, so there is nothing to correct."))
        name = f"Correction of {earlier.name}"
        what = {"kind": Kind.CORRECTION, "criteria": {}, "texts": checked, "corrects_id": earlier.id}
        made = _create(db, actor, now, name=name, **what)
        if earlier.state != State.CANCELLED:
            details = stop(db, earlier, f"corrected by campaign {made['campaign_id']}", now=now)
            record(db, earlier, "cancelled", actor=actor, now=now, **details)
        return made

    return find(db, once(db, request_key, work, now=now)["campaign_id"])


def submit(
    db: Session, campaign_id: int, *, approve_above: int, sms_a_day: int, actor: Actor, now: datetime
) -> Pressed:
    """Fix whom it is about and count them: up to `approve_above` recipients it is approved at once.

    Raises:
        NobodyToTell: nobody would be told.
        NotNow: it is cancelled.
    """

    def work(campaign: Campaign) -> dict[str, Any]:
        first, campaign.until = _fix(db, campaign, now)
        campaign.cursor = max(first - 1, 0)
        campaign.recipients = preview.choose(db, campaign, sms_a_day=sms_a_day, now=now).recipients
        alone = campaign.recipients <= approve_above
        move(campaign, State.APPROVED if alone else State.SUBMITTED)
        if not campaign.recipients:
            raise NobodyToTell(_("Campaign {number} would tell nobody.").format(number=campaign.id))
        return {"recipients": campaign.recipients, "second_person": not alone}

    later = set(State) - {State.DRAFT, State.CANCELLED}
    return press(db, campaign_id, "submitted", work, after=later, actor=actor, now=now)


def send_test(
    db: Session, campaign_id: int, *, person: Person, sample: Sample, actor: Actor, request_key: str, now: datetime
) -> None:
    """One message to a phone at once, as a recipient would read it (`preview.sample`). It counts as asked for.

    Raises:
        NoSuchCampaign: none of that number.
        Unsaid: nobody asks for it.
    """
    campaign = find(db, campaign_id)
    said(actor.who, NOBODY)

    def work() -> Outcome:
        record(db, campaign, "tested", actor=actor, now=now, language=sample.language)
        outbox.write(
            db,
            person_id=person.id,
            lane=Lane.INTERACTIVE,
            template=sample.template,
            arguments=dict(sample.arguments),
            language=sample.language,
            subject=f"campaign:{campaign.id}",
            valid_until=now + TEST_VALID_FOR,
            now=now,
            asked_for=True,
        )
        return {}

    once(db, request_key, work, now=now)


def _create(db: Session, actor: Actor, now: datetime, *, name: str, **values: Any) -> Outcome:
    who = said(actor.who, NOBODY)
    campaign = Campaign(name=said(name, NO_NAME), created_by=who, created_at=now, state=State.DRAFT, **values)
    db.add(campaign)
    db.flush()
    record(db, campaign, "drafted", actor=actor, now=now, kind=campaign.kind)
    return {"campaign_id": campaign.id}


def _fix(db: Session, campaign: Campaign, now: datetime) -> tuple[int, int]:
    """From now on it is about these and no others: the first and the last id of its documents, or of the messages
    that it corrects."""
    if campaign.kind == Kind.CORRECTION:
        assert campaign.corrects_id is not None
        return reaching.span(db, campaign.corrects_id)
    criteria = criteria_of(campaign).as_of_now(now)
    campaign.criteria = criteria.kept()
    return choosing.span(db, criteria, now)
