"""Who may see a document: its owner's phone, lately confirmed, or whoever knows its number and proof.

An unknown number and a wrong proof get the same answer after the same work.
Look-ups are counted a phone and a number, also those that find nothing, in the
transaction that answers them.
"""

import hmac
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.catalogue.tables import Service, Site
from core.db import Session
from core.errors import ZamuError
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.messaging.limits import refuse_too_many
from core.messaging.tables import Lane
from core.people.audit import Intent, record_event
from core.people.register import Register
from core.people.tables import Person
from core.tracking import attempts
from core.tracking.letters import about
from core.tracking.showing import CONFIRMED_FOR, since
from core.tracking.stages import Stage
from core.tracking.tables import Document, LookupAttempt

COLLECTED_FOR_DAYS = 14
"""How long a collected document is still shown."""
MAX_LOOKUPS_AN_HOUR = 5
"""Of one phone, and of one number. A proof of three digits is guessed once in 1000 tries."""

_OVER = (Stage.COLLECTED, Stage.DESTROYED)
_NOBODYS = bytes(16)
"""Compared with where there is no document."""


class TooManyLookups(ZamuError):
    """This phone, or anybody of this number, has asked as often as is allowed in an hour."""


def own_documents(db: Session, contact_id: int, now: datetime) -> list[Document]:
    """The documents tied to a phone that was confirmed lately: those on their way, and those lately collected.

    The one that changed last comes first.
    """
    return list(
        db.scalars(
            sa.select(Document)
            .where(
                Document.contact_id == contact_id,
                Document.contact_confirmed_at > now - CONFIRMED_FOR,
                sa.or_(
                    Document.stage.not_in(_OVER),
                    sa.and_(
                        Document.stage == Stage.COLLECTED,
                        Document.stage_since > now - timedelta(days=COLLECTED_FOR_DAYS),
                    ),
                ),
            )
            .order_by(Document.stage_since.desc(), Document.id)
        )
    )


def look_up(
    db: Session,
    register: Register,
    *,
    tracking_number: str,
    proof: str,
    phone_index: bytes | None,
    request_key: str,
    now: datetime,
) -> Document | None:
    """The document with this number, if the proof is its own; None tells nothing more.

    From the document's own phone, a look-up that succeeds confirms the phone
    again; `phone_index` is None for somebody without a phone, in a browser. A
    repeated request_key is not counted again.

    Raises:
        TooManyLookups: by this phone, or of this number.
    """

    def work() -> Outcome:
        asked = {register.lookup_index(tracking_number)} | ({phone_index} if phone_index else set())
        if not attempts.count(db, asked, most=MAX_LOOKUPS_AN_HOUR, now=now):
            raise TooManyLookups
        found = db.execute(
            sa.select(Document.id, Document.proof_index, Person.phone_index)
            .outerjoin(Person, Person.id == Document.contact_id)
            .where(Document.tracking_number == tracking_number)
        ).one_or_none()
        expected = found.proof_index if found else _NOBODYS
        proven = hmac.compare_digest(register.proof_index(tracking_number, proof), expected)
        if found is None or not proven:
            return {"document_id": None}
        if phone_index is not None and found.phone_index == phone_index:
            db.execute(sa.update(Document).where(Document.id == found.id).values(contact_confirmed_at=now))
        return {"document_id": found.id}

    document_id = once(db, request_key, work, now=now)["document_id"]
    return None if document_id is None else db.get_one(Document, document_id)


def send_status(db: Session, intent: Intent, *, document_id: int) -> None:
    """Queue a message that says where a document is. The caller has been allowed to see it.

    Raises:
        TooManySms: this phone asked for it too often (core.messaging.limits).
    """

    subject = about(document_id)

    def work() -> Outcome:
        refuse_too_many(db, intent, "document.status_sent", subject)
        document, service, site = db.execute(
            sa.select(Document, Service.code, Site.code)
            .join(Service, Service.id == Document.service_id)
            .join(Site, Site.id == Document.site_id)
            .where(Document.id == document_id)
        ).one()
        where = {"stage": document.stage, "since": since(document).isoformat()}
        record_event(db, "document.status_sent", subject, actor=intent.actor, now=intent.now, **where)
        outbox.write(
            db,
            person_id=intent.contact_id,
            lane=Lane.INTERACTIVE,
            template="document_status",
            arguments={"service": service, "site": site, "correction": document.correction} | where,
            language=intent.language,
            subject=subject,
            valid_until=intent.now + timedelta(days=1),
            now=intent.now,
            asked_for=True,
        )
        return {}

    once(db, intent.request_key, work, now=intent.now)


def forget_attempts(db: Session, *, now: datetime) -> int:
    """Delete the counts of hours that are over. Returns how many."""
    gone = sa.delete(LookupAttempt).where(LookupAttempt.window < attempts.hour(now)).returning(LookupAttempt.attempts)
    return len(db.execute(gone).all())
