"""Writing a campaign's messages: batch by batch, each document's arrival told once, however often this is run.

A batch is one transaction: messages, notices, and how far the campaign has come.
So a crash loses nothing and doubles nothing. The campaign's row is locked by
whoever writes or stops it; then its documents in the order of their ids; then
messages. Two clocks write two campaigns, or one of them nothing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.campaigns import choosing, pending, reaching, states
from core.campaigns.choosing import LeftOut
from core.campaigns.criteria import criteria_of, matching
from core.campaigns.preview import CORRECTION, READY
from core.campaigns.tables import Campaign, Kind, State
from core.db import Session
from core.messaging import lanes, outbox, quiet
from core.messaging.tables import Lane, Message, Status
from core.people.audit import Actor, record_event
from core.people.tables import Person
from core.tracking import notices
from core.tracking.tables import Document, Notice

FIRST = 100
"""Recipients who are told before somebody looks at how it went."""
BATCH = 500
"""Documents, or messages corrected, in one transaction."""
LEAD = 2000
"""Messages that may wait to be handed over, so that stopping a campaign is quick and stops nearly all of it."""
LEAD_SECONDS = 20
"""What a faster gateway takes in so long may wait instead."""
MOST_BATCHES = 20
"""A run of the clock, which has other things to do."""

_CLOCK = Actor("clock")


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was done with the next documents, or messages corrected."""

    seen: list[int]
    """Their ids."""
    written: int
    left_out: Counter[str]
    last: bool
    """Nothing comes after them."""


def write_due(db: Session, *, now: datetime, sms_a_day: int, limit: int = BATCH, lead: int = LEAD) -> int:
    """Write the next batch of one campaign whose hour has come, if fewer than `lead` of its messages wait.

    Returns how many documents or messages were dealt with; 0: there is nothing
    to write at the moment, or the bulk lane rests or is frozen. The caller
    calls again after its commit.
    """
    if quiet.rests(Lane.BULK, now) or lanes.frozen(db, Lane.BULK) is not None:
        return 0
    for campaign_id in _due(db, now):
        campaign = _take(db, campaign_id)
        dealt = _write_batch(db, campaign, now=now, sms_a_day=sms_a_day, limit=limit, lead=lead) if campaign else 0
        if dealt:
            return dealt
    return 0


def _due(db: Session, now: datetime) -> list[int]:
    return list(
        db.scalars(
            sa.select(Campaign.id)
            .where(Campaign.state.in_(states.WRITES), Campaign.starts_at <= now)
            .order_by(Campaign.starts_at, Campaign.id)
        )
    )


