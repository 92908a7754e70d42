"""What the desk sees of one document: its way so far, what its owner was told, and who was asked about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Message
from core.people.audit import Actor, record_event
from core.people.register import Register
from core.people.tables import Person
from core.tracking.letters import ABOUT, APPLICATION, PROMISE, about
from core.tracking.tables import CollectionConsent, Document, DocumentEvent

MOST = 50
"""Of messages and of questions: the latest."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message to the owner, and what became of it."""

    template: str
    status: str
    error: str | None
    written_at: datetime
    at: datetime
    """Since when its status is so."""


@dataclass(frozen=True, slots=True)
class Known:
    """By what the owner is known: the last digits only, enough to compare with what somebody says or shows."""

    phone: str | None
    identity: str | None


@dataclass(frozen=True, slots=True)
class Journey:
    steps: Sequence[DocumentEvent]
    """The first comes first."""
    told: Sequence[Told]
    """The latest comes first."""
    consents: Sequence[CollectionConsent]
    """The latest comes first."""
    known: Known


def look_at(db: Session, people: Register, document: Document, *, actor: Actor, now: datetime) -> Journey:
    """All of it. The look is recorded: whoever sees a citizen's document is named."""
    note_seen(db, document, actor=actor, now=now)
    steps = db.scalars(
        sa.select(DocumentEvent).where(DocumentEvent.document_id == document.id).order_by(DocumentEvent.id)
    ).all()
    asked = db.scalars(
        sa.select(CollectionConsent)
        .where(CollectionConsent.document_id == document.id)
        .order_by(CollectionConsent.id.desc())
        .limit(MOST)
    ).all()
    return Journey(steps, _told(db, document), asked, known_of(db, people, [document])[document.id])


def note_seen(db: Session, document: Document, *, actor: Actor, now: datetime) -> None:
    """Record that a member of staff has looked at it."""
    record_event(db, "document.seen", about(document.id), actor=actor, now=now)


def known_of(db: Session, people: Register, documents: Sequence[Document]) -> dict[int, Known]:
    """By document: the last three digits of its owner's phone and identity, as far as they are known."""
    ids = {person_id for d in documents for person_id in (d.contact_id, d.owner_id) if person_id}
    found = {person.id: person for person in db.scalars(sa.select(Person).where(Person.id.in_(ids)))} if ids else {}

    def known(document: Document) -> Known:
        contact, owner = found.get(document.contact_id or 0), found.get(document.owner_id or 0)
        sealed = owner.identity_sealed if owner else None
        return Known(people.phone_of(contact)[-3:] if contact else None, people.last_digits(sealed) if sealed else None)

    return {document.id: known(document) for document in documents}


def _told(db: Session, document: Document) -> list[Told]:
    if document.contact_id is None:
        return []
    # By the owner's phone, since what has been sent is not found by its subject.
    rows = db.execute(
        sa.select(Message.template, Message.status, Message.error, Message.created_at, Message.status_at)
        .where(
            Message.person_id == document.contact_id,
            Message.subject.in_([f"{kind}{document.id}" for kind in (ABOUT, PROMISE, APPLICATION)]),
        )
        .order_by(Message.id.desc())
        .limit(MOST)
    )
    return [Told(*row) for row in rows]
