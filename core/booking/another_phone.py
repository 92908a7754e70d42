"""A booking is put on another phone: the SIM was lost, or the phone was somebody else's.

An officer has seen to it that whoever asks is whom the booking is for. From then
on the booking is the new phone's: what the old one still says about it finds nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core import wording
from core.booking.adding import admit, live_around
from core.booking.announcing import announce
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import OtherPerson, SamePhone, TooManyNumbers
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.outcomes import Booked
from core.booking.seats import Seat
from core.booking.tables import Booking, WaitlistEntry, WaitlistOffer
from core.booking.waitlist.ending import end_entry, end_offers
from core.booking.waitlist.line import entry_subject, pass_on
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Intent, record_event
from core.people.register import Register
from core.people.tables import Person
from core.tracking import attempts

MAX_WRONG_NUMBERS_AN_HOUR = 5
"""By booking: an ID number must not be found out by trying."""


@dataclass(frozen=True, slots=True)
class WrongNumber:
    """The booking is for somebody with another number: nothing changed but the count."""

    tries_left: int
    """In this hour."""


def change_phone(
    db: Session,
    people: Register,
    intent: Intent,
    *,
    reference: str,
    contact_id: int,
    shown: Collection[int] | None,
) -> Booked | WrongNumber:
    """Put a booking of the intent's phone on another (`contact_id`); reference, time and place stay.

    The other phone gets the confirmation, in the intent's language; the old one hears that the booking is no longer
    on it. What waited to be said about it to the old phone is not said, and the reminder comes to the other.
    Waiting for an earlier place goes along with it (`_take_waits_along`).

    `shown`: the persons whom the number on the ID may mean that the officer was shown or told. None: it was not asked
    for, since the booking named nobody. A wrong number is an outcome and no refusal: the caller commits it, and so it
    is counted and in the record.

    Raises:
        NoSuchBooking: the intent's phone has no live booking of that reference.
        SamePhone: it is on that phone.
        OtherPerson: it names somebody, and nobody was asked for the number.
        TooManyNumbers: MAX_WRONG_NUMBERS_AN_HOUR wrong ones were given for it.
        TooManyBookings: the other phone has as many as it may.
    """

    def work() -> Outcome:
        if contact_id == intent.contact_id:
            raise SamePhone
        for phone in sorted((contact_id, intent.contact_id)):
            lock_contact(db, phone)
        own = lock_booking(db, intent, reference)
        person = Beneficiary(db.scalar(sa.select(Booking.beneficiary_id).where(Booking.id == own.booked.id)))
        if person.person_id is not None:
            tries_left = _tries_left(db, people, own, intent, right=person.person_id in _asked(shown))
            if tries_left is not None:
                return asdict(WrongNumber(tries_left))
        freed = _repoint(db, own, person, contact_id, intent)
        entries, offered = _take_waits_along(db, own, person, contact_id, intent)
        outbox.withdraw(db, own.subject, now=intent.now)
        phones = {"from_contact_id": intent.contact_id, "contact_id": contact_id}
        to_other = replace(intent, contact_id=contact_id)
        event = "booking.phone_changed"
        announce(db, to_other, event, own, template="booking_confirmed", **phones, entries=entries)
        _tell_old_phone(db, own, intent)
        # Last, since it locks counters. By now the entry is the other phone's: what was on offer may come to it anew.
        pass_on(db, [*freed, *offered], now=intent.now)
        return own.booked.as_outcome()

    outcome = once(db, intent.request_key, work, now=intent.now)
    return WrongNumber(**outcome) if "tries_left" in outcome else Booked.from_outcome(outcome)


def _asked(shown: Collection[int] | None) -> Collection[int]:
    """Raises:
    OtherPerson: nobody was asked.
    """
    if shown is None:
        raise OtherPerson
    return shown


def _tries_left(db: Session, people: Register, own: OwnBooking, intent: Intent, *, right: bool) -> int | None:
    """How many wrong numbers are still allowed for a locked booking after this one; None where it is right.

    Raises:
        TooManyNumbers: none, whatever it is.
    """
    subject = people.lookup_index(f"change_phone:{own.booked.id}")
    left = MAX_WRONG_NUMBERS_AN_HOUR - attempts.made(db, subject, now=intent.now)
    if left <= 0:
        raise TooManyNumbers
    if right:
        return None
    attempts.count(db, [subject], most=MAX_WRONG_NUMBERS_AN_HOUR, now=intent.now)
    record_event(db, "booking.wrong_number", own.subject, actor=intent.actor, now=intent.now)
    return left - 1


def _repoint(db: Session, own: OwnBooking, person: Beneficiary, contact_id: int, intent: Intent) -> list[Seat]:
    """Let a locked booking be another locked contact's. Returns the places of that one's bookings found over."""
    known, freed = live_around(db, contact_id, own.service_id, person, now=intent.now)
    besides = [row for row in known if row.id != own.booked.id]
    number = admit(besides, contact_id, own.service_id, person)
    db.execute(
        sa.update(Booking)
        .where(Booking.id == own.booked.id)
        .values(contact_id=contact_id, beneficiary_no=number, reminded_at=None)
        .execution_options(synchronize_session=False)
    )
    return freed


def _take_waits_along(
    db: Session, own: OwnBooking, person: Beneficiary, contact_id: int, intent: Intent
) -> tuple[list[int], list[Seat]]:
    """Who waits for an earlier place for this booking, or for its person, waits on with the other phone.

    Their places in the line stay. A place on offer was told to the old phone, where somebody else may now
    read it: it is withdrawn. Where the other phone waits for the same person itself, that is enough: this ends.

    Returns the entries, and the seats that were on offer.
    """
    entries = _waits(db, own, person, intent.contact_id)
    if not entries:
        return [], []
    ids = [entry.id for entry in entries]
    seats = end_offers(db, WaitlistOffer.entry_id.in_(ids), outcome="withdrawn", now=intent.now)
    outbox.withdraw(db, *map(entry_subject, ids), now=intent.now)
    theirs = {entry.booking_id for entry in _waits(db, own, person, contact_id)}
    for entry in entries:
        if entry.booking_id in theirs:
            end_entry(db, entry.id, outcome="left", now=intent.now)
            continue
        db.execute(
            sa.update(WaitlistEntry)
            .where(WaitlistEntry.id == entry.id)
            .values(contact_id=contact_id)
            .execution_options(synchronize_session=False)
        )
    return ids, seats


def _waits(db: Session, own: OwnBooking, person: Beneficiary, contact_id: int) -> Sequence[Any]:
    """Live entries of a locked contact beside this booking, or for its person before there was one; locked."""
    about = WaitlistEntry.booking_id == own.booked.id
    if person.person_id is not None:
        same_person = WaitlistEntry.beneficiary_id == person.person_id
        about |= sa.and_(WaitlistEntry.booking_id.is_(None), same_person, WaitlistEntry.service_id == own.service_id)
    return db.execute(
        sa.select(WaitlistEntry.id, WaitlistEntry.booking_id)
        .where(about, WaitlistEntry.contact_id == contact_id, WaitlistEntry.ended_at.is_(None))
        .order_by(WaitlistEntry.id)
        .with_for_update()
    ).all()


def _tell_old_phone(db: Session, own: OwnBooking, intent: Intent) -> None:
    """Only that it is gone: whoever has this phone now may be a stranger.

    Its subject is its own: it is to be told also where the booking is moved or given up a moment later.
    """
    language = db.scalar(sa.select(Person.language).where(Person.id == intent.contact_id))
    outbox.write(
        db,
        person_id=intent.contact_id,
        lane=Lane.INTERACTIVE,
        template="booking_phone_changed",
        arguments={"reference": own.booked.reference},
        language=language or wording.DEFAULT,
        subject=f"phone_change:{own.booked.id}",
        valid_until=max(own.booked.starts_at, intent.now + timedelta(days=1)),
        now=intent.now,
        asked_for=True,
    )
