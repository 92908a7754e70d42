"""The stylesheet: GOV.UK Frontend, and Zamu's own look after it.

Without its typeface, which only gov.uk may use, and without what no page has: on
2G the stylesheet is most of what the first page waits for.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
GOVUK = STATIC / "govuk" / "govuk-frontend-6.3.0.min.css"
TYPEFACE = "system-ui,Roboto,Arial,sans-serif"
"""What a phone has already: nothing is loaded for it."""

NOT_USED = (
    "accordion",
    "breadcrumbs",
    "character-count",
    "cookie-banner",
    "date-input",
    "exit-this-page",
    "pagination",
    "phase-banner",
    "tabs",
    "task-list",
)
"""Components that no page has; whoever wants one takes it off this list."""
OVERRIDES = ("margin-bottom-", "font-size-", "width-")
"""Of the classes that set a single property, the kinds that pages name."""
_NOT_USED = re.compile(rf"\.govuk-(?:(?:{'|'.join(NOT_USED)})(?![a-z0-9]|-[a-z])|\\!-(?!{'|'.join(OVERRIDES)}))")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_EMPTY = re.compile(r"@[^{}]+\{\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served: its name tells its content, so it may be kept for ever."""

    name: str
    content: bytes
    compressed: bytes
    type: str


@cache
def assets() -> dict[str, Asset]:
    """By the name without its digest: `zamu.css`, and each script and picture of the static folder."""
    found = {"zamu.css": _asset("zamu.css", _stylesheet().encode(), "text/css; charset=utf-8")}
    types = {".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
    for path in sorted(STATIC.iterdir()):
        if path.suffix in types:
            found[path.name] = _asset(path.name, path.read_bytes(), types[path.suffix])
    return found


def _asset(name: str, content: bytes, content_type: str) -> Asset:
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"{stem}-{digest}{dot}{suffix}", content, gzip.compress(content, 9, mtime=0), content_type)


def _stylesheet() -> str:
    govuk = GOVUK.read_text(encoding="utf-8")
    govuk = re.sub(r"@font-face\{[^}]*\}", "", govuk)
    govuk = _EMPTY.sub("", _RULE.sub(_used, govuk))
    govuk = govuk.replace("GDS Transport,arial,sans-serif", TYPEFACE).replace("GDS Transport", TYPEFACE)
    return govuk + "\n" + (STATIC / "zamu.css").read_text(encoding="utf-8")


def _used(rule: re.Match[str]) -> str:
    """A rule for those of its selectors that some page may have."""
    selectors = [one for one in re.split(r",(?![^(]*\))", rule[1]) if not _NOT_USED.search(one)]
    return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""
