"""Every setting of Zamu, read from the environment once. No other module reads it."""

import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.messaging.senders import Sender
from core.messaging.tables import Lane

LANES = tuple(lane.value for lane in Lane)
DEMO_KEY = "demo-"
"""How keys begin that `zamu run` makes for itself."""
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says what to give."""


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """A code a citizen dials, such as `*191*9#`.

    Some gateways share one code between several customers and hand over the
    customer's own sub-code as the first part of the text: `prefix` is that
    part, taken off before the dialogue sees it.
    """

    code: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class ShortCode:
    """A number that citizens can answer by SMS."""

    number: str
    keyword: str = ""
    """What their messages must begin with, where the number is shared."""
    free: bool = False
    """Whether answering costs them nothing."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a lane may cost in a day or in a month."""

    lane: str
    kes: int
    span: str
    """day or month."""


@dataclass(frozen=True, slots=True)
class Settings:
    database_url: str
    """SQLAlchemy address, for the role that owns no table."""
    database_owner_url: str
    """The same database, for the role that migrates it."""
    redis_url: str
    """Sessions of calls. Losing it loses no booking."""
    queue_url: str
    """RQ's own Valkey; the same as `redis_url` unless said otherwise."""
    secret_key: str = field(repr=False)
    """Seals phones, identity numbers and sessions: all other keys are derived from it."""
    callback_secrets: tuple[str, ...] = field(repr=False)
    """Secrets accepted in callback paths: a list, so that one can be rotated."""
    ussd_codes: tuple[ServiceCode, ...] = (ServiceCode("*191*9#"),)
    at_username: str = "sandbox"
    at_api_key: str = field(default="", repr=False)
    at_base_url: str = ""
    """Another address for Africa's Talking; empty means the SDK's own."""
    at_senders: Mapping[str, str] = field(default_factory=dict)
    """Sender by lane, or by lane and network, such as {"interactive": "22191", "bulk": "HUDUMA", "bulk@63903":
    "HUDUMAKE"}; none means the account's default."""
    short_codes: tuple[ShortCode, ...] = ()
    """The senders that can be answered."""
    at_batch: int = 100
    """Most recipients a call (the gateway publishes no figure)."""
    at_segments_a_second: int = 100
    """Most SMS segments a second under one sender (the gateway publishes no figure)."""
    caps: tuple[Cap, ...] = ()
    """What a lane may cost."""
    sms_a_day: int = 5
    """Most messages a person a day, over all kinds, before those are kept back that nobody asked for."""
    approve_above: int = 1000
    """A campaign to more recipients than this needs a second person."""
    public_url: str = ""
    """Where gateways and people reach us, such as https://zamu.example.go.ke. Cookies are secure where it is https,
    which only practice and this machine alone may do without."""
    proxies: int = 0
    """How many proxies of our own stand before the web server, and say in X-Forwarded-For who asks."""
    port: int = 8191
    simulator_port: int = 8192
    data_dir: Path = Path(".zamu")
    metrics_dir: Path | None = None
    """Where processes share their counters (prometheus_client reads PROMETHEUS_MULTIPROC_DIR itself)."""

    @property
    def practice(self) -> bool:
        """Whether this is the installation that `zamu run` makes: made-up people, and SMS that only a simulator gets.

        Its keys say so, and are refused with any other gateway.
        """
        return self.secret_key.startswith(DEMO_KEY)

    def sender(self, lane: str, network: str | None = None) -> Sender:
        """Under which a message of a lane leaves, to a phone last seen on a network (a code, as in core.phones)."""
        address = self.at_senders.get(f"{lane}@{network}") or self.at_senders.get(lane)
        for code in self.short_codes:
            if code.number == address:
                return Sender(address, answerable=True, keyword=code.keyword, free=code.free)
        return Sender(address)

    def knows_callback_secret(self, given: str) -> bool:
        """Whether a callback's path held one of our secrets; takes the same time whichever, and for none."""
        matches = [hmac.compare_digest(given.encode(), known.encode()) for known in self.callback_secrets]
        return any(matches)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Settings for a process that serves.

        Raises:
            SettingsError: an address or a key is missing or malformed.
        """
        env = os.environ if environ is None else environ
        settings = cls(
            database_url=_needed(env, "ZAMU_DATABASE_URL", "the PostgreSQL address, for the application's role"),
            database_owner_url=env.get("ZAMU_DATABASE_OWNER_URL", ""),
            redis_url=_needed(env, "ZAMU_REDIS_URL", "the Valkey or Redis address for sessions"),
            queue_url=env.get("ZAMU_QUEUE_URL") or env.get("ZAMU_REDIS_URL", ""),
            secret_key=_secret(env),
            callback_secrets=_callback_secrets(env),
            ussd_codes=parse_codes(env.get("ZAMU_USSD_CODES", "*191*9#")),
            at_username=env.get("ZAMU_AT_USERNAME", "sandbox"),
            at_api_key=env.get("ZAMU_AT_API_KEY", ""),
            at_base_url=env.get("ZAMU_AT_BASE_URL", "").rstrip("/"),
            at_senders=_senders(env.get("ZAMU_AT_SENDERS", "")),
            short_codes=_short_codes(env.get("ZAMU_SMS_SHORT_CODES", "")),
            at_batch=_whole(env, "ZAMU_AT_BATCH", 100, 1, 1000),
            at_segments_a_second=_whole(env, "ZAMU_AT_SEGMENTS_A_SECOND", 100, 1, 100_000),
            caps=_caps(env.get("ZAMU_SMS_CAPS", "")),
            sms_a_day=_whole(env, "ZAMU_SMS_A_DAY", 5, 1, 100),
            approve_above=_whole(env, "ZAMU_CAMPAIGN_APPROVE_ABOVE", 1000, 0, 10_000_000),
            public_url=env.get("ZAMU_PUBLIC_URL", "").rstrip("/"),
            proxies=_whole(env, "ZAMU_PROXIES", 0, 0, 5),
            metrics_dir=Path(shared) if (shared := env.get("PROMETHEUS_MULTIPROC_DIR")) else None,
            **_local(env),
        )
        settings._refuse_demo_keys()
        if not settings.practice:
            settings._refuse_open_address()
        return settings

    def _refuse_demo_keys(self) -> None:
        """Keys made for a demonstration lie in its data folder: they are good for its simulator alone."""
        demo = any(key.startswith(DEMO_KEY) for key in (self.secret_key, *self.callback_secrets, self.at_api_key))
        if demo and urlsplit(self.at_base_url).hostname not in THIS_MACHINE:
            raise SettingsError(
                "These keys were made for a demonstration. Set ZAMU_SECRET_KEY, ZAMU_CALLBACK_SECRETS and "
                "ZAMU_AT_API_KEY to keys of your own before using a real gateway."
            )

    def _refuse_open_address(self) -> None:
        """Cookies are for https alone because the address says so: without it a session could be read on its way."""
        if not self.public_url:
            raise SettingsError(
                "ZAMU_PUBLIC_URL is not set: where gateways and people reach this machine, like "
                "https://zamu.example.go.ke. Cookies go over https alone because it says https."
            )
        match = re.fullmatch(r"(https?)://(\[[0-9a-f:]+\]|[^/:@?#\s]+)(:[0-9]+)?(/\S*)?", self.public_url)
        if not match or (match[1] == "http" and match[2].strip("[]") not in THIS_MACHINE):
            raise SettingsError(
                f"ZAMU_PUBLIC_URL is {self.public_url!r}: it must begin with https://, like "
                "https://zamu.example.go.ke. Over http, sessions, phones and ID numbers can be read on their way. (To "
                "try Zamu out on this machine alone, http://127.0.0.1:8191 will do.)"
            )


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What `zamu run` needs before there are any servers: it starts what is not given."""

    data_dir: Path
    port: int
    simulator_port: int
    ussd_codes: str
    at_base_url: str | None
    database_url: str | None
    redis_url: str | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "LocalSettings":
        """Raises:
        SettingsError: a port or a code is malformed.
        """
        env = os.environ if environ is None else environ
        codes = env.get("ZAMU_USSD_CODES", "*191*9#")
        parse_codes(codes)
        return cls(
            ussd_codes=codes,
            at_base_url=env.get("ZAMU_AT_BASE_URL") or None,
            database_url=env.get("ZAMU_DATABASE_URL") or None,
            redis_url=env.get("ZAMU_REDIS_URL") or None,
            **_local(env),
        )


