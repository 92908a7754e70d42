"""YES, NO or a number: an answer to what this phone was asked last."""

from datetime import datetime, timedelta

from core.booking import commands, waitlist
from core.booking.errors import BookingRefused, OfferOver, TooManyBookings
from core.booking.outcomes import booking_subject
from core.booking.waitlist import queries as waits
from core.messaging import questions
from core.messaging.questions import NO, YES
from core.messaging.tables import Question
from core.people.audit import record_event
from core.tracking import collection
from core.tracking.errors import NothingToAllow
from sms import moving
from sms.keywords import Kind, Understood
from sms.talk import Talk

REPEATED = timedelta(minutes=10)
"""The same answer again within this time is the same answer: a slow network makes people send twice."""
CHANGEABLE = frozenset({questions.Kind.APPOINTMENT, questions.Kind.COLLECTION, questions.Kind.MOVE})
"""Questions whose answer may be another one tomorrow, while they stand."""


def answer(talk: Talk, understood: Understood) -> None:
    """Act on an answer, or say that nothing was asked, or how it is to be answered."""
    given = understood.arguments[0] if understood.kind is Kind.CHOICE else str(understood.kind)
    named = "" if understood.kind is Kind.CHOICE else "".join(understood.arguments)
    newest = questions.newest(talk.db, talk.contact.id)
    question = _meant(talk, newest, given)
    if newest is not None and _is_repeated(newest, given, talk.now):
        talk.reply("reply_had_answer")
    elif newest is not None and question is not newest and _is_too_late(newest, given):
        _close(talk, newest, given)
    elif question is None:
        talk.reply("reply_nothing_asked")
    elif named and named != question.arguments.get("reference"):
        _about_another(talk, named, given)
    elif not _answers(given, question) and given != NO:
        ask_again(talk, question)
    elif given == NO and question.kind == questions.Kind.APPOINTMENT and question is not newest:
        # Another question came later: a place is not given up by mistake.
        talk.reply("reply_cancel_sure", reference=question.arguments["reference"])
    elif given == NO and not named and (bookings := _asked_together(talk, question)):
        talk.reply("reply_cancel_which", references=bookings)
    else:
        _take(talk, question, given)


def ask_again(talk: Talk, question: Question) -> None:
    """Say how an open question is answered; of one that was settled at another door, that we did not understand."""
    if not _stands(talk, question):
        talk.reply("reply_not_understood")
    else:
        talk.reply("reply_answer_number" if question.kind == questions.Kind.MOVE else "reply_answer_yes_or_no")


def _stands(talk: Talk, question: Question) -> bool:
    """Whether what was asked about is still there to be answered: on the web and by a call it may have been."""
    match question.kind:
        case questions.Kind.APPOINTMENT | questions.Kind.MOVE:
            return moving.own_booking(talk, question.arguments["reference"]) is not None
        case questions.Kind.WAITLIST_OFFER:
            offers = waits.open_offers(talk.db, talk.contact.id, talk.now)
            return any(offer.id == question.arguments["offer_id"] for offer in offers)
        case _:
            return True


def _is_repeated(newest: Question, given: str, now: datetime) -> bool:
    return newest.answer == given and newest.answered_at is not None and newest.answered_at > now - REPEATED


def _is_too_late(newest: Question, given: str) -> bool:
    """Whether it is meant for a question that is none any more: nothing older is answered by mistake."""
    return newest.answer is None and _answers(given, newest)


def _answers(given: str, question: Question) -> bool:
    """Whether it is an answer of the kind that was asked for; a NO also says that none of the times will do."""
    return (given in (YES, NO)) != (question.kind == questions.Kind.MOVE)


def _meant(talk: Talk, newest: Question | None, given: str) -> Question | None:
    """The question asked last, if this answers it anew; else the last one that is open."""
    if (
        newest is not None
        and newest.answer is not None
        and newest.kind in CHANGEABLE
        and newest.expires_at > talk.now
        and _answers(given, newest)
    ):
        return newest
    return questions.last_asked(talk.db, talk.contact.id, talk.now)


