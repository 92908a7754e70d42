"""What a citizen's SMS does: it is kept, understood, acted on and answered in one transaction."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from core import wording
from core.booking.locking import lock_contact
from core.catalogue.snapshot import Catalogue
from core.db import DatabaseDown, Session
from core.messaging import inbound
from core.people.register import Register
from core.people.sealing import Sealer
from core.settings import Settings
from sms import metrics
from sms.acting import act
from sms.gateways.africastalking import Inbound
from sms.keywords import Understood, understand
from sms.talk import Talk

REPEATED, NO_PHONE, FAILED, TAKEN = "repeated", "no_phone", "failed", "taken"
"""What became of an SMS: kept before; kept, and never answered; kept, and an apology sent; acted on."""

_log = structlog.get_logger("sms")


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to answer, built once a process."""

    settings: Settings
    register: Register
    sealer: Sealer
    """Of what citizens write."""


def take(db: Session, desk: Desk, message: Inbound, *, gateway: str, catalogue: Catalogue, now: datetime) -> str:
    """Keep an SMS, do what it asks for and write the answer. Returns what became of it.

    Locks what came in first, which holds back a copy of it, and then the
    contact. An SMS that cannot be dealt with is kept all the same; the caller
    commits, and wakes the lanes in `db.info`.
    """
    contact = desk.register.contact(db, message.phone, now=now) if message.phone else None
    inbound_id = inbound.keep(
        db,
        gateway=gateway,
        gateway_id=message.gateway_id,
        person_id=contact.id if contact else None,
        text=message.text,
        sealer=desk.sealer,
        now=now,
    )
    if inbound_id is None:
        return REPEATED
    if contact is None:
        # A short code or a name: another machine, which would answer our answer.
        inbound.note_understood(db, inbound_id, NO_PHONE)
        return NO_PHONE
    lock_contact(db, contact.id)
    if message.network and contact.network != message.network:
        contact.network = message.network
    understood = understand(message.text, own_keywords=_keywords_of(desk.settings, message.to))
    talk = Talk(
        db=db,
        register=desk.register,
        catalogue=catalogue,
        contact=contact,
        language=understood.language or contact.language or wording.DEFAULT,
        inbound_id=inbound_id,
        request_key=f"sms:{gateway}:{message.gateway_id}",
        now=now,
    )
    acted = _act(talk, understood)
    inbound.note_understood(db, inbound_id, str(understood.kind) if acted else FAILED)
    metrics.UNDERSTOOD.labels(understood.kind).inc()
    return TAKEN if acted else FAILED


def _act(talk: Talk, understood: Understood) -> bool:
    """False: it failed, nothing of it has happened, and the citizen is told so.

    Raises:
        DatabaseDown: nothing can be kept at all; the gateway will come again.
    """
    try:
        with talk.db.begin_nested():
            act(talk, understood)
    except DatabaseDown:
        raise
    except Exception:
        # The last line of defence: what was written is kept, and the operator gets the traceback.
        _log.exception("an SMS was not dealt with", inbound_id=talk.inbound_id, understood_as=str(understood.kind))
        talk.reply("reply_failed")
        return False
    return True


def _keywords_of(settings: Settings, short_code: str) -> list[str]:
    """What messages to this short code begin with; of all of ours, if the gateway does not say which it was."""
    known = [code for code in settings.short_codes if code.number == short_code] or settings.short_codes
    return [code.keyword for code in known if code.keyword]
