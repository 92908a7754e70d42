"""Africa's Talking: sending through its SDK, and reading what it posts back.

The SDK builds the request. Its transport is replaced: it opens a connection for
every call, hides the HTTP status, and follows redirects.
"""

import re
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import africastalking
import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from core.forms import needed
from core.messaging.reports import ReportStatus
from core.phones import parse_phone
from core.settings import Settings
from sms.gateways import GatewayError, Receipt

NAME = "africastalking"

TIMEOUTS = (3.05, 10.0)
"""Seconds to connect, and between two bytes of an answer."""
CONNECTIONS = 32
"""Kept open; a call that finds none free waits for one."""
IDLE_SECONDS = 15.0
"""Unused for longer, a connection is given up: if the gateway closed it under a request, nobody knew the outcome."""

ACCEPTED = frozenset({100, 101, 102})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of the gateway's status codes for a recipient, in our words."""

    code: str
    retryable: bool


REFUSED: Mapping[int, Refusal] = {
    401: Refusal("risk_hold", retryable=False),
    402: Refusal("sender_refused", retryable=False),
    403: Refusal("invalid_phone", retryable=False),
    404: Refusal("unsupported_number", retryable=False),
    405: Refusal("out_of_credit", retryable=True),
    406: Refusal("blocked", retryable=False),
    407: Refusal("no_route", retryable=True),
    409: Refusal("do_not_disturb", retryable=False),
    500: Refusal("gateway_failed", retryable=True),
    501: Refusal("gateway_failed", retryable=True),
    502: Refusal("rejected", retryable=False),
}
"""Not HTTP codes. A code that is not here says nothing certain about the outcome."""

REFUSED_CALL: Mapping[str, str] = {"InvalidSenderId": "invalid_sender", "InsufficientBalance": "out_of_credit"}
"""What the summary says when a call was answered 201 and no recipient is named."""

REPORTS: Mapping[str, ReportStatus] = {
    "Sent": ReportStatus.SENT,
    "Submitted": ReportStatus.SUBMITTED,
    "Buffered": ReportStatus.BUFFERED,
    "AbsentSubscriber": ReportStatus.ABSENT,
    "Success": ReportStatus.DELIVERED,
    "Failed": ReportStatus.FAILED,
    "Rejected": ReportStatus.REJECTED,
    "Expired": ReportStatus.EXPIRED,
}


class _Sms(africastalking.SMSService):  # type: ignore[misc]
    """The SDK's SMS service at a settable address, over a pooled session."""

    def __init__(self, settings: Settings) -> None:
        self._given_base = settings.at_base_url
        self._lock = threading.Lock()
        self._used = time.monotonic()
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS, pool_block=True))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS, pool_block=True))
        # A proxy of the machine's is for the world outside it.
        self._session.trust_env = urlsplit(settings.at_base_url).hostname not in {"127.0.0.1", "localhost", "::1"}
        super().__init__(settings.at_username, settings.at_api_key)

    def _init_service(self) -> None:
        super()._init_service()
        if self._given_base:
            self._baseUrl = self._contentUrl = self._given_base + "/version1"

    def _make_request(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        data: Any,
        params: Any,
        callback: None = None,
        timeout: tuple[float, float] = TIMEOUTS,
    ) -> requests.Response:
        """The answer, whatever its status."""
        self._forget_stale_connections()
        return self._session.request(
            method, url, headers=headers, data=data, params=params, timeout=TIMEOUTS, allow_redirects=False
        )

    def close(self) -> None:
        self._session.close()

    def _forget_stale_connections(self) -> None:
        with self._lock:
            idle, self._used = time.monotonic() - self._used, time.monotonic()
        if idle > IDLE_SECONDS:
            self._session.close()  # the pools only: the session opens new ones


