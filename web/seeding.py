"""`zamu seed`: load the catalogue, and for a demonstration open offerings, make some documents and accounts."""

from dataclasses import dataclass, field
from datetime import datetime

from core.catalogue.demo import open_demo_offerings
from core.catalogue.importer import load_catalogue
from core.catalogue.merging import Change
from core.db import make_engine, transactions
from core.people.register import Register
from core.settings import Settings
from core.staff.practice import PracticeAccount, make_practice_accounts
from core.staff.secrets import Secrets
from core.tracking.demo import DemoDocument, make_demo_documents
from core.visits.practice import make_practice_day


@dataclass(frozen=True, slots=True)
class Seeded:
    changes: list[Change]
    """To the catalogue; none where it was up to date."""
    documents: list[DemoDocument]
    """To look up when trying things out; none without `demo`."""
    accounts: list[PracticeAccount] = field(default_factory=list)
    """To sign in with at the desk; only where people are made up (settings.practice)."""


def seed_database(settings: Settings, *, demo: bool, now: datetime) -> Seeded:
    """Load and update everything in one transaction. Running it again changes nothing.

    Raises:
        BadData: a data file cannot be read; every bad row is named.
    """
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transactions(engine)() as db:
            changes = load_catalogue(db, now=now)
            if not demo:
                return Seeded(changes, [])
            changes += open_demo_offerings(db, now=now)
            people = Register(settings.secret_key)
            documents = make_demo_documents(db, people, now=now)
            if not settings.practice:
                return Seeded(changes, documents)
            make_practice_day(db, people, now=now)
            return Seeded(changes, documents, make_practice_accounts(db, Secrets(settings.secret_key), now=now))
    finally:
        engine.dispose()
