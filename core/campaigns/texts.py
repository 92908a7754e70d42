"""The text of a correction, as somebody wrote it: in every language, and such that every phone can show it."""

from collections.abc import Mapping

from core.campaigns.errors import BadText
from core.gsm7 import is_gsm7
from core.messaging.segments import segments
from core.messaging.templates.campaigns import MOST_SEGMENTS
from core.wording import LANGUAGES, N_
from core.wording import gettext as _

MISSING = {"en": N_("The text in English is missing."), "sw": N_("The text in Kiswahili is missing.")}
STRANGE = {
    "en": N_("The text in English has what a plain phone cannot show: {characters}"),
    "sw": N_("The text in Kiswahili has what a plain phone cannot show: {characters}"),
}
LONG = {
    "en": N_("The text in English takes {count} SMS; {most} is the most."),
    "sw": N_("The text in Kiswahili takes {count} SMS; {most} is the most."),
}


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts by language, without the space around them.

    Raises:
        BadText: one is missing, too long, or has a character that a plain phone cannot show.
    """
    stripped = {language: " ".join(texts.get(language, "").split()) for language in LANGUAGES}
    for language, text in stripped.items():
        if not text:
            raise BadText(_(MISSING[language]), language=language)
        strange = sorted({character for character in text if not is_gsm7(character)})
        if strange:
            sentence = _(STRANGE[language]).format(characters=" ".join(strange))
            raise BadText(sentence, language=language)
        if segments(text) > MOST_SEGMENTS:
            sentence = _(LONG[language]).format(count=segments(text), most=MOST_SEGMENTS)
            raise BadText(sentence, language=language)
    return stripped
