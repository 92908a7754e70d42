"""What an officer sent when their sign-in had worn out: for an hour theirs to look over, and to send again.

It is never carried out by itself. The page of what is kept sends it where it
was meant for without the token of our forms: the view there does what it does
with every form that was open for too long, which is to show it, filled, and to
change nothing.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Request
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms.validators import ValidationError

from core.settings import Settings
from web.desk.for_an_hour import ForAnHour
from web.pages.forms import CSRF

KEEPER = "zamu_typed"
"""The application's extension that keeps it."""
KEY = "request_key"
DROP = "typed"
"""In the query of an address: what stands in its form again."""
MOST = 5
"""Forms an officer: one a tab that was open."""
NEVER = re.compile(r"pass|pin|otp|totp|code|token|secret|^request_key$", re.IGNORECASE)
"""Fields that are not kept, by name: as in web/pages/static/away.js, and what nobody types."""
UNTYPED = frozenset({"do", "seen"})
"""What a button says, and what the page showed: alone they are nothing to keep."""
OLDEST = timedelta(days=7)
"""Of the page that was sent: it only has to have been ours."""


@dataclass(frozen=True, slots=True)
class Typed:
    id: str
    address: str
    """Where it was sent: the path, and the query if there is one."""
    at: str
    """The moment, as ISO writes it."""
    fields: list[tuple[str, str]]
    key: str = ""
    """The `request_key` of the page it was sent from, which is not sent again: the form it is shown in has its own."""

    @property
    def again(self) -> str:
        """Where it is sent to be shown, and dropped here."""
        return f"{self.address}{'&' if '?' in self.address else '?'}{DROP}={self.id}"


class TypedKeeper:
    """By id of the account."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime]) -> None:
        self._hour = ForAnHour(settings.redis_url, settings.secret_key, "typed")
        self._now = now

    def keep(self, staff_id: int, request: Request) -> bool:
        """Whether something that they typed is kept: files, passwords and codes are not."""
        fields = _typed(request)
        if not any(value for name, value in fields if name not in UNTYPED):
            return False
        query = urlencode([(name, value) for name, value in request.args.items(multi=True) if name != DROP])
        address = f"{request.path}?{query}" if query else request.path
        key = request.form.get(KEY, "")
        typed = Typed(secrets.token_urlsafe(8), address, self._now().isoformat(), fields, key)
        latest = [*self.of(staff_id), typed][-MOST:]
        return self._hour.put(_name(staff_id), [asdict(one) for one in latest])

    def of(self, staff_id: int) -> list[Typed]:
        """The oldest first."""
        kept = self._hour.get(_name(staff_id)) or []
        return [Typed(**one) for one in kept]

    def drop(self, staff_id: int, request: Request) -> None:
        """What is sent here stands in its form again, or was sent anew from the page that had worn out."""
        typed_id, key = request.args.get(DROP), request.form.get(KEY)
        if not (typed_id or key):
            return
        kept = self.of(staff_id)
        left = [one for one in kept if one.id != typed_id and not (key and one.key == key)]
        if not left:
            self._hour.drop(_name(staff_id))
        elif left != kept:
            self._hour.put(_name(staff_id), [asdict(one) for one in left])


def is_ours(request: Request) -> bool:
    """Whether a page of ours has sent it, however long that was open: not another site, nor more than a form holds."""
    try:
        validate_csrf(request.form.get(CSRF), time_limit=int(OLDEST.total_seconds()))
    except (ValidationError, RequestEntityTooLarge):
        return False
    return True


def _typed(request: Request) -> list[tuple[str, str]]:
    if not is_ours(request):
        return []
    return [(name, value) for name, value in request.form.items(multi=True) if not NEVER.search(name)]


def _name(staff_id: int) -> str:
    return f"desk:{staff_id}:typed"
