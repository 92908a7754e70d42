"""HTTP for adapters: connections kept open, a bound on the whole call, and certainty about what has left.

The general clients cost two to four times as much a call, count their time-out
from byte to byte, so that an answer in drips can hold a call for ever, and tell
only by the kind of an error whether the request was on its way. Here it is
known: a request has left once there is a connection to send it on.
"""

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

import certifi
import requests
from urllib3.util import wait_for_read

from sms.gateways import GatewayError, wire
from sms.gateways.wire import Answer

CONNECT_SECONDS = 3.05
"""To connect; a name with several addresses may take it for each."""
ANSWER_SECONDS = 12.0
"""From the first byte sent to the last one read."""
IDLE_SECONDS = 15.0
"""Unused for longer, a connection is given up: if the gateway closed it under a request, nobody knew the outcome."""

_OUR_OWN = frozenset({"127.0.0.1", "localhost", "::1"})


class _Connection(http.client.HTTPConnection):
    """One connection, used for one call after another. http.client only opens it (sms.gateways.wire says why)."""

    used = 0.0

    def stale(self) -> bool:
        """Left idle for long, or closed by the other side."""
        return time.monotonic() - self.used > IDLE_SECONDS or wait_for_read(self.sock, timeout=0.0)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    pass


class Transport:
    """Connections to one gateway. Safe for several threads at once; none is opened before it is needed."""

    def __init__(self) -> None:
        # Lists, because threads need no lock to append to one and pop from it.
        self._idle: dict[tuple[str, str], list[_Connection]] = {}
        self._routes: dict[tuple[str, str], _Route] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        form: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One call: at most some fifteen seconds, whatever the other side does.

        Raises:
            GatewayError: gateway_address (no such address can be), gateway_unreachable
                (nothing has left), gateway_timeout or gateway_broke_off (nobody can know).
        """
        try:
            parts = urlsplit(url)
            route = self._route_to(parts)
            target = parts.path + (f"?{urlencode(query)}" if query else "")
            if route.absolute:
                target = f"{parts.scheme}://{parts.netloc}{target}"
            host = parts.netloc.rpartition("@")[2]
            request = wire.written(method, target, host, {**headers, **route.headers}, form)
            connection = self._connect(parts, route)
        except (ValueError, http.client.InvalidURL) as error:
            raise _no_address() from error
        try:
            answer, goes_on = wire.exchange(connection.sock, request, seconds=ANSWER_SECONDS)
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise GatewayError("gateway_timeout", retryable=False, outcome_known=False) from error
            if isinstance(error, OSError | http.client.HTTPException):
                raise GatewayError("gateway_broke_off", retryable=False, outcome_known=False) from error
            raise
        if goes_on:
            self._keep(parts, connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        for kept in self._idle.values():
            while kept:
                kept.pop().close()

    def _route_to(self, parts: SplitResult) -> "_Route":
        """Raises:
        ValueError: no such address can be.
        """
        key = (parts.scheme, parts.netloc)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = _route(parts)
        return route

    def _connect(self, parts: SplitResult, route: "_Route") -> _Connection:
        """A connection that is open.

        Raises:
            ValueError: no such address can be.
            GatewayError: nobody answers there.
        """
        key = (parts.scheme, parts.netloc)
        while True:
            try:
                connection = self._idle[key].pop()
            except (KeyError, IndexError):
                break
            if not connection.stale():
                return connection
            connection.close()
        connection = route.connection(parts)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise GatewayError("gateway_unreachable", retryable=True, outcome_known=True) from error
        except ValueError:
            connection.close()
            raise
        return connection

    def _keep(self, parts: SplitResult, connection: _Connection) -> None:
        connection.used = time.monotonic()
        self._idle.setdefault((parts.scheme, parts.netloc), []).append(connection)


@dataclass(frozen=True, slots=True)
class _Route:
    """How an address is reached: straight, or through the machine's proxy."""

    proxy: SplitResult | None
    headers: Mapping[str, str]
    """What every request to the proxy carries."""
    absolute: bool
    """A proxy is told the whole address, unless it only passes on what is encrypted."""
    tls: ssl.SSLContext | None

    def connection(self, parts: SplitResult) -> _Connection:
        """Not connected yet.

        Raises:
            ValueError: no such address can be.
        """
        reached = self.proxy or parts
        host = reached.hostname or ""
        if parts.scheme == "http":
            return _Connection(host, reached.port or 80, timeout=CONNECT_SECONDS)
        port = reached.port or (80 if self.proxy else 443)
        secure = _SecureConnection(host, port, timeout=CONNECT_SECONDS, context=self.tls)
        if self.proxy:
            secure.set_tunnel(parts.hostname or "", parts.port or 443, headers=dict(_credentials(self.proxy)))
        return secure


def _route(parts: SplitResult) -> _Route:
    """Raises:
    ValueError: no such address can be.
    """
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the gateway's address is none")
    plain, address = parts.scheme == "http", parts.geturl()
    # What the machine's environment says of proxies and certificates, as everywhere in Python.
    found = requests.Session().merge_environment_settings(address, {}, None, None, None)
    tls = None if plain else _tls(found["verify"])
    # A proxy of the machine's is for the world outside it.
    name = None if parts.hostname in _OUR_OWN else requests.utils.select_proxy(address, found["proxies"])
    if not name:
        return _Route(None, {}, absolute=False, tls=tls)
    proxy = urlsplit(name if "://" in name else f"http://{name}")
    if proxy.scheme != "http":
        raise ValueError("only proxies that are spoken to over http are known")
    return _Route(proxy, _credentials(proxy) if plain else {}, absolute=plain, tls=tls)


def _credentials(proxy: SplitResult) -> Mapping[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _tls(given: object) -> ssl.SSLContext:
    bundle = given if isinstance(given, str) else certifi.where()
    in_a_folder = Path(bundle).is_dir()
    context = ssl.create_default_context(cafile=None if in_a_folder else bundle, capath=bundle if in_a_folder else None)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _no_address() -> GatewayError:
    return GatewayError("gateway_address", retryable=False, outcome_known=True)