class AfricasTalking:
    """The gateway, as `sms.gateways.Gateway` promises it."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._sms = _Sms(settings)

    def send(self, text: str, phones: Sequence[str], sender: str | None) -> list[Receipt]:
        try:
            answer: requests.Response = self._sms.send(text, list(phones), sender_id=sender)
        except requests.RequestException as error:
            raise _failed_call(error) from error
        by_phone = {entry.get("number"): entry for entry in _recipients(answer) if isinstance(entry, dict)}
        return [_receipt(phone, by_phone.get(phone)) for phone in phones]

    def close(self) -> None:
        self._sms.close()


def _failed_call(error: requests.RequestException) -> GatewayError:
    """Without an answer: was the request on its way?"""
    if isinstance(error, ValueError):  # requests' errors about an address are ValueErrors
        return GatewayError("gateway_address", retryable=False, outcome_known=True)
    if _never_left(error):
        return GatewayError("gateway_unreachable", retryable=True, outcome_known=True)
    code = "gateway_timeout" if isinstance(error, requests.Timeout) else "gateway_broke_off"
    return GatewayError(code, retryable=False, outcome_known=False)


def _never_left(error: requests.RequestException) -> bool:
    """Whether there was no connection to send the request on: the only errors that leave no doubt."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        reason = reason.original_error
    if isinstance(reason, urllib3.exceptions.SSLError):
        # Other TLS errors can also come in the middle of an answer.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _recipients(answer: requests.Response) -> list[Any]:
    """The recipients' entries of an answer.

    Raises:
        GatewayError: another status than 2xx, or something else than that in it.
    """
    status = answer.status_code
    if status >= 500:
        raise GatewayError("gateway_error", retryable=False, outcome_known=False)
    if status in (401, 403):
        raise GatewayError("account_refused", retryable=False, outcome_known=True)
    if status == 429:
        raise GatewayError("too_many_calls", retryable=True, outcome_known=True)
    if status >= 400:
        raise GatewayError("call_refused", retryable=False, outcome_known=True)
    if status >= 300:
        raise GatewayError("gateway_address", retryable=False, outcome_known=True)
    try:
        data = answer.json()["SMSMessageData"]
        summary, recipients = data["Message"], list(data["Recipients"])
    except (ValueError, KeyError, TypeError) as error:
        raise GatewayError("unreadable_answer", retryable=False, outcome_known=False) from error
    if not recipients and summary in REFUSED_CALL:
        raise GatewayError(REFUSED_CALL[summary], retryable=False, outcome_known=True)
    return recipients


def _receipt(phone: str, entry: Mapping[str, Any] | None) -> Receipt:
    if entry is None:
        return Receipt(phone, accepted=False, error="no_receipt", outcome_known=False)
    try:
        code = int(entry["statusCode"])
    except (KeyError, TypeError, ValueError):
        return Receipt(phone, accepted=False, error="unreadable_answer", outcome_known=False)
    if code in ACCEPTED:
        given = str(entry.get("messageId") or "None")[:100]
        return Receipt(
            phone, accepted=True, gateway_id=None if given == "None" else given, cost_kes=_kes(entry.get("cost"))
        )
    refusal = REFUSED.get(code)
    if refusal is None:
        return Receipt(phone, accepted=False, error=f"unlisted_{code}", outcome_known=False)
    return Receipt(phone, accepted=False, error=refusal.code, retryable=refusal.retryable)


def _kes(cost: object) -> Decimal | None:
    """`KES 0.8000` → 0.8; None in another currency."""
    match = re.fullmatch(r"KES (\d{1,6}(?:\.\d{1,4})?)", str(cost))
    try:
        return Decimal(match[1]) if match else None
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report, in our words; a status that is not in `REPORTS` is kept as it came."""

    gateway_id: str
    status: str
    reason: str | None
    network: str | None
    phone: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """An SMS from a citizen's phone."""

    gateway_id: str
    phone: str
    text: str


def read_report(form: dict[str, str]) -> Report:
    """Raises:
    Malformed: a field is missing or cannot be what it should.
    """
    status = needed(form, "status")
    reason = form.get("failureReason", "").strip()
    return Report(
        gateway_id=needed(form, "id"),
        status=REPORTS.get(status, status),
        reason=_snake(reason)[:60] or None,
        network=form.get("networkCode", "").strip()[:20] or None,
        phone=parse_phone(needed(form, "phoneNumber")),
    )


def read_inbound(form: dict[str, str]) -> Inbound:
    """Raises:
    Malformed: a field is missing or cannot be what it should; the text alone may be empty.
    """
    return Inbound(gateway_id=needed(form, "id"), phone=parse_phone(needed(form, "from")), text=form.get("text", ""))


def read_opt_out(form: dict[str, str]) -> str:
    """The phone that wants no more messages.

    Raises:
        Malformed: it is missing, or no phone.
    """
    return parse_phone(needed(form, "phoneNumber"))


def _snake(word: str) -> str:
    """UserInBlacklist → user_in_blacklist."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()).strip("_")
