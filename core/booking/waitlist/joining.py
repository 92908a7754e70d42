"""Getting into the line, and out of it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.booking.availability import day_begins
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import NotOffered, TooManyWaits
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.tables import Booking, WaitlistEntry, WaitlistOffer
from core.booking.waitlist.ending import end_entry, end_offers
from core.booking.waitlist.line import entry_subject, pass_on
from core.catalogue.snapshot import Service, Site
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Intent, record_event
from core.people.tables import Person

MAX_WAITS_A_PHONE = 6
"""As many as a phone may have bookings."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A place in the line."""

    entry_id: int
    last_day: date
    """The last day of the span."""


class _Wanted(NamedTuple):
    site_ids: list[int]
    first_day: date
    last_day: date


def join(
    db: Session,
    intent: Intent,
    *,
    service: Service,
    sites: Sequence[Site],
    first_day: date,
    last_day: date,
    beneficiary: Beneficiary,
    booking: str | None = None,
    since: datetime | None = None,
) -> Waits:
    """Wait for a place at one of these centres within a span of days, both included, and queue an SMS that says so.

    `booking` is the reference of a later booking, which is given back for the
    earlier place: the span ends the day before it, and its person is the one
    served. `since` is when they began to want it, if that is not now: it decides
    who is first. Asked for once more, the same again changes nothing; other centres
    and days are added, and the place in the line stays. Only who has said STOP since
    then begins anew: what is offered to those in line goes past them.

    Raises:
        NoSuchBooking: this phone has no live booking of that reference.
        NotOffered: the span is over, or the booking is of another service.
        TooManyWaits: the phone is on MAX_WAITS_A_PHONE waitlists.
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        own = lock_booking(db, intent, booking) if booking else None
        until, person = last_day, beneficiary
        if own is not None:
            if own.service_id != service.id:
                raise NotOffered
            until = min(until, _day_before(own))
            person = _person_of(db, own)
        begins = max(first_day, local_date(intent.now))
        if until < begins:
            raise NotOffered
        known = _entry_like(db, intent.contact_id, service.id, person, own)
        wanted = _Wanted(sorted({site.id for site in sites}), begins, until)
        if known is None:
            waits = _add(db, intent, service, person, own, wanted, _began(db, intent, since or intent.now))
        else:
            waits = Waits(known.id, _until(known, own, wanted))
        if known is None or _widen(db, known, own, wanted, _began(db, intent, known.created_at)):
            _tell_joined(db, intent, waits, service, sites)
        return {"entry_id": waits.entry_id, "last_day": waits.last_day.isoformat()}

    outcome = once(db, intent.request_key, work, now=intent.now)
    return Waits(outcome["entry_id"], date.fromisoformat(outcome["last_day"]))


def leave(db: Session, intent: Intent, *, entry_id: int) -> None:
    """Wait no longer; a place on offer goes to the next in line. What is over already, or another phone's, stays so."""

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        mine = db.scalar(
            sa.select(WaitlistEntry.id)
            .where(
                WaitlistEntry.id == entry_id,
                WaitlistEntry.contact_id == intent.contact_id,
                WaitlistEntry.ended_at.is_(None),
            )
            .with_for_update()
        )
        if mine is None:
            return {"left": False}
        end_entry(db, entry_id, outcome="left", now=intent.now)
        pass_on(
            db,
            end_offers(db, WaitlistOffer.entry_id == entry_id, outcome="withdrawn", now=intent.now),
            now=intent.now,
        )
        _trace(db, intent, "waitlist.left", entry_id)
        return {"left": True}

    once(db, intent.request_key, work, now=intent.now)


def _person_of(db: Session, own: OwnBooking) -> Beneficiary:
    return Beneficiary(db.scalar(sa.select(Booking.beneficiary_id).where(Booking.id == own.booked.id)))


def is_waiting(db: Session, contact_id: int, service_id: int, person: Beneficiary) -> bool:
    """Whether a phone stands in line for somebody who has no booking of the service."""
    entries = sa.exists().where(
        WaitlistEntry.contact_id == contact_id,
        WaitlistEntry.service_id == service_id,
        WaitlistEntry.beneficiary_id.is_not_distinct_from(person.person_id),
        WaitlistEntry.booking_id.is_(None),
        WaitlistEntry.ended_at.is_(None),
    )
    return db.scalar(sa.select(entries)) is True


