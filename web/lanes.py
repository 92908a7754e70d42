"""`zamu freeze` and `zamu thaw`."""

from core.clock import utc_now
from core.db import make_engine, transactions
from core.messaging import lanes
from core.messaging.tables import Lane
from core.settings import Settings
from workers.queues import Queues


def freeze_lane(settings: Settings, lane: str, reason: str) -> None:
    """Workers look before each claim, so at most one batch is still handed over."""
    engine = make_engine(settings.database_url, pool_size=1)
    with transactions(engine)() as db:
        lanes.freeze(db, Lane(lane), reason=reason, now=utc_now())
    engine.dispose()


def thaw_lane(settings: Settings, lane: str) -> None:
    """Its workers are woken after the commit."""
    engine = make_engine(settings.database_url, pool_size=1)
    with transactions(engine)() as db:
        lanes.thaw(db, Lane(lane))
    engine.dispose()
    Queues(settings.queue_url).wake(lane)
