"""How often something may be asked for: Flask-Limiter, counting in Valkey, or in this process while Valkey is away.

Nothing is limited by itself. A view is marked with `@limited("60 per hour")`;
the marks are put into force once all views are there. Only its POSTs count, by
the address that asks, unless the mark says otherwise: a whole cyber cafe, and
all phones behind one mast, share an address.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from core.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])

WAIT_SECONDS = 0.3
"""For Valkey: who asks for a page must not wait for it to be counted."""


def address() -> str:
    """Who asks: the address that the proxies of our own say (settings.proxies)."""
    return request.remote_addr or "nobody"


@dataclass(frozen=True, slots=True)
class _Mark:
    rate: str
    by: Callable[[], str]
    methods: tuple[str, ...]
    counts: Callable[[Response], bool] | None


def limited(
    rate: str,
    *,
    by: Callable[[], str] = address,
    methods: tuple[str, ...] = ("POST",),
    counts: Callable[[Response], bool] | None = None,
) -> Callable[[View], View]:
    """Let a view be asked for this often: one that is asked more often answers 429, and says until when.

    Args:
        rate: as Flask-Limiter reads it, such as "60 per hour".
        by: who is counted; must not be empty.
        counts: looks at the answer, and says whether it counts; None counts all of them.
    """

    def mark(view: View) -> View:
        view.limits = (*getattr(view, "limits", ()), _Mark(rate, by, methods, counts))  # type: ignore[attr-defined]
        return view

    return mark


def enforce(app: Flask, settings: Settings) -> None:
    """Put the marks of all views that the application has into force."""
    limiter = Limiter(
        address,
        storage_uri=_address(settings.redis_url),
        storage_options={"socket_timeout": WAIT_SECONDS, "socket_connect_timeout": WAIT_SECONDS},  # type: ignore[dict-item]
        in_memory_fallback_enabled=True,
        # What cannot be counted is let through: a citizen is not refused because of our counting.
        swallow_errors=True,
        key_prefix="zamu",
    )
    limiter.init_app(app)
    app.extensions["zamu_limiter"] = limiter
    for endpoint, view in list(app.view_functions.items()):
        counted: Callable[..., Any] = view
        for mark in getattr(view, "limits", ()):
            limit = limiter.limit(mark.rate, key_func=mark.by, methods=list(mark.methods), deduct_when=mark.counts)
            counted = limit(counted)
        app.view_functions[endpoint] = counted


def seconds_left() -> int | None:
    """Until what was just refused may be asked again; None where nobody can say."""
    try:
        current = current_app.extensions["zamu_limiter"].current_limit
        return None if current is None else max(1, int(current.reset_at - time.time()))
    except Exception:  # Valkey has gone since: the page says "wait a little"
        return None


def _address(url: str) -> str:
    return f"redis+{url}" if url.startswith("unix://") else url
