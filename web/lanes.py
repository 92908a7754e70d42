"""`zamu freeze` and `zamu thaw`."""

from dataclasses import dataclass

from core.clock import utc_now
from core.db import make_engine, transactions
from core.messaging import lanes, watch
from core.messaging.tables import Lane
from core.settings import Settings
from workers.queues import Queues


@dataclass(frozen=True, slots=True)
class Frozen:
    """How a lane stands that has just been frozen."""

    reason: str
    """The first one, if it was frozen already."""
    pending: int
    """Messages that wait in it."""
    sending: int
    """Messages that are being handed over: those still go."""


def freeze_lane(settings: Settings, lane: str, reason: str) -> Frozen:
    """Workers look before each claim, so at most one batch each is still handed over."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transactions(engine)() as db:
            lanes.freeze(db, Lane(lane), reason=reason, now=utc_now())
        with transactions(engine)() as db:
            stands = next(at for at in watch.lanes_now(db, settings.caps, utc_now()) if at.lane == lane)
    finally:
        engine.dispose()
    return Frozen(stands.frozen or reason, stands.pending, stands.sending)


def thaw_lane(settings: Settings, lane: str) -> None:
    """Its workers are woken after the commit."""
    engine = make_engine(settings.database_url, pool_size=1)
    with transactions(engine)() as db:
        lanes.thaw(db, Lane(lane))
    engine.dispose()
    Queues(settings.queue_url).wake(lane)
