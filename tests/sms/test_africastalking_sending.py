"""The adapter against a real HTTP server that misbehaves in every way: what is known, and what may be tried again."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from core.settings import Settings
from sms.gateways import STOPS_LANE, GatewayError, Receipt, africastalking
from sms.gateways.africastalking import REFUSED, AfricasTalking

ONE, TWO = "+254711000001", "+254733000002"


def taken(*entries: tuple[str, object, str], summary: str = "Sent") -> dict:
    recipients = [
        {"statusCode": code, "number": number, "status": "?", "cost": "KES 0.8000", "messageId": gateway_id}
        for number, code, gateway_id in entries
    ]
    return {"SMSMessageData": {"Message": summary, "Recipients": recipients}}


@dataclass
class Gateway:
    """What it answers, and what it was asked."""

    status: int = 201
    body: bytes | dict = field(default_factory=lambda: taken((ONE, 101, "ATXid_1")))
    content_type: str = "application/json"
    fault: str = ""
    requests: list[tuple[str, dict[str, str], dict[str, list[str]]]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    let_go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def double() -> Gateway:
    return Gateway()


@pytest.fixture
def address(double: Gateway) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            double.requests.append((self.path, dict(self.headers), form))
            double.connections.add(self.client_address)
            if double.fault == "close":
                self.close_connection = True
                return
            if double.fault == "hang":
                double.let_go.wait(10)
                self.close_connection = True
                return
            body = double.body if isinstance(double.body, bytes) else json.dumps(double.body).encode()
            self.send_response(double.status)
            self.send_header("Content-Type", double.content_type)
            self.send_header("Content-Length", str(len(body) + (100 if double.fault == "cut" else 0)))
            if double.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = double.fault == "cut"

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        double.let_go.set()
        server.shutdown()
        thread.join()


SETTINGS = Settings("", "", "", "", "k" * 32, ("s" * 16,), at_username="zamu", at_api_key="a-key")


@pytest.fixture
def gateway(address: str) -> Iterator[AfricasTalking]:
    adapter = AfricasTalking(replace(SETTINGS, at_base_url=address))
    yield adapter
    adapter.close()


def test_a_call_carries_what_the_gateway_asks_for(gateway, double):
    gateway.send("Habari", [ONE, TWO], "22191")
    ((path, headers, form),) = double.requests
    assert path == "/version1/messaging"
    assert headers["apiKey"] == "a-key"
    assert form == {
        "username": ["zamu"],
        "to": [f"{ONE},{TWO}"],
        "message": ["Habari"],
        "bulkSMSMode": ["1"],
        "from": ["22191"],
    }


def test_without_a_sender_the_account_uses_its_own(gateway, double):
    gateway.send("Habari", [ONE], None)
    assert "from" not in double.requests[0][2]


def test_each_recipient_has_a_receipt_in_the_order_given(gateway, double):
    double.body = taken((TWO, 403, "None"), (ONE, 101, "ATXid_1"))
    assert gateway.send("Habari", [ONE, TWO], None) == [
        Receipt(ONE, accepted=True, gateway_id="ATXid_1", cost_kes=Decimal("0.8")),
        Receipt(TWO, accepted=False, error="invalid_phone", retryable=False),
    ]


@pytest.mark.parametrize("code", [100, 101, 102, "101"])
def test_a_message_taken_without_an_id_is_taken(gateway, double, code):
    double.body = taken((ONE, code, "None"))
    (receipt,) = gateway.send("Habari", [ONE], None)
    assert (receipt.accepted, receipt.gateway_id) == (True, None)


@pytest.mark.parametrize("code", REFUSED)
def test_every_refusal_has_our_word_and_a_known_outcome(gateway, double, code):
    double.body = taken((ONE, code, "None"))
    (receipt,) = gateway.send("Habari", [ONE], None)
    assert (receipt.accepted, receipt.outcome_known, receipt.error) == (False, True, REFUSED[code].code)


@pytest.mark.parametrize(
    ("entries", "error"),
    [([(ONE, 499, "None")], "unlisted_499"), ([(ONE, "odd", "None")], "unreadable_answer"), ([], "no_receipt")],
)
def test_a_recipient_of_whom_nothing_certain_is_said_is_unknown(gateway, double, entries, error):
    double.body = taken(*entries, (TWO, 101, "ATXid_2"))
    unsure, sure = gateway.send("Habari", [ONE, TWO], None)
    assert (unsure.accepted, unsure.outcome_known, unsure.error) == (False, False, error)
    assert sure.accepted


UNKNOWN = {"retryable": False, "outcome_known": False}
REFUSED_FOR_GOOD = {"retryable": False, "outcome_known": True}


@pytest.mark.parametrize(
    ("answer", "code", "expected"),
    [
        ({"status": 500, "body": b"oops"}, "gateway_error", UNKNOWN),
        ({"status": 503}, "gateway_error", UNKNOWN),
        ({"body": b"Sent", "content_type": "text/plain"}, "unreadable_answer", UNKNOWN),
        ({"body": b"[]"}, "unreadable_answer", UNKNOWN),
        ({"body": b'{"SMSMessageData": "Sent"}'}, "unreadable_answer", UNKNOWN),
        ({"body": b'{"SMSMessageData": {"Message": "Sent", "Recipients": null}}'}, "unreadable_answer", UNKNOWN),
        ({"fault": "close"}, "gateway_broke_off", UNKNOWN),
        ({"fault": "cut"}, "gateway_broke_off", UNKNOWN),
        ({"status": 400, "body": b"no"}, "call_refused", REFUSED_FOR_GOOD),
        ({"status": 401, "body": b"no"}, "account_refused", REFUSED_FOR_GOOD),
        ({"status": 302}, "gateway_address", REFUSED_FOR_GOOD),
        ({"body": taken(summary="InvalidSenderId")}, "invalid_sender", REFUSED_FOR_GOOD),
        ({"body": taken(summary="InsufficientBalance")}, "out_of_credit", REFUSED_FOR_GOOD),
        ({"status": 429}, "too_many_calls", {"retryable": True, "outcome_known": True}),
    ],
)
def test_a_call_that_fails_as_a_whole(gateway, double, answer, code, expected):
    vars(double).update(answer)
    with pytest.raises(GatewayError) as failed:
        gateway.send("Habari", [ONE], None)
    assert failed.value.code == code
    assert {name: getattr(failed.value, name) for name in expected} == expected
    assert len(double.requests) == 1


def test_no_answer_in_time_is_unknown(gateway, double, monkeypatch):
    monkeypatch.setattr(africastalking, "TIMEOUTS", (3.05, 0.05))
    double.fault = "hang"
    with pytest.raises(GatewayError) as failed:
        gateway.send("Habari", [ONE], None)
    assert (failed.value.code, failed.value.outcome_known) == ("gateway_timeout", False)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


@pytest.mark.parametrize("base", ["http://127.0.0.1:{port}", "http://no-such-host.invalid"])
def test_no_connection_is_known_not_to_have_sent_anything(base):
    adapter = AfricasTalking(replace(SETTINGS, at_base_url=base.format(port=closed_port())))
    with pytest.raises(GatewayError) as failed:
        adapter.send("Habari", [ONE], None)
    adapter.close()
    error = failed.value
    assert (error.code, error.retryable, error.outcome_known) == ("gateway_unreachable", True, True)


def test_a_proxy_that_is_down_has_sent_nothing_either(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    adapter = AfricasTalking(replace(SETTINGS, at_base_url="http://gateway.invalid"))
    with pytest.raises(GatewayError) as failed:
        adapter.send("Habari", [ONE], None)
    adapter.close()
    assert (failed.value.code, failed.value.outcome_known) == ("gateway_unreachable", True)


def test_a_machines_own_gateway_is_not_called_through_a_proxy(gateway, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    assert gateway.send("Habari", [ONE], None)[0].accepted


def test_an_address_that_is_none_stops_the_lane():
    adapter = AfricasTalking(replace(SETTINGS, at_base_url="gateway"))
    with pytest.raises(GatewayError) as failed:
        adapter.send("Habari", [ONE], None)
    assert failed.value.code in STOPS_LANE
    assert failed.value.outcome_known


def test_calls_share_a_connection(gateway, double):
    for _ in range(5):
        gateway.send("Habari", [ONE], None)
    assert len(double.requests) == 5
    assert len(double.connections) == 1


def test_a_connection_left_idle_is_not_used_again(gateway, double, monkeypatch):
    gateway.send("Habari", [ONE], None)
    monkeypatch.setattr(africastalking, "IDLE_SECONDS", -1.0)
    gateway.send("Habari", [ONE], None)
    assert len(double.connections) == 2


@pytest.mark.parametrize(
    ("username", "address"),
    [
        ("sandbox", "https://api.sandbox.africastalking.com/version1"),
        ("zamu", "https://api.africastalking.com/version1"),
    ],
)
def test_without_an_address_the_sdk_chooses_its_own(username, address):
    adapter = AfricasTalking(replace(SETTINGS, at_username=username))
    assert adapter._sms._baseUrl == address


def test_of_what_is_said_of_one_recipient_only_an_empty_account_stops_the_lane() -> None:
    """A sender that one network refuses must not keep the confirmations of all the others."""
    assert {refusal.code for refusal in REFUSED.values()} & STOPS_LANE == {"out_of_credit"}
