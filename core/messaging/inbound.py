"""SMS from citizens, kept once: the gateway repeats each until it is answered, for up to twelve hours."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging.tables import InboundMessage
from core.people.sealing import Sealer


def keep(
    db: Session, *, gateway: str, gateway_id: str, person_id: int, text: str, sealer: Sealer, now: datetime
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
