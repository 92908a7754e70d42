"""When each kind of callback last came: what somebody who puts a gateway into service wants to know."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging.tables import CallbackSeen

EVERY = timedelta(minutes=1)
"""A kind that was noted less than this ago is not noted again."""


class Kind(StrEnum):
    """What a gateway calls us about."""

    USSD = "ussd"
    USSD_END = "ussd_end"
    INBOUND = "inbound"
    DELIVERY = "delivery"
    OPT_OUT = "opt_out"


def note(db: Session, kind: str, now: datetime) -> None:
    """Note that a callback of a kind came, at most once in EVERY: so it may be called for each one."""
    # Looked at first: an upsert locks the row even where it changes nothing, and all callbacks would queue for it.
    last = db.scalar(sa.select(CallbackSeen.at).where(CallbackSeen.kind == kind))
    if last is not None and last > now - EVERY:
        return
    db.execute(
        insert(CallbackSeen)
        .values(kind=kind, at=now)
        .on_conflict_do_update(index_elements=[CallbackSeen.kind], set_={"at": now}, where=CallbackSeen.at < now)
    )


def last_seen(db: Session) -> dict[Kind, datetime | None]:
    """When each kind last came, to the minute; None: never."""
    at = {row.kind: row.at for row in db.execute(sa.select(CallbackSeen.kind, CallbackSeen.at))}
    return {kind: at.get(kind) for kind in Kind}
