"""The steps that commands share, and the order in which every command locks.

No two transactions wait for each other, because all lock in this order:

1. the row of `requests` (a second copy of a request waits for the first);
2. the contact's row of `people` (one command of a phone at a time);
3. the contact's booking that is changed;
4. the contact's own hold;
5. expired holds of others, passing over those that somebody else is freeing;
6. a new row of `bookings` (waits where another phone books for the same person);
7. rows of `windows`, in one statement, in the order of their keys.

A hold is written last: its row is the contact's own, and the contact is locked.

The sweeps lock bookings or holds, passing over locked ones, and then windows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import day_begins, is_bookable
from core.booking.errors import NoSuchBooking, NotOffered
from core.booking.outcomes import Booked
from core.booking.queries import is_live
from core.booking.seats import Place, Seats, place_at
from core.booking.tables import Booking, BookingHistory, Hold
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Service, Site
from core.clock import local_date
from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Intent, record_event
from core.people.tables import Person


def lock_contact(db: Session, contact_id: int) -> None:
    """One command of a phone at a time. Rows that only refer to the contact can still be written meanwhile."""
    db.execute(sa.select(Person.id).where(Person.id == contact_id).with_for_update(key_share=True)).one()


@dataclass(frozen=True, slots=True)
class OwnHold:
    """A hold taken out of the table: its place is the command's to use or to give back."""

    place: Place
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
    return None if row is None else OwnHold(Place(*row[:3]), row.expires_at)


def take_expired_holds(
    db: Session, *condition: sa.ColumnElement[bool], now: datetime, limit: int | None = None
) -> list[Place]:
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
    return [Place(*row) for row in rows]


def take_seat(
    db: Session,
    seats: Seats,
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
    seats.give_back(take_expired_holds(db, _in_the_way_of(offering, starts_at), now=now))
    seats.take(offering, starts_at)


def use_hold_or_take_seat(
    db: Session,
    intent: Intent,
    seats: Seats,
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
        seats.give_back([own.place])
    take_seat(db, seats, offering, starts_at, closed_days, now=intent.now)


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


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """A phone's booking, with the codes that its message needs."""

    booked: Booked
    service_id: int
    place: Place
    service: str
    site: str

    @property
    def subject(self) -> str:
        """How events and messages name it."""
        return f"booking:{self.booked.id}"

    @classmethod
    def of(cls, booked: Booked, offering: Offering) -> "OwnBooking":
        return cls(
            booked=booked,
            service_id=offering.service.id,
            place=place_at(offering, booked.starts_at),
            service=offering.service.code,
            site=offering.site.code,
        )


def lock_booking(db: Session, intent: Intent, reference: str) -> OwnBooking:
    """Raises:
    NoSuchBooking: unknown, over, or another phone's.
    """
    row = db.execute(
        sa.select(
            Booking.id,
            Booking.starts_at,
            Booking.offering_id,
            Booking.service_id,
            OfferingRow.site_id,
            Service.code.label("service"),
            Site.code.label("site"),
        )
        .join(OfferingRow, OfferingRow.id == Booking.offering_id)
        .join(Service, Service.id == Booking.service_id)
        .join(Site, Site.id == OfferingRow.site_id)
        .where(Booking.reference == reference, Booking.contact_id == intent.contact_id, is_live(intent.now))
        .with_for_update(of=Booking)
    ).one_or_none()
    if row is None:
        raise NoSuchBooking
    return OwnBooking(
        booked=Booked(row.id, reference, row.offering_id, row.starts_at),
        service_id=row.service_id,
        place=Place(row.offering_id, row.site_id, row.starts_at),
        service=row.service,
        site=row.site,
    )


def end_bookings(
    db: Session, *condition: sa.ColumnElement[bool], outcome: str, now: datetime, limit: int | None = None
) -> list[Place]:
    """Move bookings to history, and say which places they had. Those that somebody else is changing are passed over."""
    ending = sa.select(Booking.id).where(*condition).limit(limit).with_for_update(skip_locked=True).cte("ending")
    rows = db.execute(
        sa.delete(Booking)
        .where(Booking.id.in_(sa.select(ending.c.id)), OfferingRow.id == Booking.offering_id)
        .returning(*Booking.__table__.columns, OfferingRow.site_id)
        .execution_options(synchronize_session=False)
    ).mappings()
    gone = [dict(row) for row in rows]
    places = [Place(row["offering_id"], row.pop("site_id"), row["starts_at"]) for row in gone]
    if gone:
        end = {"outcome": outcome, "ended_on": local_date(now), "ended_at": now}
        db.execute(sa.insert(BookingHistory), [row | end for row in gone])
    return places


def announce(db: Session, intent: Intent, event: str, booking: OwnBooking, *, template: str) -> None:
    """Leave the trace of a command, and queue its message to the booking's phone.

    The message is of use until the time booked, and for an hour at least.
    """
    booked = booking.booked
    where = {"offering_id": booked.offering_id, "starts_at": booked.starts_at.isoformat()}
    record_event(db, event, booking.subject, actor=intent.actor, now=intent.now, **where)
    outbox.write(
        db,
        person_id=intent.contact_id,
        lane=Lane.INTERACTIVE,
        template=template,
        arguments={
            "service": booking.service,
            "site": booking.site,
            "starts_at": booked.starts_at.isoformat(),
            "reference": booked.reference,
        },
        language=intent.language,
        subject=booking.subject,
        valid_until=max(booked.starts_at, intent.now + timedelta(hours=1)),
        now=intent.now,
    )
