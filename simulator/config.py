"""How the simulator was started. There is no other source of settings: no environment, no file."""

import ipaddress
import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlsplit

_CODE = re.compile(r"\*[0-9]+(?:\*[0-9]+)*#")
_PREFIX = re.compile(r"(?:[0-9]+(?:\*[0-9]+)*)?")


class ConfigRefused(Exception):
    """Settings the simulator will not run with; `str()` is one sentence saying which and what to do."""


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """A code this network routes to Zamu.

    Attributes:
        code: as it is dialled, such as `*191*9#`.
        prefix: what the gateway puts before the person's answers, because the code is shared; empty if it is not.
    """

    code: str
    prefix: str = ""

    @classmethod
    def parse(cls, written: str) -> "ServiceCode":
        """`*191*9#`, or `*384*7#=77` for a shared code.

        Raises:
            ConfigRefused: it is neither.
        """
        code, _, prefix = written.strip().partition("=")
        if not _CODE.fullmatch(code) or not _PREFIX.fullmatch(prefix):
            raise ConfigRefused("--codes is a comma-separated list of service codes such as *191*9# or *384*7#=77.")
        return cls(code, prefix)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the simulator is told at its start. A production setting cannot even be constructed.

    Attributes:
        host, port: where it listens; loopback only.
        callback: Zamu's base address, without a path; loopback only.
        secret: the path segment Zamu expects in callbacks.
        codes: the service codes this network routes to Zamu, at least one.
        username: always "sandbox".
        api_key: what a send must carry in the `apiKey` header.
        short_code: the number people send SMS to.
        balance: the account's credit at the start, in KES.
        answer_seconds: how long the network waits for Zamu to answer a hop.

    Raises:
        ConfigRefused: on construction, for production settings or malformed ones.
    """

    callback: str
    secret: str
    api_key: str
    codes: tuple[ServiceCode, ...] = (ServiceCode("*191*9#"),)
    host: str = "127.0.0.1"
    port: int = 8192
    username: str = "sandbox"
    short_code: str = "22191"
    balance: Decimal = Decimal("1000000.00")
    answer_seconds: float = 10.0

    def __post_init__(self) -> None:
        if self.username != "sandbox":
            raise ConfigRefused('The simulator runs only as the user "sandbox": this is not for a live account.')
        if not _is_loopback(self.host):
            raise ConfigRefused(f"The simulator listens on loopback only, and {self.host} is not: use 127.0.0.1.")
        address = urlsplit(self.callback)
        if address.scheme not in {"http", "https"} or address.path not in {"", "/"} or address.query:
            raise ConfigRefused("--callback is a base address such as http://127.0.0.1:8191, without a path.")
        if not _is_loopback(address.hostname or ""):
            raise ConfigRefused(f"The simulator calls back to loopback only, and {address.hostname} is not.")
        if not 0 <= self.port <= 65535:
            raise ConfigRefused("--port is a number from 0 (any free port) to 65535.")
        if not self.secret or "/" in self.secret:
            raise ConfigRefused("--secret is one path segment: not empty, and without a slash.")
        if not self.api_key:
            raise ConfigRefused("--api-key must not be empty.")
        if not self.codes:
            raise ConfigRefused("--codes is empty; give at least one service code such as *191*9#.")
        if not self.short_code.isdecimal():
            raise ConfigRefused("--short-code is digits only, such as 22191.")
        if self.balance < 0:
            raise ConfigRefused("--balance is an amount in KES, zero or more.")

    def callback_url(self, path: str) -> str:
        """Where Zamu takes a callback: "ussd", "ussd/events", "sms/inbound", "sms/delivery" or "sms/opt-out"."""
        door, _, rest = path.partition("/")
        address = f"{self.callback.rstrip('/')}/{door}/africastalking/{quote(self.secret, safe='')}"
        return f"{address}/{rest}" if rest else address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
