"""The adapter against a real HTTP server that misbehaves in every way: what is known, and what may be tried again."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from core.settings import Settings
from sms.gateways import STOPS_LANE, GatewayError, Receipt, transport, wire
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
            if double.fault in DRIPS:
                self.drip(DRIPS[double.fault])
                return
            if double.fault == "hang":
                double.let_go.wait(10)
                self.close_connection = True
                return
            body = double.body if isinstance(double.body, bytes) else json.dumps(double.body).encode()
            if double.fault in ("chunks", "to_the_end", "early_hint"):
                self.in_another_way(double.fault, body)
                return
            self.send_response(double.status)
            self.send_header("Content-Type", double.content_type)
            self.send_header("Content-Length", str(len(body) + (100 if double.fault == "cut" else 0)))
            if double.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = double.fault == "cut"

        def do_GET(self) -> None:
            double.requests.append((self.path, dict(self.headers), {}))
            body = json.dumps(double.body).encode()
            self.send_response(double.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def drip(self, begun: bytes) -> None:
            """A byte now and again, for as long as somebody listens."""
            self.close_connection = True
            self.wfile.write(begun)
            while not double.let_go.wait(0.02):
                try:
                    self.wfile.write(b"1")
                except OSError:
                    return

        def in_another_way(self, way: str, body: bytes) -> None:
            if way == "early_hint":
                self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
                self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            elif way == "chunks":
                head, tail = body[:7], body[7:]
                self.wfile.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
                self.wfile.write(b"%x;a=b\r\n%b\r\n%x\r\n%b\r\n" % (len(head), head, len(tail), tail))
                self.wfile.write(b"0\r\nTrailer: 1\r\n\r\n")
            else:
                self.wfile.write(b"HTTP/1.0 201 Created\r\n\r\n" + body)
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        double.let_go.set()
        server.shutdown()
        thread.join()


DRIPS = {
    "drip_at_once": b"",
    "drip_headers": b"HTTP/1.1 201 Created\r\nX-Slow: ",
    "drip_body": b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n",
    "drip_chunks": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
    "drip_for_ever": b"HTTP/1.1 201 Created\r\n\r\n",
}
"""Answers that are begun so, and go on in drips."""

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
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.05)
    double.fault = "hang"
    with pytest.raises(GatewayError) as failed:
        gateway.send("Habari", [ONE], None)
    assert (failed.value.code, failed.value.outcome_known) == ("gateway_timeout", False)


@pytest.mark.parametrize("fault", DRIPS)
def test_an_answer_in_drips_does_not_hold_a_call_for_ever(gateway, double, monkeypatch, fault):
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.15)
    double.fault = fault
    with pytest.raises(GatewayError) as failed:
        gateway.send("Habari", [ONE], None)
    assert (failed.value.code, failed.value.outcome_known) == ("gateway_timeout", False)


@pytest.mark.parametrize(("way", "connections"), [("chunks", 1), ("early_hint", 1), ("to_the_end", 2)])
def test_an_answer_may_come_in_any_way_that_http_knows(gateway, double, way, connections):
    double.fault = way
    for _ in range(2):
        assert gateway.send("Habari", [ONE], None)[0].accepted
    assert len(double.connections) == connections


def test_an_answer_without_end_is_not_read_to_it(gateway, double, monkeypatch):
    monkeypatch.setattr(wire, "MOST_BYTES", 1000)
    double.body = b" " * 2000
    with pytest.raises(GatewayError) as failed:
        gateway.send("Habari", [ONE], None)
    assert (failed.value.code, failed.value.outcome_known) == ("gateway_broke_off", False)


@pytest.mark.parametrize("body", [b"HELLO\r\n\r\n", b"HTTP/1.1 what\r\n\r\n", b"HTTP/1.1 201 Created\r\n"])
def test_what_is_no_answer_leaves_the_outcome_unknown(body):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(body)

        thread = threading.Thread(target=answer)
        thread.start()
        adapter = AfricasTalking(replace(SETTINGS, at_base_url=f"http://127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(GatewayError) as failed:
            adapter.send("Habari", [ONE], None)
        adapter.close()
        thread.join()
    assert (failed.value.code, failed.value.outcome_known) == ("gateway_broke_off", False)


def test_a_handshake_that_fails_is_known_not_to_have_sent_anything(address):
    adapter = AfricasTalking(replace(SETTINGS, at_base_url=address.replace("http:", "https:")))
    with pytest.raises(GatewayError) as failed:
        adapter.send("Habari", [ONE], None)
    adapter.close()
    error = failed.value
    assert (error.code, error.retryable, error.outcome_known) == ("gateway_unreachable", True, True)


def test_a_connection_that_the_gateway_has_closed_is_not_used_again(gateway, double):
    gateway.send("Habari", [ONE], None)
    ((idle,),) = gateway._transport._idle.values()
    idle.sock.shutdown(socket.SHUT_RDWR)
    assert gateway.send("Habari", [ONE], None)[0].accepted
    assert len(double.connections) == 2


def test_many_threads_have_a_connection_each(gateway, double):
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: gateway.send("Habari", [ONE], None)[0].accepted, range(80)))
    assert sent == [True] * 80
    assert 1 <= len(double.connections) <= 8


def test_a_key_that_no_header_can_carry_stops_the_lane(address, double):
    adapter = AfricasTalking(replace(SETTINGS, at_base_url=address, at_api_key="a\r\nX: key"))
    with pytest.raises(GatewayError) as failed:
        adapter.send("Habari", [ONE], None)
    assert failed.value.code in STOPS_LANE
    assert double.requests == []


@pytest.mark.parametrize(
    ("given", "left"), [("KES 1234.5678", Decimal("1234.5678")), ("KES -3.20", Decimal("-3.2")), ("UGX 12.00", None)]
)
def test_the_balance_is_asked_for(gateway, double, given, left):
    double.status, double.body = 200, {"UserData": {"balance": given}}
    assert gateway.balance() == left
    ((path, headers, _),) = double.requests
    assert (path, headers["apiKey"]) == ("/version1/user?username=zamu", "a-key")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {}, "account_refused"),
        (500, {}, "gateway_error"),
        (200, {}, "unreadable_answer"),
        (200, {"UserData": None}, "unreadable_answer"),
    ],
)
def test_a_balance_that_cannot_be_had_says_so(gateway, double, status, body, code):
    double.status, double.body = status, body
    with pytest.raises(GatewayError) as failed:
        gateway.balance()
    assert failed.value.code == code


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
    monkeypatch.setattr(transport, "IDLE_SECONDS", -1.0)
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
