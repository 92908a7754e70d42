"""Messages of campaigns: nothing personal in them, so that one call to the gateway carries a hundred recipients."""

from core.messaging.templates.wording import Template, Wording
from core.wording import gettext as _

MOST_SEGMENTS = 2
"""SMS that a correction may take."""


def _ready(say: Wording) -> str:
    return _(
        "READY to collect: {service} at {site}. First dial {code}, then 2, for your collection code. Pay no broker."
    ).format(service=say.service(), site=say.site(), code=say.code)


def _correction(say: Wording) -> str:
    text = say.arguments["text"]
    if not isinstance(text, str) or not text:
        raise ValueError("a correction says something")
    return text


TEMPLATES = {
    "document_ready_campaign": Template(_ready, ("service", "site")),
    "campaign_correction": Template(_correction, ("text",), segments=MOST_SEGMENTS),
}
"""A correction is worded by whoever sends it, in each language (core.campaigns.texts)."""
