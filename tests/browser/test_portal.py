"""A citizen books on a small screen, in a real Chromium, with everything that `make run` starts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.everything import Everything

pytestmark = pytest.mark.browser

SMALL = {"width": 360, "height": 640}


class Inbox:
    """The phone of a citizen, as the simulator shows it."""

    def __init__(self, page: Page, everything: Everything, number: str) -> None:
        self.page = page
        page.goto(everything.simulator)
        page.get_by_label("Number", exact=True).fill(number)
        page.get_by_label("Number", exact=True).press("Tab")

    def code(self) -> str:
        """The digits of the SMS that has just come."""
        messages = self.page.get_by_role("list", name="Inbox")
        expect(messages).to_contain_text(re.compile(r"\d{6} is your Huduma code"))
        found = re.search(r"(\d{6}) is your Huduma code", messages.inner_text())
        assert found
        return found[1]

    def gets(self, text: str) -> None:
        expect(self.page.get_by_role("list", name="Inbox")).to_contain_text(text)


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("scripts", "number", "person"),
    [(True, "+254711000061", "23456781"), (False, "+254711000062", "23456782")],
    ids=["with scripts", "without scripts"],
)
def test_a_citizen_books_on_a_small_screen(
    browser: Browser, desk: Page, everything: Everything, scripts: bool, number: str, person: str
) -> None:
    context = browser.new_context(viewport=SMALL, java_script_enabled=scripts)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    inbox = Inbox(desk, everything, number)
    page.goto(everything.web)
    page.get_by_role("button", name="Book a visit").click()
    page.get_by_role("link", name="Replace lost national ID").click()
    page.get_by_role("link", name="Nairobi", exact=True).click()
    page.get_by_role("link", name="Huduma Centre Makadara").click()
    page.get_by_role("main").get_by_role("button").last.click()
    page.get_by_label("Your phone number").fill(number)
    page.get_by_role("button", name="Send me the code").click()
    page.get_by_label("The 6 digits in the SMS").fill(inbox.code())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("is held for you until")).to_be_visible()
    page.get_by_label("The ID number of the person coming").fill(person)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    assert _width(page, scripts) <= SMALL["width"]
    page.get_by_role("button", name="Confirm my booking").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
    inbox.gets("Booked: Lost ID")
    page.get_by_role("button", name="Slip to print or save").click()
    expect(page.get_by_role("img", name="QR code of the booking number")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("main")).to_contain_text("You have booked Replace lost national ID already")
    context.close()
    assert errors == []


def _width(page: Page, scripts: bool) -> int:
    """How wide the page is; without scripts nobody can ask it."""
    return int(page.evaluate("document.documentElement.scrollWidth")) if scripts else 0
