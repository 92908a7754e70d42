"""What the database says after a call: who has a place, and whether the counters agree."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.booking import upkeep
from core.booking.availability import Fullness, day_begins, days_with_room, slots_on
from core.booking.seats import Seat
from core.booking.tables import Appointment, Booking, BookingHistory, Counted, Hold, WaitlistOffer, Window
from core.catalogue.snapshot import Catalogue, Offering
from core.catalogue.tables import Offering as OfferingRow
from core.clock import local_date
from core.db import Transaction
from core.messaging.tables import Message
from tests.support import NOW


@dataclass(frozen=True)
class Ledger:
    transaction: Transaction
    catalogue: Catalogue

    def bookings(self) -> list[Booking]:
        with self.transaction() as db:
            return list(db.scalars(sa.select(Booking).order_by(Booking.id)))

    def only_booking(self) -> Booking:
        bookings = self.bookings()
        assert len(bookings) == 1, f"{len(bookings)} bookings"
        return bookings[0]

    def given_up(self) -> list[str]:
        with self.transaction() as db:
            return list(db.scalars(sa.select(BookingHistory.reference).where(BookingHistory.outcome == "given_up")))

    def holds(self) -> list[Hold]:
        with self.transaction() as db:
            return list(db.scalars(sa.select(Hold).order_by(Hold.contact_id)))

    def messages(self) -> list[str]:
        """The templates of the messages written, in order."""
        with self.transaction() as db:
            return list(db.scalars(sa.select(Message.template).order_by(Message.id)))

    def is_balanced(self) -> None:
        """The places taken are exactly the bookings, the holds, the open offers and the live appointments."""
        with self.transaction() as db:
            expected: Counter[tuple[str, int, datetime]] = Counter()
            still_open = WaitlistOffer.outcome.is_(None)
            live = Appointment.ended_at.is_(None)
            given = ((Booking, sa.true()), (Hold, sa.true()), (WaitlistOffer, still_open), (Appointment, live))
            for table, condition in given:
                places = db.execute(
                    sa.select(table.offering_id, OfferingRow.site_id, table.starts_at)
                    .join(OfferingRow, OfferingRow.id == table.offering_id)
                    .where(condition)
                )
                for row in places:
                    expected.update(Seat(*row).counters())
            taken = {(w.kind, w.owner_id, w.starts_at): w.taken for w in db.scalars(sa.select(Window)) if w.taken}
        assert taken == dict(expected)

    def leave_one_place(self, offering: Offering, starts_at: datetime) -> None:
        """Only one more may have this time."""
        with self.transaction() as db:
            db.add(
                Window(kind=Counted.OFFERING, owner_id=offering.id, starts_at=starts_at, wanted=1, capacity=1, taken=0)
            )

    def fill(self, offerings: Iterable[Offering], days: Iterable[date]) -> None:
        """Nobody else may come on these days."""
        with self.transaction() as db:
            for offering in offerings:
                for day in days:
                    begins = day_begins(day)
                    db.add(
                        Window(kind=Counted.DAY, owner_id=offering.id, starts_at=begins, wanted=1, capacity=1, taken=1)
                    )

    def days(self, offering: Offering) -> list[date]:
        """Every day that an empty calendar offers from now."""
        return days_with_room(offering, full=Fullness(), now=NOW, closed_days=self.catalogue.closed_days)

    def next_days(self, count: int) -> list[date]:
        return [local_date(NOW) + timedelta(days=ahead) for ahead in range(count)]

    def sweep(self, now: datetime) -> None:
        """What the clock does every few seconds: give back the places of expired holds."""
        with self.transaction() as db:
            upkeep.free_expired_holds(db, now=now, limit=100)

    def times(self, offering: Offering, day: date) -> list[datetime]:
        return slots_on(offering, day, closed_days=self.catalogue.closed_days)
