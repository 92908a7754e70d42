"""Figures: sums, and nothing of anybody."""

import csv
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import sums
from core.booking.tables import Booking, BookingHistory
from core.clock import at_local
from core.messaging.tables import Spending
from core.tracking.tables import Document
from tests.core.campaigns.office import Office
from tests.desk.pages import seen
from tests.support import NOW

TODAY = date(2026, 11, 23)


@pytest.fixture
def office(transaction, catalogue, register):
    return Office(transaction, catalogue, register)


@pytest.fixture
def week(office, catalogue, transaction):
    """What was done at GPO with lost IDs, and a little at WJR."""
    person = office.person()
    numbers = iter(range(1, 1000))

    def over(outcome, count=1, *, site="GPO", service="IDR", days_ago=1, reason=None):
        offering = catalogue.offering(service, site)
        starts_at = at_local(TODAY - timedelta(days=days_ago), time(9))
        rows = [
            {
                "ended_on": TODAY,
                "id": next(numbers),
                "outcome": outcome,
                "reason": reason,
                "reference": "12345678",
                "offering_id": offering.id,
                "service_id": offering.service.id,
                "starts_at": starts_at,
                "contact_id": person,
                "beneficiary_no": 1,
                "created_at": NOW,
                "ended_at": NOW,
            }
            for _ in range(count)
        ]
        with transaction() as db:
            db.execute(sa.insert(BookingHistory), rows)

    over("served", 5)
    over("served", days_ago=40)
    over("not_come", 2)
    over("given_up", 3)
    over("not_served", 2, reason="system_down")
    over("not_served", 1, reason="papers_missing")
    over("past", 1)
    over("served", 4, site="WJR", service="IDN")
    offering = catalogue.offering("IDR", "GPO")
    with transaction() as db:
        db.add(
            Booking(
                reference="48217096",
                offering_id=offering.id,
                service_id=offering.service.id,
                starts_at=at_local(TODAY, time(11)),
                contact_id=person,
                beneficiary_no=1,
                created_at=NOW,
            )
        )
        db.add(Spending(day=TODAY, what="notice", messages=7, segments=8, cost_kes=Decimal("6.40")))
        db.add(Spending(day=TODAY - timedelta(days=60), what="notice", messages=99, segments=99, cost_kes=Decimal(99)))
    office.shelve(3, days=2)
    office.shelve(1, days=50)
    office.shelve(2, days=3, stage="collected")


def test_a_centre_is_summed_by_service(week, db_of_town, catalogue):
    site = catalogue.sites["GPO"].id
    found = sums.at_sites(db_of_town, [site], first=TODAY - timedelta(days=6), last=TODAY)
    [only] = found[site].values()
    assert (only.booked, only.served, only.not_come, only.given_up, only.unsaid) == (12, 5, 2, 3, 1)
    assert only.not_served == {"system_down": 2, "papers_missing": 1}
    assert (only.received, only.collected, only.on_the_shelf) == (5, 2, 4)


@pytest.fixture
def db_of_town(transaction):
    with transaction() as db:
        yield db


def test_oversight_sees_all_centres_and_what_messages_cost_and_nobodys_name(week, desk):
    page = seen(desk("oversight").get("/desk/figures").text)
    assert "All centres: 17 Nov to 23 Nov 2026" in page
    assert "All 16 9 2 3 3 0 1 5 2 4" in page
    assert "The system is down 2" in page
    assert "Notices and reminders 7 8 6.40" in page
    one = seen(desk("auditor").get("/desk/figures?centre=GPO&first=2026-11-01&last=23/11/2026").text)
    assert "All 12 5 2 3 3 0 1 5 2 4" in one
    assert "+254" not in one


def test_a_manager_sees_the_own_centre_and_a_clerk_the_own_agencys_services(week, desk):
    assert "All 12 5" in seen(desk("manager").get("/desk/figures?centre=WJR").text)
    assert "All 16 9" in seen(desk("clerk", agency="NRB").get("/desk/figures").text)
    page = desk("clerk", agency="KRA").get("/desk/figures").text
    assert "All 0 0" in seen(page)
    assert "KES" not in seen(page)
    assert desk("counter").get("/desk/figures").status_code == 403


def test_the_file_has_a_line_a_centre_and_service(week, desk):
    rows = list(csv.DictReader(desk("oversight").get("/desk/figures/figures.csv").text.splitlines()))
    assert [(r["centre"], r["service"], r["served"], r["not_served_system_down"]) for r in rows] == [
        ("GPO", "IDR", "5", "2"),
        ("WJR", "IDN", "4", "0"),
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=2026-10-01&last=2026-11-23", "No more than 31 days at a time."),
        ("first=2026-11-23&last=2026-11-20", "The last day is before the first."),
        ("first=soon", "Type a day like 24/11/2026."),
    ],
)
def test_days_that_cannot_be_are_refused_beside_them_and_stay_as_typed(desk, query, sentence):
    page = desk("oversight").get(f"/desk/figures?{query}").text
    assert page.count(sentence) >= 2
    if "soon" in query:
        assert 'value="soon"' in page


def test_sums_are_read_through_the_indexes(transaction, catalogue):
    """On many rows: no statement reads a whole table."""
    with transaction() as db:
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))
        for model, condition in (
            (BookingHistory, "offering_id IN (SELECT id FROM offerings WHERE site_id = 1) AND starts_at > now()"),
            (Document, "site_id = 1 AND received_at > now()"),
            (Document, "site_id = 1 AND stage = 'collected' AND stage_since > now()"),
        ):
            plan = db.scalars(sa.text(f"EXPLAIN SELECT count(*) FROM {model.__tablename__} WHERE {condition}")).all()
            assert not any(f"Seq Scan on {model.__tablename__}" in line for line in plan), plan
