"""Centres: found by place, and told without what nobody has a source for."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Closure
from core.db import Transaction
from tests.journeys.fixtures import MakeApp
from tests.portal.pages import words
from tests.support import NOW, Clock


def test_centres_are_listed_by_county_and_found_by_a_mistyped_town(app: Flask) -> None:
    citizen = app.test_client()
    assert 'href="/centres/GPO"' in citizen.get("/centres").text
    assert "Huduma Centre Kisumu" in words(citizen.get("/centres?q=kisum").text)
    assert "No place begins like that" in words(citizen.get("/centres?q=zzzz").text)


def test_a_centre_says_where_it_is_when_it_is_open_and_what_it_does(app: Flask) -> None:
    page = app.test_client().get("/centres/GPO").text
    said = words(page)
    assert "Teleposta Towers (GPO), Kenyatta Avenue, Nairobi (not confirmed)" in said
    assert "Mon-Fri 7:00am-7:00pm" in said
    assert 'href="/book/IDR/GPO"' in page


def test_an_address_without_a_source_is_not_shown(app: Flask) -> None:
    said = words(app.test_client().get("/centres/MAK").text)
    assert "Jogoo Road" not in said
    assert "Nairobi (not confirmed)" in said


def test_a_town_that_is_a_guess_is_not_shown(app: Flask) -> None:
    said = words(app.test_client().get("/centres/TVT").text)
    assert "Wundanyi" not in said
    assert "County Taita Taveta" in said


def test_it_says_whether_it_is_open_at_this_moment(app: Flask, clock: Clock) -> None:
    citizen = app.test_client()
    assert "Open now" in words(citizen.get("/centres/GPO").text)
    clock.time = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert "Closed now" in words(citizen.get("/centres/GPO").text)


def test_a_public_holiday_is_announced(app: Flask, clock: Clock) -> None:
    assert "public holiday" not in words(app.test_client().get("/centres/GPO").text)
    clock.time = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
    assert "Closed on Fri 25 Dec: public holiday" in words(app.test_client().get("/centres/GPO").text)


def test_a_closure_of_the_whole_centre_is_announced(
    transaction: Transaction, make_app: MakeApp, catalogue: Catalogue
) -> None:
    site = catalogue.sites["GPO"].id
    begins = NOW + timedelta(days=2)
    with transaction() as db:
        shut = Closure(site_id=site, starts_at=begins, ends_at=begins + timedelta(hours=8), reason="water")
        db.add(shut)
        db.flush()
        number = shut.id
    try:
        said = words(make_app().test_client().get("/centres/GPO").text)
    finally:
        with transaction() as db:
            db.execute(sa.delete(Closure).where(Closure.id == number))
    assert "Closed from Wed 25 Nov 9:00am to Wed 25 Nov 5:00pm" in said
    assert "water" not in said


def test_an_unknown_centre_is_a_kind_404(app: Flask) -> None:
    assert app.test_client().get("/centres/NOPE").status_code == 404
