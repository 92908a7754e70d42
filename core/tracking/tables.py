"""Documents and their journey."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class Document(Base):
    """A document on its way to its owner."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    tracking_number: Mapped[str] = mapped_column(unique=True)
    """Eight digits, the last a check digit; printed on the waiting card."""
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    """Where it will be collected."""
    stage: Mapped[str]
    stage_since: Mapped[datetime] = mapped_column(Moment)
    owner_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"), index=True)
    """Whose document it is, where an identity is known."""
    proof_index: Mapped[bytes]
    """HMAC of tracking number and the last three digits of the ID, or year of birth: what a caller must know."""
    contact_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    contact_confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the phone was last shown to be the owner's: numbers are recycled, so this goes stale."""
    contact_problem: Mapped[str | None]
    """Why its owner cannot be told: no_phone or bad_phone. For the desk to mend."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    promised_on: Mapped[date | None]
    """The day by which the agency promised it."""
    late_told_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its owner was told that the promise has passed."""
    correction: Mapped[str | None]
    """What must be put right (a `corrections.Correction`), while that is so."""
    arrivals: Mapped[int] = mapped_column(server_default="0")
    """Times a centre has acknowledged it: each arrival is told once, and has its own collection code."""
    received_at: Mapped[datetime | None] = mapped_column(Moment)
    """Its last arrival at a centre: its age on the shelf counts from here."""
    shelf: Mapped[str | None]
    """Where it lies at the centre."""
    reminders: Mapped[int] = mapped_column(server_default="0")
    """Of its last arrival."""
    reminder_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The message of the last of them. No foreign key: messages will move to history before documents."""


sa.Index("documents_contact_idx", Document.contact_id, Document.stage_since)
sa.Index("documents_service_idx", Document.service_id, Document.stage_since, Document.id)
sa.Index(
    "documents_shelf_idx",
    Document.site_id,
    Document.received_at,
    postgresql_where=Document.stage.in_(["received", "notified", "reminded"]),
)
sa.Index(
    "documents_coming_idx",
    Document.site_id,
    Document.stage_since,
    postgresql_where=Document.stage.in_(["sent_to_centre", "transferred"]),
)
sa.Index("documents_received_idx", Document.site_id, Document.received_at)
sa.Index(
    "documents_collected_idx",
    Document.site_id,
    Document.stage_since,
    postgresql_where=Document.stage == "collected",
)
sa.Index(
    "documents_promised_idx",
    Document.promised_on,
    postgresql_where=sa.and_(Document.promised_on.is_not(None), Document.arrivals == 0),
)


class Notice(Base):
    """That the owner was told of one arrival of a document: the row itself keeps it from being told twice."""

    __tablename__ = "notices"

    document_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("documents.id"), primary_key=True)
    arrival: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("messages.id"), unique=True)


class CollectionConsent(Base):
    """That the owner was asked whether somebody else may collect a document, and what came of it."""

    __tablename__ = "collection_consents"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("documents.id"), index=True)
    collector_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """Whoever came, by identity."""
    asked_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    given: Mapped[bool | None]
    answered_at: Mapped[datetime | None] = mapped_column(Moment)


class IntakeFile(Base):
    """A file of documents that was taken in, and what came of its rows."""

    __tablename__ = "intake_files"
    __table_args__ = (sa.UniqueConstraint("digest", "stage"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    digest: Mapped[bytes]
    """SHA-256 of its bytes; where a centre or agency gave it, of these and of whose it is."""
    stage: Mapped[str]
    """What the file says of its documents, where a row does not say it itself."""
    name: Mapped[str]
    who: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    """None: it was broken off, and giving it again goes on with it."""
    taken: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")


class DocumentEvent(Base):
    """One step of a document's journey. Rows are never changed."""

    __tablename__ = "document_events"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("documents.id"), index=True)
    stage: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"))
    origin: Mapped[str]
    """The file or request it came from."""
    channel: Mapped[str | None]
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """The contact who did it; None is Zamu itself or a member of staff."""
    who: Mapped[str | None]
    """The member of staff who did it."""
    reason: Mapped[str | None]
    """What is to be corrected, or why a rule was set aside."""
    transaction_id: Mapped[int | None] = mapped_column(
        sa.BigInteger, server_default=sa.text("pg_current_xact_id()::text::bigint")
    )
    """The transaction that wrote it, as of an Event."""


sa.Index("document_events_transaction_idx", DocumentEvent.transaction_id, DocumentEvent.id)


class LookupAttempt(Base):
    """Look-ups made by a phone or of a number in a span of time, so that neither can be guessed through."""

    __tablename__ = "lookup_attempts"

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    """Keyed hash of the phone, or of the number looked up."""
    window: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    attempts: Mapped[int]