def _began(db: Session, intent: Intent, since: datetime) -> datetime:
    """Since when they are in line: from now on, if they have said STOP since."""
    stopped = db.scalar(sa.select(Person.opted_out_at).where(Person.id == intent.contact_id))
    return since if stopped is None or stopped < since else intent.now


def _entry_like(
    db: Session, contact_id: int, service_id: int, person: Beneficiary, own: OwnBooking | None
) -> sa.Row[Any] | None:
    """The phone's own entry for the same, locked; also one without a booking for a person who has one now."""
    same_booking = WaitlistEntry.booking_id.is_not_distinct_from(own.booked.id if own else None)
    if own is not None and person.person_id is not None:
        same_booking = sa.or_(same_booking, WaitlistEntry.booking_id.is_(None))
    return db.execute(
        sa.select(*WaitlistEntry.__table__.columns)
        .where(
            WaitlistEntry.contact_id == contact_id,
            WaitlistEntry.service_id == service_id,
            WaitlistEntry.beneficiary_id.is_not_distinct_from(person.person_id),
            WaitlistEntry.ended_at.is_(None),
            same_booking,
        )
        .order_by(WaitlistEntry.booking_id.nulls_last())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def _add(
    db: Session,
    intent: Intent,
    service: Service,
    person: Beneficiary,
    own: OwnBooking | None,
    wanted: _Wanted,
    since: datetime,
) -> Waits:
    mine = sa.select(sa.func.count()).where(
        WaitlistEntry.contact_id == intent.contact_id, WaitlistEntry.ended_at.is_(None)
    )
    if (db.scalar(mine) or 0) >= MAX_WAITS_A_PHONE:
        raise TooManyWaits
    entry_id = db.execute(
        insert(WaitlistEntry)
        .values(
            contact_id=intent.contact_id,
            service_id=service.id,
            site_ids=wanted.site_ids,
            first_day=wanted.first_day,
            last_day=wanted.last_day,
            booking_id=own.booked.id if own else None,
            beneficiary_id=person.person_id,
            language=intent.language,
            created_at=since,
        )
        .returning(WaitlistEntry.id)
    ).scalar_one()
    return Waits(entry_id, wanted.last_day)


def _until(known: sa.Row[Any], own: OwnBooking | None, wanted: _Wanted) -> date:
    until: date = max(known.last_day, wanted.last_day)
    return min(until, _day_before(own)) if own else until


def _widen(db: Session, known: sa.Row[Any], own: OwnBooking | None, wanted: _Wanted, began: datetime) -> bool:
    """Add to what an entry waits for. False if it waits for all of it already."""
    wider = {
        "site_ids": sorted({*known.site_ids, *wanted.site_ids}),
        "first_day": min(known.first_day, wanted.first_day),
        "last_day": _until(known, own, wanted),
        "booking_id": own.booked.id if own else None,
        "created_at": began,
    }
    if all(getattr(known, name) == value for name, value in wider.items()):
        return False
    db.execute(
        sa.update(WaitlistEntry)
        .where(WaitlistEntry.id == known.id)
        .values(wider)
        .execution_options(synchronize_session=False)
    )
    return True


def _day_before(own: OwnBooking) -> date:
    return local_date(own.booked.starts_at) - timedelta(days=1)


def _tell_joined(db: Session, intent: Intent, waits: Waits, service: Service, sites: Sequence[Site]) -> None:
    outbox.write(
        db,
        person_id=intent.contact_id,
        lane=Lane.INTERACTIVE,
        template="waitlist_joined",
        arguments={"service": service.code, "site": sites[0].code, "last_day": waits.last_day.isoformat()},
        language=intent.language,
        subject=entry_subject(waits.entry_id),
        valid_until=day_begins(waits.last_day + timedelta(days=1)),
        now=intent.now,
        asked_for=True,
    )
    _trace(db, intent, "waitlist.joined", waits.entry_id, service_id=service.id)


def _trace(db: Session, intent: Intent, event: str, entry_id: int, **details: Any) -> None:
    record_event(db, event, entry_subject(entry_id), actor=intent.actor, now=intent.now, **details)
