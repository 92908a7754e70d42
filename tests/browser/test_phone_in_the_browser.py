"""From dial to SMS, through everything that `make run` starts, in a real Chromium."""

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from core.db import make_engine
from core.messaging.tables import InboundMessage
from tests.browser.everything import Everything, fetch
from web.local.process import wait_until

pytestmark = pytest.mark.browser


class BrowserPhone:
    """The phone on the page, used as a person does."""

    def __init__(self, page: Page, number: str) -> None:
        self.page = page
        page.get_by_label("Number", exact=True).fill(number)
        self.field = page.get_by_label("Dial or answer")
        self.call = page.get_by_role("button", name="Call or send")

    @property
    def screen(self) -> Locator:
        return self.page.get_by_role("status", name="Phone screen")

    def sends(self, text: str) -> None:
        self.field.fill(text)
        self.call.click()

    def presses(self, keys: str) -> None:
        for key in keys:
            self.page.get_by_role("group", name="Keypad").get_by_role("button", name=key, exact=True).click()
        self.call.click()

    def sees(self, text: str) -> None:
        expect(self.screen).to_contain_text(text)


def test_a_citizen_books_and_gets_the_sms(page: Page) -> None:
    phone = BrowserPhone(page, "+254711000041")
    phone.sends("*191*9#")
    phone.sees("1 Book a visit")
    for key, seen in (("1", "Which service?"), ("1", "Where?"), ("1", "first free day"), ("1", "Lost ID, GPO")):
        phone.presses(key)
        phone.sees(seen)
    phone.presses("1")
    phone.sees("is held for you")
    expect(page.get_by_role("status", name="Screen length")).to_have_text(re.compile(r"^\d+ of 160$"))
    phone.presses("12345678")
    phone.sees("1 Confirm")
    phone.presses("1")
    phone.sees("Booked: GPO")
    expect(page.get_by_role("list", name="Inbox")).to_contain_text("Booked: Lost ID, GPO")


def test_a_dropped_call_can_be_continued(page: Page) -> None:
    phone = BrowserPhone(page, "+254711000042")
    phone.sends("*191*9#")
    phone.sees("5 Weka miadi")
    phone.presses("5")
    phone.sees("Huduma gani?")
    phone.presses("2")
    phone.sees("Wapi?")
    page.get_by_role("button", name="Drop the call").click()
    phone.sees("Connection problem")  # before that the code is still being put into the field
    phone.sends("*191*9#")
    phone.sees("Uendelee na: ID ya kwanza")
    phone.presses("1")
    phone.sees("Wapi?")


def test_a_reply_by_sms_is_kept(page: Page, everything: Everything) -> None:
    BrowserPhone(page, "+254711000043")
    page.get_by_label("Reply to 22191").fill("NDIYO")
    page.get_by_role("button", name="Send SMS").click()
    expect(page.get_by_label("Reply to 22191")).to_have_value("")
    engine = make_engine(everything.database)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        kept = sa.select(sa.func.count()).select_from(InboundMessage)
        assert wait_until(lambda: db.scalar(kept) == 1, limit=10)
    engine.dispose()


def test_the_parts_tell_how_they_are(everything: Everything) -> None:
    assert '"postgresql":"ok"' in fetch(f"{everything.web}/readyz").replace(" ", "")
    assert fetch(f"{everything.web}/healthz") == "ok"
    assert "zamu_ussd_hops_total" in fetch(f"{everything.web}/metrics")
