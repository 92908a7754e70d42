"""The shelf: by age and by bin, what comes, what goes back, and labels."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from core.tracking import shelves
from core.tracking.stages import Stage
from tests.desk.papers import CLERK, Desktop, Papers, Sit
from tests.support import NOW, Clock

DAY = timedelta(days=1)


def test_the_oldest_come_first_a_page_at_a_time(papers: Papers, sit: Sit, monkeypatch) -> None:
    monkeypatch.setattr("web.desk.documents.shelf.A_PAGE", 2)
    numbers = [papers.make(Stage.RECEIVED, at=NOW - days * DAY) for days in (5, 100, 40, 40, 8)]
    papers.make(Stage.RECEIVED, site="MAK", at=NOW - 50 * DAY)
    papers.make(Stage.COLLECTED, at=NOW - 50 * DAY)
    clerk = sit("counter")
    clerk.see("/desk/shelf")
    seen = []
    for _page in range(3):
        seen += re.findall(r'href="/desk/documents/([0-9]{8})"', clerk.page.text)
        onward = re.search(r'rel="next" href="([^"]+)"', clerk.page.text)
        if onward:
            clerk.see(onward[1].replace("&amp;", "&"))
    assert seen == [numbers[place] for place in (1, 2, 3, 4, 0)]
    assert onward is None


def test_it_is_counted_by_age_and_by_bin(papers: Papers, sit: Sit) -> None:
    for days, shelf in ((1, "A1"), (7, "A1"), (8, "B2"), (31, "B2"), (91, None)):
        papers.make(Stage.RECEIVED, at=NOW - days * DAY, shelf=shelf, phone=None if days == 1 else "+254711000001")
    clerk = sit("counter")
    said = clerk.see("/desk/shelf")
    for words in (
        "Up to 7 days 2",
        "8 to 30 days 1",
        "31 to 90 days 1",
        "More than 90 days 1",
        "All 5",
        "A1 2",
        "B2 2",
        "In no bin 1",
        "Without a phone: nobody can be told 1",
    ):
        assert words in said
    for query, rows in (("shelf=A1", 2), ("shelf=", 1), ("untold=1", 1), ("older=30", 2)):
        clerk.see(f"/desk/shelf?{query}")
        assert len(re.findall(r'href="/desk/documents/[0-9]{8}"', clerk.page.text)) == rows, query


def shown(clerk: Desktop) -> dict[str, str]:
    """What the preview carries."""
    fields = re.findall(r'name="(older|asked|shelf|untold)" type="hidden" value="([^"]*)"', clerk.page.text)
    return clerk.unseen() | dict(fields)


@pytest.mark.parametrize(
    ("query", "gone", "said"),
    [
        ("shelf=", ["no bin", "no bin, no phone"], "In no bin"),
        ("shelf=A1", ["A1", "A1, no phone"], "Bin: A1"),
        ("untold=1", ["no bin, no phone", "A1, no phone"], "Without a phone: nobody can be told"),
        ("shelf=A1&untold=1", ["A1, no phone"], "Bin: A1 Without a phone: nobody can be told"),
        ("", ["no bin", "A1", "no bin, no phone", "A1, no phone"], ""),
    ],
)
def test_what_was_looked_at_is_what_goes_back(papers: Papers, sit: Sit, query: str, gone: list[str], said: str) -> None:
    numbers = {
        name: papers.make(
            Stage.RECEIVED,
            at=NOW - 100 * DAY,
            shelf="A1" if "A1" in name else None,
            phone=None if "phone" in name else "+254711000001",
        )
        for name in ("no bin", "A1", "no bin, no phone", "A1, no phone")
    }
    clerk = sit("manager")
    clerk.see(f"/desk/shelf?{query}")
    hidden = re.findall(r'<input type="hidden" name="(shelf|untold)" value="([^"]*)">', clerk.page.text)
    assert urlencode(hidden) == query  # the form that asks for the days keeps it
    clerk.see(f"/desk/shelf?older=90&{query}")
    onward = re.search(r'href="(/desk/shelf/return[^"]+)"', clerk.page.text)
    assert onward
    clerk.see(onward[1].replace("&amp;", "&"))
    assert f"{len(gone)} documents have lain at" in clerk.text
    assert said in clerk.text
    assert clerk.client.post("/desk/shelf/return", data=shown(clerk)).status_code == 303
    assert [name for name, number in numbers.items() if papers.get(number).stage == Stage.RETURNED] == gone


@pytest.mark.parametrize("asked", [NOW + 100 * DAY, NOW - 1.1 * DAY, 10**30, -(10**30)])
def test_a_preview_that_was_not_shown_today_is_shown_anew(papers: Papers, sit: Sit, asked: datetime | int) -> None:
    old, young, clerk = papers.make(Stage.RECEIVED, at=NOW - 95 * DAY), papers.make(Stage.RECEIVED), sit("manager")
    clerk.see("/desk/shelf/return?older=90")
    forged = str(asked if isinstance(asked, int) else int(asked.timestamp()))
    clerk.page = clerk.client.post("/desk/shelf/return", data=shown(clerk) | {"asked": forged})
    assert clerk.page.status_code == 422
    assert "This page was open for a long time. Nothing was done" in clerk.text
    assert "1 documents have lain at" in clerk.text
    assert [papers.get(number).stage for number in (old, young)] == [Stage.RECEIVED] * 2
    assert clerk.client.post("/desk/shelf/return", data=shown(clerk)).status_code == 303
    assert [papers.get(number).stage for number in (old, young)] == [Stage.RETURNED, Stage.RECEIVED]


def test_a_batch_with_fewer_than_asked_for_is_not_the_last(papers: Papers, sit: Sit, monkeypatch) -> None:
    """One of it was handed over at that moment."""
    monkeypatch.setattr(shelves, "RETURNED_AT_ONCE", 2)
    for _n in range(5):
        papers.make(Stage.RECEIVED, at=NOW - 100 * DAY)
    clerk = sit("manager")
    for most, said in ((200, "2 documents were returned to the agency. 3 are left"), (5000, "3 documents were ret")):
        monkeypatch.setattr("web.desk.documents.shelf._MOST_RETURNED", most)
        clerk.see("/desk/shelf/return?older=90")
        clerk.client.post("/desk/shelf/return", data=shown(clerk))
        assert said in clerk.see("/desk/shelf")
    assert "All 0" in clerk.text


def test_old_documents_go_back_in_one_step_after_a_preview(papers: Papers, sit: Sit, clock: Clock) -> None:
    old = [papers.make(Stage.RECEIVED, at=NOW - days * DAY) for days in (95, 120)]
    young, elsewhere = (
        papers.make(Stage.RECEIVED, at=NOW - 89.5 * DAY),
        papers.make(Stage.RECEIVED, site="MAK", at=NOW - 99 * DAY),
    )
    clerk = sit("manager")
    assert "Return them to the agency" in clerk.see("/desk/shelf?older=90")
    assert "2 documents have lain at" in clerk.see("/desk/shelf/return?older=90")
    form = shown(clerk)
    clock.time += DAY  # looked at for long: what has aged since is not among them
    for _go in range(2):
        assert clerk.client.post("/desk/shelf/return", data=form).status_code == 303
    assert "2 documents were returned to the agency." in clerk.see("/desk/shelf")
    assert "were returned" not in clerk.see("/desk/shelf")
    stages = [papers.get(number).stage for number in (*old, young, elsewhere)]
    assert stages == [Stage.RETURNED, Stage.RETURNED, Stage.RECEIVED, Stage.RECEIVED]
    assert len(papers.events("document.returned")) == 2


def test_what_has_not_lain_for_long_is_not_returned_in_bulk(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED, at=NOW - 10 * DAY), sit("counter")
    assert "Only what has lain for at least 30 days" in clerk.see("/desk/shelf?older=5")
    clerk.see("/desk/shelf/return?older=30")
    csrf = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', clerk.page.text)[1]}
    key = {"request_key": "a-request-of-this-test", "asked": str(int(NOW.timestamp())), "shelf": ""}
    assert clerk.client.post("/desk/shelf/return", data=csrf | key | {"older": "5"}).status_code == 400
    assert papers.get(number).stage == Stage.RECEIVED


def test_a_large_shelf_goes_back_in_batches(papers: Papers, monkeypatch) -> None:
    monkeypatch.setattr(shelves, "RETURNED_AT_ONCE", 2)
    for _n in range(3):
        papers.make(Stage.RECEIVED, at=NOW - 100 * DAY)
    chosen = shelves.Chosen(papers.catalogue.sites["GPO"].id, before=NOW - 90 * DAY)

    def go(key: str) -> int:
        with papers.transaction() as db:
            return shelves.return_old(db, chosen, actor=CLERK, request_key=key, now=NOW)

    assert [go("a"), go("a"), go("b"), go("c")] == [2, 2, 1, 0]


def test_what_is_on_its_way_here_is_listed(papers: Papers, sit: Sit) -> None:
    coming, moved = papers.make(), papers.make(Stage.RECEIVED, site="MAK")
    papers.make(site="MAK")
    there = sit("counter", site="MAK")
    there.see("/desk/documents?task=send&to=GPO")
    there.send(scanned=moved)
    clerk = sit("counter")
    clerk.see("/desk/shelf/coming")
    assert re.findall(r'href="/desk/documents/([0-9]{8})"', clerk.page.text) == [coming, moved]


def test_a_label_holds_what_is_needed_to_find_it_again(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED, shelf="A12", owner="12345678"), sit("counter")
    said = clerk.see(f"/desk/documents/{number}/label")
    for words in ("A12", f"{number[:4]} {number[4:]}", "ID ends with 678"):
        assert words in said
    assert "<svg" in clerk.page.text
    assert "12345678" not in clerk.page.text
    clerk.see("/desk/documents?task=shelve&shelf=B1")
    clerk.send(scanned=number)
    assert "B1" in clerk.see("/desk/shelf/labels")


def test_those_who_see_all_centres_choose_one(papers: Papers, sit: Sit) -> None:
    mine, other = papers.make(Stage.RECEIVED, service="IDR"), papers.make(Stage.RECEIVED, service="DLS")
    secretariat, clerk = sit("secretariat"), sit("clerk", agency="NRB")
    assert "Which centre?" in secretariat.see("/desk/shelf")
    secretariat.see("/desk/shelf?centre=GPO")
    assert {mine, other} <= set(re.findall(r"/desk/documents/([0-9]{8})", secretariat.page.text))
    clerk.see("/desk/shelf?centre=GPO")
    assert re.findall(r"/desk/documents/([0-9]{8})", clerk.page.text) == [mine]
    assert sit("counter").client.get("/desk/shelf?centre=MAK").status_code == 404
    assert clerk.client.get("/desk/shelf?centre=XX").status_code == 404


def test_a_broken_address_shows_the_first_page(papers: Papers, sit: Sit) -> None:
    clerk = sit("counter")
    for after in ("x", "1-", "-1", "99999999999999999-1", "1-9999999999999999999", "٣-٣"):
        assert clerk.client.get(f"/desk/shelf?after={after}").status_code == 200, after
