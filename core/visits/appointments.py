"""People whom an agency sends itself: checked in and served like anybody, known here by the agency's reference only."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.ending import end_appointments
from core.booking.errors import NoSuchBooking
from core.booking.outcomes import appointment_subject
from core.booking.tables import Appointment
from core.booking.waitlist.line import pass_on
from core.catalogue.tables import Offering
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.visits.errors import AlreadyOver, AnotherDay


def check_in(
    db: Session, *, appointment_id: int, site_id: int, actor: Actor, request_key: str, now: datetime
) -> datetime:
    """Note that somebody whom an agency sent has come. Returns when they came: earlier than `now` if it was known.

    Raises:
        AnotherDay: expected on a later day.
        AlreadyOver: it has ended.
        NoSuchBooking: no appointment of this centre.
    """

    def work() -> Outcome:
        row = _lock(db, appointment_id, site_id, now)
        if local_date(row.starts_at) != local_date(now):
            raise AnotherDay(row.starts_at)
        if row.came_at is None:
            _came(db, appointment_id, now)
            subject = appointment_subject(appointment_id)
            record_event(db, "appointment.checked_in", subject, actor=actor, now=now, site_id=site_id)
        return {"came_at": (row.came_at or now).isoformat()}

    return datetime.fromisoformat(once(db, request_key, work, now=now)["came_at"])


def end_served(
    db: Session, *, appointment_id: int, site_id: int, actor: Actor, request_key: str, now: datetime
) -> None:
    """End an appointment as served; a place that is still ahead is free.

    Raises:
        AlreadyOver, NoSuchBooking: see `check_in`.
    """

    def work() -> Outcome:
        row = _lock(db, appointment_id, site_id, now)
        if row.came_at is None:
            _came(db, appointment_id, now)
        seats = end_appointments(db, Appointment.id == appointment_id, outcome="served", now=now)
        pass_on(db, seats, now=now)
        subject = appointment_subject(appointment_id)
        record_event(db, "appointment.served", subject, actor=actor, now=now, site_id=site_id)
        return {"appointment_id": appointment_id}

    once(db, request_key, work, now=now)


def _lock(db: Session, appointment_id: int, site_id: int, now: datetime) -> Any:
    row = db.execute(
        sa.select(Appointment.starts_at, Appointment.came_at, Appointment.outcome, Appointment.ended_at)
        .join(Offering, Offering.id == Appointment.offering_id)
        .where(Appointment.id == appointment_id, Offering.site_id == site_id)
        .with_for_update(of=Appointment)
    ).one_or_none()
    if row is None:
        raise NoSuchBooking
    if row.ended_at is not None:
        raise AlreadyOver(row.outcome, row.ended_at, row.starts_at)
    if row.starts_at < day_begins(local_date(now)):
        raise AlreadyOver("past", now, row.starts_at)
    return row


def _came(db: Session, appointment_id: int, now: datetime) -> None:
    db.execute(
        sa.update(Appointment)
        .where(Appointment.id == appointment_id)
        .values(came_at=now)
        .execution_options(synchronize_session=False)
    )
