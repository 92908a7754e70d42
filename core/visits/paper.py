"""What was done on paper in a cut, keyed in later: with the true times, and without duplicates.

A booking may have been filed away meanwhile, as one of which nobody knew: then
its history is put right. What was recorded at the time is not overruled.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.booking.errors import NoSuchBooking
from core.booking.locking import lock_contact
from core.booking.outcomes import booking_subject
from core.booking.serving import NOTHING, Paid, keyed, note_came, serve
from core.booking.tables import Booking, BookingHistory
from core.catalogue.snapshot import Site
from core.catalogue.tables import Offering
from core.clock import at_local, local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.people.register import Register
from core.tracking.counter import Application, end_service, enter_people, register_application
from core.visits.arriving import lock_visit
from core.visits.errors import Contradicted, TimeRefused
from core.visits.turning_away import Reason, end_unserved

UP_TO = timedelta(days=7)
_UNCERTAIN = ("past", "not_come")
"""How a booking is filed away of which nobody said anything."""


class What(StrEnum):
    CAME = "came"
    SERVED = "served"
    NOT_SERVED = "not_served"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a paper list."""

    reference: str
    what: What
    at: datetime
    """When it was done."""
    application: Application | None = None
    """What was applied for, if anything."""
    paid: Paid = NOTHING
    """Where nothing was applied for: otherwise the application says it."""
    reason: Reason = Reason.OTHER
    """Why they could not be served."""


@dataclass(frozen=True, slots=True)
class Keyed:
    booking_id: int
    already: bool
    """It was known: nothing was changed."""
    tracking_number: str | None
    """Of the application that was registered now."""


def key_in(
    db: Session, people: Register, entry: Entry, *, site: Site, actor: Actor, request_key: str, now: datetime
) -> Keyed:
    """Enter one line. Events carry the time at which it was done, and in details when it was keyed in.

    Raises:
        TimeRefused: in the future, longer ago than UP_TO, before the centre opened, or not on the booking's day.
        NoSuchBooking: no booking of this reference at this centre.
        Contradicted: it is recorded otherwise.
        Malformed, NumberInUse: see `counter.end_service`.
    """

    def work() -> Outcome:
        check_time(site, entry.at, now=now)
        if entry.application:
            # People before places, as all commands lock them (core.booking.locking).
            enter_people(db, people, entry.application, now=now)
        contact_id = db.scalar(sa.select(Booking.contact_id).where(Booking.reference == entry.reference))
        if contact_id is not None:
            lock_contact(db, contact_id)
        live = lock_visit(db, entry.reference)
        if live is not None and live.contact_id != contact_id:
            raise NoSuchBooking
        row = live or _lock_history(db, entry.reference)
        if row is None or row.site_id != site.id:
            raise NoSuchBooking
        if local_date(row.starts_at) != local_date(entry.at):
            raise TimeRefused("another_day", row.starts_at)
        line = _Line(db, people, entry, row, actor, request_key, now)
        already, number = line.of_live() if live else line.of_history()
        return {"booking_id": row.id, "already": already, "tracking_number": number}

    return Keyed(**once(db, request_key, work, now=now))


