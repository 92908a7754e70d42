"""What messages say. A message keeps its template's name and arguments; it is worded when it is sent.

Each text fits the SMS its template allows (most: one, 160 septets) with the longest
names of the catalogue: a test measures all of them, in every language.
"""

from collections.abc import Mapping
from typing import Any

from core.messaging.templates import bookings, campaigns, closures, documents, portal, replies, trying, visits, waitlist
from core.messaging.templates.wording import Speech, Template, Unworded, Wording
from core.wording import speaking

__all__ = ["TEMPLATES", "Speech", "Template", "Unworded", "Wording", "render"]

TEMPLATES: Mapping[str, Template] = {
    **bookings.TEMPLATES,
    **campaigns.TEMPLATES,
    **closures.TEMPLATES,
    **documents.TEMPLATES,
    **portal.TEMPLATES,
    **replies.TEMPLATES,
    **trying.TEMPLATES,
    **visits.TEMPLATES,
    **waitlist.TEMPLATES,
}


def render(template: str, arguments: Mapping[str, Any], *, language: str, speech: Speech) -> str:
    """The text of a message in the language of its reader.

    Raises:
        Unworded: no such template (unknown_template), or an argument is
            missing, of another kind, or names nothing (bad_arguments).
    """
    if template not in TEMPLATES:
        raise Unworded("unknown_template")
    try:
        with speaking(language):
            return TEMPLATES[template].say(Wording(arguments, speech))
    except (KeyError, TypeError, ValueError) as error:
        raise Unworded("bad_arguments") from error
