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


@dataclass(slots=True)
class Measured:
    seconds: list[float] = field(default_factory=list)
    """Of each hop."""
    wall: float = 0.0
    wrong: int = 0
    """Hops whose reply was not CON."""

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
        wrong = 0
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in _taken(numbers, lock):
                for request in _requests(secret, conversation, number, mark):
                    started = time.perf_counter()
                    line.sendall(request)
                    reply = _reply(line)
                    own.append(time.perf_counter() - started)
                    wrong += not reply.startswith(b"CON ")
        with lock:
            measured.seconds += own
            measured.wrong += wrong

    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as threads:
        for done in [threads.submit(caller) for _ in range(callers)]:
            done.result()
    measured.wall = time.perf_counter() - started
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


def _reply(line: socket.socket) -> bytes:
    """The body of one response with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(h.split(b":")[1]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:"))
    while len(body) < length:
        body += line.recv(65536)
    return body
