"""The gateway's door over HTTP: who may knock, and what is told to whom."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import menus
from core.calls.tables import UssdEnding
from core.catalogue.live import LiveCatalogue
from core.clock import local_date
from core.db import Transaction
from core.messaging import money, seen
from core.messaging.seen import Kind
from core.people.register import Register
from core.settings import Settings
from tests.journeys.fixtures import MakeApp
from tests.journeys.phone import PATH
from tests.support import NOW, SECRET
from ussd.endpoint import create_blueprint
from web.app import MOST_BODY

OLDER_SECRET = "the-secret-before-this-one"
EVENTS = f"{PATH}/events"
HOP = {
    "sessionId": "ATUid_callback",
    "phoneNumber": "+254711000001",
    "networkCode": "63902",
    "serviceCode": "*191*9#",
    "text": "",
}
ENDING = {
    "date": "2026-11-23 09:00:00",
    "sessionId": "ATUid_callback",
    "serviceCode": "*191*9#",
    "networkCode": "63902",
    "phoneNumber": "+254711000001",
    "status": "Success",
    "cost": "KES 0.8000",
    "durationInMillis": "41000",
    "hopsCount": "8",
    "input": "1*1*1*1*1*12345678*1",
    "lastAppResponse": "END Booked",
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def is_a_sentence(response: TestResponse, status: int) -> None:
    """A plain sentence, and nothing of how Zamu is made."""
    assert response.status_code == status, response.text
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.text.strip().endswith(".")
    for inside in ("Traceback", "<html", "File ", "sqlalchemy", "site-packages"):
        assert inside not in response.text


@pytest.mark.parametrize(
    "secret", ["wrong", "a b", SECRET[:-1], f"{SECRET}x", SECRET.upper(), "%00", "é", "..", "%2e%2e"]
)
@pytest.mark.parametrize("rest", ["", "/events"])
def test_a_wrong_secret_finds_nothing(client: FlaskClient, secret: str, rest: str) -> None:
    response = client.post(f"/ussd/africastalking/{secret}{rest}", data=HOP)
    is_a_sentence(response, 404)


def test_a_wrong_secret_is_told_nothing_of_what_it_sent(client: FlaskClient) -> None:
    """Neither that the form is wrong, nor that it is too large."""
    for body in (b"", b"\xff", b"x" * (MOST_BODY + 1)):
        is_a_sentence(client.post("/ussd/africastalking/wrong", data=body), 404)


@pytest.mark.parametrize("secret", [SECRET, OLDER_SECRET])
def test_each_of_two_secrets_opens_the_door(client: FlaskClient, secret: str) -> None:
    response = client.post(f"/ussd/africastalking/{secret}", data=HOP)
    assert response.status_code == 200
    assert response.text.startswith("CON Huduma")
    assert client.post(f"/ussd/africastalking/{secret}/events", data=ENDING).status_code == 200


@pytest.mark.parametrize("field", ["sessionId", "phoneNumber", "serviceCode"])
@pytest.mark.parametrize("value", [None, "", "   ", "x" * 201])
def test_a_missing_field_is_named(client: FlaskClient, field: str, value: str | None) -> None:
    form = {name: given for name, given in HOP.items() if name != field} | ({field: value} if value is not None else {})
    response = client.post(PATH, data=form)
    is_a_sentence(response, 400)
    assert field in response.text


@pytest.mark.parametrize("phone", ["nobody", "123", "+", "+999999999999999999", "0711", "+2547110000011111111"])
def test_a_phone_that_can_be_none_is_refused(client: FlaskClient, phone: str) -> None:
    is_a_sentence(client.post(PATH, data=HOP | {"phoneNumber": phone}), 400)


def test_a_text_no_phone_could_have_sent_is_refused(client: FlaskClient) -> None:
    is_a_sentence(client.post(PATH, data=HOP | {"text": "1*" * 1001}), 400)


@pytest.mark.parametrize("missing", ["text", "networkCode"])
def test_what_is_not_needed_may_be_missing(client: FlaskClient, missing: str) -> None:
    response = client.post(PATH, data={name: value for name, value in HOP.items() if name != missing})
    assert response.text.startswith("CON Huduma")


@pytest.mark.parametrize("path", [PATH, EVENTS])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&",
        b"\x00\xff\xfe",
        b"sessionId=%ff&phoneNumber=%2B254711000001&serviceCode=*191*9%23",
        b"sessionId=\xff&phoneNumber=%2B254711000001&serviceCode=*191*9%23",
        b"sessionId=%ED%A0%80&phoneNumber=%2B254711000001&serviceCode=*191*9%23",
        b"&".join(b"a=1" for _ in range(100)),
        b'{"sessionId": "1"}',
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(client: FlaskClient, path: str, body: bytes) -> None:
    is_a_sentence(client.post(path, data=body, content_type="application/x-www-form-urlencoded"), 400)


@pytest.mark.parametrize("path", [PATH, EVENTS])
def test_a_multipart_body_is_refused_with_a_sentence(client: FlaskClient, path: str) -> None:
    is_a_sentence(client.post(path, data=HOP, content_type="multipart/form-data"), 400)


@pytest.mark.parametrize("path", [PATH, EVENTS])
def test_a_body_that_is_too_large_is_refused(client: FlaskClient, path: str) -> None:
    is_a_sentence(client.post(path, data=HOP | {"text": "1" * MOST_BODY}), 413)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
@pytest.mark.parametrize("path", [PATH, EVENTS])
def test_only_posting_is_understood(client: FlaskClient, path: str, method: str) -> None:
    is_a_sentence(getattr(client, method)(path), 405)


def test_a_nul_in_an_answer_is_no_part_of_it(client: FlaskClient) -> None:
    assert client.post(PATH, data=HOP | {"text": "1\0"}).text.startswith("CON Which service?")


def test_a_code_that_is_not_ours_is_told_which_one_is(client: FlaskClient) -> None:
    response = client.post(PATH, data=HOP | {"serviceCode": "*999#"})
    assert response.status_code == 200
    assert response.text.startswith("END This code is not in use. Dial *191*9#.\n")


@pytest.mark.parametrize("number", ["0711000001", "254711000001", "+254 711 000 001", "+254711000001"])
def test_spellings_of_a_phone_are_one_caller(client: FlaskClient, number: str) -> None:
    for text in ("", "5"):
        client.post(PATH, data=HOP | {"text": text})
    known = client.post(PATH, data=HOP | {"sessionId": "another", "phoneNumber": number})
    assert "1 Weka miadi" in known.text


def test_something_unforeseen_is_an_apology_and_a_log(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The caller is told, the operator gets the traceback, nobody gets both."""

    def broken(*_turn: Any) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("ussd.machine.Machine.begin", broken)
    response = client.post(PATH, data=HOP)
    assert response.status_code == 200
    assert response.text.startswith("END Sorry, Huduma is down just now.")
    assert "of all things" not in response.text
    log = capfd.readouterr().out
    assert "ZeroDivisionError" in log
    assert "711000001" not in log


