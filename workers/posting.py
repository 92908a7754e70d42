"""One message to an agency's server: where it may go, how long it may take, and what came of it.

The address is an agency's to choose, so it is not trusted: its name is
resolved once, every address behind it must be of the world outside, and the
connection goes to the very address that was looked at (a name that answers
otherwise the second time gains nothing). Redirects are not followed. A proxy of
the machine's is not used: it would resolve the name again.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

import certifi

from core.partners.errors import BadAddress
from core.partners.webhooks import check_address, is_public
from sms.gateways import wire

CONNECT_SECONDS = 3.0
"""To connect, and as long again to agree on TLS."""
ANSWER_SECONDS = 10.0
"""From the first byte sent to the last one read."""
_HERE = ("127.0.0.1", "::1")
_TLS = ssl.create_default_context(cafile=certifi.where())
"""Trusts whom browsers trust, whatever else this machine has been told to trust, and checks the name."""

Resolve = Callable[[str, int], list[str]]
"""IP addresses of a name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it."""

    taken: bool
    said: str
    """A status such as 503, or timeout, unreachable, refused (by us), certificate."""


def resolve(host: str, port: int) -> list[str]:
    """Raises:
    OSError: no such name.
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    practice: bool,
    resolve: Resolve = resolve,
    tls: ssl.SSLContext = _TLS,
) -> Answer:
    """Send it, and say what was answered. Anything from 200 to 299 is a yes."""
    try:
        parts = check_address(url, practice=practice)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = _address(parts, port, practice, resolve)
        request = _request(parts, body, headers)
        with _connected(parts, address, port, tls) as sock:
            answer, _ = wire.exchange(sock, request, seconds=ANSWER_SECONDS)
    except (BadAddress, UnicodeError):
        return Answer(False, "refused")
    except TimeoutError:
        return Answer(False, "timeout")
    except ssl.SSLError:
        return Answer(False, "certificate")
    except (OSError, http.client.HTTPException):
        return Answer(False, "unreachable")
    return Answer(200 <= answer.status < 300, str(answer.status))


def _address(parts: SplitResult, port: int, practice: bool, resolve: Resolve) -> str:
    """Raises:
    BadAddress: one of the addresses behind the name is not of the world outside.
    OSError: no such name.
    """
    found = resolve(parts.hostname or "", port)
    if not found:
        raise OSError("no address")
    if not all(is_public(address) or (practice and address in _HERE) for address in found):
        raise BadAddress
    return found[0]


def _request(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = {**headers, "Content-Length": str(len(body)), "Connection": "close", "User-Agent": "Zamu"}
    return wire.written("POST", target, parts.netloc, lines, None) + body


def _connected(parts: SplitResult, address: str, port: int, tls: ssl.SSLContext) -> socket.socket:
    sock = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
    if parts.scheme == "http":
        return sock
    try:
        return tls.wrap_socket(sock, server_hostname=parts.hostname)
    except BaseException:
        sock.close()
        raise
