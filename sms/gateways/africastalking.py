"""Africa's Talking: sending through its SDK, and reading what it posts back.

The SDK builds the request. Its transport is replaced (sms.gateways.transport):
it opens a connection for every call, hides the HTTP status, and follows redirects.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import africastalking

from core.errors import Malformed
from core.forms import needed
from core.messaging.reports import ReportStatus
from core.phones import parse_msisdn
from core.settings import Settings
from sms.gateways import GatewayError, Receipt
from sms.gateways.transport import Transport
from sms.gateways.wire import Answer

NAME = "africastalking"

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


class _Service:
    """What changes in each of the SDK's services: a settable address, and the transport."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._given_base = settings.at_base_url
        self._transport = transport
        super().__init__(settings.at_username, settings.at_api_key)  # type: ignore[call-arg]

    def _init_service(self) -> None:
        super()._init_service()  # type: ignore[misc]
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
        timeout: object = None,
    ) -> Answer:
        """The answer, whatever its status; bounded by the transport, not by `timeout`."""
        return self._transport.request(method, url, headers=headers, form=data, query=params)


class _Sms(_Service, africastalking.SMSService):  # type: ignore[misc]
    pass


class _Account(_Service, africastalking.ApplicationService):  # type: ignore[misc]
    pass


class AfricasTalking:
    """The gateway, as `sms.gateways.Gateway` promises it."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._transport = Transport()
        self._sms = _Sms(settings, self._transport)
        self._account = _Account(settings, self._transport)

    def send(self, text: str, phones: Sequence[str], sender: str | None) -> list[Receipt]:
        answer: Answer = self._sms.send(text, list(phones), sender_id=sender)
        by_phone = {entry.get("number"): entry for entry in _recipients(answer) if isinstance(entry, dict)}
        return [_receipt(phone, by_phone.get(phone)) for phone in phones]

    def balance(self) -> Decimal | None:
        answer: Answer = self._account.fetch_application_data()
        _refuse_status(answer.status)
        try:
            given = json.loads(answer.body)["UserData"]["balance"]
        except (ValueError, KeyError, TypeError) as error:
            raise GatewayError("unreadable_answer", retryable=False, outcome_known=False) from error
        return _kes(given)

    def close(self) -> None:
        self._transport.close()


def _refuse_status(status: int) -> None:
    """Raises:
    GatewayError: it is another than 2xx.
    """
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


def _recipients(answer: Answer) -> list[Any]:
    """The recipients' entries of an answer.

    Raises:
        GatewayError: another status than 2xx, or something else than that in it.
    """
    _refuse_status(answer.status)
    try:
        data = json.loads(answer.body)["SMSMessageData"]
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


@lru_cache(maxsize=256)
def _amount(cost: str) -> Decimal | None:
    match = re.fullmatch(r"KES (-?\d{1,8}(?:\.\d{1,4})?)", cost)
    return Decimal(match[1]) if match else None


def _kes(cost: object) -> Decimal | None:
    """`KES 0.8000` → 0.8; None in another currency."""
    return _amount(str(cost))


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
    """An SMS to one of our short codes."""

    gateway_id: str
    phone: str | None
    """None if its sender is no phone: a short code, or a name."""
    text: str
    to: str
    """The short code it was sent to; empty where the gateway does not say."""
    network: str | None


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
        phone=parse_msisdn(needed(form, "phoneNumber")),
    )


def read_inbound(form: dict[str, str]) -> Inbound:
    """Raises:
    Malformed: a field is missing or cannot be what it should; the text alone may be empty.
    """
    return Inbound(
        gateway_id=needed(form, "id"),
        phone=_phone_or_none(needed(form, "from")),
        text=form.get("text", ""),
        to=form.get("to", "").strip()[:20],
        network=form.get("networkCode", "").strip()[:20] or None,
    )


def _phone_or_none(sender: str) -> str | None:
    """Nine digits at least: the longest short codes have eight."""
    try:
        return parse_msisdn(sender) if re.fullmatch(r"\+?(?:[0-9][ ()-]*){9,15}", sender) else None
    except Malformed:
        return None


def read_opt_out(form: dict[str, str]) -> str:
    """The phone that wants no more messages.

    Raises:
        Malformed: it is missing, or no phone.
    """
    return parse_msisdn(needed(form, "phoneNumber"))


def _snake(word: str) -> str:
    """UserInBlacklist → user_in_blacklist."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()).strip("_")
