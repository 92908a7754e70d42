"""Messages about bookings."""

from core.messaging.templates.wording import Template, Wording
from core.wording import gettext as _

BOOKING = ("service", "site", "starts_at", "reference")


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


TEMPLATES = {
    "booking_confirmed": Template(_confirmed, BOOKING),
    "booking_moved": Template(_moved, BOOKING),
    "booking_given_up": Template(_given_up, BOOKING),
}
