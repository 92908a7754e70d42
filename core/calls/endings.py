"""How calls ended: kept once, however often the gateway says it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.dialects.postgresql import insert

from core.calls.tables import UssdEnding
from core.db import Session


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a session, without what is personal in it."""

    session_id: str
    status: str
    network: str
    hops: int | None
    duration_ms: int | None
    cost_kes: Decimal | None
    error: str | None


def keep_ending(db: Session, ending: Ending, *, gateway: str, now: datetime) -> None:
    """Keep how a call ended; a second word about the same call changes nothing."""
    db.execute(insert(UssdEnding).values(gateway=gateway, at=now, **asdict(ending)).on_conflict_do_nothing())
