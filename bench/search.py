"""`make bench-search`: how long a counter waits for a citizen among a million bookings, and as many that are over.

Then, over the same bookings, how long the page of figures takes (bench.figures),
and pages of the desk and the portal (bench.pages).

Everybody's booking lies somewhere in the coming month; on the day that is
searched, a centre expects a busy day's people (60,000 a day at 54 centres). Each
kind of number is asked for again and again through the desk's own function, the
trace of it written, in a transaction of its own.
"""

import random
import statistics
import sys
import time
from datetime import timedelta

import sqlalchemy as sa

from bench import figures, pages
from core.booking.tables import Booking
from core.catalogue.live import LiveCatalogue
from core.clock import local, utc_now
from core.db import Session, Transaction, make_engine, transactions
from core.people.audit import Actor
from core.people.register import Register
from core.references import new_reference
from core.settings import Settings
from core.visits.finding import find
from migrations import migrate
from web.local.scratch import scratch_servers
from web.seeding import seed_database

BOOKINGS = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
EXPECTED = 1_100
"""At one centre in a day: 60,000 over 54 centres."""
ASKED = 200
KEYSTROKE_MS = 100
"""What a person feels as at once (Miller 1968; Card, Robertson and Mackinlay 1991)."""
SECRET = "a-secret-for-the-benchmark-of-searching"

_FILL = """
    INSERT INTO people (phone_index, phone_sealed, created_at)
    SELECT decode(md5('phone' || i), 'hex'), '\\x00', now() FROM generate_series(1, :n) i;
    INSERT INTO people (identity_index, identity_sealed, created_at)
    SELECT decode(md5('identity' || i), 'hex'), '\\x00', now() FROM generate_series(1, :n) i;
"""
_BOOK = """
    WITH places AS (
        SELECT array_agg(id ORDER BY id) AS ids, array_agg(service_id ORDER BY id) AS services FROM offerings)
    INSERT INTO {table} (reference, offering_id, service_id, starts_at, contact_id, beneficiary_id, created_at{more})
    SELECT '{mark}' || i, ids[1 + i % array_length(ids, 1)], services[1 + i % array_length(ids, 1)],
           date_trunc('day', now()) + make_interval(days => :first + i % 30, mins => 30 * (10 + i % 20)),
           i, :n + i, now(){values}
    FROM places, generate_series(1, :n) i
"""


def main() -> None:
    with scratch_servers() as servers:
        superuser = sa.create_engine(servers.postgres.address("postgres", "postgres"), isolation_level="AUTOCOMMIT")
        with superuser.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE search OWNER zamu_owner"))
        owner = servers.postgres.address("zamu_owner", "search")
        migrate(owner)
        settings = Settings(
            database_url=servers.postgres.address("zamu_app", "search"),
            database_owner_url=owner,
            redis_url=servers.redis_url,
            queue_url=servers.redis_url,
            secret_key=SECRET,
            callback_secrets=("not-used-by-this-benchmark",),
        )
        seed_database(settings, demo=True, now=utc_now())
        fill(sa.create_engine(owner))
        engine = make_engine(settings.database_url)
        references = measure(transactions(engine), Register(SECRET))
        figures.measure(transactions(engine, read_only=True), LiveCatalogue(transactions(engine)).current())
        pages.measure(settings, references)
        engine.dispose()
        superuser.dispose()


def fill(engine: sa.Engine) -> None:
    """A million live bookings from tomorrow on, and as many that are over."""
    started = time.perf_counter()
    with engine.begin() as connection:
        for statement in filter(str.strip, _FILL.split(";")):
            connection.execute(sa.text(statement), {"n": BOOKINGS})
        connection.execute(
            sa.text(_BOOK.format(table="bookings", mark="b", more="", values="")), {"n": BOOKINGS, "first": 1}
        )
        over = {"more": ", id, ended_on, outcome, ended_at", "values": ", i, current_date, 'served', now()"}
        connection.execute(
            sa.text(_BOOK.format(table="booking_history", mark="h", **over)), {"n": BOOKINGS, "first": -31}
        )
        figures.fill(connection, BOOKINGS)
        pages.fill(connection, BOOKINGS)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()
    took = time.perf_counter() - started
    print(f"{2 * BOOKINGS:,} bookings, as many events, {BOOKINGS:,} messages, {BOOKINGS:,} documents in {took:.0f} s")


def measure(transaction: Transaction, register: Register) -> list[str]:
    """Returns the references of those who are expected today."""
    now = utc_now()
    chance = random.Random(191)
    with transaction() as db:
        catalogue = LiveCatalogue(transaction).current()
        site = catalogue.sites["GPO"]
        references = expect(db, register, [o.id for o in catalogue.offerings if o.site.code == "GPO"], chance)
    kinds = {
        "booking number": lambda nth: references[nth],
        "phone": lambda nth: f"0733{nth:06d}",
        "ID number": lambda nth: str(30_000_000 + nth),
        "last four": lambda nth: f"{nth:04d}",
    }
    print(f"{'looked up by':16}{'p50 ms':>8}{'p95 ms':>8}{'found':>8}")
    for kind, number in kinds.items():
        took, found = [], 0
        for _time in range(ASKED):
            text = number(chance.randrange(EXPECTED))
            started = time.perf_counter()
            with transaction() as db:
                found += bool(
                    find(db, register, site_id=site.id, text=text, actor=Actor("desk", who="b"), now=now).visits
                )
            took.append((time.perf_counter() - started) * 1000)
        cuts = statistics.quantiles(took, n=20)
        verdict = "" if cuts[18] <= KEYSTROKE_MS else f"  more than {KEYSTROKE_MS} ms"
        print(f"{kind:16}{statistics.median(took):8.1f}{cuts[18]:8.1f}{found:8}{verdict}")
    return references


def expect(db: Session, register: Register, offerings: list[int], chance: random.Random) -> list[str]:
    """Today's people at one centre, with phones and numbers that can be unsealed; their references."""
    now = utc_now()
    today = local(now).replace(hour=12, minute=0, second=0, microsecond=0)
    services = dict(db.execute(sa.text("SELECT id, service_id FROM offerings")).all())
    rows, references = [], []
    for nth in range(EXPECTED):
        offering = offerings[nth % len(offerings)]
        references.append(new_reference())
        rows.append(
            {
                "reference": references[-1],
                "offering_id": offering,
                "service_id": services[offering],
                "starts_at": today + timedelta(minutes=30 * chance.randrange(8)),
                "contact_id": register.contact(db, f"+254733{nth:06d}", now=now).id,
                "beneficiary_id": register.identity(db, "national_id", str(30_000_000 + nth), now=now).id,
                "created_at": now,
            }
        )
    db.execute(sa.insert(Booking), rows)
    return references


if __name__ == "__main__":
    main()
