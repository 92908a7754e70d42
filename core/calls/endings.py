"""How calls ended: kept once, however often the gateway says it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.dialects.postgresql import insert

from core.calls.tables import UssdEnding
from core.db import Session
from core.messaging import money


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


def keep_ending(db: Session, ending: Ending, *, gateway: str, now: datetime) -> bool:
    """Keep how a call ended, and book what it cost; a second word about the same call changes nothing.

    Returns whether it was the first. To be called last in a transaction (`money.book`).
    """
    first = db.scalar(
        insert(UssdEnding)
        .values(gateway=gateway, at=now, **asdict(ending))
        .on_conflict_do_nothing()
        .returning(UssdEnding.session_id)
    )
    if first is None:
        return False
    money.book(db, what=money.USSD, messages=1, segments=0, cost_kes=ending.cost_kes or Decimal(0), now=now)
    return True
