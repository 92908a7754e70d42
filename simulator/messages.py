"""SMS in both directions: what Zamu sent, what phones received, what phones sent, and what the account has left."""

import random
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from simulator import statuses
from simulator.callbacks import Callback, Callbacks
from simulator.clock import Clock, stamp
from simulator.config import Config
from simulator.errors import Refusal
from simulator.gsm7 import measure
from simulator.knobs import KnobBoard, Knobs
from simulator.msisdn import parse_msisdn
from simulator.networks import Network
from simulator.subscribers import Subscribers

PRICE = Decimal("0.8000")
"""KES a segment."""
MOST_KEPT = 100_000
"""Messages remembered; beyond it the oldest are forgotten."""
INTERIM_REPORTS = ("Sent", "Submitted")
UNREACHABLE = ("AbsentSubscriber", "Expired")
REASONS = {
    "Failed": "DeliveryFailure",
    "Rejected": "RejectedByGateway",
    "AbsentSubscriber": "AbsentSubscriber",
    "Expired": "MessageExpired",
}
OPT_OUT_WORD, OPT_IN_WORD = "STOP", "START"


@dataclass(slots=True)
class Message:
    """An SMS the gateway took for one number.

    Attributes:
        id: the gateway's, `ATXid_` and 32 hex digits.
        to: E.164.
        status: what its last delivery report will say.
        delivered: the phone has it.
    """

    id: str
    to: str
    text: str
    sender: str
    at: datetime
    segments: int
    status: str
    delivered: bool


@dataclass(frozen=True, slots=True)
class Recipient:
    """One entry of the answer to a send, as the gateway writes it; `cost` is 0 if it was refused."""

    number: str
    status_code: int
    status: str
    cost: Decimal
    message_id: str


class Messages:
    """The message store and the account; safe for all threads."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        board: KnobBoard,
        callbacks: Callbacks,
        subscribers: Subscribers,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._clock = clock
        self._board = board
        self._callbacks = callbacks
        self._subscribers = subscribers
        self._chance = chance
        self._lock = threading.Lock()
        self._balance = config.balance
        self._sent: deque[Message] = deque(maxlen=MOST_KEPT)

    @property
    def balance(self) -> Decimal:
        """What the account has left, in KES."""
        with self._lock:
            return self._balance

    def sent(self) -> list[Message]:
        """Everything taken, oldest first."""
        with self._lock:
            return list(self._sent)

    def inbox(self, msisdn: str) -> list[Message]:
        """What this phone has received, newest first."""
        return [message for message in reversed(self.sent()) if message.to == msisdn and message.delivered]

    def send(self, numbers: list[str], text: str, *, sender: str, queued: bool) -> list[Recipient]:
        """Take one text for several numbers, charge for it, and start the delivery reports.

        With the knob `early_reports` the reports have been posted when this returns.
        """
        knobs = self._board.now
        recipients, reports = [], []
        for number in numbers:
            recipient, message = self._take(number, text, sender=sender, queued=queued, knobs=knobs)
            recipients.append(recipient)
            if message is not None:
                reports.append(self._reports(message, knobs))
        for report in reports:
            if knobs.early_reports:
                self._callbacks.at_once(report)
            else:
                self._callbacks.later(report, after_seconds=knobs.report_delay_seconds)
        return recipients

    def receive(self, msisdn: str, to: str, text: str, network: Network) -> str:
        """Carry an SMS from a phone to Zamu and return its id. STOP opts the number out of every sender, START back in.

        Raises:
            Refusal: it is not for our short code, or there is no text.
        """
        if to != self._config.short_code:
            raise Refusal(f"Only the short code {self._config.short_code} reaches Zamu.")
        if not text:
            raise Refusal("Type a message first.")
        self._subscribers.seen(msisdn, network)
        message_id = secrets.token_hex(16)
        inbound = {
            "date": stamp(self._clock.now()),
            "from": msisdn,
            "id": message_id,
            "linkId": secrets.token_hex(8),
            "text": text,
            "to": to,
            "cost": "KES 0.0000",
            "networkCode": network.code,
        }
        twice = self._board.now.duplicate_callbacks
        callbacks = [Callback("sms/inbound", inbound, twice)]
        word = text.strip().upper()
        if word == OPT_OUT_WORD:
            self._subscribers.opt_out(msisdn)
            callbacks.append(Callback("sms/opt-out", {"senderId": to, "phoneNumber": msisdn}, twice))
        elif word == OPT_IN_WORD:
            self._subscribers.opt_in(msisdn)
        self._callbacks.later(callbacks)
        return message_id

    def _take(
        self, number: str, text: str, *, sender: str, queued: bool, knobs: Knobs
    ) -> tuple[Recipient, Message | None]:
        segments = measure(text).segments
        cost = PRICE * segments
        refused = self._refusal(number, knobs)
        message = Message(
            id=f"ATXid_{secrets.token_hex(16)}",
            to=number,
            text=text,
            sender=sender,
            at=self._clock.now(),
            segments=segments,
            status=knobs.final_report,
            delivered=knobs.final_report == "Success",
        )
        with self._lock:
            if refused is None and cost > self._balance:
                refused = statuses.INSUFFICIENT_BALANCE
            if refused is None:
                self._balance -= cost
                self._sent.append(message)
        if refused is not None:
            return Recipient(number, refused, statuses.REFUSED[refused], Decimal(0), "None"), None
        accepted = statuses.QUEUED if queued else statuses.SENT
        return Recipient(number, accepted, statuses.ACCEPTED[accepted], cost, message.id), message

    def _refusal(self, number: str, knobs: Knobs) -> int | None:
        """The status code this recipient is refused with, before its price is looked at; None if it is not."""
        try:
            written_as_e164 = parse_msisdn(number) == number
        except Refusal:
            written_as_e164 = False
        if not written_as_e164:
            digits = number.removeprefix("+")
            foreign = number.startswith("+") and digits.isdecimal() and not digits.startswith("254")
            return statuses.UNSUPPORTED_NUMBER_TYPE if foreign else statuses.INVALID_PHONE_NUMBER
        if knobs.send_fault == "all_failed":
            return statuses.INTERNAL_SERVER_ERROR
        if knobs.send_fault == "out_of_credit":
            return statuses.INSUFFICIENT_BALANCE
        if number in knobs.failing:
            return knobs.failing[number]
        if self._subscribers.has_opted_out(number):
            return statuses.USER_IN_BLACKLIST
        if self._chance() < knobs.fail_rate:
            return statuses.REJECTED_BY_GATEWAY
        return None

    def _reports(self, message: Message, knobs: Knobs) -> list[Callback]:
        # A phone that is away has its messages buffered before the network gives up.
        last_interim = ("Buffered",) if message.status in UNREACHABLE else ()
        return [
            Callback(
                "sms/delivery",
                self._report(message, status),
                twice=knobs.duplicate_reports or knobs.duplicate_callbacks,
            )
            for status in (*INTERIM_REPORTS, *last_interim, message.status)
        ]

    def _report(self, message: Message, status: str) -> dict[str, str]:
        form = {
            "id": message.id,
            "status": status,
            "phoneNumber": message.to,
            "networkCode": self._subscribers.network(message.to).code,
        }
        if status in REASONS:
            form["failureReason"] = REASONS[status]
        if status in UNREACHABLE:
            form["retryCount"] = "3"
        return form
