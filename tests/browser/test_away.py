"""The network goes away while somebody is typing: a page says so, and nothing that was typed is lost."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from core.db import Transaction
from core.people.register import Register
from core.tracking.demo import make_demo_documents
from tests.browser.served import served
from tests.support import NOW

pytestmark = pytest.mark.browser

NUMBER, PROOF = "4821 7092", "678"
AWAY = "There is no network now"
AGAIN = "What you had typed is here again."


@pytest.fixture
def address(app: Flask, transaction: Transaction, register: Register) -> Iterator[str]:
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    with served(app) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page on which a document is asked for, with both typed; a script error fails the test."""
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/document")
    page.get_by_label("Document number").fill(NUMBER)
    page.get_by_label("Last 3 digits").fill(PROOF)
    yield page
    context.close()
    assert errors == []


def typed(page: Page) -> list[str]:
    return [page.get_by_label(label).input_value() for label in ("Document number", "Last 3 digits")]


def send(page: Page) -> None:
    page.get_by_role("button", name="Find it").click()


def test_a_form_sent_without_a_network_is_held_back_and_goes_when_it_is_back(page: Page, address: str) -> None:
    notice = page.get_by_role("alert").filter(has_text=AWAY)
    expect(notice).to_be_hidden()
    page.context.set_offline(True)
    expect(notice).to_be_visible()
    send(page)
    assert page.url == f"{address}/document"
    assert typed(page) == [NUMBER, PROOF]
    page.context.set_offline(False)
    expect(notice).to_be_hidden()
    send(page)
    page.wait_for_url("**/document/status")
    expect(page.get_by_text("READY at GPO")).to_be_visible()


def test_a_page_that_was_lost_has_what_was_typed_when_it_comes_again(page: Page) -> None:
    page.reload()
    assert typed(page) == [NUMBER, PROOF]
    expect(page.get_by_text(AGAIN)).to_be_visible()


def test_what_went_through_is_not_there_for_the_next_person(page: Page, address: str) -> None:
    send(page)
    page.wait_for_url("**/document/status")
    page.goto(f"{address}/document")
    assert typed(page) == ["", ""]
    assert page.evaluate("sessionStorage.length") == 0


def test_what_is_wrong_stays_as_the_server_gave_it_back(page: Page, address: str) -> None:
    page.get_by_label("Last 3 digits").fill("12")
    send(page)
    expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_visible()
    expect(page.locator("#problems")).to_be_focused()
    assert typed(page) == [NUMBER, "12"]
    expect(page.get_by_text(AGAIN)).to_be_hidden()


def test_back_after_a_mended_mistake_leads_to_the_form(page: Page, address: str) -> None:
    page.get_by_label("Last 3 digits").fill("12")
    send(page)
    expect(page.locator("#problems")).to_be_focused()
    page.get_by_label("Last 3 digits").fill(PROOF)
    send(page)
    page.wait_for_url("**/document/status")
    page.go_back()
    expect(page.get_by_label("Last 3 digits")).to_have_value("")
    assert page.url == f"{address}/document"


def test_what_ended_on_a_page_of_a_problem_is_still_typed(page: Page, address: str) -> None:
    """The form leads to another address than its own page, where there is none such."""

    def elsewhere(route: Route) -> None:
        served = route.fetch()
        route.fulfill(response=served, body=served.text().replace('action="/document"', 'action="/document/none"'))

    page.route("**/document", elsewhere)
    page.goto(f"{address}/document")
    page.get_by_label("Document number").fill(NUMBER)
    page.get_by_label("Last 3 digits").fill(PROOF)
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    page.goto(f"{address}/document")
    assert typed(page) == [NUMBER, PROOF]


def test_an_answer_that_was_lost_is_asked_for_again_as_the_same_request(page: Page, address: str) -> None:
    key = page.locator("[name=request_key]").input_value()
    page.route("**/document", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    send(page)
    page.wait_for_url("chrome-error://**")
    page.unroute("**/document")
    page.goto(f"{address}/document")
    assert typed(page) == [NUMBER, PROOF]
    assert page.locator("[name=request_key]").input_value() == key
    page.get_by_label("Last 3 digits").fill("679")
    assert page.locator("[name=request_key]").input_value() != key, "changed, it is another request"


def test_a_connection_that_is_only_said_to_be_there_does_not_lose_the_page(page: Page, address: str) -> None:
    page.clock.install()
    page.reload()
    page.clock.fast_forward(30_000)
    page.route("**/*", lambda route: route.abort())
    send(page)
    expect(page.get_by_role("alert").filter(has_text=AWAY)).to_be_visible()
    assert typed(page) == [NUMBER, PROOF]
    page.unroute("**/*")
    send(page)
    page.wait_for_url("**/document/status")


def test_after_a_pause_a_form_still_goes_through_with_one_press(page: Page) -> None:
    page.clock.install()
    page.reload()
    page.clock.fast_forward(30_000)
    send(page)
    page.wait_for_url("**/document/status")


def test_passwords_are_never_kept_and_signing_in_forgets_all(page: Page, address: str) -> None:
    assert page.evaluate("sessionStorage.length") == 1
    page.goto(f"{address}/desk/sign-in")
    page.locator("input[type=password]").fill("a password of my own")
    assert page.evaluate("sessionStorage.length") <= 1
    assert "a password" not in page.evaluate("JSON.stringify(sessionStorage)")
    assert NUMBER not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_page_that_was_kept_is_not_shown_in_the_language_of_before(page: Page, address: str) -> None:
    page.goto(f"{address}/services")
    page.goto(f"{address}/")
    page.get_by_role("link", name="Kiswahili").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zamu yako katika Kituo cha Huduma")
    page.get_by_role("contentinfo").get_by_role("link", name="Huduma", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Huduma")


def test_the_file_that_is_too_big_leaves_a_page_with_a_sentence(page: Page, address: str) -> None:
    page.evaluate("document.querySelector('[name=number]').value = 'x'.repeat(80 * 1024)")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("That is too big")
