"""What a test says in English, as a caller of another language sees it.

A test names wording by a stable piece of the English: `"is held for you"`. In
another language that stands for every message whose English contains it.
"""

import csv
import re
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from core import wording
from core.catalogue import content

DATA = Path(content.__file__).parent / "data"


def patterns(english: str, language: str) -> list[re.Pattern[str]]:
    """What to look for on a screen. Placeholders stand for anything; what is no wording, such as a name, for itself."""
    if language == wording.DEFAULT:
        return [_pattern(english)]
    known = _messages(language)
    if english in known:
        return [_pattern(known[english])]
    said = [text for message, text in known.items() if english in message]
    return [_pattern(text) for text in (*said, english)]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(text)))


@cache
def _messages(language: str) -> dict[str, str]:
    """Wording and names of the catalogue, by their English."""
    with (wording.LOCALE / language / "zamu.po").open(encoding="utf-8") as file:
        found = {str(m.id): str(m.string) for m in read_po(file) if m.id}
    for table in ("services.csv", "categories.csv"):
        with (DATA / table).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found[row["short_en"]] = row[f"short_{language}"]
    return found
