"""A place on offer is taken, or left to the next in line."""

from typing import Any

import sqlalchemy as sa

from core.booking.adding import add_booking
from core.booking.announcing import announce
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import OfferOver
from core.booking.locking import OwnBooking, lock_booking, lock_contact
from core.booking.moving import repoint
from core.booking.outcomes import Booked
from core.booking.queries import is_live
from core.booking.seats import Seat
from core.booking.tables import Booking, WaitlistEntry, WaitlistOffer
from core.booking.waitlist.ending import end_entry, end_offers
from core.booking.waitlist.line import offer_subject, pass_on
from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Site as SiteRow
from core.db import Session
from core.idempotency import Outcome, once
from core.messaging import outbox
from core.people.audit import Intent, record_event


def accept(db: Session, intent: Intent, *, offer_id: int, catalogue: Catalogue) -> Booked:
    """Take the place on offer, and queue a message that says so.

    A later booking is moved to it, and its old place goes to the next in line.

    Raises:
        OfferOver: answered already, run out, another phone's, or no longer earlier; the phone stays in line.
        AlreadyBooked: the person served has got a booking from another phone.
        TooManyBookings: the phone has as many as it may.
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        offer = _lock_offer(db, intent, offer_id)
        if offer.expires_at <= intent.now:
            raise OfferOver
        [seat] = end_offers(db, WaitlistOffer.id == offer_id, outcome="taken", now=intent.now)
        end_entry(db, offer.entry_id, outcome="taken", now=intent.now)
        later = _later_booking(db, intent, offer)
        booked = (
            _move_to(db, intent, later, seat)
            if later
            else _book(db, intent, catalogue, seat, Beneficiary(offer.beneficiary_id))
        )
        record_event(
            db, "waitlist.taken", offer_subject(offer_id), actor=intent.actor, now=intent.now, booking_id=booked.id
        )
        return booked.as_outcome()

    return Booked.from_outcome(once(db, intent.request_key, work, now=intent.now))


def decline(db: Session, intent: Intent, *, offer_id: int) -> None:
    """Leave the place on offer to the next in line, and wait on for another.

    Raises:
        OfferOver: answered already, passed on, or another phone's.
    """

    def work() -> Outcome:
        lock_contact(db, intent.contact_id)
        _lock_offer(db, intent, offer_id)
        seats = end_offers(db, WaitlistOffer.id == offer_id, outcome="declined", now=intent.now)
        pass_on(db, seats, now=intent.now)
        record_event(db, "waitlist.declined", offer_subject(offer_id), actor=intent.actor, now=intent.now)
        return {}

    once(db, intent.request_key, work, now=intent.now)


def _lock_offer(db: Session, intent: Intent, offer_id: int) -> Any:
    """Raises:
    OfferOver: not open, or not this phone's.
    """
    offer = db.execute(
        sa.select(
            WaitlistOffer.entry_id,
            WaitlistOffer.expires_at,
            WaitlistOffer.starts_at,
            WaitlistEntry.booking_id,
            WaitlistEntry.beneficiary_id,
            WaitlistEntry.service_id,
        )
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(
            WaitlistOffer.id == offer_id,
            WaitlistOffer.outcome.is_(None),
            WaitlistEntry.contact_id == intent.contact_id,
        )
        .with_for_update()
    ).one_or_none()
    if offer is None:
        raise OfferOver
    return offer


def _later_booking(db: Session, intent: Intent, offer: Any) -> OwnBooking | None:
    """The booking that the earlier place replaces: the one that was waited beside, or that was made since.

    Raises:
        OfferOver: it is over, or no longer later.
    """
    theirs = Booking.id == offer.booking_id
    if offer.beneficiary_id is not None:
        theirs = sa.and_(Booking.service_id == offer.service_id, Booking.beneficiary_id == offer.beneficiary_id)
    reference = db.scalar(
        sa.select(Booking.reference).where(theirs, Booking.contact_id == intent.contact_id, is_live(intent.now))
    )
    if reference is None:
        if offer.booking_id is not None:
            raise OfferOver
        return None
    own = lock_booking(db, intent, reference)
    if own.booked.starts_at <= offer.starts_at:
        raise OfferOver
    return own


def _move_to(db: Session, intent: Intent, later: OwnBooking, seat: Seat) -> Booked:
    """The offer's seat becomes the booking's, and the booking's own is free."""
    booked = repoint(db, later, offering_id=seat.offering_id, starts_at=seat.starts_at)
    pass_on(db, [later.seat], now=intent.now)
    outbox.withdraw(db, later.subject, now=intent.now)
    site = db.scalar(
        sa.select(SiteRow.code)
        .join(OfferingRow, OfferingRow.site_id == SiteRow.id)
        .where(OfferingRow.id == seat.offering_id)
    )
    assert site is not None
    new = OwnBooking(booked, later.service_id, seat, later.service, site)
    announce(db, intent, "booking.moved", new, template="booking_moved")
    return booked


def _book(db: Session, intent: Intent, catalogue: Catalogue, seat: Seat, person: Beneficiary) -> Booked:
    """The offer's seat becomes a new booking's."""
    offering = catalogue.offering_by_id(seat.offering_id)
    if offering is None:
        raise OfferOver
    booked, ended = add_booking(db, intent, offering=offering, starts_at=seat.starts_at, beneficiary=person)
    pass_on(db, ended, now=intent.now)
    announce(db, intent, "booking.confirmed", OwnBooking.of(booked, offering), template="booking_confirmed")
    return booked
