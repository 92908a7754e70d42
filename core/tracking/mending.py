"""A document whose owner cannot be told: the desk puts in the phone that is missing, and the owner is told."""

from datetime import datetime

from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.people.register import Register
from core.tracking import notices
from core.tracking.documents import lock
from core.tracking.errors import PhoneKnown
from core.tracking.letters import about


def confirm_phone(
    db: Session, people: Register, *, document_id: int, phone: str, actor: Actor, request_key: str, now: datetime
) -> bool:
    """Set the phone (E.164) of a document that has none: its owner has shown it at the desk, so it counts as
    confirmed. Returns whether its owner will be told at once that it is ready.

    Raises:
        PhoneKnown: it has one.
    """

    def work() -> Outcome:
        # People before documents, as the intake locks them.
        contact_id = people.contact(db, phone, now=now).id
        document = lock(db, document_id)
        if document.contact_id is not None:
            raise PhoneKnown
        document.contact_id = contact_id
        document.contact_confirmed_at = now
        document.contact_problem = None
        record_event(db, "document.phone_confirmed", about(document_id), actor=actor, now=now, contact_id=contact_id)
        return {"told": notices.tell_ready(db, [document], now=now) > 0}

    return bool(once(db, request_key, work, now=now)["told"])
