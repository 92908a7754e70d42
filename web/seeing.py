"""What a page says about a place: where, when, what to bring, what it costs."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.booking.tables import Booking, BookingHistory
from core.catalogue import telling
from core.catalogue.snapshot import Offering, Service, Site
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Session
from web.work import Work


@dataclass(frozen=True, slots=True)
class Told:
    """Facts as facts, what is not confirmed as such, guesses not at all (core.catalogue.telling)."""

    service: Service
    site: Site
    starts_at: datetime | None
    address: str | None
    bring: tuple[str, ...] | None
    """None: ask at the centre."""
    fee: str


def told(work: Work, offering: Offering, starts_at: datetime | None) -> Told:
    return _told(work, offering.service, offering.site, starts_at)


def of_booking(work: Work, db: Session, booking: Booking | BookingHistory) -> Told:
    """Also where the centre takes no bookings for the service any more."""
    site_id = db.scalars(sa.select(OfferingRow.site_id).where(OfferingRow.id == booking.offering_id)).one()
    catalogue = work.catalogue
    return _told(work, catalogue.service_by_id(booking.service_id), catalogue.site_by_id(site_id), booking.starts_at)


def _told(work: Work, service: Service, site: Site, starts_at: datetime | None) -> Told:
    day = local_date(starts_at or work.now())
    return Told(
        service=service,
        site=site,
        starts_at=starts_at,
        address=telling.address_line(site),
        bring=telling.bring_list(service),
        fee=telling.verified_fee_line(service, day),
    )
