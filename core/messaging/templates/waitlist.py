"""Messages about waiting for an earlier place."""

from core.messaging.templates.wording import Template, Wording
from core.wording import dates
from core.wording import gettext as _


def _joined(say: Wording) -> str:
    return _(
        "You are in line for {service}, {site}, until {day}. If a place is free we SMS you and hold it 30 minutes. "
        "To stop dial {code}."
    ).format(service=say.service(), site=say.site(), day=dates.day_month(say.day("last_day")), code=say.code)


def _offer(say: Wording) -> str:
    """It leaves on the day it is answered, so the time of day is enough."""
    place = {
        "service": say.service(),
        "site": say.site(),
        "when": dates.when(say.moment("starts_at")),
        "until": dates.clock(say.moment("until")),
    }
    if not say.sender.answerable:
        return _(
            "Earlier place: {service}, {site}, {when}. To take it dial {code}, My booking, by {until}. "
            "Then it goes to the next in line."
        ).format(**place, code=say.code)
    said = _("Earlier place: {service}, {site}, {when}. To take it send {yes} by {until}. To leave it send {no}.")
    return say.with_price(said.format(**place, yes=say.sender.answer(_("YES")), no=say.sender.answer(_("NO"))))


def _over(say: Wording) -> str:
    return _(
        "No place came free for {service}. You are no longer in line. To book or to wait again dial {code}."
    ).format(service=say.service(), code=say.code)


def _silent(say: Wording) -> str:
    return _(
        "You did not answer two offers for {service}, so you are no longer in line. A booking you have stays. "
        "To wait again dial {code}."
    ).format(service=say.service(), code=say.code)


TEMPLATES = {
    "waitlist_joined": Template(_joined, ("service", "site", "last_day")),
    "waitlist_offer": Template(_offer, ("service", "site", "starts_at", "until")),
    "waitlist_over": Template(_over, ("service",)),
    "waitlist_silent": Template(_silent, ("service",)),
}
