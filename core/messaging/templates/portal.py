"""Messages to whoever uses the web."""

from core.messaging.templates.wording import Template, Wording
from core.wording import gettext as _


def _phone_code(say: Wording) -> str:
    return _(
        "{digits} is your Huduma code for the web, good for 10 minutes. Tell it to nobody: no officer asks for it."
    ).format(digits=say.phone_code())


TEMPLATES = {
    "phone_code": Template(_phone_code, ("person", "nth")),
}
