"""A manager closes a centre and watches bookings move, in a real browser; with scripts and without."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from core.catalogue.tables import Closure
from core.catalogue.version import bump_version
from core.db import Transaction
from core.people.register import Register
from core.staff.roles import Role
from tests.browser.seated import cookie_of, seated
from tests.browser.served import served
from tests.desk.bookers import Books, clears
from tests.journeys.ledger import Ledger
from tests.support import Clock
from web.desk.closing.closures import FIRST_BATCH

pytestmark = pytest.mark.browser

LEFT = 3
"""People whom the answer to the button leaves to the clock."""


@pytest.fixture
def cookie(app: Flask, transaction: Transaction, clock: Clock) -> Iterator[str]:
    """The session of the manager of GPO; what they close is open again for the next test."""
    yield cookie_of(app, transaction, "wanjiru", Role.MANAGER, site="GPO", now=clock())
    with transaction() as db:
        db.execute(sa.delete(Closure))
        bump_version(db)


@pytest.fixture
def tab(browser: Browser, app: Flask, cookie: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of the manager; whatever the browser complains about fails the test."""
    scripts = getattr(request, "param", True)
    with served(app) as address, seated(browser, address, cookie, scripts=scripts) as page:
        yield page


@pytest.mark.parametrize("tab", [True, False], indirect=True, ids=["with JavaScript", "without JavaScript"])
def test_a_manager_closes_a_centre_and_watches_bookings_move(
    tab: Page, transaction: Transaction, register: Register, ledger: Ledger
) -> None:
    books = Books(transaction, register, ledger)
    for nth in range(FIRST_BATCH + LEFT):
        books(phone=nth + 1, nth=6 + nth // 4)
    tab.goto("/desk/closures")
    tab.get_by_role("link", name="Closures").first.click()
    tab.get_by_role("button", name="Close something", exact=True).click()
    tab.get_by_label("What is closed?").select_option("The whole centre")
    tab.get_by_label("Until which day?").fill("24/11/2026")
    tab.get_by_label("Why?").fill("A pipe has burst")
    tab.get_by_role("button", name="Show who is hit").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Who is hit")
    expect(tab.get_by_text(f"Bookings: {FIRST_BATCH + LEFT}.")).to_be_visible()
    tab.get_by_role("button", name="Close, move and tell them").click()
    progress = tab.get_by_role("status")
    expect(progress).to_have_text(f"{FIRST_BATCH} moved, 0 without a time, {LEFT} left")
    clears(transaction, ledger.catalogue)
    # Nobody touches anything: the page asks for itself again.
    expect(progress).to_have_text(f"{FIRST_BATCH + LEFT} moved, 0 without a time, 0 left")
    expect(tab.get_by_text("everybody has been moved")).to_be_visible()
    ledger.is_balanced()


def test_two_taps_on_the_page_of_today(tab: Page, transaction: Transaction, register: Register, ledger: Ledger) -> None:
    Books(transaction, register, ledger)()
    taps: list[str] = []

    def tapped(on: str) -> None:
        taps.append(on)

    tab.expose_function("tapped", tapped)
    tab.add_init_script("addEventListener('click', event => tapped(event.target.innerText), true)")
    tab.goto("/desk/today")
    tab.get_by_role("button", name="NRB: the system is down").click()
    expect(tab.get_by_text("Bookings: 1.")).to_be_visible()
    tab.get_by_role("button", name="Close, move and tell them").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Closures")
    expect(tab.get_by_role("row").filter(has_text="Replace lost national ID")).to_contain_text("1")
    assert len(taps) == 2, taps
    ledger.is_balanced()
