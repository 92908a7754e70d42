"""What the terminal and the desk share about campaigns: how their messages are worded, and what things are called."""

from collections.abc import Mapping

from core.campaigns.choosing import LeftOut
from core.catalogue.snapshot import Catalogue
from core.messaging.senders import Sender
from core.messaging.tables import Lane
from core.messaging.templates import Speech
from core.people.register import Register
from core.settings import Settings
from core.wording import N_
from core.wording import gettext as _

LEFT_OUT: Mapping[str, str] = {
    LeftOut.NO_PHONE: N_("no phone"),
    LeftOut.TOLD_ALREADY: N_("told already"),
    LeftOut.OPTED_OUT: N_("want no messages (STOP)"),
    LeftOut.LIMIT_REACHED: N_("have enough messages today"),
}
"""Why somebody is not told, after "Left out"."""


def bulk_speech(settings: Settings, catalogue: Catalogue, register: Register) -> Speech:
    """How a campaign's messages are worded."""
    return Speech(
        catalogue=catalogue,
        code=settings.ussd_codes[0].code,
        register=register,
        sender=settings.sender(Lane.BULK),
    )


def left_out(reason: str) -> str:
    """The reason in the language being spoken; one that nobody knows as it is."""
    return _(LEFT_OUT[reason]) if reason in LEFT_OUT else reason


def sender_line(sender: Sender) -> str:
    """Under what the messages leave, and whether they can be answered."""
    if sender.address is None:
        return _("the account's own")
    if not sender.answerable:
        return _("{sender}, which cannot be answered").format(sender=sender.address)
    answered = _("{sender}, answered with {answer} (free)") if sender.free else _("{sender}, answered with {answer}")
    return answered.format(sender=sender.address, answer=sender.answer("YES"))
