"""What is refused about campaigns: nothing was changed. Each message is a sentence for whoever runs them."""

from core.errors import ZamuError
from core.wording import gettext as _


class CampaignRefused(ZamuError):
    """The base of these refusals."""


class NoSuchCampaign(CampaignRefused):
    """No campaign of that number."""

    def __init__(self, campaign_id: int) -> None:
        super().__init__(_("There is no campaign {number}.").format(number=campaign_id))


class NotNow(CampaignRefused):
    """Its state does not allow this."""


class SamePerson(CampaignRefused):
    """Whoever made a campaign cannot approve it."""


class NobodyToTell(CampaignRefused):
    """It would reach nobody."""


class UnknownCode(CampaignRefused):
    """A service or a site that the catalogue does not have."""


class BadText(CampaignRefused):
    """A correction that cannot be sent as it is written.

    Attributes:
        language: of the text at fault.
    """

    def __init__(self, sentence: str, *, language: str) -> None:
        super().__init__(sentence)
        self.language = language


class Unsaid(CampaignRefused):
    """A name or a reason is missing: later nobody would know who did this, or why."""
