"""What a citizen is told whose booking the centre has moved, or could not keep."""

from datetime import datetime, timedelta

from core.booking import waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.closing.hit import Hit
from core.booking.closing.room import Found, Room
from core.booking.errors import BookingRefused
from core.booking.outcomes import booking_subject
from core.catalogue.snapshot import Catalogue
from core.clock import local_date
from core.db import Session
from core.messaging import outbox, questions
from core.messaging.tables import Lane
from core.people.audit import Actor, Intent

SOON = timedelta(hours=24)
"""Who was expected sooner than this is told at any hour: they may be about to set out."""
WAIT_DAYS = 30
"""For how long somebody without a place stands in line for one."""
MOST_CENTRES = 3
"""Centres at which they stand in line: their own, and the nearest in reach."""


def tell_moved(db: Session, hit: Hit, place: Found, *, asking: bool, now: datetime) -> None:
    """By an SMS that may ask whether the new time is kept (questions.Kind.APPOINTMENT).

    It counts as asked for: who has said STOP still has a booking, and would come for nothing.
    """
    assert hit.contact_id is not None
    starts_at = place.starts_at.isoformat()
    message = outbox.write(
        db,
        person_id=hit.contact_id,
        lane=_lane(hit, now),
        template="closure_asked" if asking else "closure_moved",
        arguments={
            "service": place.offering.service.code,
            "site": place.offering.site.code,
            "starts_at": starts_at,
            "reference": hit.reference,
        },
        language=hit.language,
        subject=booking_subject(hit.id),
        valid_until=place.starts_at,
        now=now,
        asked_for=True,
    )
    if asking:
        questions.ask(
            db,
            message,
            questions.Kind.APPOINTMENT,
            expires_at=place.starts_at,
            reference=hit.reference,
            starts_at=starts_at,
        )


def tell_ended(db: Session, catalogue: Catalogue, room: Room, hit: Hit, *, now: datetime) -> None:
    """By an SMS; and they are put in line, where they stand as if they had been waiting since they booked.

    Not where somebody of the phone stands there already who cannot be told
    apart from them: one entry is one place. Their SMS says how to book again.
    """
    assert hit.contact_id is not None
    service = catalogue.service_by_id(hit.service_id)
    site = catalogue.site_by_id(hit.seat.site_id)
    outbox.write(
        db,
        person_id=hit.contact_id,
        lane=_lane(hit, now),
        template="closure_ended",
        arguments={"service": service.code, "site": site.code, "starts_at": hit.seat.starts_at.isoformat()},
        language=hit.language,
        subject=booking_subject(hit.id),
        valid_until=max(hit.seat.starts_at, now) + SOON,
        now=now,
        asked_for=True,
    )
    person = Beneficiary(hit.beneficiary_id)
    if hit.beneficiary_id is None and waitlist.is_waiting(db, hit.contact_id, hit.service_id, person):
        return
    near = [offering.site for offering in room.in_reach(hit.seat, hit.service_id)]
    today = local_date(now)
    intent = Intent(hit.contact_id, f"closed:{hit.id}", Actor("clock"), hit.language, now)
    try:
        waitlist.join(
            db,
            intent,
            service=service,
            sites=[site, *near][:MOST_CENTRES],
            first_day=today,
            last_day=today + timedelta(days=WAIT_DAYS),
            beneficiary=person,
            since=hit.created_at,
        )
    except BookingRefused:
        # The phone stands in as many lines as it may: the SMS says how to choose again.
        return


def _lane(hit: Hit, now: datetime) -> Lane:
    return Lane.INTERACTIVE if hit.seat.starts_at < now + SOON else Lane.NOTICE
