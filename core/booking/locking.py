"""The order in which every command locks, and the locks of the caller's own rows.

No two transactions wait for each other, because all lock in this order:

1. the row of `requests` (a second copy of a request waits for the first);
2. the contact's row of `people` (one command of a phone at a time), and of both
   phones in the order of their ids where a booking goes from one to another;
3. the contact's own rows: the booking that is changed, the hold, the entries
   and offers of the waitlist;
4. expired holds of others, passing over those that somebody else is freeing;
5. a new row of `bookings` (waits where another phone books for the same person);
6. rows of `windows`, in one statement, in the order of their keys;
7. whoever is first in line for what has just been freed: an entry of another
   contact, passing over those that somebody else is changing. Nothing is waited
   for after that: the seat's counters were locked with the rest (seats.Exchange).

An agency's command (core.partners.appointments) has no contact: it begins with
the appointment that is changed, and a new one takes the place of a new booking.

A hold is written last: its row is the contact's own, and the contact is locked.

What closes or changes capacity (core.booking.closing, adjusting, hours) locks the
catalogue's version after the request, then the closure that is lifted, then windows
in the order of their keys, in whatever number of statements; no command of a phone
locks the first two. Moving people off a closure keeps the catalogue from changing
(not at all, where somebody is changing it), then locks the closure's row; then
everything to the windows is passed over where it is locked, but for a locked
contact's own entries of the waitlist, which are waited for.

The sweeps lock bookings, holds, or entries and offers, passing over locked ones,
then windows in one statement, then those in line. So whoever holds windows never
waits, and whoever waits for windows holds nothing that their holder waits for.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from core.booking.errors import NoSuchBooking
from core.booking.outcomes import Booked, booking_subject
from core.booking.queries import is_live
from core.booking.seats import Seat, seat_at
from core.booking.tables import Booking
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.tables import Service, Site
from core.db import Session
from core.people.audit import Intent
from core.people.tables import Person


def lock_contact(db: Session, contact_id: int) -> None:
    """One command of a phone at a time. Rows that only refer to the contact can still be written meanwhile."""
    db.execute(sa.select(Person.id).where(Person.id == contact_id).with_for_update(key_share=True)).one()


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """A phone's booking, with the codes that its message needs."""

    booked: Booked
    service_id: int
    seat: Seat
    service: str
    site: str

    @property
    def subject(self) -> str:
        """How events and messages name it."""
        return booking_subject(self.booked.id)

    @classmethod
    def of(cls, booked: Booked, offering: Offering) -> "OwnBooking":
        return cls(
            booked=booked,
            service_id=offering.service.id,
            seat=seat_at(offering, booked.starts_at),
            service=offering.service.code,
            site=offering.site.code,
        )


def lock_booking(db: Session, intent: Intent, reference: str) -> OwnBooking:
    """Raises:
    NoSuchBooking: unknown, over, or another phone's.
    """
    row = db.execute(
        sa.select(
            Booking.id,
            Booking.starts_at,
            Booking.offering_id,
            Booking.service_id,
            OfferingRow.site_id,
            Service.code.label("service"),
            Site.code.label("site"),
        )
        .join(OfferingRow, OfferingRow.id == Booking.offering_id)
        .join(Service, Service.id == Booking.service_id)
        .join(Site, Site.id == OfferingRow.site_id)
        .where(Booking.reference == reference, Booking.contact_id == intent.contact_id, is_live(intent.now))
        .with_for_update(of=Booking)
    ).one_or_none()
    if row is None:
        raise NoSuchBooking
    return OwnBooking(
        booked=Booked(row.id, reference, row.offering_id, row.starts_at),
        service_id=row.service_id,
        seat=Seat(row.offering_id, row.site_id, row.starts_at),
        service=row.service,
        site=row.site,
    )
