"""The second half of `make bench-search`: how long the figures page waits for its sums over all centres and a month.

Over the same two million bookings and as many documents as are over, half of
them collected and half on the shelf, in forty bins. Every row lies within the month that is
summed, in no order of centres: the most that the page can be asked for.
"""

import statistics
import time
from datetime import timedelta

import sqlalchemy as sa

from core import sums
from core.catalogue.snapshot import Catalogue
from core.clock import local_date, utc_now
from core.db import Transaction

ASKED = 11
MOST_MS = 1_000
"""Longer than that, and whoever waits thinks of something else (Miller 1968)."""

_SHELVE = """
    WITH sites AS (SELECT array_agg(id ORDER BY id) AS ids FROM sites),
         services AS (SELECT array_agg(id ORDER BY id) AS ids FROM services)
    INSERT INTO documents (tracking_number, service_id, site_id, stage, stage_since, received_at, proof_index,
                           contact_id, created_at, arrivals, shelf)
    SELECT 'd' || i, services.ids[1 + i % array_length(services.ids, 1)], sites.ids[1 + i % array_length(sites.ids, 1)],
           CASE i / 60 % 2 WHEN 0 THEN 'collected' ELSE 'notified' END, now() - make_interval(days => i % 29),
           now() - make_interval(days => i % 30), '\\x00', CASE WHEN i % 101 > 0 THEN i END,
           now() - make_interval(days => 40), 1, 'A' || i / 7 % 40
    FROM sites, services, generate_series(1, :n) i
"""


def fill(connection: sa.Connection, documents: int) -> None:
    """A document for each of the first people, all of which came in the last month."""
    connection.execute(sa.text(_SHELVE), {"n": documents})


def measure(transaction: Transaction, catalogue: Catalogue) -> None:
    """Asks for a month that is over, and for the month to come, as the page does for those who see all centres."""
    sites, today = [site.id for site in catalogue.sites.values()], local_date(utc_now())
    month = timedelta(days=sums.MOST_DAYS - 1)
    print(f"{f'{len(sites)} centres, sums':24}{'p50 ms':>8}{'longest':>8}{'counted':>12}")
    for name, first in (("of the last month", today - month), ("of the month to come", today)):
        took, counted = [], 0
        for _time in range(ASKED):
            started = time.perf_counter()
            with transaction() as db:
                found = sums.at_sites(db, sites, first=first, last=first + month)
            took.append((time.perf_counter() - started) * 1000)
            every = [one for services in found.values() for one in services.values()]
            counted = sum(one.booked + one.received + one.on_the_shelf for one in every)
        median = statistics.median(took)
        verdict = "" if median <= MOST_MS else f"  more than {MOST_MS:,} ms"
        print(f"{name:24}{median:8.0f}{max(took):8.0f}{counted:12,}{verdict}")