def _asked_together(talk: Talk, question: Question) -> list[str]:
    """The bookings that a bare NO may be about: of a family's reminders none came last."""
    if question.kind != questions.Kind.APPOINTMENT:
        return []
    others = questions.asked_with(talk.db, question, talk.now)
    references = {one.arguments["reference"] for one in [question, *others]}
    return sorted(references) if len(references) > 1 else []


def _about_another(talk: Talk, number: str, given: str) -> None:
    """A number was named that is not what was asked about."""
    if given == NO:
        talk.reply("reply_cancel_sure", reference=number)
    else:
        talk.reply("reply_nothing_asked")


def _take(talk: Talk, question: Question, given: str) -> None:
    match question.kind:
        case questions.Kind.APPOINTMENT:
            _appointment(talk, question, given)
        case questions.Kind.WAITLIST_OFFER:
            _offer(talk, question, given)
        case questions.Kind.COLLECTION:
            _collection(talk, question, given)
        case questions.Kind.MOVE if given == NO:
            _stay(talk, question)
        case questions.Kind.MOVE:
            moving.move(talk, question, given)


def _appointment(talk: Talk, question: Question, given: str) -> None:
    """Will you come? YES keeps the place, NO gives it up; not if the booking has been moved since it was asked."""
    booking = moving.own_booking(talk, question.arguments["reference"])
    if booking is None:
        _close(talk, question, given)
    elif booking.starts_at != datetime.fromisoformat(question.arguments["starts_at"]):
        questions.answer(talk.db, question, given, now=talk.now)
        moving.say_booking(talk, booking)
    elif given == NO:
        questions.answer(talk.db, question, given, now=talk.now)
        commands.give_up(talk.db, talk.intent(), reference=booking.reference)
    else:
        questions.answer(talk.db, question, given, now=talk.now)
        record_event(talk.db, "booking.kept", booking_subject(booking.id), actor=talk.actor, now=talk.now)
        talk.reply("reply_kept", **moving.named(talk, booking))


def _offer(talk: Talk, question: Question, given: str) -> None:
    """An earlier place: YES takes it, and its own message says so."""
    offer_id = question.arguments["offer_id"]
    try:
        if given == YES:
            waitlist.accept(talk.db, talk.intent(), offer_id=offer_id, catalogue=talk.catalogue)
        else:
            waitlist.decline(talk.db, talk.intent(), offer_id=offer_id)
            talk.reply("reply_declined")
    except OfferOver:
        booking = waits.taken_place(talk.db, offer_id, talk.contact.id, talk.now) if given == YES else None
        if booking is None:
            _close(talk, question, given)
        else:
            # Taken on the web or by a call before.
            questions.answer(talk.db, question, given, now=talk.now)
            moving.say_booking(talk, booking)
    except TooManyBookings:
        # The place is held all the same: YES is right once there is room.
        talk.reply("reply_too_many_bookings")
    except BookingRefused:
        talk.reply("reply_booked_by_another")
    else:
        questions.answer(talk.db, question, given, now=talk.now)


def _collection(talk: Talk, question: Question, given: str) -> None:
    """May this person collect your document?"""
    try:
        consent = collection.answer_consent(
            talk.db, talk.intent(), consent_id=question.arguments["consent_id"], given=given == YES
        )
    except NothingToAllow:
        _close(talk, question, given)
    else:
        questions.answer(talk.db, question, given, now=talk.now)
        if consent.given:
            talk.reply("reply_collector_allowed", until=consent.expires_at.isoformat())
        else:
            talk.reply("reply_collector_refused")


def _stay(talk: Talk, question: Question) -> None:
    """None of the times that were offered."""
    questions.answer(talk.db, question, NO, now=talk.now)
    booking = moving.own_booking(talk, question.arguments["reference"])
    if booking is None:
        talk.reply("reply_gone")
    else:
        moving.say_booking(talk, booking)


def _close(talk: Talk, question: Question, given: str) -> None:
    """It is too late for any answer."""
    questions.answer(talk.db, question, given, now=talk.now)
    talk.reply("reply_gone")
