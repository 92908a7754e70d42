"""Places, and who has them.

`windows` counts; `holds`, `bookings`, `waitlist_offers` and agencies'
`appointments` say who. At every commit the places taken in a window are exactly
the holds, bookings, open offers and live appointments that begin in it.
"""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment

NO_LIMIT = 1_000_000
"""Capacity of a counter that nobody limits: it still counts, so that a limit set later counts those before it."""


class Counted(StrEnum):
    """What a row of `windows` counts places of."""

    DAY = "day"
    """An offering's day, against its daily quota; `starts_at` is midnight in Nairobi."""
    OFFERING = "offering"
    """An offering's window."""
    SITE = "site"
    """A site's window over all its services."""


class Window(Base):
    """How many places are taken; a row exists once somebody has taken one."""

    __tablename__ = "windows"
    __table_args__ = (
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="taken"),
        sa.CheckConstraint("wanted >= 0 AND capacity >= wanted", name="capacity"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    wanted: Mapped[int]
    """The capacity now decided."""
    capacity: Mapped[int]
    """The greater of wanted and taken: lowered as places are given back."""
    taken: Mapped[int]


sa.Index(
    "windows_full_idx", Window.kind, Window.owner_id, Window.starts_at, postgresql_where=Window.taken >= Window.capacity
)


class Hold(Base):
    """A place kept while its caller decides: one a phone."""

    __tablename__ = "holds"

    contact_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"), primary_key=True)
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


sa.Index("holds_window_idx", Hold.offering_id, Hold.starts_at)


class Booking(Base):
    """A place for a person, still to come. What is over moves to `booking_history`."""

    __tablename__ = "bookings"
    __table_args__ = (
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (beneficiary_no IS NULL)", name="beneficiary"),
        sa.UniqueConstraint("service_id", "beneficiary_id"),
        sa.UniqueConstraint("service_id", "contact_id", "beneficiary_no"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """Eight digits, the last a check digit."""
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"))
    """The offering's, repeated for the constraints above."""
    starts_at: Mapped[datetime] = mapped_column(Moment)
    contact_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"), index=True)
    """The phone that is told."""
    beneficiary_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """The person served, where the service asks for an identity."""
    beneficiary_no: Mapped[int | None]
    """Where it asks for none: 1 for the first person this phone books the service for, and so on."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a reminder of this time was last written; None again after a move."""
    came_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its person was checked in at the centre."""
    priority: Mapped[bool] = mapped_column(server_default=sa.false())
    """Given to somebody who came and could not be served: called first in its window."""
    closure_id: Mapped[int | None]
    """The closure that moved it to this time; None where its person chose it. No foreign key: closures stay."""


sa.Index("bookings_window_idx", Booking.offering_id, Booking.starts_at)
sa.Index("bookings_starts_idx", Booking.starts_at)
sa.Index("bookings_beneficiary_idx", Booking.beneficiary_id, postgresql_where=Booking.beneficiary_id.is_not(None))


class Appointment(Base):
    """A place that an agency has given away itself. While `ended_at` is empty it takes a seat, as a booking does."""

    __tablename__ = "appointments"
    __table_args__ = (sa.UniqueConstraint("agency_id", "reference"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agencies.id"))
    reference: Mapped[str]
    """The agency's own."""
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    came_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    """given_up, served, not_served, past, or closed: the centre was shut and there was no other time."""
    reason: Mapped[str | None]
    """Why somebody who came could not be served: a `visits.turning_away.Reason`."""


sa.Index("appointments_window_idx", Appointment.offering_id, Appointment.starts_at)
sa.Index("appointments_starts_idx", Appointment.starts_at, postgresql_where=Appointment.ended_at.is_(None))
sa.Index("appointments_agency_idx", Appointment.agency_id, Appointment.starts_at, Appointment.id)


class WaitlistEntry(Base):
    """Somebody who wants an SMS when an earlier place is free. First come, first offered."""

    __tablename__ = "waitlist_entries"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    contact_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"), index=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"))
    site_ids: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    """The centres that would do."""
    first_day: Mapped[date]
    last_day: Mapped[date]
    """The span of days that would do, both included."""
    booking_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The later booking that is given back for the earlier place. No foreign key: bookings move to history."""
    beneficiary_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("people.id"))
    """The person served, where the service asks for an identity."""
    language: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    silences: Mapped[int] = mapped_column(server_default="0")
    """Offers that nobody answered."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    """Why it ended: taken, left, silent, past, or booking_over."""


sa.Index(
    "waitlist_entries_waiting_idx",
    WaitlistEntry.service_id,
    WaitlistEntry.created_at,
    WaitlistEntry.id,
    postgresql_where=WaitlistEntry.ended_at.is_(None),
)
sa.Index(
    "waitlist_entries_one_key",
    WaitlistEntry.contact_id,
    WaitlistEntry.service_id,
    sa.func.coalesce(WaitlistEntry.beneficiary_id, 0),
    sa.func.coalesce(WaitlistEntry.booking_id, 0),
    unique=True,
    postgresql_where=WaitlistEntry.ended_at.is_(None),
)


class WaitlistOffer(Base):
    """A place offered to somebody on the waitlist. While `outcome` is empty it holds a seat, as a hold does."""

    __tablename__ = "waitlist_offers"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    entry_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("waitlist_entries.id"))
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    offered_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str | None]
    """taken, declined, silent or withdrawn."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


sa.Index("waitlist_offers_entry_idx", WaitlistOffer.entry_id)
sa.Index(
    "waitlist_offers_open_key", WaitlistOffer.entry_id, unique=True, postgresql_where=WaitlistOffer.outcome.is_(None)
)
sa.Index("waitlist_offers_expiry_idx", WaitlistOffer.expires_at, postgresql_where=WaitlistOffer.outcome.is_(None))


class BookingHistory(Base):
    """A booking that is over: attended, missed or given up. Ready to be partitioned by month."""

    __tablename__ = "booking_history"

    ended_on: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    outcome: Mapped[str]
    """served, given_up, not_come, not_served, closed (the centre was shut), or past: the time went by."""
    reference: Mapped[str]
    offering_id: Mapped[int]
    service_id: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Moment)
    contact_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    beneficiary_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    beneficiary_no: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime] = mapped_column(Moment)
    came_at: Mapped[datetime | None] = mapped_column(Moment)
    priority: Mapped[bool] = mapped_column(server_default=sa.false())
    reason: Mapped[str | None]
    """Why somebody who came could not be served: a `visits.turning_away.Reason`."""
    closure_id: Mapped[int | None]
    """The closure that moved it to this time, or that left it none."""


sa.Index("booking_history_reference_idx", BookingHistory.reference)
sa.Index(
    "booking_history_beneficiary_idx",
    BookingHistory.beneficiary_id,
    postgresql_where=BookingHistory.beneficiary_id.is_not(None),
)
# The figures of a month are summed from the index alone.
sa.Index(
    "booking_history_day_idx",
    BookingHistory.offering_id,
    BookingHistory.starts_at,
    postgresql_include=["outcome", "reason"],
)
