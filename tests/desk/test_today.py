"""The day at a centre: the list, the one field, and scanning people in."""

import re

import pytest
import sqlalchemy as sa

from core.people.tables import Event
from core.tracking.tables import Document
from tests.desk.day import Day, day
from tests.desk.pages import fill, seen, token, unseen

__all__ = ["day"]


def test_the_list_says_who_is_expected_by_hour_and_nobody_of_another_centre(desk, day: Day) -> None:
    nine, ten = day.times()[2], day.times()[4]
    mine, later = day.books(nine, number="12345678"), day.books(ten)
    other = day.books(day.times(site="MAK")[2], site="MAK")
    page = seen(desk("counter").get("/desk/today").text)
    for booked in (mine, later):
        assert f"{booked.reference[:4]} {booked.reference[4:]}" in page
    assert page.index(mine.reference[4:]) < page.index(later.reference[4:])
    assert "678" in page
    assert "12345678" not in page
    assert other.reference[:4] not in page
    assert "Still expected: 2" in page
    [event] = day.events("visits.seen")
    assert (event.who, event.details["rows"]) == ("counter1", 2)


def test_who_sees_all_centres_chooses_one_and_only_looks(desk, day: Day) -> None:
    booked = day.books(day.times(site="MAK")[2], site="MAK")
    secretariat = desk("secretariat")
    assert "/desk/today?centre=MAK" in secretariat.get("/desk/today").text
    page = secretariat.get("/desk/today?centre=MAK").text
    assert booked.reference[:4] in page
    assert f"/desk/visit/{booked.reference}" not in page
    assert secretariat.get(f"/desk/visit/{booked.reference}").status_code == 403
    assert desk("counter").get("/desk/today?centre=MAK").status_code == 404


