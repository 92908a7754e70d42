"""What a closure would do to people, before anything is written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.booking.capacity import owner, wanted_between
from core.booking.closing.commands import What, check
from core.booking.closing.hit import Hit, Span, who_would_be_hit
from core.booking.closing.room import AT_MOST, Room
from core.booking.seats import Key
from core.catalogue.snapshot import Catalogue
from core.clock import local_date
from core.db import Session

MOST_TRIED = 300
"""People for whom another time is looked for before it is said how many have one."""


@dataclass(frozen=True, slots=True)
class Impact:
    bookings: int
    appointments: int
    """Of agencies, which tell their people themselves."""
    by_day: Sequence[tuple[date, int, int]]
    """Day, service id, and how many of both."""
    tried: int
    """For how many another time was looked for: the first MOST_TRIED."""
    movable: int
    """How many of these have one within AT_MOST days, or soon after at the same centre."""
    within_days: int = AT_MOST

    @property
    def people(self) -> int:
        return self.bookings + self.appointments


def preview(
    db: Session, catalogue: Catalogue, *, what: What, starts_at: datetime, ends_at: datetime, now: datetime
) -> Impact:
    """Who would be hit, and how many of them could be moved. Writes nothing.

    Raises:
        CannotClose: as `commands.close`.
    """
    check(what, starts_at, ends_at, now=now)
    shutting = what.between(starts_at, ends_at)
    whose = owner(db, site_id=shutting.site_id, offering_id=shutting.offering_id)
    wanted = wanted_between(db, whose, starts_at, ends_at, also=[shutting])
    span = Span(shutting.site_id, shutting.offering_id, shutting.counters, starts_at, ends_at, whose.length)
    return impact_of(db, catalogue, span, wanted, now=now)


def impact_of(db: Session, catalogue: Catalogue, span: Span, wanted: Mapping[Key, int], *, now: datetime) -> Impact:
    """Who would be hit if these windows had so many places."""
    bookings, appointments = who_would_be_hit(db, span, wanted, now=now)
    people: list[Hit] = [*bookings, *appointments]
    room = Room(db, catalogue, now, wanted)
    tried = people[:MOST_TRIED]
    days = Counter((local_date(hit.seat.starts_at), hit.service_id) for hit in people)
    return Impact(
        bookings=len(bookings),
        appointments=len(appointments),
        by_day=[(*key, days[key]) for key in sorted(days)],
        tried=len(tried),
        movable=sum(room.find(hit.seat, hit.service_id) is not None for hit in tried),
    )
