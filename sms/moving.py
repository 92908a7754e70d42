"""MOVE: three other times at the same centre, and the number of the one that is chosen."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from core.booking import commands, free, queries
from core.booking.errors import NoSuchBooking, NotOffered, SlotFull
from core.booking.tables import Booking, BookingHistory
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Offering as OfferingRow
from core.messaging import questions
from core.messaging.tables import Question
from sms.talk import Talk

OPEN_FOR = timedelta(hours=24)
"""How long one of the times can be chosen, if nobody takes it meanwhile: none is held."""


def own_booking(talk: Talk, reference: str) -> Booking | None:
    """This phone's booking of that number, if it is not over."""
    bookings = queries.live_bookings(talk.db, talk.contact.id, talk.now)
    return next((booking for booking in bookings if booking.reference == reference), None)


def say_booking(talk: Talk, booking: Booking) -> None:
    """Where and when a booking is; and that this was not its phone's choice, if the centre has moved it."""
    template = "reply_moved_by_the_centre" if booking.closure_id else "reply_booking"
    talk.reply(template, **named(talk, booking))


def say_closed(talk: Talk, booking: BookingHistory) -> None:
    """That the centre could not keep a booking: its phone must not come."""
    talk.reply("reply_closed_by_the_centre", **named(talk, booking))


def named(talk: Talk, booking: Booking | BookingHistory) -> dict[str, str]:
    """A booking as templates take it."""
    # Not from the catalogue's offerings: this one may take no bookings any more.
    site_id = talk.db.scalars(sa.select(OfferingRow.site_id).where(OfferingRow.id == booking.offering_id)).one()
    return {
        "service": talk.catalogue.service_by_id(booking.service_id).code,
        "site": talk.catalogue.site_by_id(site_id).code,
        "starts_at": booking.starts_at.isoformat(),
        "reference": booking.reference,
    }


def offer_times(talk: Talk, booking: Booking, *, template: str = "reply_move_offer") -> None:
    """Ask which of the best three other times at the booking's own centre it shall be."""
    offering = talk.catalogue.offering_by_id(booking.offering_id)
    times = _other_times(talk, offering, booking.starts_at) if offering else []
    if offering is None or not times:
        talk.reply("reply_no_times", reference=booking.reference)
        return
    where = {"service": offering.service.code, "site": offering.site.code}
    options = [{**where, "starts_at": moment.isoformat()} for moment in times]
    asked = talk.reply(template, reference=booking.reference, options=options)
    if asked is not None:
        questions.ask(
            talk.db,
            asked,
            questions.Kind.MOVE,
            expires_at=talk.now + OPEN_FOR,
            reference=booking.reference,
            options=options,
        )


def _other_times(talk: Talk, offering: Offering, than: datetime) -> list[datetime]:
    return free.best_but(offering, than, **free.known(talk.db, talk.catalogue, [offering], now=talk.now))


def move(talk: Talk, question: Question, chosen: str) -> None:
    """Move a booking to the time that was chosen; where it has gone meanwhile, three others are offered."""
    options, reference = question.arguments["options"], question.arguments["reference"]
    if not 1 <= int(chosen) <= len(options):
        talk.reply("reply_answer_number")
        return
    option = options[int(chosen) - 1]
    try:
        offering = talk.catalogue.offering(option["service"], option["site"])
        if offering is None:
            raise NotOffered
        commands.move(
            talk.db,
            talk.intent(),
            reference=reference,
            offering=offering,
            starts_at=datetime.fromisoformat(option["starts_at"]),
            closed_days=talk.catalogue.closed_days,
        )
    except NoSuchBooking:
        talk.reply("reply_gone")
    except (SlotFull, NotOffered):
        booking = queries.booking_of(talk.db, reference, talk.contact.id)
        if booking is not None:
            offer_times(talk, booking, template="reply_move_taken")
    questions.answer(talk.db, question, chosen, now=talk.now)
