"""Whether somebody else may collect a document: its owner is asked by SMS, and answers by SMS or in the menus."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.catalogue.tables import Service, Site
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox, questions
from core.messaging.tables import Lane, Message, Question
from core.people.audit import Actor, Intent, record_event
from core.people.identities import Identity
from core.people.register import Register
from core.people.tables import Person
from core.tracking.documents import lock
from core.tracking.errors import AskedTooOften, NobodyToAsk, NothingToAllow
from core.tracking.letters import about
from core.tracking.stages import READY, Stage, check_move
from core.tracking.tables import CollectionConsent, Document
from core.wording import DEFAULT

LASTS = timedelta(hours=2)
"""From the question to the collection: whoever wants to collect stands at the counter."""
MAX_AN_HOUR = 3
"""Of one document: nobody wears an owner down by asking."""


@dataclass(frozen=True, slots=True)
class Consent:
    id: int
    document_id: int
    given: bool | None
    """None while the owner has not answered."""
    expires_at: datetime


def ask_consent(
    db: Session,
    people: Register,
    *,
    actor: Actor,
    document_id: int,
    collector: Identity,
    request_key: str,
    now: datetime,
) -> int:
    """Ask the owner whether this person may collect the document; the message names the last three digits of the ID.

    Returns the consent's id. The same person asked for again while the
    question stands is not asked for twice.

    Raises:
        IllegalMove: it does not lie ready at a centre.
        NobodyToAsk: no phone is known, or its owner wants no messages.
        AskedTooOften: MAX_AN_HOUR.
    """

    def work() -> Outcome:
        document = lock(db, document_id)
        check_move(Stage(document.stage), Stage.COLLECTED)
        owner = db.get(Person, document.contact_id) if document.contact_id else None
        if owner is None or owner.opted_out_at is not None:
            raise NobodyToAsk
        collector_id = people.identity(db, collector.kind, collector.number, now=now).id
        asked = _asked_lately(db, document_id, now)
        standing = [c for c in asked if c.collector_id == collector_id and c.given is None and c.expires_at > now]
        if standing:
            return {"consent_id": standing[0].id}
        if len(asked) >= MAX_AN_HOUR:
            raise AskedTooOften
        consent = CollectionConsent(
            document_id=document_id, collector_id=collector_id, asked_at=now, expires_at=now + LASTS
        )
        db.add(consent)
        db.flush()
        record_event(db, "document.consent_asked", about(document_id), actor=actor, now=now, consent_id=consent.id)
        _write(db, document, owner, consent, now=now)
        return {"consent_id": consent.id}

    return int(once(db, request_key, work, now=now)["consent_id"])


def answer_consent(db: Session, intent: Intent, *, consent_id: int, given: bool) -> Consent:
    """The owner allows it or not; may change it while the question stands.

    Raises:
        NothingToAllow: not asked of this phone, too late, or the document is no longer there.
    """

    def work() -> Outcome:
        document_id = db.scalar(sa.select(CollectionConsent.document_id).where(CollectionConsent.id == consent_id))
        document = lock(db, document_id) if document_id else None
        if document is None or document.contact_id != intent.contact_id or document.stage not in READY:
            raise NothingToAllow
        consent = db.get_one(CollectionConsent, consent_id, populate_existing=True)
        if consent.expires_at <= intent.now:
            raise NothingToAllow
        consent.given, consent.answered_at = given, intent.now
        details = {"consent_id": consent_id, "given": given}
        record_event(db, "document.consent_answered", about(document.id), actor=intent.actor, now=intent.now, **details)
        return {"consent_id": consent_id, "given": given}

    answered = once(db, intent.request_key, work, now=intent.now)
    found = consent_of(db, answered["consent_id"])
    return Consent(found.id, found.document_id, answered["given"], found.expires_at)


def consent_of(db: Session, consent_id: int) -> Consent:
    """How a consent stands: the desk looks again and again.

    Raises:
        sqlalchemy.exc.NoResultFound: no such consent.
    """
    consent = db.get_one(CollectionConsent, consent_id, populate_existing=True)
    return Consent(consent.id, consent.document_id, consent.given, consent.expires_at)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What an owner has been asked and has not answered."""

    consent_id: int
    service: str
    site: str
    digits: str
    """The last three of the ID of whoever wants to collect."""


def open_question(db: Session, people: Register, contact_id: int, now: datetime) -> OpenQuestion | None:
    """What this phone has been asked last, while it can be answered."""
    row = db.execute(
        sa.select(CollectionConsent.id, Message.arguments)
        .select_from(Question)
        .join(Message, Message.id == Question.message_id)
        .join(CollectionConsent, CollectionConsent.id == Question.arguments["consent_id"].as_integer())
        .join(Document, Document.id == CollectionConsent.document_id)
        .where(
            Question.person_id == contact_id,
            Question.kind == questions.Kind.COLLECTION,
            Question.answer.is_(None),
            Question.expires_at > now,
            CollectionConsent.given.is_(None),
            Document.stage.in_(READY),
        )
        .order_by(CollectionConsent.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    said = row.arguments
    return OpenQuestion(row.id, said["service"], said["site"], people.last_digits(bytes.fromhex(said["collector"])))


def _asked_lately(db: Session, document_id: int, now: datetime) -> list[CollectionConsent]:
    recently = sa.or_(CollectionConsent.asked_at > now - timedelta(hours=1), CollectionConsent.expires_at > now)
    return list(db.scalars(sa.select(CollectionConsent).where(CollectionConsent.document_id == document_id, recently)))


def _write(db: Session, document: Document, owner: Person, consent: CollectionConsent, *, now: datetime) -> None:
    service, site = db.execute(
        sa.select(Service.code, Site.code)
        .join_from(Document, Service, Service.id == Document.service_id)
        .join(Site, Site.id == Document.site_id)
        .where(Document.id == document.id)
    ).one()
    collector = db.get_one(Person, consent.collector_id).identity_sealed or b""
    message = outbox.write(
        db,
        person_id=owner.id,
        lane=Lane.INTERACTIVE,
        template="collection_consent",
        arguments={"service": service, "site": site, "collector": collector.hex()},
        language=owner.language or DEFAULT,
        subject=about(document.id),
        valid_until=consent.expires_at,
        now=now,
        # Somebody stands at the counter, and waits for the owner: not for the next day with fewer messages.
        asked_for=True,
    )
    questions.ask(db, message, questions.Kind.COLLECTION, expires_at=consent.expires_at, consent_id=consent.id)
