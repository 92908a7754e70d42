"""A scanner types where nobody expects it: whoever is scanned is found, and nothing is done to anybody else."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from core.booking.outcomes import Booked
from core.staff.roles import Role
from tests.browser.seated import cookie_of, seated
from tests.browser.served import served
from tests.desk.day import Day, day
from tests.desk.papers import Papers

__all__ = ["day"]

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(browser: Browser, app: Flask, day: Day) -> Iterator[Page]:
    """A tab of a counter officer at GPO. Its time stands still: however slow the machine, keys come at once."""
    cookie = cookie_of(app, day.transaction, "asha", Role.COUNTER, site="GPO", now=day.clock())
    with served(app) as address, seated(browser, address, cookie) as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        yield page


def grouped(booked: Booked) -> str:
    return f"{booked.reference[:4]} {booked.reference[4:]}"


def press(page: Page, key: str) -> None:
    """On a page that listens already."""
    page.wait_for_load_state()
    page.keyboard.press(key)
    page.clock.run_for(1000)


def scan(page: Page, number: str) -> None:
    page.wait_for_load_state()
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def came(day: Day, *all_booked: Booked) -> list[bool]:
    return [bool((row := day.booking(booked)) and row.came_at) for booked in all_booked]


def test_a_scan_on_the_page_of_one_visit_finds_the_other(tab: Page, day: Day) -> None:
    open_, scanned = day.books(day.times()[3]), day.books(day.times()[3])
    tab.goto(f"/desk/visit/{open_.reference}")
    scan(tab, scanned.reference)
    expect(tab.get_by_role("heading", level=1)).to_contain_text(grouped(scanned))
    press(tab, "1")
    expect(tab.get_by_role("status")).to_contain_text(f"{grouped(scanned)}, Lost ID: checked in")
    assert came(day, open_, scanned) == [False, True]


def test_a_scan_on_a_form_without_a_field_for_it_does_not_send_the_form(tab: Page, day: Day) -> None:
    open_, scanned = day.books(day.times()[3]), day.books(day.times()[3])
    tab.goto(f"/desk/visit/{open_.reference}")
    press(tab, "2")
    expect(tab.get_by_role("radio", name="Yes")).to_be_focused()
    tab.evaluate("document.addEventListener('submit', event => { event.preventDefault(); document.title = 'sent' })")
    scan(tab, scanned.reference)
    tab.clock.run_for(1000)
    assert "Served" in tab.title()
    tab.evaluate("document.addEventListener('keydown', event => { document.title = event.defaultPrevented })")
    tab.keyboard.press("/")
    assert tab.title() == "false", "nothing takes it here, so it searches the page"
    tab.clock.run_for(1000)
    tab.keyboard.press("Enter")
    assert tab.title() == "sent"


def test_a_key_in_the_scan_field_is_a_key_only_alone(tab: Page) -> None:
    tab.goto("/desk/documents?task=receive")
    field = tab.get_by_label("Scan or type the document number")
    expect(field).to_be_focused()
    scan(tab, "b12")
    expect(tab.locator("#scanned-error")).to_contain_text("b12: The number has 8 digits.")
    expect(field).to_be_focused()
    press(tab, "b")
    expect(tab.get_by_label("Scan or type the bin")).to_be_focused()


def test_a_document_scanned_on_the_page_of_another_is_found(tab: Page, papers: Papers) -> None:
    open_, scanned = papers.make(), papers.make()
    tab.goto(f"/desk/documents/{open_}")
    scan(tab, scanned)
    expect(tab.get_by_role("status").first).to_contain_text(f"{scanned[:4]} {scanned[4:]}")


def test_what_is_wrong_is_read_before_the_next_scan(tab: Page) -> None:
    tab.goto("/desk/paper")
    expect(tab.locator("[data-scan]")).to_be_focused()
    tab.get_by_role("button", name="Key in").click()
    expect(tab.locator("#problems")).to_be_focused()
