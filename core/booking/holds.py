"""Holds as commands and sweeps use them: taken out of the table, their seats to be used or given back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins, is_bookable
from core.booking.errors import NotOffered
from core.booking.seats import Exchange, Seat
from core.booking.tables import Hold
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Session
from core.people.audit import Intent


@dataclass(frozen=True, slots=True)
class OwnHold:
    """A hold taken out of the table: its place is the command's to use or to give back."""

    seat: Seat
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        return self.expires_at > now


def take_own_hold(db: Session, contact_id: int, *condition: sa.ColumnElement[bool]) -> OwnHold | None:
    """Remove the phone's hold (if it meets the condition), live or expired. Waits where somebody is freeing it."""
    row = db.execute(
        sa.delete(Hold)
        .where(Hold.contact_id == contact_id, OfferingRow.id == Hold.offering_id, *condition)
        .returning(Hold.offering_id, OfferingRow.site_id, Hold.starts_at, Hold.expires_at)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else OwnHold(Seat(*row[:3]), row.expires_at)


def take_expired_holds(
    db: Session, *condition: sa.ColumnElement[bool], now: datetime, limit: int | None = None
) -> list[Seat]:
    """Remove expired holds that meet the condition, and say which places they kept."""
    expired = (
        sa.select(Hold.contact_id)
        .where(Hold.expires_at <= now, *condition)
        .order_by(Hold.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("expired")
    )
    rows = db.execute(
        sa.delete(Hold)
        .where(Hold.contact_id.in_(sa.select(expired.c.contact_id)), OfferingRow.id == Hold.offering_id)
        .returning(Hold.offering_id, OfferingRow.site_id, Hold.starts_at)
        .execution_options(synchronize_session=False)
    )
    return [Seat(*row) for row in rows]


def take_seat(
    db: Session,
    exchange: Exchange,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    *,
    now: datetime,
) -> None:
    """Take a place, and give back those that expired holds keep from it. The phone's own hold has been dealt with.

    Raises:
        NotOffered: no such time can be booked now.
    """
    if not is_bookable(offering, starts_at, now=now, closed_days=closed_days):
        raise NotOffered
    exchange.free(take_expired_holds(db, _in_the_way_of(offering, starts_at), now=now))
    exchange.take(offering, starts_at)


def use_hold_or_take_seat(
    db: Session,
    intent: Intent,
    exchange: Exchange,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
) -> None:
    """Use up the phone's live hold on this place; without one, take a seat. A live hold on another place stays.

    Raises:
        NotOffered: there is no live hold, and no such time can be booked now.
    """
    here = sa.and_(Hold.offering_id == offering.id, Hold.starts_at == starts_at)
    own = take_own_hold(db, intent.contact_id, sa.or_(here, Hold.expires_at <= intent.now))
    if own is not None and own.is_live(intent.now):
        return
    if own is not None:
        exchange.give_back([own.seat])
    take_seat(db, exchange, offering, starts_at, closed_days, now=intent.now)


def _in_the_way_of(offering: Offering, starts_at: datetime) -> sa.ColumnElement[bool]:
    """Holds that count where a place here would: in the site's window, or in the offering's day."""
    day = local_date(starts_at)
    at_the_site = sa.select(OfferingRow.id).where(OfferingRow.site_id == offering.site.id)
    return sa.or_(
        sa.and_(Hold.starts_at == starts_at, Hold.offering_id.in_(at_the_site)),
        sa.and_(
            Hold.offering_id == offering.id,
            Hold.starts_at >= day_begins(day),
            Hold.starts_at < day_begins(day + timedelta(days=1)),
        ),
    )
