"""The list of a centre's day."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.serving import serve
from core.booking.tables import Appointment
from core.visits import finding
from core.visits.expected import State
from core.visits.turning_away import Reason
from tests.core.booking.world import TUESDAY, an_hour
from tests.core.visits.centre import ASHA, Centre


def test_the_list_is_in_order_of_time_with_the_last_three_of_the_id(centre: Centre) -> None:
    offering = centre.gpo()
    nine, eight = centre.expects(offering, 9, number="12345678"), centre.expects(offering, 8, number="87654321")
    centre.expects(centre.offering(site="MAK"))
    centre.expects(offering, at=an_hour(8, day=TUESDAY + timedelta(days=1)))
    rows = centre.day().rows
    assert [(row.reference, row.last_digits, row.state) for row in rows] == [
        (eight.reference, "321", State.EXPECTED),
        (nine.reference, "678", State.EXPECTED),
    ]
    assert centre.counts() == {"expected": 2}


def test_what_became_of_them_is_in_the_list_and_the_counts(centre: Centre) -> None:
    offering = centre.gpo(seats=9)
    served, waiting, gone, cancelled, due = (centre.expects(offering) for _ in range(5))
    centre.now = an_hour(8, 20)
    centre.checks_in(waiting)
    with centre.transaction() as db:
        serve(db, ASHA, reference=served.reference, now=centre.now)
    centre.lets_go(centre.turned(gone, Reason.WRONG_SERVICE))
    with centre.transaction() as db:
        contact = db.scalar(sa.text("SELECT contact_id FROM bookings WHERE reference = :r"), {"r": cancelled.reference})
    centre.does(commands.give_up, contact, reference=cancelled.reference)
    states = {row.reference: row.state for row in centre.day().rows}
    assert states == {
        served.reference: State.SERVED,
        waiting.reference: State.CAME,
        gone.reference: State.NOT_SERVED,
        due.reference: State.EXPECTED,
    }
    assert centre.counts() == {"expected": 1, "came": 1, "served": 1, "not_served": 1, "given_up": 1}
    assert [row.reference for row in centre.day(states=[State.CAME]).rows] == [waiting.reference]


def test_the_list_is_paged_and_every_row_comes_once(centre: Centre) -> None:
    offering = centre.gpo(seats=9)
    booked = {centre.expects(offering, hour).reference for hour in (8, 8, 8, 9, 10)}
    seen, after = [], None
    while True:
        page = centre.day(after=after, limit=2)
        seen += [row.reference for row in page.rows]
        after = page.next
        if after is None:
            break
    assert len(seen) == 5
    assert set(seen) == booked


def test_a_priority_place_comes_first_in_its_window(centre: Centre) -> None:
    offering = centre.gpo(seats=1)
    ordinary, turned = centre.expects(offering, 9), centre.expects(offering, 8)
    centre.now = an_hour(8, 10)
    centre.brings_back(centre.turned(turned), offering, an_hour(9))
    assert [(row.reference, row.priority) for row in centre.day().rows] == [
        (turned.reference, True),
        (ordinary.reference, False),
    ]


def test_an_agencys_own_appointments_are_expected_too(centre: Centre) -> None:
    offering = centre.gpo()
    with centre.transaction() as db:
        agency_id = db.scalar(sa.text("SELECT agency_id FROM services"))
        at = {"agency_id": agency_id, "offering_id": offering.id, "created_at": centre.now}
        db.add(Appointment(reference="NRB/7", starts_at=an_hour(8), **at))
        db.add(Appointment(reference="NRB/8", starts_at=an_hour(9), ended_at=centre.now, outcome="given_up", **at))
    [row] = centre.day().rows
    assert (row.reference, row.is_appointment, row.last_digits) == ("NRB/7", True, None)
    assert centre.counts() == {"expected": 1, "given_up": 1}
    assert found(centre, "NRB/7") == ["NRB/7"]
    with centre.transaction() as db:
        db.execute(sa.delete(Appointment))


def found(centre: Centre, text: str) -> list[str]:
    with centre.transaction() as db:
        site_id = centre.sites["GPO"].id
        result = finding.find(db, centre.register, site_id=site_id, text=text, actor=ASHA, now=centre.now)
    return [visit.reference for visit in result.visits]


def test_somebody_is_found_by_whatever_number_they_have_and_only_at_their_centre(centre: Centre) -> None:
    offering, elsewhere = centre.gpo(), centre.offering(site="MAK")
    with centre.transaction() as db:
        phone = centre.register.contact(db, "+254711000001", now=centre.now).id
    person: Any = centre.person("12345678")
    booked = centre.confirms(phone, offering, an_hour(8), person)
    other = centre.confirms(phone, elsewhere, an_hour(8), centre.person("23456789"))
    centre.now = an_hour(7)
    slip = f"https://zamu.example/desk/visit/{booked.reference}"
    grouped = f"{booked.reference[:4]} {booked.reference[4:]}"
    for text in (booked.reference, grouped, slip, "0711 000 001", "12345678", "0001", "5678", " 5678 "):
        assert found(centre, text) == [booked.reference], text
    for text in (other.reference, "23456789", "6789", "0002", "10000008", "", "x" * 500, "https://zamu.example/"):
        assert found(centre, text) == [], text
    assert len(centre.events("visits.searched")) == 16
    assert not any(
        "711" in str(event.details) or "5678" in str(event.details) for event in centre.events("visits.searched")
    )


def test_the_last_four_find_only_those_of_today(centre: Centre) -> None:
    centre.expects(number="12345678")
    assert found(centre, "5678") == []
    assert len(found(centre, "12345678")) == 1


@pytest.mark.parametrize("text", ["48217092", "4821 7092", "4821-7092", "http://x/?r=48217092", " 48217092\n"])
def test_a_scan_is_read_however_it_comes(text: str) -> None:
    assert finding.reference_in(text) == "48217092"
