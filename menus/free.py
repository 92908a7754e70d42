"""What is free, for the screens: one query for any number of offerings."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from core.booking import availability, queries
from core.catalogue.snapshot import Offering
from core.clock import local_date
from ussd.turn import Turn


def known(turn: Turn, offerings: Sequence[Offering]) -> dict[str, Any]:
    """What availability is computed from, beside the offering itself."""
    today = local_date(turn.now)
    horizon = max(o.horizon_days for o in offerings)
    return {
        "full": queries.fullness(turn.db, offerings, today, today + timedelta(days=horizon)),
        "now": turn.now,
        "closed_days": turn.catalogue.closed_days,
    }


def first_days(turn: Turn, offerings: Sequence[Offering]) -> dict[int, date | None]:
    """The first free day of each offering, by its id; None is full."""
    if not offerings:
        return {}
    facts = known(turn, offerings)
    return {o.id: availability.first_free_day(o, **facts) for o in offerings}
