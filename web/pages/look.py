"""The stylesheet: GOV.UK Frontend without its typeface, which only gov.uk may use, and Zamu's own look after it."""

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
    govuk = govuk.replace("GDS Transport,arial,sans-serif", TYPEFACE).replace("GDS Transport", TYPEFACE)
    return govuk + "\n" + (STATIC / "zamu.css").read_text(encoding="utf-8")
