"""SMS from citizens, kept once: the gateway repeats each until it is answered, for up to twelve hours."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging.tables import InboundMessage
from core.people.sealing import Sealer


def keep(
    db: Session, *, gateway: str, gateway_id: str, person_id: int | None, text: str, sealer: Sealer, now: datetime
) -> int | None:
    """Keep an SMS with its text sealed.

    Returns its id, or None if this one was kept before: then nothing is to be done about it again.
    """
    return db.scalar(
        insert(InboundMessage)
        .values(
            gateway=gateway, gateway_id=gateway_id, person_id=person_id, text_sealed=sealer.seal(text.encode()), at=now
        )
        .on_conflict_do_nothing(index_elements=["gateway", "gateway_id"])
        .returning(InboundMessage.id)
    )


def note_understood(db: Session, inbound_id: int, understood_as: str) -> None:
    """Note what an SMS was taken for."""
    db.execute(sa.update(InboundMessage).where(InboundMessage.id == inbound_id).values(understood_as=understood_as))
