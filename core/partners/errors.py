"""What an agency's system is refused. Nothing was changed.

PartnerRefused
├── BadKey               no key of ours, or a revoked one
├── NoSuchKey            no key of that agency
├── AnotherRequest       an idempotency key was used for another request before
├── NoSuchAppointment    the agency has no live appointment of that reference
├── ReferenceInUse       the agency has had an appointment of that reference
├── NoSuchWebhook        the agency has no webhook of that number
├── BadAddress           a webhook cannot be sent there; the message is a sentence for its owner
└── TooManyWebhooks      the agency has as many as it may
"""

from core.errors import ZamuError
from core.wording import N_
from core.wording import gettext as _


class PartnerRefused(ZamuError):
    """The base of these refusals."""


class BadKey(PartnerRefused):
    """No key of ours, or one that has been revoked: the same answer."""


class NoSuchKey(PartnerRefused):
    """The agency has no key of that number."""


class AnotherRequest(PartnerRefused):
    """This idempotency key belongs to another request."""


class NoSuchAppointment(PartnerRefused):
    """The agency has no live appointment of that reference."""


class ReferenceInUse(PartnerRefused):
    """The agency has had an appointment of that reference: each has one of its own."""


class NoSuchWebhook(PartnerRefused):
    """The agency has no webhook of that number."""


ADDRESS = N_("Type an address that begins with https:// and can be reached from everywhere.")


class BadAddress(PartnerRefused):
    """A webhook cannot be sent to such an address."""

    def __init__(self) -> None:
        super().__init__(_(ADDRESS))


class TooManyWebhooks(PartnerRefused):
    """The agency has as many webhooks as it may."""

    def __init__(self, most: int) -> None:
        super().__init__(_("An agency can have {most} webhooks. End one first.").format(most=most))
