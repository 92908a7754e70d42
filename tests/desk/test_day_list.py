"""The day on paper."""

from datetime import timedelta

import pytest

from tests.desk.day import Day, day
from tests.desk.pages import seen, unseen

__all__ = ["day"]


def test_tomorrows_list_is_of_now_until_it_is_saved_and_then_as_it_was_saved(desk, day: Day) -> None:
    first = day.books(day.times(days=1)[3], phone="+254711000001", number="12345678")
    client = desk("counter")
    page = client.get("/desk/day-list/tomorrow").text
    assert "Not saved yet: this is the list of now." in page
    assert f"{first.reference[:4]} {first.reference[4:]}" in seen(page)
    answer = client.post("/desk/day-list/2026-11-24", data=unseen(page))
    assert answer.status_code == 303
    second = day.books(day.times(days=1)[4])
    page = client.get("/desk/day-list/tomorrow").text
    words = seen(page)
    assert "Saved Mon 23 Nov 9:00am." in words
    assert second.reference[:4] not in words
    assert "Lost ID" in words
    assert "678" in words
    assert "12345678" not in page
    assert "711000001" not in page
    client.post("/desk/day-list/2026-11-24", data=unseen(page))
    assert second.reference[:4] in client.get("/desk/day-list/tomorrow").text
    assert len(day.events("visits.list_saved")) == 2


def test_it_has_columns_to_be_filled_in_by_hand(desk, day: Day) -> None:
    day.books(day.times()[3])
    page = desk("manager").get("/desk/day-list/today").text
    assert all(f">{name}</th>" in page for name in ("Came", "Served", "Receipt"))
    assert page.count('<td class="govuk-table__cell"></td>') == 3


@pytest.mark.parametrize("text", ["yesterday", "2026-11-25", "2026-01-01", "2026-13-45"])
def test_other_days_are_not_there(desk, day: Day, text: str) -> None:
    client = desk("counter")
    assert client.get(f"/desk/day-list/{text}").status_code == 404


def test_a_day_that_is_over_is_shown_and_not_saved_again(desk, day: Day) -> None:
    client = desk("counter")
    yesterday = (day.clock().date() - timedelta(days=1)).isoformat()
    page = client.get(f"/desk/day-list/{yesterday}").text
    assert "Save the list of now" not in page
    hidden = unseen(client.get("/desk/check-in").text)
    assert client.post(f"/desk/day-list/{yesterday}", data=hidden).status_code == 404


def test_another_centres_list_does_not_exist(desk, day: Day) -> None:
    assert desk("counter").get("/desk/day-list/today?centre=MAK").status_code == 404
    secretariat = desk("secretariat")
    assert "/desk/day-list/today?centre=MAK" in secretariat.get("/desk/day-list/today").text
    assert secretariat.get("/desk/day-list/today?centre=MAK").status_code == 200
