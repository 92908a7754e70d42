"""Reading pages as people do."""

import re
from html.parser import HTMLParser
from typing import Any

SILENT = {"script", "style", "head", "title"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def words(html: str) -> str:
    """What is to be read on a page, in one line."""
    reader = _Words()
    reader.feed(html)
    return " ".join(" ".join(reader.words).split())


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', html)
    assert found, f"there is no {name}"
    return found[1]
