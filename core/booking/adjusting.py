"""Changing how many people a centre takes: counters, minutes, quotas, and its cap a window.

What a change does to those who are booked is known before (`above`, `above_cap`);
they keep their places. Every change is once a request key, says whose word it
is, and is refused where somebody else has changed the same since its page was
shown. Hours are changed in core.booking.hours.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.booking.capacity import owner, rewrite, wanted_ahead
from core.booking.closing.errors import CannotChange
from core.booking.seats import Key
from core.booking.tables import Counted
from core.catalogue.editing.edit import check_seen
from core.catalogue.editing.services import MOST_MINUTES
from core.catalogue.snapshot import Offering, Site
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Site as SiteRow
from core.catalogue.tables import Trust
from core.catalogue.version import bump_version, hold_version
from core.db import Session
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event

MOST_COUNTERS = 200
MOST = {
    "counters": MOST_COUNTERS,
    "minutes": MOST_MINUTES,
    "daily_quota": 10_000,
    "lead_minutes": 14 * 24 * 60,
    "horizon_days": 180,
}
"""More than any centre has: a slip of the finger."""
LEAST = {"counters": 1, "minutes": 1, "daily_quota": 0, "lead_minutes": 0, "horizon_days": 1}
MOST_A_WINDOW = 100_000


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an offering can do; `daily_quota` is None where nobody limits the day."""

    counters: int
    minutes: int
    daily_quota: int | None
    lead_minutes: int
    horizon_days: int

    @classmethod
    def of(cls, offering: Offering | OfferingRow) -> "Capacity":
        return cls(
            offering.counters, offering.minutes, offering.daily_quota, offering.lead_minutes, offering.horizon_days
        )


@dataclass(frozen=True, slots=True)
class Crowded:
    """A window or a day with more people than it would have places for."""

    starts_at: datetime
    is_day: bool
    places: int
    people: int


@dataclass(frozen=True, slots=True)
class Above:
    """Where people would be above a changed capacity, by time; they keep their places."""

    crowded: tuple[Crowded, ...]

    @property
    def people(self) -> int:
        """The most that are too many, counted by windows or by days, whichever is more."""
        by_kind = Counter[bool]()
        for one in self.crowded:
            by_kind[one.is_day] += one.people - one.places
        return max(by_kind.values(), default=0)


def capacity_of(db: Session, offering: Offering) -> Capacity:
    """What the catalogue's row says now."""
    return Capacity.of(db.get_one(OfferingRow, offering.id, populate_existing=True))


def cap_of(db: Session, site: Site) -> int | None:
    """What the catalogue's row says now; None is no cap."""
    return db.get_one(SiteRow, site.id, populate_existing=True).window_cap


def above(db: Session, offering: Offering, to: Capacity, *, now: datetime) -> Above:
    """What this capacity would do. Writes nothing.

    Raises:
        CannotChange: a value is out of all bounds; the message is its name.
    """
    _check(to)
    whose = owner(db, site_id=offering.site.id, offering_id=offering.id)
    after = replace(whose, counters=to.counters, minutes=to.minutes, quota=to.daily_quota)
    return _above(db, wanted_ahead(db, after, now=now))


def above_cap(db: Session, site: Site, cap: int | None, *, now: datetime) -> Above:
    """What this most people a window would do at a centre. Writes nothing.

    Raises:
        CannotChange: out of all bounds.
    """
    _check_cap(cap)
    return _above(db, wanted_ahead(db, replace(owner(db, site_id=site.id, offering_id=None), cap=cap), now=now))


def change_capacity(
    db: Session, *, offering: Offering, to: Capacity, seen: str, actor: Actor, request_key: str, now: datetime
) -> None:
    """From now on the offering can do this. Nobody loses a place: a lowered capacity follows as places are given back.

    Args:
        seen: the mark (catalogue.editing.edit.mark_of) of `capacity_of`, as a dict, when it was looked at.

    Raises:
        CannotChange: a value is out of all bounds.
        Outdated: it has changed since.
    """
    _check(to)

    def work() -> Outcome:
        hold_version(db)
        row = db.get_one(OfferingRow, offering.id, populate_existing=True)
        old = asdict(Capacity.of(row))
        check_seen(seen, old)
        for name, value in asdict(to).items():
            setattr(row, name, value)
        row.source, row.trust = source_of(actor), Trust.VERIFIED
        db.flush()
        rewrite(db, owner(db, site_id=row.site_id, offering_id=row.id), now=now)
        record_change(db, "offering.capacity_changed", f"offering:{row.id}", actor, now, old=old, new=asdict(to))
        return {}

    once(db, request_key, work, now=now)


def change_cap(
    db: Session, *, site: Site, cap: int | None, seen: str, actor: Actor, request_key: str, now: datetime
) -> None:
    """From now on no more people than this are called in one window of a centre, over all services; None is no cap.

    Args:
        seen: the mark (catalogue.editing.edit.mark_of) of `cap_of` when it was looked at.

    Raises:
        CannotChange: out of all bounds.
        Outdated: it has changed since.
    """
    _check_cap(cap)

    def work() -> Outcome:
        hold_version(db)
        row = db.get_one(SiteRow, site.id, populate_existing=True)
        check_seen(seen, row.window_cap)
        old, row.window_cap = row.window_cap, cap
        db.flush()
        rewrite(db, owner(db, site_id=row.id, offering_id=None), now=now)
        record_change(db, "site.cap_changed", f"site:{site.code}", actor, now, old=old, new=cap)
        return {}

    once(db, request_key, work, now=now)


def _above(db: Session, wanted: Mapping[Key, int]) -> Above:
    keys = list(wanted)
    rows = db.execute(
        _CROWDED,
        {
            "kinds": [kind for kind, _, _ in keys],
            "owners": [owner_id for _, owner_id, _ in keys],
            "starts": [start for _, _, start in keys],
            "wanted": [wanted[key] for key in keys],
        },
    )
    return Above(tuple(Crowded(row.starts_at, row.kind == Counted.DAY, row.wanted, row.taken) for row in rows))


_CROWDED = sa.text("""
    SELECT kind, starts_at, asked.wanted, w.taken
    FROM unnest(CAST(:kinds AS text[]), CAST(:owners AS int[]), CAST(:starts AS timestamptz[]),
                CAST(:wanted AS int[])) AS asked (kind, owner_id, starts_at, wanted)
    JOIN windows w USING (kind, owner_id, starts_at)
    WHERE w.taken > asked.wanted
    ORDER BY starts_at, kind
""")


def _check(to: Capacity) -> None:
    for name, value in asdict(to).items():
        if value is not None and not LEAST[name] <= value <= MOST[name]:
            raise CannotChange(name)


def _check_cap(cap: int | None) -> None:
    if cap is not None and not 1 <= cap <= MOST_A_WINDOW:
        raise CannotChange("window_cap")


def source_of(actor: Actor) -> str:
    """As rows of the catalogue keep it: whose word it is."""
    return f"desk:{actor.who}"


def record_change(db: Session, name: str, subject: str, actor: Actor, now: datetime, **details: Any) -> None:
    """Count the catalogue's version up, and say in the record who did what."""
    record_event(db, name, subject, actor=actor, now=now, version=bump_version(db), **details)
