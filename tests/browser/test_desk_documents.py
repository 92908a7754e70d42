"""Documents at the desk in a real browser: a scanner and no mouse, and a file of which some rows are wrong."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from core.references import new_reference
from core.staff.roles import Role
from core.tracking.stages import Stage
from tests.browser.seated import cookie_of, seated, type_in
from tests.browser.served import served
from tests.desk.papers import Papers

pytestmark = pytest.mark.browser


@pytest.fixture
def cookie(app: Flask, papers: Papers) -> str:
    """The session of a counter officer at GPO."""
    return cookie_of(app, papers.transaction, "asha", Role.COUNTER, site="GPO", now=papers.clock())


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def tab(browser: Browser, address: str, cookie: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of the officer; whatever the browser complains about fails the test."""
    with seated(browser, address, cookie, scripts=getattr(request, "param", True)) as page:
        yield page


def test_documents_are_scanned_without_a_mouse(tab: Page, papers: Papers) -> None:
    numbers = [papers.make() for _n in range(3)]
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.method) if request.resource_type == "document" else None)
    tab.goto("/desk/documents?task=receive")
    expect(tab.get_by_label("Scan or type the document number")).to_be_focused()
    asked.clear()
    for number in numbers:
        type_in(tab, number)
        expect(tab.get_by_role("status").first).to_contain_text(f"{number[:4]} {number[4:]} Received.")
    assert asked == ["POST", "GET"] * 3
    type_in(tab, numbers[0])
    expect(tab.get_by_role("status").first).to_contain_text("Already received at 9:00am by asha. Nothing was changed.")
    type_in(tab, "48217093")
    expect(tab.locator("#scanned-error")).to_contain_text("48217093: That number is not right.")
    expect(tab.get_by_label("Scan or type the document number")).to_be_focused()
    assert {papers.get(number).stage for number in numbers} == {Stage.RECEIVED}


@pytest.mark.parametrize("tab", [True], indirect=True)
def test_a_key_chooses_what_is_done_and_three_keys_hand_over(tab: Page, papers: Papers) -> None:
    number = papers.make(Stage.RECEIVED)
    tab.goto("/desk/documents")
    tab.keyboard.press("h")
    tab.wait_for_url("**/desk/documents?task=collect")
    type_in(tab, number)
    expect(tab.get_by_role("textbox", name="Collection code", exact=True)).to_be_focused()
    right = papers.code(number)
    type_in(tab, "1111" if right != "1111" else "2222")
    expect(tab.locator("#code-error")).to_contain_text("Tries left in this hour: 4.")
    expect(tab.get_by_role("textbox", name="Collection code", exact=True)).to_be_focused()
    type_in(tab, right)
    tab.wait_for_url("**/desk/documents?task=collect")
    expect(tab.get_by_role("status").first).to_contain_text("Handed over.")
    expect(tab.get_by_label("Scan or type the document number")).to_be_focused()
    assert papers.get(number).stage == Stage.COLLECTED


def test_a_clerk_receives_a_batch_of_which_some_rows_are_wrong(tab: Page, papers: Papers, tmp_path: Path) -> None:
    first, second = new_reference(), new_reference()
    batch = tmp_path / "june.csv"
    batch.write_text(
        "document number,service,centre,ID number,phone\n"
        f"{first},IDR,GPO,21234567,0711000001\n"
        f"{second},XYZ,GPO,22234567,0711000002\n"
        f"48217093,IDR,GPO,23234567,0711000003\n"
    )
    tab.goto("/desk/intake")
    tab.get_by_label("File", exact=True).set_input_files(batch)
    tab.get_by_label("What does the file say").select_option("received")
    tab.get_by_role("button", name="Take it in").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("What came of the file")
    rows = tab.get_by_role("row")
    expect(rows.filter(has_text='There is no service "XYZ"')).to_contain_text(second)
    expect(rows.filter(has_text="That number is not right")).to_contain_text("48217093")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="All of them as a file").click()
    given = tmp_path / download.value.suggested_filename
    download.value.save_as(given)
    assert given.name == "june.refused.csv"
    with given.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    lines[1][3] = "IDR"
    with given.open("w", newline="") as file:
        csv.writer(file).writerows(lines[:2])
    tab.goto("/desk/intake")
    expect(tab.get_by_role("row").filter(has_text="june.csv")).to_contain_text("asha")
    tab.get_by_label("File", exact=True).set_input_files(given)
    tab.get_by_role("button", name="Take it in").click()
    expect(tab.locator(".govuk-summary-list__row").first).to_contain_text("1")
    assert [papers.get(number).stage for number in (first, second)] == [Stage.RECEIVED] * 2


@pytest.mark.parametrize("tab", [True], indirect=True)
def test_a_file_that_is_too_big_is_answered_and_not_cut_off(tab: Page, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(50 << 20)
    tab.goto("/desk/intake")
    tab.get_by_label("File", exact=True).set_input_files(big)
    tab.get_by_role("button", name="Take it in").click()
    expect(tab.locator("#file-error")).to_contain_text("This file is bigger than 10 MB: nothing was done.")
