"""The message with which an operator tries the line."""

from core.messaging.templates.wording import Template, Wording
from core.wording import gettext as _


def _smoke(say: Wording) -> str:
    if not say.sender.answerable:
        return _("A test of the Huduma SMS. You need do nothing. To book dial {code}.").format(code=say.code)
    return _("A test of the Huduma SMS. To try an answer, send {answer}. To book dial {code}.").format(
        answer=say.sender.answer(_("HELP")), code=say.code
    )


TEMPLATES = {
    "smoke": Template(_smoke, ()),
}
"""What `zamu smoke` sends."""
