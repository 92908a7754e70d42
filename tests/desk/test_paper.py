"""Keying in what was done on paper."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking.seats import Exchange
from core.booking.tables import Appointment
from core.booking.upkeep import archive_past
from core.tracking.tables import Document
from tests.desk.day import Day, day
from tests.desk.pages import fill, seen, unseen

__all__ = ["day"]

LINE = {
    "who": "booking",
    "what": "served",
    "day": "23/11/2026",
    "time": "08:40",
    "document": "yes",
    "proof": "678",
    "receipt": "B-9",
    "owner_kind": "national_id",
    "reason": "system_down",
}


def test_a_line_is_keyed_in_once_with_its_true_time_and_the_next_line_begins_alike(desk, day: Day) -> None:
    booked = day.books(day.times()[0])
    client = desk("counter")
    data = unseen(client.get("/desk/paper").text) | LINE | {"reference": booked.reference}
    for _ in range(2):
        answer = client.post("/desk/paper", data=data)
        assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Served, Mon 23 Nov 8:40am. The document has number" in seen(page)
    assert 'value="23/11/2026"' in page
    assert len(day.scalars(sa.select(Document))) == 1
    [event] = day.events("booking.served")
    assert event.at == day.clock() - timedelta(minutes=20)
    assert event.details["keyed_at"] == day.clock().isoformat()
    fill(client, "/desk/paper", reference=booked.reference, **LINE)
    assert "was written down already. Nothing was changed." in client.get("/desk/paper").text
    assert len(day.scalars(sa.select(Document))) == 1


def test_what_was_filed_away_meanwhile_is_put_right(desk, day: Day) -> None:
    booked = day.books(day.times()[0])
    day.clock.time += timedelta(days=2)
    with day.transaction() as db:
        archive_past(db, now=day.clock(), limit=10)
    assert day.past(booked).outcome == "past"
    line = LINE | {"what": "not_served", "reason": "officer_absent"}
    assert fill(desk("counter"), "/desk/paper", reference=booked.reference, **line).status_code == 303
    assert (day.past(booked).outcome, day.past(booked).reason) == ("not_served", "officer_absent")


def test_what_is_wrong_is_told_in_the_order_of_the_page(desk, day: Day) -> None:
    page = fill(
        desk("counter"), "/desk/paper", **(LINE | {"day": "", "time": "soon", "proof": "1", "fee_kes": "x"})
    ).text
    links = re.findall(r'<a href="#(\w+)">', page)
    assert links == ["reference", "day", "time", "proof", "fee_kes"]
    assert links == sorted(links, key=lambda name: page.index(f'id="{name}"'))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time": "09:01"}, "That time has not come yet."),
        ({"time": "03:00"}, "The centre was not open yet at that time."),
        ({"day": "22/11/2026"}, "This booking is for Mon 23 Nov"),
        ({"day": "10/11/2026"}, "That is more than a week ago."),
        ({"time": "25:00"}, "Type a time like 8:30am."),
        ({"what": "danced"}, "Choose what was done."),
        ({"who": "danced"}, "Choose who it is."),
        ({"reference": ""}, "Type the number."),
        ({"who": "walk_in"}, "Choose the service."),
        ({"who": "walk_in", "service": "IDR", "what": "came"}, "Without a booking, key in that they were served"),
        ({"who": "walk_in", "service": "IDR", "proof": ""}, "Type 3 digits of the ID"),
        ({"who": "walk_in", "service": "IDR", "people": "2"}, "One line is one person"),
        ({"who": "walk_in", "what": "not_served", "people": "201"}, "The most is 200."),
        ({"reference": "48217092"}, "There is no booking with this number at this centre."),
        ({"reference": "48217093"}, "That number is not right."),
        ({"proof": ""}, "Type 3 digits of the ID"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_kept(desk, day: Day, wrong: dict[str, str], said: str) -> None:
    booked = day.books(day.times()[0])
    data = {"reference": booked.reference} | LINE | wrong
    answer = fill(desk("counter"), "/desk/paper", **data)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="B-9"' in answer.text
    assert day.booking(booked) is not None


def test_another_centres_booking_is_not_there(desk, day: Day) -> None:
    booked = day.books(day.times(site="MAK")[0], site="MAK")
    answer = fill(desk("counter"), "/desk/paper", reference=booked.reference, **LINE)
    assert "There is no booking with this number at this centre." in answer.text
    assert day.booking(booked) is not None


def test_a_line_corrected_on_the_same_page_is_another_line(desk, day: Day) -> None:
    booked = day.books(day.times()[0])
    client = desk("counter")
    data = unseen(client.get("/desk/paper").text) | LINE | {"reference": booked.reference}
    client.post("/desk/paper", data=data | {"what": "came", "time": "08:30"})
    answer = client.post("/desk/paper", data=data)
    assert "Served, Mon 23 Nov 8:40am." in client.get(answer.location).text
    past = day.past(booked)
    assert (past.outcome, past.came_at) == ("served", day.clock() - timedelta(minutes=30))
    client.post("/desk/paper", data=data | {"fee_kes": "5"})
    assert "was written down already. Nothing was changed." in client.get("/desk/paper").text


def test_whom_an_agency_sent_is_keyed_in_by_the_number_on_the_list(desk, day: Day) -> None:
    offering = day.offering()
    with day.transaction() as db:
        exchange = Exchange()
        exchange.take(offering, day.times()[0])
        exchange.settle(db)
        mine = {"agency_id": offering.service.agency_id, "offering_id": offering.id, "reference": "NRB/7"}
        db.add(Appointment(**mine, starts_at=day.times()[0], created_at=day.clock()))
    client = desk("counter")
    line = LINE | {"who": "agency", "reference": "NRB/7", "document": "no", "proof": ""}
    came = fill(client, "/desk/paper", **(line | {"what": "came", "time": "08:30"}))
    assert "NRB/7: Came, Mon 23 Nov 8:30am." in seen(client.get(came.location).text)
    for said in ("NRB/7: Served, Mon 23 Nov 8:40am.", "NRB/7 was written down already. Nothing was changed."):
        answer = fill(client, "/desk/paper", **line)
        assert said in seen(client.get(answer.location).text)
    [row] = day.scalars(sa.select(Appointment))
    minutes = [(day.clock() - moment).seconds // 60 for moment in (row.came_at, row.ended_at)]
    assert (row.outcome, minutes) == ("served", [30, 20])


def test_who_walked_in_is_keyed_in_by_the_service_and_once(desk, day: Day) -> None:
    client = desk("counter")
    line = LINE | {"who": "walk_in", "service": "IDR"}
    answer = fill(client, "/desk/paper", **line)
    page = client.get(answer.location).text
    assert "Served, Mon 23 Nov 8:40am. The document has number" in seen(page)
    assert 'value="walk_in" checked' in page
    answer = fill(client, "/desk/paper", **line)
    assert "8:40am: written down already. Nothing was changed." in seen(client.get(answer.location).text)
    assert len(day.scalars(sa.select(Document))) == 1
    fill(client, "/desk/paper", **(line | {"document": "no"}))
    [event] = day.events("visit.served")
    assert (event.at, event.details["receipt"]) == (day.clock() - timedelta(minutes=20), "B-9")


def test_who_walked_in_and_could_not_be_served_is_keyed_in_with_the_reason(desk, day: Day) -> None:
    client = desk("counter")
    answer = fill(client, "/desk/paper", **(LINE | {"who": "walk_in", "service": "IDR", "what": "not_served"}))
    assert "Could not be served, Mon 23 Nov 8:40am." in seen(client.get(answer.location).text)
    [event] = day.events("visit.turned_away")
    assert (event.details["reason"], event.details["people"]) == ("system_down", 1)
    assert day.scalars(sa.select(Document)) == []


def test_many_who_could_not_be_served_in_one_minute_are_one_line(desk, day: Day) -> None:
    client = desk("counter")
    [field] = re.findall(r'<input[^>]*name="people"[^>]*>', client.get("/desk/paper").text)
    assert 'value="1"' in field
    line = LINE | {"who": "walk_in", "service": "IDR", "what": "not_served", "people": "3"}
    for said in ("served, Mon 23 Nov 8:40am. People in all: 3.", "type how many in all"):
        answer = fill(client, "/desk/paper", **line)
        assert said in seen(client.get(answer.location).text)
    assert [event.details["people"] for event in day.events("visit.turned_away")] == [3]
