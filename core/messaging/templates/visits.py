"""Messages to those who came to a centre."""

from core.messaging.templates.bookings import BOOKING
from core.messaging.templates.wording import Template, Wording
from core.wording import gettext as _


def _priority(say: Wording) -> str:
    return _(
        "Sorry for today. New time: {service}, {site}, {when}. Number {reference}. You will be called first."
    ).format(**say.booking())


TEMPLATES = {"booking_priority": Template(_priority, BOOKING)}
