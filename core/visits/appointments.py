"""People whom an agency sends itself: checked in and served, or not, like anybody. Only its reference is known here."""

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
from core.visits.turning_away import Reason


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
        row = _lock_of_today(db, appointment_id, site_id, now)
        if row.came_at is None:
            _came(db, appointment_id, now)
            subject = appointment_subject(appointment_id)
            record_event(db, "appointment.checked_in", subject, actor=actor, now=now, site_id=site_id)
        return {"came_at": (row.came_at or now).isoformat()}

    return datetime.fromisoformat(once(db, request_key, work, now=now)["came_at"])


def undo_check_in(
    db: Session, *, appointment_id: int, site_id: int, actor: Actor, request_key: str, now: datetime
) -> None:
    """Take a check-in back: somebody else had come. Nothing is changed where nobody was checked in.

    Raises:
        AnotherDay, AlreadyOver, NoSuchBooking: see `check_in`.
    """

    def work() -> Outcome:
        row = _lock_of_today(db, appointment_id, site_id, now)
        if row.came_at is not None:
            _came(db, appointment_id, None)
            subject, was = appointment_subject(appointment_id), row.came_at.isoformat()
            record_event(db, "appointment.check_in_undone", subject, actor=actor, now=now, site_id=site_id, came_at=was)
        return {"appointment_id": appointment_id}

    once(db, request_key, work, now=now)


def end_served(
    db: Session, *, appointment_id: int, site_id: int, actor: Actor, request_key: str, now: datetime
) -> None:
    """End an appointment as served; a place that is still ahead is free.

    Raises:
        AlreadyOver, NoSuchBooking: see `check_in`.
    """

    def work() -> Outcome:
        _end(db, appointment_id, site_id, outcome="served", now=now)
        subject = appointment_subject(appointment_id)
        record_event(db, "appointment.served", subject, actor=actor, now=now, site_id=site_id)
        return {"appointment_id": appointment_id}

    once(db, request_key, work, now=now)


def turn_away(
    db: Session, *, appointment_id: int, site_id: int, reason: Reason, actor: Actor, request_key: str, now: datetime
) -> None:
    """End the appointment of somebody who came and could not be served. Another time is their agency's to give.

    Raises:
        AlreadyOver, NoSuchBooking: see `check_in`.
    """

    def work() -> Outcome:
        row = _end(db, appointment_id, site_id, outcome="not_served", now=now, reason=reason)
        details = {"reason": reason.value, "site_id": site_id, "service_id": row.service_id}
        subject = appointment_subject(appointment_id)
        record_event(db, "appointment.turned_away", subject, actor=actor, now=now, **details)
        return {"appointment_id": appointment_id}

    once(db, request_key, work, now=now)


def _end(
    db: Session, appointment_id: int, site_id: int, *, outcome: str, now: datetime, reason: Reason | None = None
) -> Any:
    row = _lock(db, appointment_id, site_id, now)
    if row.came_at is None:
        _came(db, appointment_id, now)
    seats = end_appointments(db, Appointment.id == appointment_id, outcome=outcome, now=now, reason=reason)
    pass_on(db, seats, now=now)
    return row


def _lock_of_today(db: Session, appointment_id: int, site_id: int, now: datetime) -> Any:
    row = _lock(db, appointment_id, site_id, now)
    if local_date(row.starts_at) != local_date(now):
        raise AnotherDay(row.starts_at)
    return row


def _lock(db: Session, appointment_id: int, site_id: int, now: datetime) -> Any:
    row = db.execute(
        sa.select(
            Appointment.starts_at,
            Appointment.came_at,
            Appointment.outcome,
            Appointment.ended_at,
            Offering.service_id,
        )
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


def _came(db: Session, appointment_id: int, at: datetime | None) -> None:
    db.execute(
        sa.update(Appointment)
        .where(Appointment.id == appointment_id)
        .values(came_at=at)
        .execution_options(synchronize_session=False)
    )
