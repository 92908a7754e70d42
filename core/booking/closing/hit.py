"""Who has a place that a closure leaves no room for.

In each of its windows as many are hit as places are taken beyond those the
window has. Where all of it is shut these are all; where some counters are, it
is the holds first, then places that are on offer, then the bookings made last,
then agencies' appointments. Whoever has come already is hit only where nobody
else is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core import wording
from core.booking.availability import day_begins
from core.booking.seats import Key, Seat
from core.booking.tables import Counted
from core.clock import local_date
from core.db import Session


@dataclass(frozen=True, slots=True)
class Span:
    """Where a closure looks: the windows of an offering, or of a whole site (then `offering_id` is None)."""

    site_id: int
    offering_id: int | None
    counters: int | None
    starts_at: datetime
    ends_at: datetime
    length: timedelta
    """Of one window."""

    def parameters(self, now: datetime) -> dict[str, Any]:
        """Of days that are over nobody is hit."""
        counted = Counted.SITE if self.offering_id is None else Counted.OFFERING
        return {
            "kind": counted.value,
            "owner": self.site_id if self.offering_id is None else self.offering_id,
            "site": self.site_id,
            "offering": self.offering_id,
            "first": max(self.starts_at - self.length + _A_MOMENT, day_begins(local_date(now))),
            "ends_at": self.ends_at,
            "outside": self.counters == 0,
        }


_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hit:
    """A booking, or an agency's appointment (then `contact_id` is None), that is to be moved. Locked."""

    id: int
    seat: Seat
    service_id: int
    reference: str
    contact_id: int | None
    beneficiary_id: int | None
    language: str
    created_at: datetime
    came_at: datetime | None
    priority: bool


def anybody_left(db: Session, span: Span, *, now: datetime) -> bool:
    """Whether more places are taken in any window than it has: committed, whoever has them locked."""
    return db.scalar(sa.text(f"SELECT EXISTS (SELECT FROM ({_CROWDED}) crowded)"), span.parameters(now)) is True


def people_left(db: Session, span: Span, *, now: datetime) -> int:
    """How many places are taken beyond those there are."""
    return db.scalar(sa.text(f"SELECT coalesce(sum(excess), 0) FROM ({_CROWDED}) crowded"), span.parameters(now)) or 0


def hit_holds(db: Session, span: Span, *, now: datetime, limit: int) -> list[int]:
    """Contacts whose holds are in the way, locked; passing over those that are being used."""
    return list(db.scalars(_HOLDS, span.parameters(now) | {"limit": limit}))


def hit_offers(db: Session, span: Span, *, now: datetime, limit: int) -> list[int]:
    """Open offers of the waitlist that are in the way, locked with their entries; passing over those in use."""
    return list(db.scalars(_OFFERS, span.parameters(now) | {"limit": limit}))


def hit_bookings(db: Session, span: Span, *, now: datetime, limit: int) -> list[Hit]:
    """Bookings in the way, the earliest first, locked with their contacts; those being changed are passed over."""
    rows = db.execute(_BOOKINGS, span.parameters(now) | {"limit": limit})
    return [_hit(row) for row in rows]


def hit_appointments(db: Session, span: Span, *, now: datetime, limit: int) -> list[Hit]:
    """Appointments of agencies in the way, locked."""
    rows = db.execute(_APPOINTMENTS, span.parameters(now) | {"limit": limit})
    return [_hit(row) for row in rows]


def who_would_be_hit(
    db: Session, span: Span, wanted: Mapping[Key, int], *, now: datetime
) -> tuple[list[Hit], list[Hit]]:
    """Bookings and appointments that would be in the way if the windows had so many places. Nothing is locked."""
    asked = span.parameters(now) | {
        "starts": [start for _, _, start in wanted],
        "wanted": list(wanted.values()),
        "limit": None,
    }
    bookings = [_hit(row) for row in db.execute(_WOULD_BE_BOOKINGS, asked)]
    return bookings, [_hit(row) for row in db.execute(_WOULD_BE_APPOINTMENTS, asked)]


def _hit(row: sa.Row[Any]) -> Hit:
    return Hit(
        id=row.id,
        seat=Seat(row.offering_id, row.site_id, row.starts_at),
        service_id=row.service_id,
        reference=row.reference,
        contact_id=row.contact_id,
        beneficiary_id=row.beneficiary_id,
        language=row.language or wording.DEFAULT,
        created_at=row.created_at,
        came_at=row.came_at,
        priority=row.priority,
    )


_CROWDED = """
    SELECT starts_at, taken - wanted AS excess FROM windows
    WHERE kind = :kind AND owner_id = :owner AND starts_at >= :first AND starts_at < :ends_at
      AND taken > wanted AND (wanted = 0 OR NOT :outside)
"""
_THOUGHT_OF = """
    SELECT w.starts_at, w.taken - asked.wanted AS excess
    FROM unnest(CAST(:starts AS timestamptz[]), CAST(:wanted AS int[])) AS asked (starts_at, wanted)
    JOIN windows w ON w.kind = :kind AND w.owner_id = :owner AND w.starts_at = asked.starts_at
    WHERE w.starts_at >= :first AND w.starts_at < :ends_at
      AND w.taken > asked.wanted AND (asked.wanted = 0 OR NOT :outside)
"""
_HERE = """
    offering.site_id = :site AND (CAST(:offering AS int) IS NULL OR offering.id = CAST(:offering AS int))
"""


