"""What each thing that a citizen can say by SMS does."""

from collections.abc import Callable, Mapping

from core.booking import closing, commands, queries
from core.booking.errors import NoSuchBooking
from core.booking.tables import BookingHistory
from core.errors import Malformed
from core.messaging import consent, questions
from core.messaging.limits import TooManySms
from core.messaging.tables import Question
from core.people.register import set_language
from core.references import parse_reference
from core.tracking import lookup
from core.tracking.lookup import TooManyLookups
from sms import moving, questioned
from sms.keywords import Kind, Understood
from sms.talk import Talk

MOST_STATUSES = 3
"""Documents of a phone that one STATUS tells about: an SMS each."""


def act(talk: Talk, understood: Understood) -> None:
    """Do what an SMS asks for, and answer it.

    What the citizen's commands refuse is answered too; an error that comes
    through is one that nobody foresaw.
    """
    _ACTS[understood.kind](talk, understood)


def _status(talk: Talk, understood: Understood) -> None:
    """Of a number with its proof; unproved only of what belongs to this very phone."""
    if not understood.arguments:
        return _own_statuses(talk)
    number = _number(talk, understood)
    if number is None:
        return None
    booking = moving.own_booking(talk, number)
    if booking is not None:
        moving.say_booking(talk, booking)
        return None
    own = next(
        (d for d in lookup.own_documents(talk.db, talk.contact.id, talk.now) if d.tracking_number == number), None
    )
    if own is not None:
        _send_status(talk, own.id)
    elif (lost := next((b for b in _lost(talk) if b.reference == number), None)) is not None:
        moving.say_closed(talk, lost)
    elif len(understood.arguments) < 2:
        talk.reply("reply_status_proof", reference=number)
    else:
        _look_up(talk, number, understood.arguments[1])
    return None


def _own_statuses(talk: Talk) -> None:
    own = lookup.own_documents(talk.db, talk.contact.id, talk.now)[:MOST_STATUSES]
    bookings = queries.live_bookings(talk.db, talk.contact.id, talk.now)
    lost = _lost(talk)
    for document in own:
        _send_status(talk, document.id)
    for booking in lost:
        moving.say_closed(talk, booking)
    if not own and bookings:
        moving.say_booking(talk, bookings[0])
    elif not own and not lost:
        talk.reply("reply_status_how")


def _lost(talk: Talk) -> list[BookingHistory]:
    return closing.lost_by_closure(talk.db, talk.contact.id, now=talk.now)


def _look_up(talk: Talk, number: str, proof: str) -> None:
    index = talk.contact.phone_index
    assert index is not None
    try:
        document = lookup.look_up(
            talk.db,
            talk.register,
            tracking_number=number,
            proof=proof,
            phone_index=index,
            request_key=talk.intent("look-up").request_key,
            now=talk.now,
        )
    except TooManyLookups:
        talk.reply("reply_too_many_look_ups")
        return
    if document is None:
        talk.reply("reply_not_found")
    else:
        _send_status(talk, document.id)


def _send_status(talk: Talk, document_id: int) -> None:
    try:
        lookup.send_status(talk.db, talk.intent(f"status-{document_id}"), document_id=document_id)
    except TooManySms:
        talk.reply("reply_sent_lately")


def _cancel(talk: Talk, understood: Understood) -> None:
    reference = _which(talk, understood, "reply_cancel_which")
    if reference is None:
        return
    question = questions.last_asked(talk.db, talk.contact.id, talk.now)
    if not understood.arguments and question and not _asks_about(question, reference):
        # It may be meant for what was just asked, and not for the booking.
        talk.reply("reply_cancel_sure", reference=reference)
        return
    try:
        commands.give_up(talk.db, talk.intent(), reference=reference)
    except NoSuchBooking:
        talk.reply("reply_no_booking")


def _asks_about(question: Question, reference: str) -> bool:
    """Whether it asks if the person of this booking will come; it may have been put on another phone since."""
    return question.kind == questions.Kind.APPOINTMENT and question.arguments["reference"] == reference


def _ask_cancel_back(talk: Talk, understood: Understood) -> None:
    """It may have been a CANCEL: how to say it so that there is no doubt."""
    bookings = queries.live_bookings(talk.db, talk.contact.id, talk.now)
    references = list(understood.arguments) or [booking.reference for booking in bookings]
    if len(references) == 1:
        talk.reply("reply_cancel_sure", reference=references[0])
    else:
        talk.reply("reply_cancel_how")


def _move(talk: Talk, understood: Understood) -> None:
    reference = _which(talk, understood, "reply_move_which")
    if reference is None:
        return
    booking = moving.own_booking(talk, reference)
    if booking is None:
        talk.reply("reply_no_booking")
    else:
        moving.offer_times(talk, booking)


def _book(talk: Talk, understood: Understood) -> None:
    talk.reply("reply_book_how")


def _help(talk: Talk, understood: Understood) -> None:
    talk.reply("reply_help")


def _language(talk: Talk, understood: Understood) -> None:
    if not understood.arguments:
        talk.reply("reply_language_how")
        return
    language = understood.arguments[0]
    set_language(talk.db, talk.contact, language)
    talk.reply("reply_language", language=language)


def _stop(talk: Talk, understood: Understood) -> None:
    """Told once: whoever says it again has been heard."""
    if consent.opt_out(talk.db, talk.contact.id, channel="sms", now=talk.now):
        talk.reply("reply_stopped")


def _start(talk: Talk, understood: Understood) -> None:
    consent.opt_in(talk.db, talk.contact.id, channel="sms", now=talk.now)
    talk.reply("reply_started")


def _nothing(talk: Talk, understood: Understood) -> None:
    """Whoever has just been asked something meant to answer it."""
    question = questions.last_asked(talk.db, talk.contact.id, talk.now)
    if question is None:
        talk.reply("reply_not_understood")
    else:
        questioned.ask_again(talk, question)


_ACTS: Mapping[Kind, Callable[[Talk, Understood], None]] = {
    Kind.STATUS: _status,
    Kind.NUMBER: _status,
    Kind.YES: questioned.answer,
    Kind.NO: questioned.answer,
    Kind.CHOICE: questioned.answer,
    Kind.CANCEL: _cancel,
    Kind.CANCEL_DOUBTFUL: _ask_cancel_back,
    Kind.MOVE: _move,
    Kind.BOOK: _book,
    Kind.HELP: _help,
    Kind.LANGUAGE: _language,
    Kind.STOP: _stop,
    Kind.START: _start,
    Kind.NOTHING: _nothing,
}


def _number(talk: Talk, understood: Understood) -> str | None:
    """The number that was given, or None: then the citizen has been told that it is wrong."""
    try:
        return parse_reference(understood.arguments[0])
    except Malformed:
        talk.reply("reply_number_wrong")
        return None


def _which(talk: Talk, understood: Understood, if_several: str) -> str | None:
    """The booking that is meant, or None: then the citizen has been asked or told."""
    if understood.arguments:
        return _number(talk, understood)
    references = [booking.reference for booking in queries.live_bookings(talk.db, talk.contact.id, talk.now)]
    if len(references) == 1:
        return references[0]
    if references:
        talk.reply(if_several, references=references)
    else:
        talk.reply("reply_none_booked")
    return None