def test_a_long_list_is_paged_and_every_row_comes_once(desk, day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    times = day.times()
    booked = {day.books(times[nth % 16]).reference for nth in range(55)}
    client, address, found, pages = desk("counter"), "/desk/today", [], 0
    while address and pages < 3:
        page = client.get(address).text
        table = page[page.index('id="list"') :]
        found += re.findall(r"/desk/visit/(\d{8})", table)
        more = re.search(r'href="([^"]*after=[^"#]*)#list"', table)
        address = more[1].replace("&amp;", "&") if more else None
        pages += 1
    assert (pages, len(found), set(found)) == (2, 55, booked)


@pytest.mark.parametrize("after", ["x", "1-2-3", "99999999999999-0-0-1", "1-1-1-9999999999999999", "-1-0-0-0"])
def test_a_broken_address_shows_the_list(desk, day: Day, after: str) -> None:
    assert desk("counter").get(f"/desk/today?show=nonsense&after={after}").status_code == 200


def test_any_number_leads_to_the_visit_and_is_in_no_address(desk, day: Day) -> None:
    booked = day.books(day.times()[3], phone="+254711000001", number="12345678")
    client = desk("counter")
    visit = f"/desk/visit/{booked.reference}"
    for typed in (booked.reference, "0711 000 001", "12345678", "0001", "5678"):
        answer = fill(client, "/desk/today", scanned=typed)
        assert (answer.status_code, answer.location) == (303, visit), typed
    assert len(day.events("visits.searched")) == 5
    assert "0711" not in str([event.details for event in day.events("visits.searched")])


def test_a_number_of_two_is_asked_back(desk, day: Day) -> None:
    first = day.books(day.times()[3], number="12345678")
    second = day.books(day.times()[5], number="99995678")
    answer = fill(desk("counter"), "/desk/today", scanned="5678")
    assert answer.status_code == 200
    assert "Which of these?" in answer.text
    assert first.reference in answer.text
    assert second.reference in answer.text


def test_an_unknown_number_says_so_beside_the_field_and_keeps_what_was_typed(desk, day: Day) -> None:
    answer = fill(desk("counter"), "/desk/today", scanned="0722 999 999")
    assert answer.status_code == 422
    assert "Nobody was found at this centre by that number." in answer.text
    assert 'value="0722 999 999"' in answer.text
    assert "There is a problem" in answer.text


def test_a_booking_of_another_centre_says_where_and_when_and_may_be_served_here(desk, day: Day) -> None:
    booked = day.books(day.times(site="MAK")[2], site="MAK")
    client = desk("counter")
    answer = fill(client, "/desk/today", scanned=booked.reference)
    assert answer.status_code == 422
    assert "This booking is for Huduma Centre Makadara, Mon 23 Nov" in seen(answer.text)
    assert "They may be served here today all the same." in answer.text
    receive = f"/desk/visit/{booked.reference}/receive"
    assert receive in answer.text
    assert client.get(f"/desk/visit/{booked.reference}").status_code == 404
    done = client.post(receive, data=unseen(answer.text))
    assert done.location == f"/desk/visit/{booked.reference}"
    row = day.booking(booked)
    assert row is not None
    assert (row.offering_id, row.came_at) == (day.offering().id, day.clock())


def scan(client, typed: str):
    return fill(client, "/desk/check-in", scanned=typed)


def test_scan_after_scan_checks_in_and_the_field_is_ready_for_the_next(desk, day: Day) -> None:
    first, second = day.books(day.times()[3]), day.books(day.times()[3])
    client = desk("counter")
    for booked in (first, second):
        answer = scan(client, booked.reference)
        assert (answer.status_code, answer.location) == (303, "/desk/check-in")
        page = client.get("/desk/check-in").text
        assert f"{booked.reference[:4]} {booked.reference[4:]}, Lost ID: checked in at 9:00am" in page
        assert "data-scan" in page
    assert all(row.came_at == day.clock() for row in (day.booking(first), day.booking(second)) if row)


def test_two_scans_sent_from_one_page_both_count(desk, day: Day) -> None:
    first, second = day.books(day.times()[3]), day.books(day.times()[3])
    client = desk("counter")
    hidden = unseen(client.get("/desk/check-in").text)
    for booked in (first, second):
        assert client.post("/desk/check-in", data=hidden | {"scanned": booked.reference}).status_code == 303
    assert len(day.events("booking.checked_in")) == 2


def test_a_second_scan_says_when_the_first_was(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    client = desk("counter")
    scan(client, booked.reference)
    client.get("/desk/check-in")
    scan(client, booked.reference)
    assert "already checked in at 9:00am. Nothing was changed." in client.get("/desk/check-in").text
    assert len(day.events("booking.checked_in")) == 1


@pytest.mark.parametrize(("typed", "said"), [("48217093", "There is no booking"), ("", "There is no booking")])
def test_what_is_no_booking_is_said_beside_an_empty_field(desk, day: Day, typed: str, said: str) -> None:
    answer = scan(desk("counter"), typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="48217093"' not in answer.text


def test_a_booking_of_another_day_is_told_and_can_be_served_today(desk, day: Day) -> None:
    booked = day.books(day.times(days=1)[3])
    client = desk("counter")
    answer = scan(client, booked.reference)
    assert answer.status_code == 422
    number = f"{booked.reference[:4]} {booked.reference[4:]}"
    assert f"{number}: This booking is for Tue 24 Nov" in seen(answer.text)
    client.post(f"/desk/visit/{booked.reference}/receive", data=unseen(answer.text))
    page = seen(client.get(f"/desk/visit/{booked.reference}").text)
    assert "Came at 9:00am" in page
    assert "Mon 23 Nov" in page


def test_a_document_is_found_by_the_same_field(desk, day: Day, ledger) -> None:
    client = desk("counter")
    fill(client, "/desk/walk-in", service="IDR", document="yes", proof="678", owner_kind="national_id")
    [number] = day.scalars(sa.select(Document.tracking_number))
    assert fill(client, "/desk/today", scanned=number).location.endswith(number)


def test_a_form_that_was_forged_or_open_too_long_does_nothing(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    client = desk("counter")
    client.get("/desk/check-in")
    answer = client.post("/desk/check-in", data={"scanned": booked.reference})
    assert answer.status_code == 422
    assert "This page was open for a long time" in answer.text
    answer = client.post(f"/desk/visit/{booked.reference}/check-in", data={"request_key": "x" * 20})
    assert answer.status_code == 303
    assert "This page was open for a long time" in client.get(answer.location).text
    assert day.scalars(sa.select(Event).where(Event.name == "booking.checked_in")) == []


def test_the_pages_are_in_kiswahili_too(desk, day: Day) -> None:
    booked = day.books(day.times()[3])
    client = desk("counter", language="sw")
    client.get("/language/sw")
    for address in ("/desk/today", "/desk/check-in", f"/desk/visit/{booked.reference}", "/desk/walk-in", "/desk/paper"):
        page = client.get(address)
        assert page.status_code == 200
        assert '<html lang="sw"' in page.text or 'lang="sw"' in page.text
        assert token(page.text)