def _ranked(table: str, order: str, crowded: str, *, key: str = "id", live: str = "true", before: str = "0") -> str:
    """Those of a table who are in the way, by their key: as many of a window as it has too many, in this order.

    `before`: how many of those go before them.
    """
    return f"""
        SELECT mine.{key}, mine.offering_id, mine.starts_at, offering.site_id, offering.service_id,
               row_number() OVER (PARTITION BY mine.starts_at ORDER BY {order}) <= crowded.excess - {before} AS is_hit
        FROM ({crowded}) crowded
        JOIN {table} mine ON mine.starts_at = crowded.starts_at AND {live}
        JOIN offerings offering ON offering.id = mine.offering_id AND {_HERE}
    """


_HAVE_COME = "mine.came_at IS NOT NULL"
_LAST_MADE = f"{_HAVE_COME}, mine.priority, mine.created_at DESC, mine.id DESC"
_LIVE = "mine.ended_at IS NULL"
# Another transaction may have moved the row since this statement began: what is locked is looked at again.
_STILL_THERE = "mine.offering_id = ranked.offering_id AND mine.starts_at = ranked.starts_at"


def _bookings(crowded: str) -> str:
    """Whoever has come goes after the appointments of those who have not."""
    before = f"""CASE WHEN {_HAVE_COME} THEN (
        SELECT count(*) FROM appointments a JOIN offerings offering ON offering.id = a.offering_id AND {_HERE}
        WHERE a.starts_at = crowded.starts_at AND a.ended_at IS NULL AND a.came_at IS NULL) ELSE 0 END"""
    return f"""
        SELECT mine.id, mine.offering_id, ranked.site_id, mine.starts_at, mine.service_id, mine.reference,
               mine.contact_id, mine.beneficiary_id, contact.language, mine.created_at, mine.came_at, mine.priority
        FROM ({_ranked("bookings", _LAST_MADE, crowded, before=before)}) ranked
        JOIN bookings mine ON mine.id = ranked.id AND {_STILL_THERE}
        JOIN people contact ON contact.id = mine.contact_id
        WHERE ranked.is_hit
        ORDER BY mine.starts_at, mine.created_at, mine.id
        LIMIT :limit
    """


def _appointments(crowded: str) -> str:
    """An agency has to tell its people by itself: they are moved after those whom we can tell."""
    made = f"{_HAVE_COME}, mine.created_at DESC, mine.id DESC"
    before = f"""(
        SELECT count(*) FROM bookings b JOIN offerings offering ON offering.id = b.offering_id AND {_HERE}
        WHERE b.starts_at = crowded.starts_at AND ({_HAVE_COME} OR b.came_at IS NULL))"""
    return f"""
        SELECT mine.id, mine.offering_id, ranked.site_id, mine.starts_at, ranked.service_id, mine.reference,
               CAST(NULL AS bigint) AS contact_id, CAST(NULL AS bigint) AS beneficiary_id,
               CAST(NULL AS text) AS language, mine.created_at, mine.came_at, false AS priority
        FROM ({_ranked("appointments", made, crowded, live=_LIVE, before=before)}) ranked
        JOIN appointments mine ON mine.id = ranked.id AND mine.ended_at IS NULL AND {_STILL_THERE}
        WHERE ranked.is_hit
        ORDER BY mine.starts_at, mine.created_at, mine.id
        LIMIT :limit
    """


_HOLDS = sa.text(f"""
    SELECT mine.contact_id
    FROM ({_ranked("holds", "mine.expires_at DESC", _CROWDED, key="contact_id")}) ranked
    JOIN holds mine ON mine.contact_id = ranked.contact_id AND {_STILL_THERE}
    WHERE ranked.is_hit
    LIMIT :limit
    FOR UPDATE OF mine SKIP LOCKED
""")
_OFFERS = sa.text(f"""
    SELECT mine.id
    FROM ({_ranked("waitlist_offers", "mine.id DESC", _CROWDED, live="mine.outcome IS NULL")}) ranked
    JOIN waitlist_offers mine ON mine.id = ranked.id AND mine.outcome IS NULL
    JOIN waitlist_entries entry ON entry.id = mine.entry_id
    WHERE ranked.is_hit
    LIMIT :limit
    FOR UPDATE OF mine, entry SKIP LOCKED
""")
_BOOKINGS = sa.text(f"{_bookings(_CROWDED)} FOR NO KEY UPDATE OF contact, mine SKIP LOCKED")
_APPOINTMENTS = sa.text(f"{_appointments(_CROWDED)} FOR UPDATE OF mine SKIP LOCKED")
_WOULD_BE_BOOKINGS = sa.text(_bookings(_THOUGHT_OF))
_WOULD_BE_APPOINTMENTS = sa.text(_appointments(_THOUGHT_OF))
