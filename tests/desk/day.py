"""The day at a centre of the town: those who are expected, and the officers' pages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.availability import slots_on
from core.booking.beneficiaries import Beneficiary
from core.booking.outcomes import Booked
from core.booking.tables import Booking, BookingHistory
from core.catalogue.snapshot import Catalogue, Offering
from core.clock import local_date
from core.db import Transaction
from core.people.audit import Actor, Intent
from core.people.register import Register
from core.people.tables import Event
from tests.support import Clock


@dataclass
class Day:
    """Bookings of lost IDs at GPO unless something else is named; `clock` moves the day on."""

    transaction: Transaction
    catalogue: Catalogue
    register: Register
    clock: Clock
    numbers: Any = field(default_factory=lambda: count(1))

    def offering(self, site: str = "GPO", service: str = "IDR") -> Offering:
        offering = self.catalogue.offering(service, site)
        assert offering is not None
        return offering

    def times(self, days: int = 0, site: str = "GPO", service: str = "IDR") -> list[datetime]:
        """The windows of a day from today on."""
        day = local_date(self.clock()) + timedelta(days=days)
        return slots_on(self.offering(site, service), day, closed_days=self.catalogue.closed_days)

    def books(
        self,
        at: datetime,
        *,
        site: str = "GPO",
        service: str = "IDR",
        phone: str = "",
        number: str = "",
    ) -> Booked:
        """Somebody booked that yesterday, on the phone."""
        nth = next(self.numbers)
        then = self.clock() - timedelta(days=1)
        with self.transaction() as db:
            contact = self.register.contact(db, phone or f"+2547{nth:08}", now=then)
            person = self.register.identity(db, "national_id", number or str(20_000_000 + nth), now=then)
            return commands.confirm(
                db,
                Intent(contact.id, f"book {nth}", Actor("ussd", contact.id), "en", then),
                offering=self.offering(site, service),
                starts_at=at,
                closed_days=self.catalogue.closed_days,
                beneficiary=Beneficiary(person.id),
            )

    def scalars(self, statement: sa.Select[Any]) -> list[Any]:
        with self.transaction() as db:
            return list(db.scalars(statement))

    def booking(self, booked: Booked) -> Booking | None:
        return next(iter(self.scalars(sa.select(Booking).where(Booking.id == booked.id))), None)

    def past(self, booked: Booked) -> BookingHistory:
        [row] = self.scalars(sa.select(BookingHistory).where(BookingHistory.id == booked.id))
        return row

    def events(self, name: str) -> list[Event]:
        return self.scalars(sa.select(Event).where(Event.name == name).order_by(Event.id))


MakeDay = Callable[[], Day]


@pytest.fixture
def day(transaction: Transaction, catalogue: Catalogue, register: Register, clock: Clock) -> Day:
    return Day(transaction, catalogue, register, clock)
