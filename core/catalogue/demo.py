"""Demo offerings: every service that takes bookings, opened everywhere, so that there is something to dial."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.catalogue.given_hours import copy_site_hours
from core.catalogue.merging import Change
from core.catalogue.tables import Named, Offering, OfferingHours, Service, Site, Trust
from core.catalogue.version import bump_version
from core.db import Session
from core.people.audit import Actor, record_event

SOURCE = "demo"
WITHOUT_BOOKING = "walk_in"


def open_demo_offerings(db: Session, *, now: datetime) -> list[Change]:
    """Open each bookable service at each centre where it has no offering yet, with the centre's own hours.

    An offering that is there already is left alone, whether open or closed:
    somebody may have decided so.
    """
    opened = _add_offerings(db)
    if not opened:
        return []
    without_hours = ~sa.exists().where(OfferingHours.offering_id == Offering.id)
    copy_site_hours(db, sa.and_(Offering.source == SOURCE, without_hours), source=SOURCE, trust=Trust.ESTIMATE)
    subject = f"catalogue:{bump_version(db)}"
    record_event(db, "catalogue.demo_opened", subject, actor=Actor("terminal"), now=now, offerings=opened)
    return [
        Change(f"{Named.SERVICE} {code}", f"demo offerings opened at {sites} {'centre' if sites == 1 else 'centres'}")
        for code, sites in opened.items()
    ]


def _add_offerings(db: Session) -> dict[str, int]:
    """How many were added, by service."""
    taken = {tuple(row) for row in db.execute(sa.select(Offering.service_id, Offering.site_id))}
    sites = db.scalars(sa.select(Site.id).where(Site.kind == "centre").order_by(Site.id)).all()
    services = db.scalars(
        sa.select(Service)
        .where(Service.appointment != WITHOUT_BOOKING, Service.elsewhere.is_(False))
        .order_by(Service.id)
    )
    rows: list[dict[str, Any]] = []
    opened: dict[str, int] = {}
    for service in services:
        missing = [site for site in sites if (service.id, site) not in taken]
        if missing:
            opened[service.code] = len(missing)
        rows += [
            {
                "service_id": service.id,
                "site_id": site,
                "open": True,
                # Two desks for what most people come for, one for the rest: a guess, as all of the demo is.
                "counters": 1 if service.common_rank is None else 2,
                "minutes": service.minutes,
                "source": SOURCE,
                "trust": Trust.ESTIMATE,
            }
            for site in missing
        ]
    if rows:
        db.execute(sa.insert(Offering), rows)
    return opened
