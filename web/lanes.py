"""Stopping a lane and letting it go on: `zamu freeze` and `zamu thaw`, and the same at the desk."""

from dataclasses import dataclass
from datetime import datetime

from core.clock import utc_now
from core.db import Session, make_engine, transactions
from core.messaging import lanes, outbox, watch
from core.messaging.tables import Lane
from core.people.audit import Actor, record_event
from core.settings import Settings
from workers.queues import Queues

TERMINAL = Actor("terminal")


@dataclass(frozen=True, slots=True)
class Frozen:
    """How a lane stands that has just been frozen."""

    reason: str
    """The first one, if it was frozen already."""
    pending: int
    """Messages that wait in it."""
    sending: int
    """Messages that are being handed over: those still go."""


def freeze(db: Session, lane: Lane, *, reason: str, actor: Actor, now: datetime) -> bool:
    """Stop a lane, and record by whom. False if it was frozen already: the first reason is kept."""
    frozen = lanes.freeze(db, lane, reason=reason, now=now)
    if frozen:
        record_event(db, "lane.frozen", f"lane:{lane}", actor=actor, now=now)
    return frozen


def thaw(db: Session, lane: Lane, *, actor: Actor, now: datetime) -> bool:
    """Let a lane go on, and record by whom; it is noted, to wake its workers. False if it was not frozen."""
    thawed = lanes.thaw(db, lane)
    if thawed:
        record_event(db, "lane.thawed", f"lane:{lane}", actor=actor, now=now)
        outbox.note_lane(db, lane)
    return thawed


def freeze_lane(settings: Settings, lane: str, reason: str) -> Frozen:
    """Workers look before each claim, so at most one batch each is still handed over."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transactions(engine)() as db:
            freeze(db, Lane(lane), reason=reason, actor=TERMINAL, now=utc_now())
        with transactions(engine)() as db:
            stands = next(at for at in watch.lanes_now(db, settings.caps, utc_now()) if at.lane == lane)
    finally:
        engine.dispose()
    return Frozen(stands.frozen or reason, stands.pending, stands.sending)


def thaw_lane(settings: Settings, lane: str) -> None:
    """Its workers are woken after the commit."""
    engine = make_engine(settings.database_url, pool_size=1)
    with transactions(engine)() as db:
        thaw(db, Lane(lane), actor=TERMINAL, now=utc_now())
    engine.dispose()
    Queues(settings.queue_url).wake(lane)
