"""What the clock does for the waitlist: silence, the end of waiting, and places that became free by other means."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking.availability import free_times
from core.booking.errors import SlotFull
from core.booking.queries import fullness, is_live
from core.booking.seats import Exchange, seat_at
from core.booking.tables import Booking, WaitlistEntry, WaitlistOffer
from core.booking.waitlist.ending import end_entry, end_offers
from core.booking.waitlist.line import TRAVEL, ZAMU, entry_subject, offer_to_first, pass_on, sms_leaves_at
from core.catalogue.snapshot import Catalogue, Offering
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Service
from core.clock import local_date
from core.db import Session
from core.messaging import outbox, questions
from core.messaging.tables import Lane, Message, Question, Status
from core.people.audit import record_event

MOST_SILENCES = 2
"""Offers left unanswered before somebody is taken off the list: each keeps a place from others for half an hour.

One whose SMS did not leave in time passes on too, and is nobody's silence.
"""
OVER_IS_NEWS = timedelta(days=1)
"""For so long it is worth an SMS that somebody is no longer in line."""


def tend(db: Session, catalogue: Catalogue, *, now: datetime, limit: int) -> int:
    """Do one thing for the waitlist, for at most `limit` entries. Call again, in a new transaction, until it gives 0.

    In this order: offers that nobody answered pass to the next in line; entries
    whose days or booking are over end; places that are free though somebody in
    line wants them (capacity was raised, an offering opened, the horizon moved
    on, somebody has just joined) are offered. One thing a transaction, so that
    counters are locked in one statement (core.booking.locking).
    """
    return (
        _pass_on_silent(db, now=now, limit=limit)
        or _end_entries(db, now=now, limit=limit)
        or _offer_free_places(db, catalogue, now=now, limit=limit)
    )


def _pass_on_silent(db: Session, *, now: datetime, limit: int) -> int:
    silent = db.execute(
        sa.select(WaitlistOffer.id, WaitlistOffer.entry_id, WaitlistEntry.silences, _was_told().label("told"))
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistOffer.outcome.is_(None), WaitlistOffer.expires_at <= now)
        .order_by(WaitlistOffer.expires_at, WaitlistOffer.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not silent:
        return 0
    seats = end_offers(db, WaitlistOffer.id.in_([row.id for row in silent]), outcome="silent", now=now)
    told = [row for row in silent if row.told]
    db.execute(
        sa.update(WaitlistEntry)
        .where(WaitlistEntry.id.in_([row.entry_id for row in told]))
        .values(silences=WaitlistEntry.silences + 1)
        .execution_options(synchronize_session=False)
    )
    for row in told:
        if row.silences + 1 >= MOST_SILENCES:
            _end(db, row.entry_id, outcome="silent", now=now)
    pass_on(db, seats, now=now)
    return len(silent)


def _was_told() -> sa.ColumnElement[bool]:
    """Whether an offer's SMS has left, or never will for a reason of its phone's: not if its lane stood still."""
    return sa.exists().where(
        Question.person_id == WaitlistEntry.contact_id,
        Question.kind == questions.Kind.WAITLIST_OFFER,
        Question.arguments["offer_id"].as_integer() == WaitlistOffer.id,
        Message.id == Question.message_id,
        Message.status.not_in([Status.PENDING, Status.EXPIRED, Status.WITHHELD]),
    )


def _end_entries(db: Session, *, now: datetime, limit: int) -> int:
    """Of days that are over, and of bookings that are."""
    past = WaitlistEntry.last_day < local_date(now)
    live = sa.exists().where(Booking.id == WaitlistEntry.booking_id, is_live(now))
    on_offer = sa.exists().where(WaitlistOffer.entry_id == WaitlistEntry.id, WaitlistOffer.outcome.is_(None))
    over = db.execute(
        sa.select(WaitlistEntry.id, past.label("past"))
        .where(
            WaitlistEntry.ended_at.is_(None),
            sa.or_(past, sa.and_(WaitlistEntry.booking_id.is_not(None), ~live)),
            ~on_offer,
        )
        .order_by(WaitlistEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in over:
        _end(db, row.id, outcome="past" if row.past else "booking_over", now=now)
    return len(over)


def _end(db: Session, entry_id: int, *, outcome: str, now: datetime) -> None:
    """End an entry; whoever did not end it themselves, and has no booking to come to, is told."""
    end_entry(db, entry_id, outcome=outcome, now=now)
    record_event(db, "waitlist.ended", entry_subject(entry_id), actor=ZAMU, now=now, outcome=outcome)
    if outcome == "booking_over":
        return
    entry = db.execute(
        sa.select(WaitlistEntry.contact_id, WaitlistEntry.language, WaitlistEntry.booking_id, Service.code)
        .join(Service, Service.id == WaitlistEntry.service_id)
        .where(WaitlistEntry.id == entry_id)
    ).one()
    if outcome == "past" and entry.booking_id is not None:
        return
    outbox.write(
        db,
        person_id=entry.contact_id,
        lane=Lane.NOTICE,
        template="waitlist_over" if outcome == "past" else "waitlist_silent",
        arguments={"service": entry.code},
        language=entry.language,
        subject=entry_subject(entry_id),
        valid_until=now + OVER_IS_NEWS,
        now=now,
        asked_for=False,
    )


def _offer_free_places(db: Session, catalogue: Catalogue, *, now: datetime, limit: int) -> int:
    """At one offering: each free time to one of those in line, the longest waiting first."""
    for offering, first_day, last_day in _waited_for(db, catalogue, now):
        starts = _free(db, catalogue, offering, first_day, last_day, now=now)[:limit]
        done = _offer_at(db, offering, starts, now=now) or _offer_at(db, offering, starts, now=now, most=1)
        if done:
            return done
    return 0


def _waited_for(db: Session, catalogue: Catalogue, now: datetime) -> Iterator[tuple[Offering, date, date]]:
    """Offerings that somebody without an open offer waits for, and the days they span."""
    on_offer = sa.exists().where(WaitlistOffer.entry_id == WaitlistEntry.id, WaitlistOffer.outcome.is_(None))
    rows = db.execute(
        sa.select(OfferingRow.id, sa.func.min(WaitlistEntry.first_day), sa.func.max(WaitlistEntry.last_day))
        .join(WaitlistEntry, WaitlistEntry.service_id == OfferingRow.service_id)
        .where(OfferingRow.site_id == sa.any_(WaitlistEntry.site_ids), WaitlistEntry.ended_at.is_(None), ~on_offer)
        .group_by(OfferingRow.id)
        .order_by(sa.func.min(WaitlistEntry.created_at), OfferingRow.id)
    ).all()
    for offering_id, first_day, last_day in rows:
        offering = catalogue.offering_by_id(offering_id)
        if offering is not None:
            yield offering, max(first_day, local_date(now)), last_day


def _free(
    db: Session, catalogue: Catalogue, offering: Offering, first_day: date, last_day: date, *, now: datetime
) -> list[datetime]:
    """The offering's free times within the days, far enough ahead to be offered."""
    leaves_at = sms_leaves_at(now)
    full = fullness(db, [offering], first_day, last_day)
    days = [date.fromordinal(n) for n in range(first_day.toordinal(), last_day.toordinal() + 1)]
    return [
        start
        for day in days
        for start in free_times(offering, day, full=full, now=leaves_at, closed_days=catalogue.closed_days)
        if start >= leaves_at + TRAVEL
    ]


def _offer_at(
    db: Session, offering: Offering, starts: list[datetime], *, now: datetime, most: int | None = None
) -> int:
    """Offer free times, each once, to those in line, and take their seats together; none if one is full by now."""
    exchange, left, done = Exchange(), list(starts), 0
    try:
        with db.begin_nested():
            while left and done != most:
                chosen = offer_to_first(db, seat_at(offering, left[0]), left, now=now)
                if chosen is None:
                    break
                left.remove(chosen)
                exchange.take(offering, chosen)
                done += 1
            exchange.settle(db)
    except SlotFull:
        return 0
    return done
