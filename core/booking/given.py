"""What is given where: services at centres, open for booking or not, and how many places of theirs are taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.tables import Counted, Window
from core.catalogue.editing.services import WALK_IN
from core.catalogue.snapshot import Service, Site
from core.catalogue.tables import Offering
from core.clock import local_date
from core.db import Session


@dataclass(frozen=True, slots=True)
class Given:
    """A service at a centre, as it stands in the tables: what was just switched is seen."""

    service: Service
    site: Site
    open: bool = False
    counters: int | None = None
    minutes: int | None = None
    """Of one person; None, as the counters, where it was never open."""
    taken: int = 0
    """Places still to come that somebody has."""

    @property
    def bookable(self) -> bool:
        """Whether it could be opened at all."""
        return self.service.appointment != WALK_IN and not self.service.elsewhere


def given_at(db: Session, services: Sequence[Service], sites: Sequence[Site], *, now: datetime) -> list[Given]:
    """Each of the services at each of the centres, given there or not; service by service, in the order asked."""
    rows = db.execute(
        sa.select(
            Offering.id, Offering.service_id, Offering.site_id, Offering.open, Offering.counters, Offering.minutes
        )
        .where(Offering.site_id.in_([site.id for site in sites]))
        .where(Offering.service_id.in_([service.id for service in services]))
    ).all()
    held = {(row.service_id, row.site_id): row for row in rows}
    taken = places_taken(db, [row.id for row in rows], now=now)
    found = []
    for service in services:
        for site in sites:
            row = held.get((service.id, site.id))
            if row is None:
                found.append(Given(service, site))
            else:
                found.append(Given(service, site, row.open, row.counters, row.minutes, taken.get(row.id, 0)))
    return found


def open_by_site(db: Session) -> dict[int, int]:
    """By site id, how many services are open there; nothing for centres without."""
    counted = sa.select(Offering.site_id, sa.func.count().label("services")).where(Offering.open)
    return {row.site_id: row.services for row in db.execute(counted.group_by(Offering.site_id))}


def places_taken(db: Session, offering_ids: Sequence[int], *, now: datetime) -> dict[int, int]:
    """By offering, the places that somebody has: booked, held, on offer, or an agency's own; nothing for none.

    From today's first window on: whoever is late lives until the day ends. Read
    through the key of `windows`, an offering at a time.
    """
    counted = (
        sa.select(Window.owner_id, sa.func.sum(Window.taken).label("taken"))
        .where(
            Window.kind == Counted.OFFERING.value,
            Window.owner_id.in_(offering_ids),
            Window.starts_at >= day_begins(local_date(now)),
            Window.taken > 0,
        )
        .group_by(Window.owner_id)
    )
    return {row.owner_id: row.taken for row in db.execute(counted)}
