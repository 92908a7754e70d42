"""Messages about bookings."""

from collections.abc import Iterator, Sequence

from core.catalogue import telling
from core.gsm7 import septets
from core.messaging.segments import PART
from core.messaging.templates.wording import Template, Wording
from core.wording import gettext as _

BOOKING = ("service", "site", "starts_at", "reference")
REMINDER_SEGMENTS = 2


def _confirmed(say: Wording) -> str:
    return _(
        "Booked: {service}, {site}, {when}. Number {reference}. Late? Come, you will be served. "
        "To move: {code}. Booking is free."
    ).format(**say.booking())


def _moved(say: Wording) -> str:
    return _(
        "Moved: {service}, {site}, {when}. Number {reference}. Late? Come, you will be served. "
        "To move: {code}. Booking is free."
    ).format(**say.booking())


def _given_up(say: Wording) -> str:
    return _("You cancelled: {service}, {site}, {when}. To book again dial {code}. Booking is free.").format(
        **say.booking()
    )


def _phone_changed(say: Wording) -> str:
    """To the phone that had it, which may be a stranger's by now: the number that it knows, and no more."""
    return _(
        "Booking {reference} is no longer on this phone: an officer has put it on another, as its owner asked. "
        "Was it not you? Go to a Huduma Centre with your ID."
    ).format(reference=say.reference())


def _reminder(say: Wording) -> str:
    """Two SMS at most: a long list of what to bring is cut after the last thing that still fits."""
    booked = _("Remember: {service}, {site}, {when}.").format(**say.booking())
    if say.sender.answerable:
        answer = _(
            "Coming? Send {yes}. Cannot come? Send {no} to cancel: an empty place is a day lost to somebody else."
        ).format(yes=say.sender.answer(_("YES")), no=say.sender.answer(_("NO")))
        answer = say.with_price(answer)
    else:
        answer = _("Cannot come? Dial {code} and cancel: an empty place is a day lost to somebody else.").format(
            code=say.code
        )
    needed = telling.bring_list(say.speech.catalogue.services[say.arguments["service"]])
    if needed is None:
        return f"{booked} {_('What to bring: ask at the centre.')} {answer}"
    return next(text for text in _shorter_and_shorter(booked, needed, answer, say.code) if _fits(text))


def _shorter_and_shorter(booked: str, needed: Sequence[str], answer: str, code: str) -> Iterator[str]:
    bring = _("Bring: {list}").format(list=", ".join(needed))
    yield f"{booked} {bring}. {answer}"
    for count in range(len(needed) - 1, 0, -1):
        bring = _("Bring: {list} and more: dial {code}.").format(list=", ".join(needed[:count]), code=code)
        yield f"{booked} {bring} {answer}"
    yield f"{booked} {answer}"


def _fits(text: str) -> bool:
    return (septets(text) or 0) <= REMINDER_SEGMENTS * PART


TEMPLATES = {
    "booking_confirmed": Template(_confirmed, BOOKING),
    "booking_moved": Template(_moved, BOOKING),
    "booking_given_up": Template(_given_up, BOOKING),
    "booking_phone_changed": Template(_phone_changed, ("reference",)),
    "booking_reminder": Template(_reminder, BOOKING, segments=REMINDER_SEGMENTS),
}
