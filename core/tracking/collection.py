"""Handing a document over: against its code, for a reason, or to somebody whom the owner allows by SMS."""

import hmac
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.db import Session
from core.idempotency import Outcome, once
from core.messaging.tables import Lane
from core.people.audit import Actor, record_event
from core.people.register import Register
from core.tracking import attempts
from core.tracking.consents import answer_consent, ask_consent
from core.tracking.documents import lock, move_all
from core.tracking.errors import NoConsent, NoReason, TooManyCodes
from core.tracking.letters import about, post
from core.tracking.stages import Stage, check_move
from core.tracking.tables import CollectionConsent, Document

__all__ = ["By", "Code", "Collector", "HandOver", "Override", "answer_consent", "ask_consent", "hand_over"]

MAX_WRONG_CODES_AN_HOUR = 5
"""Of one document, whoever says them. A code of four digits is guessed once in 10,000 tries."""
_TELL_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Code:
    """What whoever came says at the counter."""

    digits: str


@dataclass(frozen=True, slots=True)
class Override:
    """The clerk knows better, and says why: an owner without a phone, who shows an ID."""

    reason: str


@dataclass(frozen=True, slots=True)
class Collector:
    """Somebody else came, and the owner has lately allowed it (core.tracking.consents)."""

    person_id: int
    """The row of `people` of this person's identity."""


By = Code | Override | Collector


@dataclass(frozen=True, slots=True)
class HandOver:
    """What came of it."""

    document_id: int
    collected: bool
    """False: the code was wrong, and nothing changed but the count."""
    tries_left: int
    """In this hour."""


def hand_over(
    db: Session, people: Register, *, actor: Actor, document_id: int, by: By, request_key: str, now: datetime
) -> HandOver:
    """Hand a document over and tell its owner. What waited to be sent about it is withdrawn.

    A wrong code is an outcome and no refusal: the caller commits it, and so it
    is counted. The same request again gets the first outcome.

    Raises:
        IllegalMove: it does not lie ready at a centre (any more).
        TooManyCodes: MAX_WRONG_CODES_AN_HOUR wrong ones; not even the right one is taken now.
        NoReason: an override without one.
        NoConsent: the owner has not allowed this person, or the time for it is over.
    """

    def work() -> Outcome:
        document = lock(db, document_id)
        check_move(Stage(document.stage), Stage.COLLECTED)
        tries_left = MAX_WRONG_CODES_AN_HOUR
        if isinstance(by, Code):
            right, tries_left = _check_code(db, people, document, by.digits, now=now)
            if not right:
                record_event(db, "document.wrong_code", about(document_id), actor=actor, now=now)
                return asdict(HandOver(document_id, collected=False, tries_left=tries_left))
        details = _check_right(db, document, by, now=now)
        reason = by.reason.strip() if isinstance(by, Override) else None
        move_all(db, [document], Stage.COLLECTED, actor=actor, origin=request_key, now=now, reason=reason)
        record_event(db, "document.collected", about(document_id), actor=actor, now=now, **details)
        post(
            db,
            Document.id == document_id,
            template="document_collected",
            lane=Lane.INTERACTIVE,
            now=now,
            valid_for=_TELL_FOR,
            asked_for=True,
        )
        return asdict(HandOver(document_id, collected=True, tries_left=tries_left))

    return HandOver(**once(db, request_key, work, now=now))


def _check_code(db: Session, people: Register, document: Document, digits: str, *, now: datetime) -> tuple[bool, int]:
    """Whether it is the code of this arrival, and the wrong ones still allowed. The document is locked."""
    subject = people.lookup_index(f"collect:{document.id}")
    left = MAX_WRONG_CODES_AN_HOUR - attempts.made(db, subject, now=now)
    if left <= 0:
        raise TooManyCodes
    code = people.collection_code(document.id, document.arrivals)
    if hmac.compare_digest("".join(digits.split()).encode(), code.encode()):
        return True, left
    attempts.count(db, [subject], most=MAX_WRONG_CODES_AN_HOUR, now=now)
    return False, left - 1


def _check_right(db: Session, document: Document, by: By, *, now: datetime) -> dict[str, str | int]:
    """By what right it is handed over, for the record."""
    if isinstance(by, Override):
        if not by.reason.strip():
            raise NoReason
        return {"by": "override"}
    if isinstance(by, Collector):
        consent_id = db.scalar(
            sa.select(CollectionConsent.id)
            .where(
                CollectionConsent.document_id == document.id,
                CollectionConsent.collector_id == by.person_id,
                CollectionConsent.given.is_(True),
                CollectionConsent.expires_at > now,
            )
            .limit(1)
        )
        if consent_id is None:
            raise NoConsent
        return {"by": "consent", "consent_id": consent_id}
    return {"by": "code"}