def endings(transaction: Transaction) -> list[UssdEnding]:
    with transaction() as db:
        return list(db.scalars(sa.select(UssdEnding)))


def test_the_end_of_a_session_is_kept_once(client: FlaskClient, transaction: Transaction) -> None:
    for _copy in range(3):
        response = client.post(EVENTS, data=ENDING)
        assert (response.status_code, response.text) == (200, "")
    (kept,) = endings(transaction)
    assert (kept.session_id, kept.status, kept.hops, kept.duration_ms) == ("ATUid_callback", "Success", 8, 41000)
    assert str(kept.cost_kes) == "0.8000"
    assert kept.at == NOW


def test_an_ending_keeps_nothing_personal(client: FlaskClient, transaction: Transaction) -> None:
    client.post(EVENTS, data=ENDING)
    (kept,) = endings(transaction)
    values = [str(getattr(kept, column.key)) for column in UssdEnding.__table__.columns]
    assert not any("12345678" in value or "711000001" in value or "Booked" in value for value in values)


@pytest.mark.parametrize("field", ["sessionId", "status"])
def test_an_ending_without_its_session_or_status_is_refused(client: FlaskClient, field: str) -> None:
    is_a_sentence(client.post(EVENTS, data={k: v for k, v in ENDING.items() if k != field}), 400)


@pytest.mark.parametrize(
    "odd",
    [{"hopsCount": "many"}, {"durationInMillis": "-1"}, {"cost": "free"}, {"cost": "NaN"}, {"hopsCount": "9" * 30}],
)
def test_an_odd_figure_is_no_reason_to_lose_an_ending(
    client: FlaskClient, transaction: Transaction, odd: dict[str, str]
) -> None:
    assert client.post(EVENTS, data=ENDING | odd).status_code == 200
    assert len(endings(transaction)) == 1


def test_an_ending_that_cannot_be_kept_is_asked_for_again(
    make_app: MakeApp, dead_database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    response = make_app(database_url=dead_database).test_client().post(EVENTS, data=ENDING)
    is_a_sentence(response, 503)
    assert "711000001" not in capfd.readouterr().out


def test_ends_of_calls_are_seen_and_paid_for(client: FlaskClient, transaction: Transaction) -> None:
    client.post(EVENTS, data=ENDING)
    with transaction() as db:
        assert seen.last_seen(db)[Kind.USSD_END] == NOW
        assert money.spent(db, money.USSD, local_date(NOW)) == Decimal("0.8")


@pytest.mark.parametrize(
    ("path", "changes", "told"),
    [
        pytest.param(PATH, {}, [Kind.USSD], id="a hop"),
        pytest.param(PATH, {"phoneNumber": "12"}, [], id="malformed"),
        pytest.param(PATH, {"serviceCode": "*1#"}, [], id="somebody else's code"),
        pytest.param(PATH.replace(SECRET, "x" * 20), {}, [], id="by nobody"),
    ],
)
def test_only_a_hop_that_can_be_read_shows_that_the_gateway_calls(
    settings: Settings,
    transaction: Transaction,
    register: Register,
    path: str,
    changes: dict[str, str],
    told: list[Kind],
) -> None:
    seen_kinds: list[str] = []
    app = Flask("ussd")
    blueprint = create_blueprint(
        settings,
        home=menus.home.home,
        transaction=transaction,
        reading=transaction,
        catalogue=LiveCatalogue(transaction),
        register=register,
        wake=lambda lane: None,
        seen=seen_kinds.append,
        now=lambda: NOW,
    )
    app.register_blueprint(blueprint)
    app.test_client().post(path, data=HOP | changes)
    assert seen_kinds == told
