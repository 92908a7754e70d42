"""A bounded load on one address of this machine: conversations over kept-alive connections, one after another.

Plain sockets and no HTTP library, so that the generator takes as little as it
can of the two cores it shares with what it measures.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

Conversation = Callable[[int], tuple[str, tuple[str, ...]]]
"""From a number: the phone, and what it answers after dialling."""
FIRST_BYTES = 60
"""Of a wrong reply, that are kept."""


@dataclass(slots=True)
class Measured:
    seconds: list[float] = field(default_factory=list)
    """Of each hop."""
    wall: float = 0.0
    wrong: list[str] = field(default_factory=list)
    """Of each hop whose reply was not CON: which one it was, when, and how its reply begins. No phones."""

    @property
    def rate(self) -> float:
        """Hops a second."""
        return len(self.seconds) / self.wall

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the hops was answered."""
        ordered = sorted(self.seconds)
        return ordered[int(share * (len(ordered) - 1))] * 1000


def measure(
    port: int, secret: str, conversation: Conversation, *, callers: int, conversations: int, mark: str
) -> Measured:
    """Hold `conversations` conversations, `callers` at a time, against 127.0.0.1.

    `mark` keeps the session ids of one measurement apart from another's.

    Raises:
        OSError: the server does not answer.
    """
    measured = Measured()
    numbers = iter(range(conversations))
    lock = threading.Lock()

    def caller() -> None:
        own: list[float] = []
        wrong: list[str] = []
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in _taken(numbers, lock):
                for nth, request in enumerate(_requests(secret, conversation, number, mark)):
                    started = time.perf_counter()
                    line.sendall(request)
                    status, reply = _reply(line)
                    own.append(time.perf_counter() - started)
                    if not reply.startswith(b"CON "):
                        wrong.append(_told(f"{mark}{number}", nth, began, own[-1], status, reply))
        with lock:
            measured.seconds += own
            measured.wrong += wrong

    began = time.perf_counter()
    with ThreadPoolExecutor(callers) as threads:
        for done in [threads.submit(caller) for _ in range(callers)]:
            done.result()
    measured.wall = time.perf_counter() - began
    return measured


def _taken(numbers: Iterator[int], lock: threading.Lock) -> Iterator[int]:
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        yield number


def _requests(secret: str, conversation: Conversation, number: int, mark: str) -> Iterator[bytes]:
    phone, answers = conversation(number)
    for count in range(len(answers) + 1):
        form = {
            "sessionId": f"{mark}{number}",
            "phoneNumber": phone,
            "networkCode": "63902",
            "serviceCode": "*191*9#",
            "text": "*".join(answers[:count]),
        }
        body = urlencode(form).encode()
        yield (
            f"POST /ussd/africastalking/{secret} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def _reply(line: socket.socket) -> tuple[str, bytes]:
    """The status line and the body of one response with a Content-Length.

    Raises:
        OSError: the connection was closed before the end of it.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(line)
    head, _, body = data.partition(b"\r\n\r\n")
    status, *headers = head.decode("latin-1").split("\r\n")
    length = next((int(h.partition(":")[2]) for h in headers if h.lower().startswith("content-length:")), None)
    if length is None:
        raise ConnectionError(f"a reply without its length: {status}")
    while len(body) < length:
        body += _more(line)
    return status, body


def _more(line: socket.socket) -> bytes:
    data = line.recv(65536)
    if not data:
        raise ConnectionError("the connection was closed before the end of a reply")
    return data


def _told(session: str, nth: int, began: float, seconds: float, status: str, reply: bytes) -> str:
    said = reply[:FIRST_BYTES].decode(errors="replace")
    when = f"{time.perf_counter() - began:.1f} s into it, after {seconds * 1000:.0f} ms"
    return f"hop {nth} of session {session}, {when}: {status}: {said!r}"