def check_time(site: Site, at: datetime, *, now: datetime) -> None:
    """Raises:
    TimeRefused: nothing can have been done at this centre then, or it is too long ago.
    """
    if at > now:
        raise TimeRefused("future")
    day = local_date(at)
    if day < local_date(now - UP_TO):
        raise TimeRefused("too_old")
    opens = [period.opens for period in site.hours if period.holds_on(day)]
    if opens and at < at_local(day, min(opens)):
        raise TimeRefused("before_opening")


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry and the row that it is about, locked."""

    db: Session
    people: Register
    entry: Entry
    row: Any
    actor: Actor
    key: str
    now: datetime

    def of_live(self) -> tuple[bool, str | None]:
        db, entry, row = self.db, self.entry, self.row
        if entry.what is What.CAME:
            if row.came_at is not None:
                return True, None
            note_came(db, row.id, entry.at)
            self.record("booking.checked_in", site_id=row.site_id)
            return False, None
        if entry.what is What.NOT_SERVED:
            end_unserved(db, row.id, entry.reason, at=entry.at, now=self.now)
            self.record_turned_away()
            return False, None
        if entry.application is None:
            serve(db, self.actor, reference=entry.reference, now=self.now, paid=entry.paid, done_at=entry.at)
            return False, None
        registered = end_service(
            db,
            self.people,
            entry.application,
            actor=self.actor,
            reference=entry.reference,
            request_key=f"{self.key}:served",
            now=self.now,
            done_at=entry.at,
        )
        return False, registered.tracking_number

    def of_history(self) -> tuple[bool, str | None]:
        """Of a booking that is over: put right where nobody knew, and as it was where somebody did."""
        entry, row = self.entry, self.row
        if row.outcome == entry.what.value or (entry.what is What.CAME and row.came_at is not None):
            return True, None
        if row.outcome not in _UNCERTAIN:
            raise Contradicted(row.outcome, row.ended_at, row.starts_at)
        self.correct("past" if entry.what is What.CAME else entry.what.value)
        if entry.what is What.CAME:
            self.record("booking.checked_in", site_id=row.site_id)
            return False, None
        if entry.what is What.NOT_SERVED:
            self.record_turned_away()
            return False, None
        application = entry.application
        paid = application.paid if application else entry.paid
        self.record("booking.served", service_id=row.service_id, **paid.details())
        return False, self.register(application) if application else None

    def correct(self, outcome: str) -> None:
        """`ended_on` stays: it says where the row is kept."""
        entry, row = self.entry, self.row
        reason = entry.reason.value if entry.what is What.NOT_SERVED else None
        ended_at = row.ended_at if entry.what is What.CAME else entry.at
        came_at = sa.func.coalesce(BookingHistory.came_at, entry.at)
        self.db.execute(
            sa.update(BookingHistory)
            .where(BookingHistory.ended_on == row.ended_on, BookingHistory.id == row.id)
            .values(outcome=outcome, came_at=came_at, ended_at=ended_at, reason=reason)
            .execution_options(synchronize_session=False)
        )

    def register(self, application: Application) -> str:
        row = self.row
        return register_application(
            self.db,
            self.people,
            # What was paid is told with the service, and not a second time.
            replace(application, paid=NOTHING),
            actor=self.actor,
            service_id=row.service_id,
            site_id=row.site_id,
            request_key=f"{self.key}:served",
            now=self.now,
            contact_id=row.contact_id,
            owner_id=row.beneficiary_id,
            done_at=self.entry.at,
        ).tracking_number

    def record_turned_away(self) -> None:
        row = self.row
        self.record(
            "booking.turned_away", reason=self.entry.reason.value, site_id=row.site_id, service_id=row.service_id
        )

    def record(self, name: str, **details: Any) -> None:
        at = self.entry.at
        details |= keyed(at, self.now)
        record_event(self.db, name, booking_subject(self.row.id), actor=self.actor, now=at, **details)


def _lock_history(db: Session, reference: str) -> Any:
    """The last booking that had this reference, filed away; None if there is none."""
    return db.execute(
        sa.select(
            BookingHistory.id,
            BookingHistory.ended_on,
            BookingHistory.outcome,
            BookingHistory.contact_id,
            BookingHistory.beneficiary_id,
            BookingHistory.service_id,
            BookingHistory.starts_at,
            BookingHistory.came_at,
            BookingHistory.ended_at,
            Offering.site_id,
        )
        .join(Offering, Offering.id == BookingHistory.offering_id)
        .where(BookingHistory.reference == reference)
        .order_by(BookingHistory.ended_at.desc())
        .limit(1)
        .with_for_update(of=BookingHistory)
    ).one_or_none()
