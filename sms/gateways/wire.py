"""What is said over one connection: an HTTP/1.1 request in one piece, and its answer within bounds.

http.client's parser of headers alone takes longer than all of this, and its
time-out counts from byte to byte.
"""

import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

MOST_BYTES = 4 * 1024 * 1024
"""Of an answer: a thousand recipients take a twentieth."""

_FORM = "application/x-www-form-urlencoded"
_NO_HEADER = frozenset(" \r\n\t\0")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. Redirects are not followed."""

    status: int
    body: bytes


def written(method: str, target: str, host: str, headers: Mapping[str, str], form: Mapping[str, Any] | None) -> bytes:
    """A request as it goes over the wire, in one piece.

    Raises:
        ValueError: an address or a key that no header can carry.
    """
    body = urlencode(form).encode() if form is not None else b""
    lines = {"Host": host, "Accept-Encoding": "identity", **headers}
    if form is not None:
        lines |= {"Content-Type": _FORM, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    if any(character in _NO_HEADER for character in target) or len(head.split("\r\n")) != len(lines) + 1:
        raise ValueError("an address or a key that no header can carry")
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def exchange(sock: socket.socket, request: bytes, *, seconds: float) -> tuple[Answer, bool]:
    """Send and read, in so many seconds; whether the connection can be used again.

    Raises:
        OSError, HTTPException: there is no whole answer. TimeoutError: not in time.
    """
    deadline = time.monotonic() + seconds
    sock.settimeout(seconds)
    sock.sendall(request)
    reader = _Reader(sock, deadline)
    status, headers = reader.head()
    while 100 <= status < 200:
        status, headers = reader.head()
    goes_on = headers.get(b"connection", b"").lower() != b"close"
    length = headers.get(b"content-length")
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        body = reader.chunks()
    elif status in (204, 304):
        body = b""
    elif length is not None and length.isdigit():
        body = reader.exactly(int(length))
    else:
        body, goes_on = reader.to_the_end(), False
    return Answer(status, body), goes_on and not reader.more


class _Reader:
    """Reads an answer until a deadline (monotonic seconds), and no more than MOST_BYTES of it.

    All its methods raise HTTPException for what is no answer, OSError or
    TimeoutError if it does not come.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._buffer = b""
        self._read = 0

    @property
    def more(self) -> bool:
        """There is more than was asked for: what it belongs to nobody knows."""
        return bool(self._buffer)

    def head(self) -> tuple[int, dict[bytes, bytes]]:
        """Status and headers, by their names in small letters."""
        status_line, *lines = self._until(b"\r\n\r\n").split(b"\r\n")
        version, _, rest = status_line.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise http.client.BadStatusLine(repr(status_line[:40]))
        headers = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        if version == b"HTTP/1.0":
            headers.setdefault(b"connection", b"close")
        return int(rest[:3]), headers

    def exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def chunks(self) -> bytes:
        whole: list[bytes] = []
        while True:
            size = self._until(b"\r\n").partition(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError as error:
                raise http.client.IncompleteRead(b"".join(whole)) from error
            if not length:
                break
            whole.append(self.exactly(length))
            self._until(b"\r\n")
        while self._until(b"\r\n"):
            pass  # trailers
        return b"".join(whole)

    def to_the_end(self) -> bytes:
        try:
            while True:
                self._more()
        except http.client.RemoteDisconnected:
            return self._buffer

    def _until(self, mark: bytes) -> bytes:
        while (at := self._buffer.find(mark)) < 0:
            self._more()
        taken, self._buffer = self._buffer[:at], self._buffer[at + len(mark) :]
        return taken

    def _more(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer is not complete in time")
        self._sock.settimeout(left)
        data = self._sock.recv(65536)
        if not data:
            raise http.client.RemoteDisconnected("the connection was closed before the end of the answer")
        self._read += len(data)
        if self._read > MOST_BYTES:
            raise http.client.HTTPException("the answer is too long")
        self._buffer += data
