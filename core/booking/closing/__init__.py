"""Closing a centre, a service or a counter: nobody is left on a closed place, and everybody is told.

`preview` says whom it would hit; `close` writes it down; `clear`, called by the
clock until it gives 0, moves them and tells them; `lift` opens again. `days`
does the same for a holiday, at all centres. The
commands are once a request key, and the caller commits.
"""

from core.booking.closing.clearing import UNDO, clear
from core.booking.closing.commands import OFFICER_ABSENT, PUBLIC_HOLIDAY, SYSTEM_DOWN, What, close, close_all, lift
from core.booking.closing.preview import Impact, preview
from core.booking.closing.queries import (
    Moved,
    Progress,
    closure_at,
    closures_of,
    lost_by_closure,
    moved_by_closure,
    site_of,
)

__all__ = [
    "OFFICER_ABSENT",
    "PUBLIC_HOLIDAY",
    "SYSTEM_DOWN",
    "UNDO",
    "Impact",
    "Moved",
    "Progress",
    "What",
    "clear",
    "close",
    "close_all",
    "closure_at",
    "closures_of",
    "lift",
    "lost_by_closure",
    "moved_by_closure",
    "preview",
    "site_of",
]
