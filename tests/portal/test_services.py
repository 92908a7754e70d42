"""Services: found by name or by kind, and told without what nobody knows."""

import pytest
import sqlalchemy as sa
from flask import Flask

from core.catalogue.tables import Fee, Service, Trust
from core.db import Transaction
from tests.portal.pages import words


@pytest.mark.parametrize("typed", ["passport", "pasport", "pasipoti", "PASSPORT "])
def test_a_service_is_found_in_either_language_and_with_a_small_mistake(app: Flask, typed: str) -> None:
    page = app.test_client().get("/services", query_string={"q": typed}).text
    assert "Passport - first time" in words(page)


def test_what_is_not_found_is_said_and_what_was_typed_is_kept(app: Flask) -> None:
    page = app.test_client().get("/services", query_string={"q": 'zzz"><script>'}).text
    assert "No service begins like that" in words(page)
    assert "Found for" not in words(page)
    assert 'value="zzz&#34;&gt;&lt;script&gt;"' in page


def test_every_service_can_be_reached_by_its_kind(app: Flask) -> None:
    citizen = app.test_client()
    page = citizen.get("/services").text
    for code in ("IDR", "PAB", "BCC"):
        assert f'href="/services/{code}"' in page
        assert citizen.get(f"/services/{code}").status_code == 200


def test_a_service_says_what_to_bring_what_it_costs_and_where_it_is_given(app: Flask) -> None:
    page = app.test_client().get("/services/IDR").text
    said = words(page)
    assert "Replace lost national ID" in said
    assert "Police abstract" in said
    assert "Fee KES 1,050 (not confirmed)" in said
    assert 'href="/book/IDR"' in page
    assert 'href="/book/IDR/GPO"' in page


def test_a_fee_that_is_an_estimate_is_not_told(app: Flask) -> None:
    assert "Fee: ask at the centre" in words(app.test_client().get("/services/BCL").text)


def test_a_service_given_elsewhere_says_so_and_cannot_be_booked(app: Flask) -> None:
    page = app.test_client().get("/services/BCC").text
    assert "Not done at Huduma Centres" in words(page)
    assert "/book/BCC" not in page


def test_an_unknown_service_is_a_kind_404(app: Flask) -> None:
    answer = app.test_client().get("/services/NOPE")
    assert answer.status_code == 404
    assert "Page not found" in words(answer.text)


def test_no_estimate_of_the_catalogue_is_on_a_page(app: Flask, transaction: Transaction) -> None:
    estimated = sa.select(Service.code).join(Fee).where(Fee.trust == Trust.ESTIMATE, Fee.amount_kes.is_not(None))
    with transaction() as db:
        assert db.scalars(estimated).all() == [], "the importer refuses them: show that none is told"
