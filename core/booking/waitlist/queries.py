"""What a phone waits for, and what is on offer to it."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from core.booking.queries import is_live
from core.booking.tables import Booking, WaitlistEntry, WaitlistOffer
from core.db import Session


@dataclass(frozen=True, slots=True)
class Wait:
    id: int
    service_id: int
    site_ids: list[int]
    last_day: date
    booking_id: int | None
    """The later booking beside which it waits."""


@dataclass(frozen=True, slots=True)
class OpenOffer:
    id: int
    offering_id: int
    starts_at: datetime
    expires_at: datetime


def waits_of(db: Session, contact_id: int) -> list[Wait]:
    """The lines a phone stands in, the oldest first."""
    rows = db.execute(
        sa.select(
            WaitlistEntry.id,
            WaitlistEntry.service_id,
            WaitlistEntry.site_ids,
            WaitlistEntry.last_day,
            WaitlistEntry.booking_id,
        )
        .where(WaitlistEntry.contact_id == contact_id, WaitlistEntry.ended_at.is_(None))
        .order_by(WaitlistEntry.id)
    )
    return [Wait(*row) for row in rows]


def open_offers(db: Session, contact_id: int, now: datetime) -> list[OpenOffer]:
    """The places held for a phone that waits, the one that runs out first at the front."""
    rows = db.execute(
        sa.select(WaitlistOffer.id, WaitlistOffer.offering_id, WaitlistOffer.starts_at, WaitlistOffer.expires_at)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistEntry.contact_id == contact_id, WaitlistOffer.outcome.is_(None), WaitlistOffer.expires_at > now)
        .order_by(WaitlistOffer.expires_at, WaitlistOffer.id)
    )
    return [OpenOffer(*row) for row in rows]


def taken_place(db: Session, offer_id: int, contact_id: int, now: datetime) -> Booking | None:
    """The booking that has the place once offered to this phone, since it was taken at whichever door."""
    return db.scalar(
        sa.select(Booking)
        .join(
            WaitlistOffer,
            sa.and_(WaitlistOffer.offering_id == Booking.offering_id, WaitlistOffer.starts_at == Booking.starts_at),
        )
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(
            WaitlistOffer.id == offer_id,
            WaitlistOffer.outcome == "taken",
            WaitlistEntry.contact_id == contact_id,
            Booking.contact_id == contact_id,
            is_live(now),
            # Of several that the phone has at that time, the one that was waited for.
            sa.or_(
                Booking.id == WaitlistEntry.booking_id,
                Booking.beneficiary_id.is_not_distinct_from(WaitlistEntry.beneficiary_id),
            ),
        )
        .order_by(Booking.id.desc())
        .limit(1)
    )