def _take(db: Session, campaign_id: int) -> Campaign | None:
    """The campaign, locked; None if somebody else has it, or has just stopped it."""
    return db.scalar(
        sa.select(Campaign)
        .where(Campaign.id == campaign_id, Campaign.state.in_(states.WRITES))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _write_batch(db: Session, campaign: Campaign, *, now: datetime, sms_a_day: int, limit: int, lead: int) -> int:
    if campaign.state == State.APPROVED:
        _reach(db, campaign, State.TRYING, now=now)
    trying = campaign.state == State.TRYING
    most = min(limit, FIRST - campaign.written) if trying else limit
    if pending.due(db, campaign.id, now=now) + most > max(lead, most):
        return 0
    if campaign.kind == Kind.CORRECTION:
        batch = _correct(db, campaign, most, now=now)
    else:
        batch = _tell(db, campaign, limit, most, sms_a_day=sms_a_day, now=now)
    campaign.cursor = max(batch.seen, default=campaign.cursor)
    campaign.written += batch.written
    campaign.left_out = dict(Counter(campaign.left_out) + batch.left_out)
    if batch.last:
        _reach(db, campaign, State.DONE, now=now)
        campaign.ended_at = now
    elif trying and campaign.written >= FIRST:
        _reach(db, campaign, State.LOOKING, now=now)
    db.flush()
    return len(batch.seen)


def _reach(db: Session, campaign: Campaign, state: State, *, now: datetime) -> None:
    states.move(campaign, state)
    record_event(db, f"campaign.{state}", f"campaign:{campaign.id}", actor=_CLOCK, now=now, written=campaign.written)


def _tell(db: Session, campaign: Campaign, limit: int, most: int, *, sms_a_day: int, now: datetime) -> _Batch:
    """The next documents, locked, up to `limit` of them, of which `most` are told.

    Who is left out is decided now, not when the campaign was submitted.
    """
    documents = db.scalars(
        sa.select(Document)
        .where(*matching(criteria_of(campaign), now), Document.id > campaign.cursor, Document.id <= campaign.until)
        .order_by(Document.id)
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ids = [document.id for document in documents]
    judged = db.execute(choosing.judged([Document.id.in_(ids)], sms_a_day=sms_a_day, now=now)).all()
    fit = sorted(row.id for row in judged if row.left_out is None)
    end = fit[most - 1] if len(fit) > most else max(ids, default=0)
    told = set(fit[:most])
    _forget_what_never_left(db, told)
    written = notices.tell_ready(
        db,
        [document for document in documents if document.id in told],
        now=now,
        campaign_id=campaign.id,
        lane=Lane.BULK,
        template=READY,
        valid_for=pending.VALID_FOR,
    )
    left_out = Counter(row.left_out for row in judged if row.left_out is not None and row.id <= end)
    return _Batch([i for i in ids if i <= end], written, left_out, last=len(ids) < limit and len(fit) <= most)


def _forget_what_never_left(db: Session, document_ids: set[int]) -> None:
    """Notices of locked documents whose message expired or was withheld: nobody was told, so they may be told now."""
    never_left = sa.select(Message.id).where(Message.status.in_(choosing.NEVER_LEFT))
    here = sa.exists().where(Document.id == Notice.document_id, Document.arrivals == Notice.arrival)
    db.execute(
        sa.delete(Notice)
        .where(Notice.document_id.in_(document_ids), here, Notice.message_id.in_(never_left))
        .execution_options(synchronize_session=False)
    )


def _correct(db: Session, campaign: Campaign, wanted: int, *, now: datetime) -> _Batch:
    """The next messages corrected, up to the first whose outcome is open."""
    assert campaign.corrects_id is not None
    barrier = reaching.first_open(db, campaign.corrects_id)
    until = campaign.until if barrier is None else min(campaign.until, barrier - 1)
    reached = db.execute(
        sa.select(Message.id, Message.person_id, Message.language, Person.opted_out_at)
        .join(Person, Person.id == Message.person_id)
        .where(reaching.reached(campaign.corrects_id), Message.id > campaign.cursor, Message.id <= until)
        .order_by(Message.id)
        .limit(wanted)
    ).all()
    persons = {row.person_id: row for row in reversed(reached)}
    had = set(
        db.scalars(
            sa.select(Message.person_id).where(Message.person_id.in_(list(persons)), Message.campaign_id == campaign.id)
        )
    )
    new = [row for row in reached if persons[row.person_id] is row and row.person_id not in had]
    told = [row for row in new if row.opted_out_at is None]
    if told:
        db.execute(sa.insert(Message), [_correction(campaign, row.person_id, row.language, now) for row in told])
        outbox.note_lane(db, Lane.BULK)
    left_out = Counter({LeftOut.OPTED_OUT.value: len(new) - len(told)})
    last = barrier is None and len(reached) < wanted
    return _Batch([row.id for row in reached], len(told), left_out, last)


def _correction(campaign: Campaign, person_id: int, language: str, now: datetime) -> dict[str, object]:
    return {
        "person_id": person_id,
        "lane": Lane.BULK,
        "template": CORRECTION,
        "arguments": {"text": campaign.texts[language]},
        "language": language,
        "subject": f"campaign:{campaign.id}",
        "asked_for": False,
        "campaign_id": campaign.id,
        "valid_until": now + pending.VALID_FOR,
        "status": Status.PENDING,
        "not_before": now,
        "created_at": now,
        "status_at": now,
    }
