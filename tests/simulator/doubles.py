"""A Zamu that is nothing but an HTTP server, a clock that tests move, and a phone to press keys on."""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import africastalking
import requests

SECRET = "desk"
API_KEY = "a-key"
PHONE = "+254711000001"
AIRTEL_PHONE = "+254733000003"
SAFARICOM, AIRTEL = "63902", "63903"
PATIENCE_SECONDS = 10.0
"""How long a wait may last before the test fails; nothing waits that long when all is well."""


class ManualClock:
    """A clock that moves only when it is told to, or slept on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)


class QuietServer(ThreadingHTTPServer):
    """Says nothing of callers who did not wait for the answer: some tests are about them."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass(frozen=True, slots=True)
class Received:
    """One callback: the path after the secret's door, the form, and the simulated time of its arrival."""

    path: str
    form: dict[str, str]
    at: datetime


class Zamu:
    """Records every callback and answers as it is told.

    Attributes:
        screens: from a cumulative text to the USSD answer; any other text gets `other`.
        status: a function from a callback to the HTTP status of its answer.
        on_hop: called before a hop is answered.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.screens: dict[str, str] = {}
        self.other = "CON Next?"
        self.status: Callable[[Received], int] = lambda _: 200
        self.on_hop: Callable[[dict[str, str]], object] = lambda _: None
        self._received: list[Received] = []
        self._changed = threading.Condition()
        zamu = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = zamu.take(self.path, dict(parse_qsl(body, keep_blank_values=True)))
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        received = Received(path.replace(f"/africastalking/{SECRET}", ""), form, self.clock.now())
        with self._changed:
            self._received.append(received)
            self._changed.notify_all()
        if received.path != "/ussd":
            return self.status(received), "ok"
        self.on_hop(form)
        return self.status(received), self.screens.get(form["text"], self.other)

    def got(self, path: str) -> list[Received]:
        """What has arrived at a path such as "/ussd" or "/sms/delivery", in order of arrival."""
        with self._changed:
            return [received for received in self._received if received.path == path]

    def texts(self) -> list[str]:
        """The cumulative texts of all hops."""
        return [received.form["text"] for received in self.got("/ussd")]

    def reports(self) -> list[str]:
        """The statuses of all delivery reports."""
        return [received.form["status"] for received in self.got("/sms/delivery")]

    def wait_for(self, path: str, count: int = 1, *, tick: float = 0) -> list[Received]:
        """Wait until this many have arrived at the path, moving the clock `tick` seconds at every look."""
        return self.wait(path, lambda received: len(received) >= count, tick=tick)

    def wait(self, path: str, done: Callable[[list[Received]], bool], *, tick: float = 0) -> list[Received]:
        looks = round(PATIENCE_SECONDS / 0.05)
        with self._changed:
            for _ in range(looks):
                received = [received for received in self._received if received.path == path]
                if done(received):
                    return received
                self.clock.advance(tick)
                self._changed.wait(0.05)
        raise AssertionError(f"{path} got only {len(received)} callbacks.")


class Desk:
    """The simulator as its users see it: an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, self.address + path, json=body, timeout=PATIENCE_SECONDS)

    def ok(self, method: str, path: str, body: object = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: object = None, *, status: int = 400) -> str:
        """The sentence a call is refused with."""
        answer = self.call(method, path, body)
        assert answer.status_code == status, answer.text
        sentence = answer.json()["error"]
        assert isinstance(sentence, str)
        assert "Traceback" not in sentence
        return sentence

    def turn(self, **knobs: object) -> None:
        self.ok("PUT", "/knobs", knobs)

    def dial(self, code: str = "*191*9#", *, phone: str = PHONE, network: str = SAFARICOM) -> Any:
        return self.ok("POST", f"/phones/{phone}/dial", {"code": code, "network": network})

    def answer(self, session: Any, text: str) -> Any:
        return self.ok("POST", f"/sessions/{session['session']}/answer", {"text": text})

    def drop(self, session: Any) -> Any:
        return self.ok("POST", f"/sessions/{session['session']}/drop")

    def session(self, session: Any) -> Any:
        return self.ok("GET", f"/sessions/{session['session']}")

    def inbox(self, phone: str = PHONE) -> list[Any]:
        messages: list[Any] = self.ok("GET", f"/phones/{phone}/inbox")["messages"]
        return messages

    def taken(self) -> list[Any]:
        messages: list[Any] = self.ok("GET", "/messages")["messages"]
        return messages

    def text(self, text: str, *, phone: str = PHONE, to: str = "22191") -> str:
        """Send an SMS from a phone; returns the gateway's id."""
        message_id = self.ok("POST", f"/phones/{phone}/messages", {"to": to, "text": text})["id"]
        assert isinstance(message_id, str)
        return message_id

    def sms(self, api_key: str = API_KEY) -> "SandboxSMS":
        return SandboxSMS(self.address, api_key)


class SandboxSMS(africastalking.SMSService):  # type: ignore[misc]
    """The real SDK, pointed at the simulator."""

    def __init__(self, address: str, api_key: str) -> None:
        self._address = address
        super().__init__("sandbox", api_key)

    def _init_service(self) -> None:
        super()._init_service()
        self._baseUrl = f"{self._address}/version1"

    def send_to(self, *phones: str, text: str = "Your turn", timeout: float = PATIENCE_SECONDS) -> Any:
        """Send from the short code; returns what the SDK makes of the answer."""
        return self.send(text, list(phones), sender_id="22191", timeout=timeout)

    def codes(self, *phones: str, text: str = "Your turn") -> list[int]:
        """The status code of each recipient of a send."""
        return [entry["statusCode"] for entry in self.send_to(*phones, text=text)["SMSMessageData"]["Recipients"]]
