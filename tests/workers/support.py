"""A gateway that does as it is told, and an outbox to look into."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import Transaction
from core.messaging import outbox
from core.messaging.tables import Lane, Message
from core.people.register import Register
from sms.gateways import GatewayError, Receipt
from tests.support import NOW

PHONE = "+254711000001"


def phone(number: int) -> str:
    return f"+2547110{number:05d}"


@dataclass
class FakeGateway:
    """Takes everything, unless `answer` says otherwise for a text and its phones."""

    name: str = "fake"
    calls: list[tuple[str, list[str], str | None]] = field(default_factory=list)
    answer: Callable[[str, list[str]], list[Receipt] | GatewayError | None] = lambda text, phones: None
    account: Decimal | GatewayError | None = Decimal(5000)
    """What it says that the account has left."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, text: str, phones: Sequence[str], sender: str | None) -> list[Receipt]:
        with self.lock:
            self.calls.append((text, list(phones), sender))
        answer = self.answer(text, list(phones))
        if isinstance(answer, GatewayError):
            raise answer
        return answer or [Receipt(to, accepted=True, gateway_id=f"{len(self.calls)}-{to}") for to in phones]

    def balance(self) -> Decimal | None:
        if isinstance(self.account, GatewayError):
            raise self.account
        return self.account

    def close(self) -> None:
        pass

    @property
    def phones(self) -> list[str]:
        return [to for _, phones, _ in self.calls for to in phones]


@dataclass
class Outbox:
    """Writes messages as the core does, and looks what became of them."""

    transaction: Transaction
    register: Register

    def write(
        self, to: str = PHONE, *, lane: Lane = Lane.INTERACTIVE, reference: str = "48217096", **changes: Any
    ) -> int:
        given: dict[str, Any] = {
            "template": "booking_confirmed",
            "arguments": {
                "service": "IDR",
                "site": "GPO",
                "starts_at": "2026-11-24T08:00:00+03:00",
                "reference": reference,
            },
            "language": "en",
            "subject": "booking:1",
            "valid_until": NOW + timedelta(days=1),
            "now": NOW,
            "asked_for": True,
        } | changes
        with self.transaction() as db:
            contact = self.register.contact(db, to, now=given["now"])
            message = outbox.write(db, person_id=contact.id, lane=lane, **given)
            db.flush()
            return message.id

    def get(self, message_id: int) -> Message:
        with self.transaction() as db:
            return db.get_one(Message, message_id)

    def statuses(self) -> dict[str, int]:
        with self.transaction() as db:
            return dict(db.execute(sa.select(Message.status, sa.func.count()).group_by(Message.status)).all())
