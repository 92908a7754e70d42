"""Messages to people whose booking the centre had to move, or could not keep."""

from core.messaging.templates.bookings import BOOKING
from core.messaging.templates.wording import Template, Wording
from core.wording import dates
from core.wording import gettext as _


def _moved(say: Wording) -> str:
    moved = _("The centre had to move your booking. Now: {service}, {site}, {when}. Number {reference}.").format(
        **say.booking()
    )
    return f"{moved} {_change(say)}"


def _change(say: Wording) -> str:
    if not say.sender.answerable:
        return _("To change it dial {code}.").format(code=say.code)
    return _("Another time? Send {move}. To give it up: {cancel}.").format(
        move=say.sender.answer(_("MOVE")), cancel=say.sender.answer(_("CANCEL"))
    )


def _asked(say: Wording) -> str:
    if not say.sender.answerable:
        return _moved(say)
    moved = _("The centre had to move your booking. Now: {service}, {site}, {when}. Number {reference}.").format(
        **say.booking()
    )
    asked = _("Coming? Send {yes}. If not: {no}. Another time: {move}.").format(
        yes=say.sender.answer(_("YES")), no=say.sender.answer(_("NO")), move=say.sender.answer(_("MOVE"))
    )
    return f"{moved} {asked}"


def _ended(say: Wording) -> str:
    """What follows says that they are in line."""
    return _(
        "Do not come: {service}, {site}, {when}. The centre cannot serve you, no other time is free. "
        "To book again dial {code}."
    ).format(service=say.service(), site=say.site(), when=dates.when(say.moment("starts_at")), code=say.code)


TEMPLATES = {
    "closure_moved": Template(_moved, BOOKING, segments=2),
    "closure_asked": Template(_asked, BOOKING, segments=2),
    "closure_ended": Template(_ended, ("service", "site", "starts_at")),
}
