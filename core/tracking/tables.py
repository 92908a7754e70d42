"""Documents and their journey."""

from datetime import datetime

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
    owner_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """Whose document it is, where an identity is known."""
    proof_index: Mapped[bytes]
    """HMAC of tracking number and the last three digits of the ID, or year of birth: what a caller must know."""
    contact_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    contact_confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the phone was last shown to be the owner's: numbers are recycled, so this goes stale."""
    created_at: Mapped[datetime] = mapped_column(Moment)


sa.Index("documents_contact_idx", Document.contact_id, Document.stage_since)


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


class LookupAttempt(Base):
    """Look-ups made by a phone or of a number in a span of time, so that neither can be guessed through."""

    __tablename__ = "lookup_attempts"

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    """Keyed hash of the phone, or of the number looked up."""
    window: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    attempts: Mapped[int]
