"""How the simulator was started. There is no other source of settings: no environment, no file."""

import ipaddress
import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

_CODE = re.compile(r"\*\d+(\*\d+)*#")
_SECRET = re.compile(r"[A-Za-z0-9_-]+")


class ConfigRefused(Exception):
    """Settings the simulator will not run with; `str()` is one sentence saying which and what to do."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the simulator is told at its start. A production setting cannot even be constructed.

    Attributes:
        host, port: where it listens; loopback only.
        callback: Zamu's base address, without a path; loopback only.
        secret: the path segment Zamu expects in callbacks.
        codes: the service codes this network routes to Zamu, such as `*191*9#`.
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
    codes: tuple[str, ...] = ("*191*9#",)
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
        if not _SECRET.fullmatch(self.secret):
            raise ConfigRefused("--secret is one path segment: letters, digits, hyphens and underscores.")
        if not self.api_key:
            raise ConfigRefused("--api-key must not be empty.")
        if not self.codes or not all(_CODE.fullmatch(code) for code in self.codes):
            raise ConfigRefused("--codes is a comma-separated list of service codes such as '*191*9#'.")
        if not self.short_code.isdecimal():
            raise ConfigRefused("--short-code is digits only, such as 22191.")
        if self.balance < 0:
            raise ConfigRefused("--balance is an amount in KES, zero or more.")

    def callback_url(self, path: str) -> str:
        """Where Zamu takes a callback: "ussd", "ussd/events", "sms/inbound", "sms/delivery" or "sms/opt-out"."""
        door, _, rest = path.partition("/")
        return f"{self.callback.rstrip('/')}/{door}/africastalking/{self.secret}{'/' if rest else ''}{rest}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
