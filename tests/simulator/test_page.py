"""The phone in the browser."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from simulator.knobs import knob_help
from tests.simulator.doubles import AIRTEL, PATIENCE_SECONDS, PHONE

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def test_the_page_shows_every_knob_with_its_documentation(desk):
    page = requests.get(desk.address, timeout=PATIENCE_SECONDS)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    for knob in knob_help():
        assert f'for="knob-{knob.name}">{knob.label}<' in page.text
        assert f'name="{knob.name}"' in page.text
        assert knob.help in page.text


def test_the_page_loads_nothing_from_elsewhere(desk):
    for path in ("/", "/static/phone.css", "/static/phone.js"):
        text = requests.get(desk.address + path, timeout=PATIENCE_SECONDS).text
        assert "https://" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_what_is_not_there_is_told_in_json(desk):
    assert desk.refused("GET", "/nothing", status=404).startswith("The requested URL was not found")
    assert "not allowed" in desk.refused("DELETE", "/knobs", status=405)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        assert os.environ.get("CI") != "true", "CI must have a Chromium, and none was found."
        pytest.skip("No Chromium was found; install one (apt-get install chromium) to run the browser tests.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, desk) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    complaints: list[Any] = []
    page.on("pageerror", lambda error: complaints.append(error))
    page.goto(desk.address)
    yield page
    page.close()
    assert complaints == []


@pytest.mark.browser
class TestPhone:
    DROP = "Drop the call (network fails)"

    def screen(self, page):
        return page.get_by_role("status", name="Phone screen")

    def press(self, page, *keys):
        for key in keys:
            page.get_by_role("button", name=key, exact=True).click()

    def test_a_call_is_dialled_and_answered_on_the_keypad(self, page, zamu):
        zamu.screens |= {"": "CON Huduma\n1 Book", "12*#0": "END Booked"}
        page.get_by_role("textbox", name="Dial or answer").fill("")
        self.press(page, "star", "1", "9", "1", "star", "9", "9", "Clear", "hash", "Call or send")
        expect(self.screen(page)).to_have_text("Huduma\n1 Book")
        length = page.get_by_role("status", name="Screen length")
        expect(length).to_have_text("13 of 160")
        expect(length).to_have_attribute("title", re.compile("^Septets"))
        self.press(page, "1", "2", "star", "hash", "0", "Call or send")
        expect(self.screen(page)).to_have_text("Booked")
        assert zamu.texts() == ["", "12*#0"]

    def test_the_keyboard_works_wherever_the_focus_is_on_the_phone(self, page, zamu):
        page.keyboard.press("Enter")
        expect(self.screen(page)).to_have_text("Next?")
        self.press(page, "7")
        page.keyboard.type("Thika9")
        page.keyboard.press("Backspace")
        page.get_by_role("textbox", name="Dial or answer").press("Enter")
        zamu.wait_for("/ussd", 2)
        assert zamu.texts() == ["", "7Thika"]
        expect(self.screen(page)).not_to_have_attribute("aria-busy", "true")
        page.keyboard.press("Escape")
        expect(self.screen(page)).to_have_text("Dial *191*9# and press Call.")
        assert zamu.wait_for("/ussd/events")[0].form["status"] == "Incomplete"

    def test_a_screen_that_is_too_long_turns_the_counter_red_and_names_ucs2(self, page, zamu):
        zamu.other = "CON " + "ā" * 71
        self.press(page, "Call or send")
        expect(page.locator("#counter")).to_have_text("71 of 70 UCS-2 too long")
        expect(page.locator("#counter")).to_have_class("over")

    def test_the_call_can_be_dropped_as_if_the_network_failed(self, page, zamu):
        expect(page.get_by_role("button", name=self.DROP)).to_be_disabled()
        expect(page.get_by_role("timer")).to_have_text("no session")
        self.press(page, "Call or send")
        expect(page.get_by_role("timer")).to_contain_text("answer within 0:")
        self.press(page, self.DROP)
        expect(self.screen(page)).to_have_text("Connection problem or invalid MMI code.")
        expect(page.get_by_role("timer")).to_have_text("no session")

    def test_network_and_number_can_be_chosen(self, page, zamu):
        page.get_by_label("Network", exact=True).select_option(label="Airtel (63903)")
        page.get_by_label("Number", exact=True).fill("0733000003")
        self.press(page, "Call or send")
        form = zamu.wait_for("/ussd")[0].form
        assert (form["networkCode"], form["phoneNumber"]) == (AIRTEL, "+254733000003")

    def test_a_number_that_is_none_is_told(self, page):
        page.get_by_label("Number", exact=True).fill("911")
        self.press(page, "Call or send")
        expect(page.get_by_role("alert")).to_contain_text("That is not a Kenyan mobile number")

    def test_an_sms_arrives_and_is_replied_to(self, page, desk, zamu):
        desk.sms().send_to(PHONE, text="Booked: 8:00am <b>")
        inbox = page.get_by_role("list", name="Inbox")
        expect(inbox).to_contain_text("Booked: 8:00am <b>")
        page.get_by_label("Reply to 22191").fill("YES")
        self.press(page, "Send SMS")
        expect(inbox.get_by_role("listitem").first).to_contain_text("YES")
        assert zamu.wait_for("/sms/inbound")[0].form["text"] == "YES"

    def test_knobs_are_turned_and_turned_off(self, page, desk):
        page.get_by_text("Knobs", exact=True).click()
        page.get_by_label("Late copies of hops").check()
        page.get_by_label("Delay (ms)").fill("10")
        page.get_by_label("What goes wrong with a send").select_option("close")
        page.get_by_label("Failing numbers").fill("0711000002 406\n+254711000003: 401")
        self.press(page, "Apply knobs")
        expect(page.locator("#knobs-status")).to_have_text("Applied.")
        expect(page.locator("#knobs-turned")).to_have_text("4 on")
        knobs = desk.ok("GET", "/knobs")
        assert knobs["failing"] == {"+254711000002": 406, "+254711000003": 401}
        assert (knobs["late_copies"], knobs["latency_ms"], knobs["send_fault"]) == (True, 10, "close")
        self.press(page, "All off")
        expect(page.locator("#knobs-turned")).to_have_text("all off")
        assert desk.ok("GET", "/knobs")["failing"] == {}

    def test_an_sms_that_arrives_out_of_sight_is_told_on_the_phone(self, page, desk):
        desk.sms().send_to(PHONE, text="There before anybody looked")
        page.set_viewport_size({"width": 360, "height": 640})
        page.reload()
        expect(page.get_by_role("list", name="Inbox")).to_contain_text("There before")
        expect(page.locator("#new-messages")).to_be_hidden()
        desk.sms().send_to(PHONE, text="Booked: 8:00am")
        page.get_by_role("link", name="1 new message").click()
        expect(page.get_by_text("Booked: 8:00am")).to_be_in_viewport()
        expect(page.locator("#new-messages")).to_be_hidden()

    def test_it_fits_the_narrowest_phone(self, page):
        page.set_viewport_size({"width": 360, "height": 640})
        page.get_by_text("Knobs", exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
