"""What gateways post: who may, what is refused, and what is kept."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.catalogue.live import LiveCatalogue
from core.db import make_engine, transactions
from core.messaging.tables import Consent, DeliveryReport, InboundMessage, Message, Status
from core.people.tables import Person
from core.phones import NO_PHONE, WRONG_LENGTH
from sms.endpoint import MOST_BYTES, create_blueprint
from tests.support import NOW, SECRET

BASE = f"/sms/africastalking/{SECRET}"
PATHS = ("delivery", "inbound", "opt-out")
PHONE = "+254711000001"
DELIVERY = {"id": "ATXid_1", "status": "Success", "phoneNumber": PHONE, "networkCode": "63902"}
INBOUND = {"date": "2026-11-23 09:00:00", "from": PHONE, "id": "in-1", "text": "HALI", "to": "22191", "linkId": "x"}
OPT_OUT = {"senderId": "22191", "phoneNumber": PHONE}
FORMS = {"delivery": DELIVERY, "inbound": INBOUND, "opt-out": OPT_OUT}


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def client(settings, transaction, register, woken) -> FlaskClient:
    app = Flask("sms")
    app.register_blueprint(
        create_blueprint(
            settings,
            transaction=transaction,
            catalogue=LiveCatalogue(transaction),
            register=register,
            wake=woken.append,
            now=lambda: NOW,
        )
    )
    return app.test_client()


@pytest.fixture
def message_id(transaction, register) -> int:
    with transaction() as db:
        message = Message(
            person_id=register.contact(db, PHONE, now=NOW).id,
            lane="interactive",
            template="booking_confirmed",
            arguments={},
            language="en",
            subject="booking:1",
            valid_until=NOW,
            status=Status.SENT,
            not_before=NOW,
            gateway="africastalking",
            gateway_id="ATXid_1",
            created_at=NOW,
            status_at=NOW,
        )
        db.add(message)
        db.flush()
        return message.id


def rows(transaction, table) -> list:
    with transaction() as db:
        return list(db.scalars(sa.select(table)))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("secret", ["wrong", "the-secret-before-this-one"[:-1], "é", "%00"])
def test_without_a_secret_there_is_nothing_here(client, transaction, path, secret):
    answer = client.post(f"/sms/africastalking/{secret}/{path}", data=FORMS[path])
    assert answer.status_code == 404
    assert rows(transaction, Person) == []


@pytest.mark.parametrize("path", PATHS)
def test_the_secret_is_asked_for_before_anything_is_read(client, path):
    assert client.post(f"/sms/africastalking/wrong/{path}", data=b"a" * (MOST_BYTES + 1)).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_the_secret_before_this_one_still_opens(client, path):
    answer = client.post(f"/sms/africastalking/the-secret-before-this-one/{path}", data=FORMS[path])
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(
    ("path", "changes", "sentence"),
    [
        ("delivery", {"id": None}, "id is missing."),
        ("delivery", {"id": "9" * 101}, "id is longer than 100 characters."),
        ("delivery", {"status": " "}, "status is missing."),
        ("delivery", {"phoneNumber": None}, "phoneNumber is missing."),
        ("delivery", {"phoneNumber": "nobody"}, NO_PHONE),
        ("inbound", {"id": None}, "id is missing."),
        ("inbound", {"from": None}, "from is missing."),
        ("inbound", {"text": "a\0b"}, "The form holds a NUL character."),
        ("opt-out", {"phoneNumber": None}, "phoneNumber is missing."),
        ("opt-out", {"phoneNumber": "12"}, WRONG_LENGTH),
    ],
)
def test_a_malformed_callback_is_told_what_is_wrong(client, transaction, path, changes, sentence):
    form = {name: value for name, value in (FORMS[path] | changes).items() if value is not None}
    answer = client.post(f"{BASE}/{path}", data=form)
    assert (answer.status_code, answer.text) == (400, sentence)
    assert rows(transaction, Person) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_no_form_is_malformed(client, path):
    answer = client.post(f"{BASE}/{path}", data=b"\xff\xfe")
    assert (answer.status_code, answer.text) == (400, "The form is not UTF-8.")


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_too_large_is_refused(client, path):
    assert client.post(f"{BASE}/{path}", data=b"text=" + b"a" * MOST_BYTES).status_code == 413


def test_a_delivery_report_settles_its_message(client, transaction, message_id):
    assert client.post(f"{BASE}/delivery", data=DELIVERY).status_code == 200
    (message,) = rows(transaction, Message)
    assert (message.id, message.status) == (message_id, Status.DELIVERED)


def test_a_report_with_an_id_nobody_knows_is_kept_and_answered_200(client, transaction):
    assert client.post(f"{BASE}/delivery", data=DELIVERY).status_code == 200
    (report,) = rows(transaction, DeliveryReport)
    assert (report.gateway_id, report.status, report.network, report.message_id) == (
        "ATXid_1",
        "delivered",
        "63902",
        None,
    )


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({"status": "Submitted"}, "sent", None),
        ({"status": "Failed", "failureReason": "UserInBlacklist"}, "failed", "user_in_blacklist"),
        ({"status": "Rejected"}, "failed", "rejected"),
        ({"status": "Expired"}, "failed", "expired"),
        ({"status": "AbsentSubscriber"}, "sent", None),
        ({"status": "SomethingNew"}, "sent", None),
    ],
)
def test_every_word_of_the_gateway_has_a_meaning_or_none(client, transaction, message_id, said, status, error):
    assert client.post(f"{BASE}/delivery", data=DELIVERY | said).status_code == 200
    (message,) = rows(transaction, Message)
    assert (message.status, message.error) == (status, error)


def test_an_sms_is_kept_once(client, transaction):
    for _ in range(3):
        assert client.post(f"{BASE}/inbound", data=INBOUND).status_code == 200
    (message,) = rows(transaction, InboundMessage)
    assert (message.gateway, message.gateway_id) == ("africastalking", "in-1")
    assert b"HALI" not in message.text_sealed


def test_an_empty_sms_is_kept_too(client, transaction):
    assert client.post(f"{BASE}/inbound", data=INBOUND | {"text": ""}).status_code == 200
    assert len(rows(transaction, InboundMessage)) == 1


def test_an_opt_out_is_remembered_once(client, transaction):
    for _ in range(2):
        assert client.post(f"{BASE}/opt-out", data=OPT_OUT).status_code == 200
    (person,) = rows(transaction, Person)
    assert person.opted_out_at == NOW
    assert [c.channel for c in rows(transaction, Consent)] == ["gateway"]


@pytest.fixture
def client_without_database(settings, register) -> Iterator[FlaskClient]:
    engine = make_engine("postgresql+psycopg://nobody@/nothing?host=/nonexistent")
    app = Flask("sms")
    gone = transactions(engine)
    app.register_blueprint(
        create_blueprint(
            settings, transaction=gone, catalogue=LiveCatalogue(gone), register=register, wake=lambda lane: None
        )
    )
    yield app.test_client()
    engine.dispose()


@pytest.mark.parametrize("path", PATHS)
def test_with_the_database_away_the_gateway_is_asked_to_come_again(client_without_database, path):
    answer = client_without_database.post(f"{BASE}/{path}", data=FORMS[path])
    assert (answer.status_code, answer.text) == (503, "This could not be kept. Send it again.")