def environment() -> dict[str, str]:
    """A copy of this process's environment, to hand to a child process."""
    return dict(os.environ)


def parse_codes(text: str) -> tuple[ServiceCode, ...]:
    """`*191*9#,*384*7#=77` → two codes, the second with the prefix 77.

    Raises:
        SettingsError: a code does not begin with * and end with #.
    """
    codes = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        code, _, prefix = part.partition("=")
        if not (code.startswith("*") and code.endswith("#") and len(code) > 2):
            raise SettingsError(
                f"ZAMU_USSD_CODES: {code!r} is no service code; write it as it is dialled, like *191*9#."
            )
        codes.append(ServiceCode(code, prefix))
    if not codes:
        raise SettingsError("ZAMU_USSD_CODES is empty; give at least one code, like *191*9#.")
    return tuple(codes)


def _needed(env: Mapping[str, str], name: str, what: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set: {what}. (`zamu run` starts its own servers and needs none of this.)")
    return value


def _secret(env: Mapping[str, str]) -> str:
    key = _needed(env, "ZAMU_SECRET_KEY", "a secret of at least 32 characters that seals phones and identity numbers")
    if len(key) < 32:
        raise SettingsError("ZAMU_SECRET_KEY is too short: give at least 32 random characters.")
    return key


def _callback_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    given = _needed(env, "ZAMU_CALLBACK_SECRETS", "the secrets in the callback addresses, separated by commas")
    secrets = tuple(s.strip() for s in given.split(",") if s.strip())
    if not secrets or not all(re.fullmatch(r"[A-Za-z0-9_-]{16,}", s) for s in secrets):
        raise SettingsError(
            "ZAMU_CALLBACK_SECRETS: each secret is part of an address, so it needs at least 16 letters, digits, - or _."
        )
    return secrets


def _senders(text: str) -> dict[str, str]:
    """`interactive=22191,bulk=HUDUMA,bulk@63903=HUDUMAKE` → by lane, or by lane and network."""
    senders = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        lane, equals, sender = part.partition("=")
        name, at, network = lane.partition("@")
        if not (name in LANES and equals and sender and bool(at) == network.isdecimal()):
            raise SettingsError(
                f"ZAMU_AT_SENDERS: {part!r} is not lane=sender, like bulk=HUDUMA, or lane@network=sender, like "
                f"bulk@63903=HUDUMA; the lanes are {', '.join(LANES)}."
            )
        senders[lane] = sender
    return senders


def _short_codes(text: str) -> tuple[ShortCode, ...]:
    """`22191+free,40404=HUDUMA` → a code of our own, free to answer, and a shared one with our keyword."""
    codes = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"([0-9]{3,8})(?:=([A-Za-z0-9]{1,11}))?(\+free)?", part)
        if not match:
            raise SettingsError(
                f"ZAMU_SMS_SHORT_CODES: {part!r} is no short code; write 22191, or 22191=HUDUMA if it is shared and "
                "messages must begin with HUDUMA, and +free behind it if answering costs citizens nothing."
            )
        codes.append(ShortCode(match[1], (match[2] or "").upper(), bool(match[3])))
    return tuple(codes)


def _caps(text: str) -> tuple[Cap, ...]:
    """`bulk=20000/day,bulk=300000/month` → in KES."""
    caps = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"(\w+)=([0-9]{1,9})/(day|month)", part)
        if not match or match[1] not in LANES:
            raise SettingsError(
                f"ZAMU_SMS_CAPS: {part!r} is no cap; write lane=KES/day or lane=KES/month, like bulk=20000/day; the "
                f"lanes are {', '.join(LANES)}."
            )
        caps.append(Cap(match[1], int(match[2]), match[3]))
    return tuple(caps)


def _whole(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name} is {text!r}: give a whole number from {least} to {most}.")
    return int(text)


def _local(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "port": _whole(env, "ZAMU_PORT", 8191, 1, 65535),
        "simulator_port": _whole(env, "ZAMU_SIMULATOR_PORT", 8192, 1, 65535),
        "data_dir": Path(env.get("ZAMU_DATA_DIR") or ".zamu"),
    }
