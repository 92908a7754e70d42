"""What is free where: what the menus and the web ask before they show a time. One query for any number of offerings."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from core.booking import availability, queries
from core.catalogue import search
from core.catalogue.snapshot import Catalogue, Offering
from core.clock import local, local_date
from core.db import Session

SOON_DAYS = 7
"""A centre whose first free day is further off than this is called full, and others are offered beside it."""
NOON = time(12)


def known(db: Session, catalogue: Catalogue, offerings: Sequence[Offering], *, now: datetime) -> dict[str, Any]:
    """What `availability` computes from, beside the offering itself: `full`, `now` and `closed_days`."""
    today = local_date(now)
    horizon = max(o.horizon_days for o in offerings)
    return {
        "full": queries.fullness(db, offerings, today, today + timedelta(days=horizon)),
        "now": now,
        "closed_days": catalogue.closed_days,
    }


def best_but(offering: Offering, than: datetime | None, **facts: Any) -> list[datetime]:
    """The best times beside the one that somebody would move from; `facts` as `known` tells them."""
    best = availability.best_times(offering, **facts)
    if than not in best:
        return best
    return [moment for moment in availability.best_times(offering, **facts, count=len(best) + 1) if moment != than]


def first_days(
    db: Session, catalogue: Catalogue, offerings: Sequence[Offering], *, now: datetime
) -> dict[int, date | None]:
    """The first free day of each offering, by its id; None is full."""
    if not offerings:
        return {}
    facts = known(db, catalogue, offerings, now=now)
    return {o.id: availability.first_free_day(o, **facts) for o in offerings}


def is_soon(best: Sequence[datetime], now: datetime) -> bool:
    """Whether the first of these times is near enough not to offer other centres beside it."""
    return bool(best) and local_date(best[0]) <= local_date(now) + timedelta(days=SOON_DAYS)


def earlier_elsewhere(
    db: Session, catalogue: Catalogue, full: Offering, than: date | None, *, now: datetime
) -> list[tuple[Offering, date]]:
    """The nearest centre with an earlier day, and the one that is free first of all. None is no day here at all."""
    others = [o for o in catalogue.offerings_of(full.service.code) if o.site.code != full.site.code]
    days_free = first_days(db, catalogue, others, now=now)
    earlier = {o.site.code: (o, day) for o in others if (day := days_free[o.id]) and (than is None or day < than)}
    if not earlier:
        return []
    near = search.nearest_sites(full.site, [o.site for o, _day in earlier.values()])
    nearest = earlier[near[0].code]
    first = min(earlier.values(), key=lambda found: found[1])
    return [nearest] if first[1] >= nearest[1] else [nearest, first]


def first_day_to_wait_for(now: datetime) -> date:
    """The first day that is worth waiting for: after noon hardly anything of today can still be offered."""
    today = local_date(now)
    return today if local(now).time() < NOON else today + timedelta(days=1)


def last_day_to_wait_for(offering: Offering, best: Sequence[datetime], *, now: datetime) -> date | None:
    """The day before the first free time, or the last that can be booked if none is free; None: nothing is earlier."""
    if not best:
        return local_date(now) + timedelta(days=offering.horizon_days)
    until = local_date(best[0]) - timedelta(days=1)
    return until if until >= first_day_to_wait_for(now) else None


def can_wait_beside(
    db: Session, catalogue: Catalogue, offering: Offering, starts_at: datetime, *, now: datetime
) -> bool:
    """Whether there is an earlier day to wait for at this centre, and none to move to at once."""
    if local_date(starts_at) <= first_day_to_wait_for(now):
        return False
    open_day = first_days(db, catalogue, [offering], now=now)[offering.id]
    return open_day is None or open_day >= local_date(starts_at)
