"""Reminding people of their bookings: the day before, and that morning."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa

from core import wording
from core.booking.availability import day_begins
from core.booking.outcomes import booking_subject
from core.booking.tables import Booking
from core.catalogue.tables import Offering, Service, Site
from core.clock import local, local_date
from core.db import Session
from core.messaging import outbox, questions, quiet
from core.messaging.tables import Lane
from core.people.tables import Person

TEMPLATE = "booking_reminder"
AFTERNOON = time(16)
"""From then on tomorrow's bookings are reminded of; not once the lane rests: that would arrive with the morning's."""
FRESH = timedelta(hours=12)
"""Who has booked this lately still knows."""
ON_THE_WAY = timedelta(minutes=30)
"""Who is to be there sooner than this is on the way."""


def remind_bookings(db: Session, *, now: datetime, limit: int) -> int:
    """Queue reminders for at most `limit` bookings. Returns how many.

    They ask whether the place is kept (questions.Kind.APPOINTMENT), and are of use until it begins.
    """
    due = db.execute(
        sa.select(
            Booking.id,
            Booking.reference,
            Booking.starts_at,
            Booking.contact_id,
            Person.language,
            Service.code.label("service"),
            Site.code.label("site"),
        )
        .join(Person, Person.id == Booking.contact_id)
        .join(Service, Service.id == Booking.service_id)
        .join(Offering, Offering.id == Booking.offering_id)
        .join(Site, Site.id == Offering.site_id)
        .where(_is_due(now))
        .order_by(Booking.starts_at, Booking.id)
        .limit(limit)
        .with_for_update(of=Booking, skip_locked=True)
    ).all()
    if not due:
        return 0
    db.execute(
        sa.update(Booking)
        .where(Booking.id.in_([row.id for row in due]))
        .values(reminded_at=now)
        .execution_options(synchronize_session=False)
    )
    # Yesterday's, where its lane stood still, would arrive together with this morning's.
    outbox.withdraw(db, *(booking_subject(row.id) for row in due), now=now, template=TEMPLATE)
    for row in due:
        starts_at = row.starts_at.isoformat()
        message = outbox.write(
            db,
            person_id=row.contact_id,
            lane=Lane.NOTICE,
            template=TEMPLATE,
            arguments={"service": row.service, "site": row.site, "starts_at": starts_at, "reference": row.reference},
            language=row.language or wording.DEFAULT,
            subject=booking_subject(row.id),
            valid_until=row.starts_at,
            now=now,
            asked_for=False,
        )
        questions.ask(
            db,
            message,
            questions.Kind.APPOINTMENT,
            expires_at=row.starts_at,
            reference=row.reference,
            starts_at=starts_at,
        )
    return len(due)


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    """Once for each of the two: tomorrow's in the afternoon, today's from the morning on."""
    today, tomorrow = (day_begins(local_date(now) + timedelta(days=n)) for n in (0, 1))
    if quiet.rests(Lane.NOTICE, now):
        return sa.false()
    this_morning = sa.and_(
        Booking.came_at.is_(None),
        Booking.starts_at >= now + ON_THE_WAY,
        Booking.starts_at < tomorrow,
        Booking.created_at < today,
        sa.or_(Booking.reminded_at.is_(None), Booking.reminded_at < today),
    )
    if local(now).time() < AFTERNOON:
        return this_morning
    the_day_before = sa.and_(
        Booking.starts_at >= tomorrow,
        Booking.starts_at < tomorrow + timedelta(days=1),
        Booking.created_at <= now - FRESH,
        Booking.reminded_at.is_(None),
    )
    return sa.or_(this_morning, the_day_before)
