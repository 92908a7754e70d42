"""From the clerk who makes a key at the desk to the agency's own system, which sends the day's work with it."""

import json
import urllib.request

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from core.staff.roles import Role
from core.tracking.stages import Stage
from tests.browser.seated import cookie_of, seated
from tests.browser.served import served
from tests.desk.papers import Papers

pytestmark = pytest.mark.browser


def test_a_key_that_a_clerk_has_made_sends_a_batch(browser: Browser, app: Flask, papers: Papers) -> None:
    numbers = [papers.make(Stage.APPLIED) for _n in range(2)]
    cookie = cookie_of(app, papers.transaction, "njoki", Role.CLERK, agency="NRB", now=papers.clock())
    with served(app) as address:
        with seated(browser, address, cookie) as tab:
            tab.goto("/desk/keys")
            tab.get_by_role("button", name="Make a key").click()
            tab.get_by_label("What is it for?").fill("The card printer")
            tab.locator("[name=scopes][value='documents:write']").check()
            tab.get_by_role("button", name="Make the key").click()
            expect(tab.get_by_role("heading", level=1)).to_have_text("The card printer")
            key = tab.locator("pre").inner_text().strip()
        moves = [{"tracking_number": number, "stage": "sent_to_centre"} for number in numbers]
        request = urllib.request.Request(
            f"{address}/api/v1/documents/moves",
            json.dumps({"moves": moves}).encode(),
            {
                "Authorization": f"Bearer {key}",
                "Idempotency-Key": "the-work-of-today",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert [it["result"] for it in json.load(answer)["outcomes"]] == ["taken", "taken"]
    assert {papers.get(number).stage for number in numbers} == {Stage.SENT_TO_CENTRE}
