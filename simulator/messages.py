"""SMS in both directions: what Zamu sent, what phones received, what phones sent, and what the account has left."""

import random
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from simulator import statuses
from simulator.callbacks import Callback, Callbacks
from simulator.clock import Clock, stamp
from simulator.config import Config
from simulator.errors import Refusal
from simulator.gsm7 import measure
from simulator.knobs import KnobBoard, Knobs
from simulator.msisdn import is_e164
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


class Recipient(NamedTuple):
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
        self._taken = 0

    @property
    def balance(self) -> Decimal:
        """What the account has left, in KES."""
        with self._lock:
            return self._balance

    def sent(self, *, after: int = 0) -> tuple[list[Message], int]:
        """What was taken, oldest first, without the first `after` messages ever; and how many were taken in all."""
        with self._lock:
            fresh = min(len(self._sent), max(0, self._taken - after))
            return list(islice(reversed(self._sent), fresh))[::-1], self._taken

    def inbox(self, msisdn: str) -> list[Message]:
        """What this phone has received, newest first."""
        return [message for message in reversed(self.sent()[0]) if message.to == msisdn and message.delivered]

    def send(self, numbers: list[str], text: str, *, sender: str, queued: bool) -> list[Recipient]:
        """Take one text for several numbers, charge for it, and start the delivery reports.

        With the knob `early_reports` the reports have been posted when this returns.
        """
        knobs = self._board.now
        recipients, taken = self._take(numbers, text, sender=sender, queued=queued, knobs=knobs)
        if knobs.early_reports:
            for message in taken:
                self._callbacks.at_once(self._reports(message, knobs))
        elif taken:
            self._callbacks.stories_later(
                lambda: (self._reports(message, knobs) for message in taken), after_seconds=knobs.report_delay_seconds
            )
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
        self, numbers: list[str], text: str, *, sender: str, queued: bool, knobs: Knobs
    ) -> tuple[list[Recipient], list[Message]]:
        """What becomes of each number, and the messages that were taken.

        Whatever is the same for all is found out once: a benchmark must not wait for its gateway.
        """
        segments, at = measure(text).segments, self._clock.now()
        cost = PRICE * segments
        accepted = statuses.QUEUED if queued else statuses.SENT
        opted_out = self._subscribers.opted_out(numbers)
        status, delivered = knobs.final_report, knobs.final_report == "Success"
        ids = f"{random.getrandbits(128 * len(numbers)):0{32 * len(numbers)}x}"
        recipients, taken = [], []
        with self._lock:
            for place, number in enumerate(numbers):
                refused = self._refusal(number, opted_out, knobs)
                if refused is None and cost > self._balance:
                    refused = statuses.INSUFFICIENT_BALANCE
                if refused is not None:
                    recipients.append(Recipient(number, refused, statuses.REFUSED[refused], Decimal(0), "None"))
                    continue
                message_id = f"ATXid_{ids[32 * place : 32 * (place + 1)]}"
                message = Message(message_id, number, text, sender, at, segments, status, delivered)
                self._balance -= cost
                taken.append(message)
                recipients.append(Recipient(number, accepted, statuses.ACCEPTED[accepted], cost, message.id))
            self._sent.extend(taken)
            self._taken += len(taken)
        return recipients, taken

    def _refusal(self, number: str, opted_out: set[str], knobs: Knobs) -> int | None:
        """The status code this recipient is refused with, before its price is looked at; None if it is not."""
        if not is_e164(number):
            digits = number.removeprefix("+")
            foreign = number.startswith("+") and digits.isdecimal() and not digits.startswith("254")
            return statuses.UNSUPPORTED_NUMBER_TYPE if foreign else statuses.INVALID_PHONE_NUMBER
        if knobs.send_fault == "all_failed":
            return statuses.INTERNAL_SERVER_ERROR
        if knobs.send_fault == "out_of_credit":
            return statuses.INSUFFICIENT_BALANCE
        if number in knobs.failing:
            return knobs.failing[number]
        if number in opted_out:
            return statuses.USER_IN_BLACKLIST
        if knobs.fail_rate and self._chance() < knobs.fail_rate:
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
