"""One visit: check in, served, could not be served, did not come. Each once, whoever presses how often."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking.seats import Exchange
from core.booking.tables import Appointment, BookingHistory
from core.messaging.tables import Message
from core.tracking.tables import Document
from tests.core.booking.world import at_once
from tests.desk.day import Day, day
from tests.desk.pages import fill, seen, unseen

__all__ = ["day"]

SERVED = {
    "document": "yes",
    "proof": "678",
    "promised_on": "14/12/2026",
    "fee_kes": "1,000",
    "receipt": "A-17/3",
}


@pytest.fixture(autouse=True)
def _balanced(ledger):
    """Whatever a test did, places taken are bookings, holds and offers."""
    yield
    ledger.is_balanced()


def test_the_page_shows_what_the_counter_needs_and_is_recorded(desk, day: Day) -> None:
    booked = day.books(day.times()[3], phone="+254711000001", number="12345678")
    page = desk("counter").get(f"/desk/visit/{booked.reference}").text
    words = seen(page)
    assert "Lost ID" in words
    assert "Mon 23 Nov 8:30am" in words
    assert "678" in words
    assert "001" in words
    assert "12345678" not in page
    assert "711000001" not in page
    assert [event.who for event in day.events("booking.seen")] == ["counter1"]
    assert 'data-key="1"' in page
    assert 'data-key="2"' in page


def test_visits_of_other_centres_do_not_exist(desk, day: Day) -> None:
    booked = day.books(day.times(site="MAK")[3], site="MAK")
    client = desk("counter")
    for path in ("", "/served", "/not-served", "/another-time?reason=other"):
        assert client.get(f"/desk/visit/{booked.reference}{path}").status_code == 404, path
    for number in ("48217092", "48217093", "abc"):
        assert client.get(f"/desk/visit/{number}").status_code == 404
    hidden = unseen(client.get("/desk/check-in").text)
    for action in ("check-in", "not-come"):
        client.post(f"/desk/visit/{booked.reference}/{action}", data=hidden)
    row = day.booking(booked)
    assert row is not None
    assert row.came_at is None


def test_checked_in_by_one_key_and_pressed_twice_is_once(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    hidden = unseen(client.get(visit).text)
    for _ in range(2):
        answer = client.post(f"{visit}/check-in", data=hidden)
        assert (answer.status_code, answer.location) == (303, visit)
    assert "Came at 9:00am" in seen(client.get(visit).text)
    assert len(day.events("booking.checked_in")) == 1


def test_somebody_else_had_come_so_the_check_in_is_taken_back(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    assert "Not here after all" not in client.get(visit).text
    client.post(f"{visit}/check-in", data=unseen(client.get(visit).text))
    hidden = unseen(client.get(visit).text)
    for _ in range(2):
        assert client.post(f"{visit}/not-here", data=hidden).location == visit
    page = seen(client.get(visit).text)
    assert "they are expected as before" in page
    assert "Check in" in page
    assert len(day.events("booking.check_in_undone")) == 1


def test_who_was_received_by_mistake_goes_back_to_the_other_centre(desk, day: Day) -> None:
    booked = day.books(day.times(site="MAK")[3], site="MAK")
    there = day.booking(booked)
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    hidden = unseen(client.get("/desk/check-in").text)
    assert client.post(f"{visit}/receive", data=hidden).location == visit
    hidden = unseen(client.get(visit).text)
    for _ in range(2):
        assert client.post(f"{visit}/not-here", data=hidden).location == "/desk/check-in"
    page = seen(client.get("/desk/check-in").text)
    assert re.search("taken back: they are expected at .*Makadara, Mon 23 Nov", page)
    back = day.booking(booked)
    assert there is not None
    assert back is not None
    assert (back.offering_id, back.starts_at, back.came_at) == (there.offering_id, there.starts_at, None)


def test_served_registers_the_application_the_fee_and_the_receipt_in_one_step(desk, day: Day) -> None:
    booked = day.books(day.times()[3], number="12345678")
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    page = client.get(f"{visit}/served").text
    assert 'value="678"' in page
    assert "Owner&#39;s ID number" not in page
    data = unseen(page) | SERVED
    for _ in range(2):
        answer = client.post(f"{visit}/served", data=data)
        assert (answer.status_code, answer.location) == (303, visit)
    [document] = day.scalars(sa.select(Document))
    assert document.promised_on.isoformat() == "2026-12-14"
    assert f"{document.tracking_number[:4]} {document.tracking_number[4:]}" in seen(client.get(visit).text)
    [event] = day.events("booking.served")
    assert (event.details["fee_kes"], event.details["receipt"], event.who) == (1000, "A-17/3", "counter1")
    assert "fee_kes" not in day.events("document.registered")[0].details
    assert day.past(booked).outcome == "served"
    assert day.past(booked).came_at == day.clock()


def test_a_service_without_a_document_ends_without_one(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    visit = f"/desk/visit/{booked.reference}"
    client = desk("counter")
    fill(client, f"{visit}/served", document="no", fee_kes="50", receipt="B-9")
    assert day.past(booked).outcome == "served"
    [event] = day.events("booking.served")
    assert (event.details["fee_kes"], event.details["receipt"]) == (50, "B-9")
    assert day.scalars(sa.select(Document)) == []
    assert "Served at 9:00am" in seen(client.get(visit).text)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"proof": "12"}, "Type 3 digits of the ID"),
        ({"promised_on": "soon"}, "Type a day like 24/11/2026."),
        ({"tracking_number": "48217093"}, "That number is not right."),
        ({"phone": "abc"}, "That is not a phone number."),
        ({"fee_kes": "free"}, "Type a whole number"),
        ({"receipt": "<b>"}, "A receipt number has"),
        ({"document": "perhaps"}, "Choose one."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(
    desk, day: Day, wrong: dict[str, str], said: str
) -> None:
    booked = day.books(day.times()[3])
    answer = fill(desk("counter"), f"/desk/visit/{booked.reference}/served", **(SERVED | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert "There is a problem" in answer.text
    assert 'value="A-17/3"' in answer.text or "receipt" in wrong
    assert day.booking(booked) is not None


def test_a_card_that_is_in_use_is_refused_and_another_can_be_typed(desk, day: Day) -> None:
    client = desk("counter")
    first, second = day.books(day.times()[3]), day.books(day.times()[3])
    card = SERVED | {"tracking_number": "4821 7092"}
    fill(client, f"/desk/visit/{first.reference}/served", **card)
    answer = fill(client, f"/desk/visit/{second.reference}/served", **card)
    assert answer.status_code == 422
    assert "This number belongs to another document." in answer.text
    fill(client, f"/desk/visit/{second.reference}/served", **SERVED)
    assert day.past(second).outcome == "served"


def test_two_officers_serve_the_same_person_at_once_and_one_document_is_made(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    path = f"/desk/visit/{booked.reference}/served"
    officers = [desk("counter") for _ in range(3)]
    forms = [(client, unseen(client.get(path).text) | SERVED) for client in officers]
    answers = at_once([lambda c=c, d=d: c.post(path, data=d) for c, d in forms])
    assert [answer.status_code for answer in answers] == [303] * 3
    assert len(day.scalars(sa.select(Document))) == 1
    assert len(day.events("booking.served")) == 1
    told = [client.get(f"/desk/visit/{booked.reference}").text for client in officers]
    assert sum("Somebody has dealt with this visit already." in page for page in told) == 2
    assert sum("zamu-told--already" in page for page in told) == 2


def test_who_could_not_be_served_gets_a_priority_place_also_where_it_is_full(desk, day: Day, ledger) -> None:
    full = day.times()[5]
    ledger.leave_one_place(day.offering(), full)
    day.books(full)
    booked = day.books(day.times()[1])
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    answer = fill(client, f"{visit}/not-served", reason="system_down")
    assert answer.location == f"{visit}/another-time?reason=system_down"
    page = client.get(answer.location)
    assert full.isoformat() in page.text
    data = unseen(page.text) | {"start": full.isoformat()}
    for _ in range(2):
        assert client.post(answer.location, data=data).location == visit
    row = day.booking(booked)
    assert row is not None
    assert (row.starts_at, row.priority, row.came_at) == (full, True, None)
    assert "priority" in seen(client.get(visit).text)
    told = sa.select(sa.func.count()).where(Message.template == "booking_priority")
    assert day.scalars(told) == [1]
    assert [event.details["reason"] for event in day.events("booking.turned_away")] == ["system_down"]


def test_the_one_place_more_goes_to_one_of_two(desk, day: Day, ledger) -> None:
    full = day.times()[5]
    ledger.leave_one_place(day.offering(), full)
    day.books(full)
    both = [day.books(day.times()[1]) for _ in range(2)]
    client = desk("counter")
    answers = [
        fill(client, f"/desk/visit/{booked.reference}/another-time?reason=officer_absent", start=full.isoformat())
        for booked in both
    ]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert "Somebody else has just taken that place. Choose another." in answers[1].text
    assert f'value="{full.isoformat()}"' not in answers[1].text


def test_missing_papers_get_a_time_as_anybody_does(desk, day: Day, ledger) -> None:
    full = day.times()[5]
    ledger.leave_one_place(day.offering(), full)
    day.books(full)
    booked = day.books(day.times()[1])
    page = desk("counter").get(f"/desk/visit/{booked.reference}/another-time?reason=papers_missing").text
    assert full.isoformat() not in page
    assert "also where it is full" not in page


def test_who_wants_no_other_time_is_noted_with_the_reason(desk, day: Day) -> None:
    booked = day.books(day.times()[1])
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    fill(client, f"{visit}/another-time?reason=closed_early", start="none")
    assert (day.past(booked).outcome, day.past(booked).reason) == ("not_served", "closed_early")
    assert "Could not be served: The centre closes early" in seen(client.get(visit).text)
    assert client.get(f"{visit}/not-served").location == visit


@pytest.mark.parametrize("start", ["", "tomorrow", "2026-11-23T09:07:00+03:00", "2020-01-01T09:00:00+03:00"])
def test_a_time_that_is_none_is_refused(desk, day: Day, start: str) -> None:
    booked = day.books(day.times()[1])
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    assert fill(client, f"{visit}/another-time?reason=other", start=start).status_code == 422
    assert fill(client, f"{visit}/not-served").status_code == 422
    assert client.get(f"{visit}/another-time?reason=boredom").status_code == 404
    assert day.booking(booked) is not None


def test_did_not_come_is_offered_only_after_the_time_and_who_comes_later_is_served(desk, day: Day) -> None:
    booked = day.books(day.times()[6])
    client, visit = desk("counter"), f"/desk/visit/{booked.reference}"
    page = client.get(visit).text
    assert "Did not come" not in page
    client.post(f"{visit}/not-come", data=unseen(page))
    assert "Nothing was changed." in client.get(visit).text
    day.clock.time += timedelta(hours=8)
    client.post(f"{visit}/not-come", data=unseen(client.get(visit).text))
    assert day.past(booked).outcome == "not_come"
    data = unseen(client.get(visit).text)
    for _ in range(2):
        client.post(f"{visit}/check-in", data=data)
    assert "Came at 5:00pm" in seen(client.get(visit).text)
    fill(client, f"{visit}/served", document="no")
    assert day.past(booked).outcome == "served"
    assert len(day.events("booking.checked_in")) == len(day.events("booking.not_come")) == 1


def test_somebody_without_a_booking_is_served_too(desk, day: Day) -> None:
    client = desk("counter")
    walk_in = {"service": "IDR", "owner_kind": "national_id", "owner": "12345678", "phone": "0711000001"}
    data = unseen(client.get("/desk/walk-in").text) | SERVED | walk_in
    for _ in range(2):
        assert client.post("/desk/walk-in", data=data).status_code == 303
    [document] = day.scalars(sa.select(Document))
    assert document.owner_id is not None
    assert day.events("document.registered")[0].details == {"fee_kes": 1000, "receipt": "A-17/3"}
    fill(client, "/desk/walk-in", service="IDR", document="no", owner_kind="national_id", fee_kes="50")
    assert day.events("visit.served")[0].details["fee_kes"] == 50
    wrong = fill(client, "/desk/walk-in", **(SERVED | {"service": "", "proof": "12"})).text
    assert wrong.index("Choose the service.") < wrong.index("Type 3 digits of the ID")
    assert day.scalars(sa.select(BookingHistory)) == []


def test_somebody_without_a_booking_who_could_not_be_served_is_noted_once_with_the_reason(desk, day: Day) -> None:
    client, page = desk("counter"), "/desk/walk-in/not-served"
    assert page in client.get("/desk/walk-in").text
    data = unseen(client.get(page).text) | {"service": "IDR", "reason": "papers_missing"}
    for _ in range(2):
        assert client.post(page, data=data).location == "/desk/walk-in"
    assert "Noted: could not be served." in client.get("/desk/walk-in").text
    [event] = day.events("visit.turned_away")
    assert event.details == {"service_id": day.offering().service.id, "reason": "papers_missing"}
    for wrong in ({"service": ""}, {"reason": "boredom"}):
        assert client.post(page, data=data | wrong).status_code == 422


def sent_by_agency(day: Day) -> str:
    """The page of somebody whom an agency expects to be served here today."""
    offering = day.offering()
    with day.transaction() as db:
        exchange = Exchange()
        exchange.take(offering, day.times()[3])
        exchange.settle(db)
        sent = Appointment(
            agency_id=offering.service.agency_id,
            reference="NRB/2026/7",
            offering_id=offering.id,
            starts_at=day.times()[3],
            created_at=day.clock(),
        )
        db.add(sent)
    return f"/desk/appointment/{sent.id}"


def test_whom_an_agency_sent_and_who_could_not_be_served_is_over_with_the_reason(desk, day: Day) -> None:
    client, page = desk("counter"), sent_by_agency(day)
    client.post(f"{page}/check-in", data=unseen(client.get(page).text))
    client.post(f"{page}/not-here", data=unseen(client.get(page).text))
    assert "they are expected as before" in seen(client.get(page).text)
    assert fill(client, f"{page}/not-served").status_code == 422
    assert fill(client, f"{page}/not-served", reason="system_down").location == page
    assert "Could not be served: The system is down" in seen(client.get(page).text)
    assert client.get(f"{page}/not-served").location == page
    assert desk("counter", site="MAK").get(f"{page}/not-served").status_code == 404


def test_whom_an_agency_sent_is_checked_in_and_served(desk, day: Day) -> None:
    client, page = desk("counter"), sent_by_agency(day)
    assert fill(client, "/desk/today", scanned="NRB/2026/7").location == page
    assert page in client.get("/desk/today").text
    client.post(f"{page}/check-in", data=unseen(client.get(page).text))
    assert "Came at 9:00am" in seen(client.get(page).text)
    client.post(f"{page}/served", data=unseen(client.get(page).text))
    assert "Served at 9:00am" in seen(client.get(page).text)
    assert desk("counter", site="MAK").get(page).status_code == 404
    assert client.get("/desk/appointment/999999").status_code == 404
