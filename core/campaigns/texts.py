"""The text of a correction, as somebody wrote it: in every language, and such that every phone can show it."""

from collections.abc import Mapping

from core.campaigns.errors import BadText
from core.gsm7 import is_gsm7
from core.messaging.segments import segments
from core.messaging.templates.campaigns import MOST_SEGMENTS
from core.wording import LANGUAGES


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts by language, without the space around them.

    Raises:
        BadText: one is missing, too long, or has a character that a plain phone cannot show.
    """
    stripped = {language: " ".join(texts.get(language, "").split()) for language in LANGUAGES}
    for language, text in stripped.items():
        if not text:
            raise BadText(f"The text in {_NAMES[language]} is missing.")
        strange = sorted({character for character in text if not is_gsm7(character)})
        if strange:
            raise BadText(f"The text in {_NAMES[language]} has what a plain phone cannot show: {' '.join(strange)}")
        if segments(text) > MOST_SEGMENTS:
            raise BadText(f"The text in {_NAMES[language]} takes {segments(text)} SMS; {MOST_SEGMENTS} is the most.")
    return stripped


_NAMES = {"en": "English", "sw": "Kiswahili"}
