"""People who have booked at a centre of the town, and the clock that moves them."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from core.booking import closing, commands
from core.booking.beneficiaries import Beneficiary
from core.booking.outcomes import Booked
from core.booking.tables import Booking
from core.catalogue.snapshot import Catalogue
from core.catalogue.version import catalogue_version
from core.db import Transaction
from core.people.audit import Actor, Intent
from core.people.register import Register
from tests.journeys.ledger import Ledger
from tests.support import NOW


@dataclass(frozen=True, slots=True)
class Books:
    """Called, a phone books at a centre: the nth window of the first free day."""

    transaction: Transaction
    register: Register
    ledger: Ledger

    def __call__(self, *, service: str = "IDR", site: str = "GPO", nth: int = 12, phone: int = 1) -> Booked:
        offering = self.ledger.catalogue.offering(service, site)
        assert offering is not None
        with self.transaction() as db:
            contact = self.register.contact(db, f"+25471100{phone:04d}", now=NOW)
            identity = self.register.identity(db, "national_id", f"{20_000_000 + phone}", now=NOW)
            return commands.confirm(
                db,
                Intent(contact.id, f"test:{phone}", Actor("ussd", contact.id), "en", NOW),
                offering=offering,
                starts_at=self.ledger.times(offering, self.ledger.days(offering)[0])[nth],
                closed_days=self.ledger.catalogue.closed_days,
                beneficiary=Beneficiary(identity.id),
            )


def clears(transaction: Transaction, catalogue: Catalogue, now: datetime = NOW) -> int:
    """What the clock does every two seconds, with a catalogue that knows of every change."""
    done = 0
    while True:
        with transaction() as db:
            known = replace(catalogue, version=catalogue_version(db))
            some = closing.clear(db, known, now=now, limit=25)
        if not some:
            return done
        done += some


def times(transaction: Transaction) -> list[datetime]:
    """When those are expected who have booked, in the order in which they did."""
    with transaction() as db:
        return list(db.scalars(sa.select(Booking.starts_at).order_by(Booking.id)))
