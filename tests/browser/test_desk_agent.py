"""An agent of the contact centre books for a caller, in a real browser, as fast as the caller speaks."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from core.booking.tables import Booking
from core.db import Transaction
from core.messaging.tables import Message
from core.staff.roles import Role
from tests.browser.seated import cookie_of, seated, type_in
from tests.browser.served import served
from tests.support import Clock

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(browser: Browser, app: Flask, transaction: Transaction, clock: Clock) -> Iterator[Page]:
    """A tab of an agent; whatever the browser complains about fails the test."""
    cookie = cookie_of(app, transaction, "otieno", Role.AGENT, now=clock())
    with served(app) as address, seated(browser, address, cookie) as page:
        yield page


def test_an_agent_books_for_a_caller_and_moves_it_when_they_call_again(tab: Page, transaction: Transaction) -> None:
    tab.goto("/desk")
    tab.get_by_role("link", name="Find a citizen").first.click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Find a citizen")
    type_in(tab, "0711 000 151")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Phone ending in 151")
    tab.get_by_role("button", name="Book a visit").click()
    tab.get_by_label("Service").select_option("Replace lost national ID")
    tab.get_by_label("Centre").select_option("Huduma Centre Nairobi GPO")
    tab.get_by_role("button", name="Show times").click()
    tab.locator("button[name=at]").first.click()
    tab.get_by_label("Number of the person coming").fill("23456791")
    tab.get_by_label("Kiswahili").check()
    tab.get_by_role("button", name="Book", exact=True).click()
    expect(tab.get_by_role("status")).to_contain_text("Booked: number")
    with transaction() as db:
        before = db.scalars(sa.select(Booking)).one()
        assert db.execute(sa.select(Message.template, Message.language)).one() == ("booking_confirmed", "sw")
    tab.get_by_role("button", name="Move").click()
    tab.locator("button[name=at]").nth(1).click()
    expect(tab.get_by_role("status")).to_contain_text("Moved to")
    with transaction() as db:
        after = db.scalars(sa.select(Booking)).one()
    assert (after.reference, after.starts_at > before.starts_at) == (before.reference, True)
