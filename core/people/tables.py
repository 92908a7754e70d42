"""People and the record of deeds."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class Person(Base):
    """A phone we talk to, or somebody known by an identity number. Nothing else in the database says who people are.

    A row with a phone is a contact. A row with an identity is the person
    served. They are separate rows because phones are shared, lent and recycled.
    """

    __tablename__ = "people"
    __table_args__ = (
        sa.CheckConstraint("(phone_index IS NULL) <> (identity_index IS NULL)", name="phone_or_identity"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    phone_index: Mapped[bytes | None] = mapped_column(unique=True)
    phone_sealed: Mapped[bytes | None]
    identity_index: Mapped[bytes | None] = mapped_column(unique=True)
    """Over kind and number together: the same digits as an ID and as a passport are two people."""
    identity_sealed: Mapped[bytes | None]
    language: Mapped[str | None]
    """Of a contact: the language last chosen."""
    opted_out_at: Mapped[datetime | None] = mapped_column(Moment)
    blocked_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the gateway last said that the phone blocks our SMS, and none has arrived since. Not always a STOP."""
    network: Mapped[str | None]
    """Of a contact: the code of the network it was last seen on. Numbers are portable, so this can be out of date."""
    created_at: Mapped[datetime] = mapped_column(Moment)


class Event(Base):
    """What was done, when, through which channel and by whom: ids only, nothing personal. Rows are never changed."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    channel: Mapped[str]
    """ussd, sms, portal, desk, api, clock or terminal."""
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """The contact who acted; None is Zamu itself or a member of staff."""
    who: Mapped[str | None]
    """The member of staff who acted."""
    name: Mapped[str]
    """Such as booking.confirmed."""
    subject: Mapped[str]
    """What it was done to, such as booking:42."""
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    transaction_id: Mapped[int | None] = mapped_column(
        sa.BigInteger, server_default=sa.text("pg_current_xact_id()::text::bigint")
    )
    """The transaction that wrote it: whoever reads the record to the end knows by it what may still be missing."""


sa.Index("events_subject_idx", Event.subject, Event.id)
sa.Index("events_who_idx", Event.who, Event.at, Event.id, postgresql_where=Event.who.is_not(None))
sa.Index("events_staff_idx", Event.name, Event.at, Event.id, postgresql_where=Event.who.is_not(None))
sa.Index("events_name_idx", Event.name, Event.at, Event.id)
sa.Index("events_at_idx", Event.at, Event.id)
sa.Index("events_transaction_idx", Event.transaction_id, Event.id)


class PhoneCode(Base):
    """The code last sent to a phone to prove that whoever uses the web has it in hand. The code itself is nowhere."""

    __tablename__ = "phone_codes"

    contact_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True, server_default="")
    """The booking number that was given with the phone, theirs or not; empty: the phone was given alone."""
    nth: Mapped[int]
    """The code's number: it grows with each code that this phone is sent (core.messaging.phone_codes)."""
    sent_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(server_default="0")
    """Wrong ones, of this code."""
    used_at: Mapped[datetime | None] = mapped_column(Moment)
