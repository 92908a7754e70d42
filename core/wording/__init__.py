"""What Zamu says, in every language: gettext catalogues, and the language of the moment.

English is the msgid; the other languages are in locale/<language>/zamu.po.
Catalogues are read from the .po files themselves, so there is nothing to compile.
"""

import contextlib
import contextvars
import gettext as _gettext
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.gsm7 import is_gsm7

LANGUAGES = ("en", "sw")
DEFAULT = "en"
LOCALE = Path(__file__).parent / "locale"

_language: contextvars.ContextVar[str] = contextvars.ContextVar("language", default=DEFAULT)


def language() -> str:
    """The language being spoken."""
    return _language.get()


def speak(code: str) -> None:
    """Go on in this language, until the end of the surrounding `speaking`."""
    _language.set(code if code in LANGUAGES else DEFAULT)


@contextlib.contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language within a block."""
    token = _language.set(code if code in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str) -> str:
    """The message in the language being spoken. Import it as `_`."""
    return translations(_language.get()).gettext(message)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """The message as it is: marked here, translated where it is said."""
    return message


@cache
def translations(code: str) -> _gettext.NullTranslations:
    path = LOCALE / code / "zamu.po"
    if not path.exists():
        return _gettext.NullTranslations()
    with path.open(encoding="utf-8") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


def faults() -> Iterator[str]:
    """What is wrong with the translations: a sentence each for what is missing, differs, or no phone can show."""
    for code in LANGUAGES:
        if code == DEFAULT:
            continue
        with (LOCALE / code / "zamu.po").open(encoding="utf-8") as file:
            catalogue = read_po(file, locale=code)
        for message in catalogue:
            said = message.string
            if not message.id:
                continue
            if not isinstance(message.id, str) or not isinstance(said, str) or not said:
                yield f"{code}: {message.id!r} is not translated"
            elif sorted(re.findall(r"{\w*}", message.id)) != sorted(re.findall(r"{\w*}", said)):
                yield f"{code}: {said!r} has other placeholders than {message.id!r}"
            elif not is_gsm7(said):
                yield f"{code}: {said!r} has a character outside the GSM alphabet"
