"""`zamu seed`: load the catalogue, and for a demonstration open offerings and make some documents."""

from collections.abc import Iterator
from datetime import datetime

from core.catalogue.importer import load_catalogue, open_demo_offerings
from core.db import make_engine, transactions
from core.people.register import Register
from core.settings import Settings
from core.tracking.demo import make_demo_documents


def seed_database(settings: Settings, *, demo: bool, now: datetime) -> Iterator[str]:
    """Load and update; yield a line for every change. Running it again changes nothing."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        transaction = transactions(engine)
        with transaction() as db:
            changes = load_catalogue(db, now=now)
            if demo:
                changes += open_demo_offerings(db, now=now)
        yield from (str(change) for change in changes)
        if demo:
            with transaction() as db:
                made = make_demo_documents(db, Register(settings.secret_key), now=now)
            yield from map(str, made)
    finally:
        engine.dispose()
