"""One run of everything and one browser for all tests here."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.settings import environment
from tests.browser.everything import Everything, NoBrowser, chromium, everything_running

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

# Milliseconds until a page is taken for stuck: no test takes longer by it, and none fails because a machine is busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def everything() -> Iterator[Everything]:
    with everything_running() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        path = chromium()
    except NoBrowser as reason:
        if environment().get("CI") == "true":
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    # Stopped before another module starts its own: there is one at a time in a process.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, everything: Everything) -> Iterator[Page]:
    """The phone in the browser, with nothing dialled yet; a script error on the page fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 820})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(everything.simulator)
    yield page
    context.close()
    assert errors == []
