"""A document followed in a browser: what the phone tells, without the code, and nothing that can be guessed through."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.db import Transaction
from core.people.register import Register
from core.tracking.demo import make_demo_documents
from core.tracking.tables import Document, LookupAttempt
from tests.portal.pages import hidden, words
from tests.support import NOW, Clock

READY, PROOF = "4821 7092", "678"
ON_ITS_WAY = "33055184"


@pytest.fixture
def citizen(app: Flask, transaction: Transaction, register: Register) -> FlaskClient:
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    return app.test_client()


Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(citizen: FlaskClient) -> Ask:
    """Type both into a new form, or into one that is open, and send it."""

    def asked(number: str, proof: str, page: str = "") -> TestResponse:
        form = page or citizen.get("/document").text
        tokens = {name: hidden(form, name) for name in ("csrf_token", "request_key")}
        return citizen.post("/document", data={"number": number, "proof": proof} | tokens)

    return asked


def attempts(transaction: Transaction) -> list[int]:
    with transaction() as db:
        return list(db.scalars(sa.select(LookupAttempt.attempts)))


def test_number_and_digits_show_the_document(citizen: FlaskClient, ask: Ask) -> None:
    answer = ask(READY, PROOF)
    assert (answer.status_code, answer.location) == (303, "/document/status")
    said = words(citizen.get("/document/status").text)
    assert "Document 4821 7092" in said
    assert "Replace lost national ID" in said
    assert "READY at GPO since 21 Nov." in said
    assert "Ask at the centre what to bring." in said or "Bring:" in said


def test_its_code_is_never_on_a_page(
    citizen: FlaskClient, ask: Ask, transaction: Transaction, register: Register
) -> None:
    ask(READY, PROOF)
    with transaction() as db:
        document = db.scalars(sa.select(Document).where(Document.tracking_number == "48217092")).one()
    assert register.collection_code(document.id, document.arrivals) not in words(citizen.get("/document/status").text)


def test_the_year_of_birth_serves_where_there_is_no_id_and_a_promise_is_told(citizen: FlaskClient, ask: Ask) -> None:
    ask(ON_ITS_WAY, "1994")
    said = words(citizen.get("/document/status").text)
    assert "Promised by 7 Dec." in said
    assert "Next: it is sent to the centre." in said


def test_what_is_wrong_is_said_beside_the_field_and_above_and_what_was_typed_stays(ask: Ask) -> None:
    page = ask("4821 7093", "67").text
    assert 'href="#number"' in page
    assert 'href="#proof"' in page
    assert words(page).count("Type 3 digits of the ID, or a year such as 1990.") == 2
    assert 'value="4821 7093"' in page
    assert 'value="67"' in page
    assert "<title>Error: My document - Zamu</title>" in page


def test_an_unknown_number_and_a_wrong_proof_get_the_same_answer(ask: Ask) -> None:
    for number in (READY, "10000004"):
        assert "No document with that number and ID. Check both, or ask at the centre." in words(
            ask(number, "999").text
        )


def test_after_five_looks_in_an_hour_a_number_is_closed_to_everybody(app: Flask, ask: Ask, clock: Clock) -> None:
    for _look in range(5):
        ask(READY, "999")
    refused = ask(READY, PROOF)
    assert refused.status_code == 429
    assert "Too many tries for this number. Try again in an hour" in words(refused.text)
    assert 'value="4821 7092"' in refused.text
    assert ask(ON_ITS_WAY, "1994").status_code == 303, "other numbers of the same address are open"
    clock.time += timedelta(hours=1)
    assert ask(READY, PROOF).status_code == 303


def test_the_same_page_sent_twice_counts_once(citizen: FlaskClient, ask: Ask, transaction: Transaction) -> None:
    page = citizen.get("/document").text
    for _press in range(3):
        assert ask(READY, PROOF, page).location == "/document/status"
    assert attempts(transaction) == [1]


def test_gone_back_to_and_changed_the_page_asks_another_question(citizen: FlaskClient, ask: Ask) -> None:
    page = citizen.get("/document").text
    ask(READY, PROOF, page)
    ask(ON_ITS_WAY, "1994", page)
    assert "Document 3305 5184" in words(citizen.get("/document/status").text)


def test_looking_again_costs_nothing_and_ends_after_ten_minutes(
    citizen: FlaskClient, ask: Ask, transaction: Transaction, clock: Clock
) -> None:
    ask(READY, PROOF)
    for _reload in range(8):
        assert "READY" in citizen.get("/document/status").text
    assert attempts(transaction) == [1]
    clock.time += timedelta(minutes=10)
    assert citizen.get("/document/status").location == "/document"


def test_whoever_comes_next_to_the_computer_sees_nothing(citizen: FlaskClient, ask: Ask) -> None:
    ask(READY, PROOF)
    assert citizen.get("/document/status").headers["Cache-Control"] == "no-store"
    citizen.get("/document")
    assert citizen.get("/document/status").location == "/document"


def test_a_look_without_a_phone_confirms_no_phone(ask: Ask, transaction: Transaction, register: Register) -> None:
    long_ago = NOW - timedelta(days=200)
    with transaction() as db:
        db.execute(sa.update(Document).values(contact_confirmed_at=long_ago, contact_id=None))
    ask(READY, PROOF)
    with transaction() as db:
        assert set(db.scalars(sa.select(Document.contact_confirmed_at))) == {long_ago}


def test_a_form_that_was_forged_or_kept_too_long_does_nothing_and_keeps_what_was_typed(
    citizen: FlaskClient, transaction: Transaction
) -> None:
    page = citizen.post("/document", data={"number": READY, "proof": PROOF, "csrf_token": "x", "request_key": "x"}).text
    assert "This page was open for a long time. Nothing was done" in words(page)
    assert 'value="4821 7092"' in page
    assert attempts(transaction) == []


def test_it_speaks_kiswahili(citizen: FlaskClient, ask: Ask) -> None:
    citizen.get("/language/sw")
    assert "Tarakimu 8" in words(citizen.get("/document").text)
    assert "Kuna tatizo" in words(ask("12", "67").text)
    ask(READY, PROOF)
    assert "IKO TAYARI" in words(citizen.get("/document/status").text).upper()
