"""Answers to citizens' SMS. Each is one SMS, and says what can be sent next where that helps.

What can be sent is what the reader has just written to; where answers leave under a name,
help says the code to dial instead.
"""

from datetime import datetime

from core.messaging.templates.wording import Template, Wording
from core.references import grouped
from core.wording import dates
from core.wording import gettext as _

BOOKING = ("service", "site", "starts_at", "reference")


def _can(say: Wording) -> str:
    """What can be sent."""
    if not say.sender.answerable:
        return _("Dial {code} to book, to follow a document or to change a booking.").format(code=say.code)
    can = _("Send STATUS, MOVE or CANCEL and your number, BOOK, LANGUAGE or STOP. Or dial {code}.").format(
        code=say.code
    )
    keyword = say.sender.keyword
    begin = _("Begin with {keyword}.").format(keyword=keyword)
    return f"{can} {begin}" if keyword else can


def _help(say: Wording) -> str:
    return f"Huduma. {_can(say)}"


def _not_understood(say: Wording) -> str:
    return " ".join([_("Sorry, we did not understand."), _can(say)])


def _nothing_asked(say: Wording) -> str:
    return " ".join([_("Thank you, but we had not asked you anything."), _can(say)])


def _had_answer(say: Wording) -> str:
    return _("Thank you, we have your answer.")


def _answer_yes_or_no(say: Wording) -> str:
    if not say.sender.answerable:
        return _can(say)
    return _("Please send only {yes} or {no}. Or dial {code}.").format(
        yes=say.sender.answer(_("YES")), no=say.sender.answer(_("NO")), code=say.code
    )


def _answer_number(say: Wording) -> str:
    return _("Please send only the number of the time you choose, such as {one}.").format(one=say.sender.answer("1"))


def _status_how(say: Wording) -> str:
    return _(
        "Send {status}, the document number and the last 3 digits of the owner's ID. No ID: the year of birth."
    ).format(status=say.sender.answer(_("STATUS")))


def _status_proof(say: Wording) -> str:
    return _("Send {status} and the last 3 digits of the owner's ID. No ID: the year of birth.").format(
        status=_command(say, _("STATUS"))
    )


def _not_found(say: Wording) -> str:
    return _("No document with that number and ID. Check both, or ask at the centre.")


def _too_many_look_ups(say: Wording) -> str:
    return _("Too many tries from this phone or for this number. Try again in an hour, or ask at the centre.")


def _sent_lately(say: Wording) -> str:
    return _("We have just sent it. Please wait for it.")


def _number_wrong(say: Wording) -> str:
    return _("That number is not right. It has 8 digits, such as 4821 7096.")


def _booking(say: Wording) -> str:
    return _("Your booking: {service}, {site}, {when}. Number {reference}. To change it dial {code}.").format(
        **say.booking()
    )


def _moved_by_the_centre(say: Wording) -> str:
    return _("The centre moved your booking: {service}, {site}, {when}. Number {reference}.").format(**say.booking())


def _closed_by_the_centre(say: Wording) -> str:
    return _("Cancelled by the centre: {service}, {site}, {when}. Do not come. To book again dial {code}.").format(
        service=say.service(), site=say.site(), when=dates.when(say.moment("starts_at")), code=say.code
    )


def _kept(say: Wording) -> str:
    return _("Thank you, we expect you: {service}, {site}, {when}. Late? Come, you will be served.").format(
        **say.booking()
    )


def _no_booking(say: Wording) -> str:
    return _("This phone has no booking of that number. To see your bookings dial {code}.").format(code=say.code)


def _none_booked(say: Wording) -> str:
    return _("This phone has no booking. To book dial {code}.").format(code=say.code)


def _cancel_which(say: Wording) -> str:
    return _which(say, _("CANCEL"))


def _move_which(say: Wording) -> str:
    return _which(say, _("MOVE"))


def _which(say: Wording, command: str) -> str:
    numbers = ", ".join(grouped(reference) for reference in say.arguments["references"])
    return _("Which booking? Send {command} and its number: {numbers}").format(
        command=say.sender.answer(command), numbers=numbers
    )


def _cancel_sure(say: Wording) -> str:
    return _("To cancel that booking send {cancel}. Nothing has been changed.").format(
        cancel=_command(say, _("CANCEL"))
    )


def _cancel_how(say: Wording) -> str:
    return _("To cancel a booking send {cancel} and its number. Nothing has been changed.").format(
        cancel=say.sender.answer(_("CANCEL"))
    )


def _move_offer(say: Wording) -> str:
    return _("Booking {reference}. Other times: {times}. Send the number, such as {one}.").format(**_offered(say))


def _move_taken(say: Wording) -> str:
    return _("Taken just now, you keep your time. Others: {times}. Send the number, such as {one}.").format(
        **_offered(say)
    )


