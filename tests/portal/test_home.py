"""The first page, and what all pages of the portal share."""

import pytest
from flask import Flask, url_for

from core.settings import ServiceCode
from tests.journeys.fixtures import MakeApp
from tests.portal.pages import words


def test_the_first_page_leads_to_all_that_the_phone_offers(app: Flask) -> None:
    page = app.test_client().get("/").text
    for endpoint in ("booking.start", "own_booking.find", "tracking.look", "services.services", "centres.centres"):
        with app.test_request_context():
            assert f'href="{url_for(endpoint)}"' in page


def test_it_says_that_nobody_need_pay(app: Flask) -> None:
    assert "Booking is free. Pay no broker" in words(app.test_client().get("/").text)


def test_every_page_says_what_to_dial_without_internet(make_app: MakeApp) -> None:
    app = make_app(ussd_codes=(ServiceCode("*384*7#"),))
    page = app.test_client().get("/services").text
    assert "Dial *384*7# on any phone" in words(page)
    assert 'href="tel:*384*7%23"' in page


def test_the_other_language_is_one_tap_away_and_one_stays_on_the_page(app: Flask) -> None:
    citizen = app.test_client()
    page = citizen.get("/services/IDR?from=sms")
    assert 'href="/language/sw?back=/services/IDR?from%3Dsms"' in page.text
    there = citizen.get("/language/sw?back=/services/IDR?from%3Dsms")
    assert there.location == "/services/IDR?from=sms"
    assert "Kubadilisha kitambulisho kilichopotea" in citizen.get(there.location).text
    assert '<html lang="sw"' in citizen.get("/").text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_to_no_other_site(app: Flask, back: str) -> None:
    location = app.test_client().get("/language/sw", query_string={"back": back}).location
    assert location is not None
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_a_browser_that_asks_for_kiswahili_is_spoken_to_in_kiswahili(app: Flask) -> None:
    assert "Weka miadi" in app.test_client().get("/", headers={"Accept-Language": "sw-KE, en;q=0.5"}).text
    assert "Book a visit" in app.test_client().get("/", headers={"Accept-Language": "fr"}).text


def test_what_was_chosen_counts_more_than_what_the_browser_asks_for(app: Flask) -> None:
    citizen = app.test_client()
    citizen.get("/language/en")
    assert "Book a visit" in citizen.get("/", headers={"Accept-Language": "sw"}).text


def test_practice_is_said_on_every_page(make_app: MakeApp) -> None:
    practising = make_app(secret_key="demo-" + "x" * 40).test_client()
    assert "nothing here is real" in words(practising.get("/").text)
    assert "nothing here is real" in words(practising.get("/no-such-page").text)
    assert "nothing here is real" not in words(make_app().test_client().get("/").text)
