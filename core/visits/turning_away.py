"""Somebody came and could not be served: why, and when they may come again.

Where the centre could not do its part, they get a priority place
(core.booking.priority). Where something of theirs was missing, they get another
time as anybody would. Who wants none of the times is not kept on the list.
Who had no booking is only counted, with the service and the reason.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from core.booking import commands
from core.booking.acting import acting_for
from core.booking.availability import free_times
from core.booking.errors import NoSuchBooking
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.outcomes import Booked, booking_subject
from core.booking.priority import priority_times, squeeze_in
from core.booking.queries import fullness
from core.booking.serving import leave, note_came
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, Intent, record_event
from core.wording import N_

TIMES_SHOWN = 6
WALK_IN_TURNED_AWAY = "visit.turned_away"
"""The event; it is the only record of them, so the figures count it. `people` in its details: how many they were,
where a line of paper says it of several; else one."""
TURNED_AWAY = "booking.turned_away"
"""The event of whoever had a booking. With `again` in its details, the time they were given, the booking goes on: then
it is the only record that they came for nothing."""


class Reason(StrEnum):
    SYSTEM_DOWN = "system_down"
    OFFICER_ABSENT = "officer_absent"
    PAPERS_MISSING = "papers_missing"
    WRONG_SERVICE = "wrong_service"
    CLOSED_EARLY = "closed_early"
    OTHER = "other"

    @property
    def gives_priority(self) -> bool:
        """Whether it was not the citizen's doing."""
        return self not in (Reason.PAPERS_MISSING, Reason.WRONG_SERVICE)


SAID: Mapping[Reason, str] = {
    Reason.SYSTEM_DOWN: N_("The system is down"),
    Reason.OFFICER_ABSENT: N_("The officer is absent"),
    Reason.PAPERS_MISSING: N_("Papers are missing"),
    Reason.WRONG_SERVICE: N_("They need another service"),
    Reason.CLOSED_EARLY: N_("The centre closes early"),
    Reason.OTHER: N_("Another reason"),
}


@dataclass(frozen=True, slots=True)
class Turned:
    """Whom a centre could not serve, and why."""

    reference: str
    site_id: int
    reason: Reason


def times(
    db: Session, offering: Offering, reason: Reason, *, now: datetime, closed_days: Collection[date]
) -> list[datetime]:
    """When somebody may come again, in order: today still if that is possible. At most TIMES_SHOWN."""
    if reason.gives_priority:
        return priority_times(db, offering, now=now, closed_days=closed_days, count=TIMES_SHOWN)
    first = local_date(now)
    last = first + timedelta(days=offering.horizon_days)
    full = fullness(db, [offering], first, last)
    found: list[datetime] = []
    while first <= last and len(found) < TIMES_SHOWN:
        found += free_times(offering, first, full=full, now=now, closed_days=closed_days)
        first += timedelta(days=1)
    return found[:TIMES_SHOWN]


def bring_back(
    db: Session,
    turned: Turned,
    *,
    offering: Offering,
    starts_at: datetime,
    closed_days: Collection[date],
    actor: Actor,
    request_key: str,
    now: datetime,
) -> Booked:
    """Give whoever could not be served the time they chose, and tell their phone.

    Raises:
        NoSuchBooking: no live booking of this reference at this centre.
        NotOffered: no such time of the service is ahead.
        SlotFull: somebody else has had the last place; the booking stays as it was.
    """

    def work() -> Outcome:
        intent = acting_for(db, turned.reference, actor=actor, request_key=request_key, now=now)
        own = _lock(db, intent, turned)
        _record(db, own, turned, intent, again=starts_at.isoformat())
        if turned.reason.gives_priority:
            move, wanted = squeeze_in, intent
        else:
            move, wanted = commands.move, replace(intent, request_key=f"{request_key}:move")
        return move(
            db, wanted, reference=turned.reference, offering=offering, starts_at=starts_at, closed_days=closed_days
        ).as_outcome()

    return Booked.from_outcome(once(db, request_key, work, now=now))


def let_go(db: Session, turned: Turned, *, actor: Actor, request_key: str, now: datetime) -> None:
    """End the booking of somebody who could not be served and wants no other time.

    Raises:
        NoSuchBooking: no live booking of this reference at this centre.
    """

    def work() -> Outcome:
        intent = acting_for(db, turned.reference, actor=actor, request_key=request_key, now=now)
        own = _lock(db, intent, turned)
        _record(db, own, turned, intent)
        end_unserved(db, own.booked.id, turned.reason, at=now, now=now)
        return {"booking_id": own.booked.id}

    once(db, request_key, work, now=now)


def note_walk_in(
    db: Session, *, service_id: int, site_id: int, reason: Reason, actor: Actor, request_key: str, now: datetime
) -> None:
    """Note that somebody without a booking could not be served."""

    def work() -> Outcome:
        details = {"service_id": service_id, "reason": reason.value}
        record_event(db, WALK_IN_TURNED_AWAY, f"site:{site_id}", actor=actor, now=now, **details)
        return {"noted": True}

    once(db, request_key, work, now=now)


def end_unserved(db: Session, booking_id: int, reason: Reason, *, at: datetime, now: datetime) -> None:
    """End a locked booking of a locked contact: its person came at `at` and could not be served."""
    note_came(db, booking_id, at)
    leave(db, booking_id, outcome="not_served", at=at, now=now, reason=reason)


def _lock(db: Session, intent: Intent, turned: Turned) -> OwnBooking:
    lock_contact(db, intent.contact_id)
    own = lock_booking(db, intent, turned.reference)
    if own.seat.site_id != turned.site_id:
        raise NoSuchBooking
    return own


def _record(db: Session, own: OwnBooking, turned: Turned, intent: Intent, **more: str) -> None:
    """That they came for nothing is counted, whatever becomes of the booking."""
    details = {"reason": turned.reason.value, "site_id": turned.site_id, "service_id": own.service_id}
    subject = booking_subject(own.booked.id)
    record_event(db, TURNED_AWAY, subject, actor=intent.actor, now=intent.now, **details, **more)