def _offered(say: Wording) -> dict[str, str]:
    times = [datetime.fromisoformat(option["starts_at"]) for option in say.arguments["options"]]
    return {
        "reference": say.reference(),
        "times": ", ".join(f"{nth}) {dates.when(moment)}" for nth, moment in enumerate(times, 1)),
        "one": say.sender.answer("1"),
    }


def _no_times(say: Wording) -> str:
    return _(
        "No other time is free at your centre now. You keep your booking {reference}. Other centres: {code}"
    ).format(reference=say.reference(), code=say.code)


def _book_how(say: Wording) -> str:
    return _("To book a visit dial {code} and choose 1. Booking is free: pay no broker.").format(code=say.code)


def _language(say: Wording) -> str:
    return _("We will write to you in English.")


def _language_how(say: Wording) -> str:
    return _("Send {english} or {kiswahili}.").format(
        english=say.sender.answer("LANGUAGE ENGLISH"), kiswahili=say.sender.answer("LUGHA KISWAHILI")
    )


def _stopped(say: Wording) -> str:
    return _(
        "You get no more reminders and news from us. What you ask is still answered. To have them again send {start}."
    ).format(start=say.sender.answer(_("START")))


def _started(say: Wording) -> str:
    return _("You get our reminders and news again. To end them send {stop}.").format(stop=say.sender.answer(_("STOP")))


def _gone(say: Wording) -> str:
    said = _("It is too late to answer that. Nothing has been changed. To see your booking or document dial {code}.")
    return said.format(code=say.code)


def _declined(say: Wording) -> str:
    return _("Thank you. The place goes to the next in line. You are still in line, and a booking you have stays.")


def _too_many_bookings(say: Wording) -> str:
    return _("This phone cannot have more bookings. Cancel one first.")


def _booked_by_another(say: Wording) -> str:
    return _("Another phone has booked for this person.")


def _collector_allowed(say: Wording) -> str:
    said = _("Thank you. That person may collect your document until {until}. If you change your mind send {no}.")
    return said.format(until=dates.clock(say.moment("until")), no=say.sender.answer(_("NO")))


def _collector_refused(say: Wording) -> str:
    return _("Thank you. That person will not get your document.")


def _failed(say: Wording) -> str:
    return _("Sorry, that did not work, and nothing has been changed. Please send it again, or dial {code}.").format(
        code=say.code
    )


def _command(say: Wording, word: str) -> str:
    """STATUS 48217096, as it is to be typed."""
    return say.sender.answer(f"{word} {say.arguments['reference']}")


TEMPLATES = {
    "reply_help": Template(_help, ()),
    "reply_not_understood": Template(_not_understood, ()),
    "reply_nothing_asked": Template(_nothing_asked, ()),
    "reply_had_answer": Template(_had_answer, ()),
    "reply_answer_yes_or_no": Template(_answer_yes_or_no, ()),
    "reply_answer_number": Template(_answer_number, ()),
    "reply_status_how": Template(_status_how, ()),
    "reply_status_proof": Template(_status_proof, ("reference",)),
    "reply_not_found": Template(_not_found, ()),
    "reply_too_many_look_ups": Template(_too_many_look_ups, ()),
    "reply_sent_lately": Template(_sent_lately, ()),
    "reply_number_wrong": Template(_number_wrong, ()),
    "reply_booking": Template(_booking, BOOKING),
    "reply_moved_by_the_centre": Template(_moved_by_the_centre, BOOKING),
    "reply_closed_by_the_centre": Template(_closed_by_the_centre, BOOKING),
    "reply_kept": Template(_kept, BOOKING),
    "reply_no_booking": Template(_no_booking, ()),
    "reply_none_booked": Template(_none_booked, ()),
    "reply_cancel_which": Template(_cancel_which, ("references",)),
    "reply_cancel_sure": Template(_cancel_sure, ("reference",)),
    "reply_cancel_how": Template(_cancel_how, ()),
    "reply_move_which": Template(_move_which, ("references",)),
    "reply_move_offer": Template(_move_offer, ("reference", "options")),
    "reply_move_taken": Template(_move_taken, ("reference", "options")),
    "reply_no_times": Template(_no_times, ("reference",)),
    "reply_book_how": Template(_book_how, ()),
    "reply_language": Template(_language, ()),
    "reply_language_how": Template(_language_how, ()),
    "reply_stopped": Template(_stopped, ()),
    "reply_started": Template(_started, ()),
    "reply_gone": Template(_gone, ()),
    "reply_declined": Template(_declined, ()),
    "reply_too_many_bookings": Template(_too_many_bookings, ()),
    "reply_booked_by_another": Template(_booked_by_another, ()),
    "reply_collector_allowed": Template(_collector_allowed, ("until",)),
    "reply_collector_refused": Template(_collector_refused, ()),
    "reply_failed": Template(_failed, ()),
}
