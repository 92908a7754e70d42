"""How often an agency's system may ask: so often a minute a key, counted where pages are counted (web.pages.limits)."""

import time

from flask import current_app, g
from limits import RateLimitItem, parse

from web import logs
from web.api.problems import Problem

RATE = "600 per minute"
"""Of a key, unless the application's config says otherwise (API_RATE)."""
WRONG = "60 per minute"
"""Of an address that has no key of ours, likewise (API_RATE_WRONG)."""


def count(key: str) -> None:
    """Count one request of a key, and have the answer say how many are left.

    Raises:
        Problem: it has asked as often as it may.
    """
    _count("api", key, parse(current_app.config.get("API_RATE", RATE)))


def count_wrong(address: str) -> None:
    """Count one request without a usable key.

    Raises:
        Problem: this address has tried as often as it may.
    """
    _count("api-wrong", address, parse(current_app.config.get("API_RATE_WRONG", WRONG)))


def _count(what: str, who: str, rate: RateLimitItem) -> None:
    try:
        strategy = current_app.extensions["zamu_limiter"].limiter
        room = strategy.hit(rate, what, who)
        resets_at, left = strategy.get_window_stats(rate, what, who)
    except Exception as error:
        # What cannot be counted is let through, as on the pages.
        logs.logger("web").warning("a request could not be counted", part="valkey", error=type(error).__name__)
        return
    seconds = max(1, int(resets_at - time.time()))
    g.rate_headers = {
        "RateLimit-Policy": f'"{what}";q={rate.amount};w={rate.get_expiry()}',
        "RateLimit": f'"{what}";r={max(0, left)};t={seconds}',
    }
    if not room:
        raise Problem("too-often", headers={"Retry-After": str(seconds)})
