"""An outbox with messages in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.messaging import outbox, relay
from core.messaging.relay import Claimed, Fate, Result
from core.messaging.tables import Lane, Message
from core.people.register import Register

PHONE = "+254711000001"


@dataclass
class Outbox:
    db: Session
    now: datetime
    register: Register

    def write(
        self,
        phone: str = PHONE,
        *,
        lane: Lane = Lane.INTERACTIVE,
        valid: timedelta = timedelta(days=1),
        asked_for: bool = True,
    ) -> int:
        message = outbox.write(
            self.db,
            person_id=self.register.contact(self.db, phone, now=self.now).id,
            lane=lane,
            template="booking_confirmed",
            arguments={"reference": "48210937"},
            language="en",
            subject="booking:1",
            valid_until=self.now + valid,
            now=self.now,
            asked_for=asked_for,
        )
        self.db.flush()
        return message.id

    def claim(
        self,
        *,
        at: datetime | None = None,
        limit: int = 100,
        lane: Lane = Lane.INTERACTIVE,
        sms_a_day: int | None = None,
    ) -> list[Claimed]:
        return relay.claim(self.db, lane, limit=limit, now=at or self.now, sms_a_day=sms_a_day)

    def settle(self, claimed: list[Claimed], fate: Fate, *, at: datetime | None = None, **details: object) -> int:
        results = [Result(c.id, c.attempt, fate, **details) for c in claimed]  # type: ignore[arg-type]
        return relay.settle(self.db, results, now=at or self.now)

    def sent(self, gateway_id: str | None, phone: str = PHONE) -> int:
        """Write, claim and settle a message that the gateway took."""
        message_id = self.write(phone)
        assert self.settle(self.claim(), Fate.SENT, gateway="at", gateway_id=gateway_id) == 1
        return message_id

    def unknown(self, phone: str = PHONE) -> int:
        message_id = self.write(phone)
        self.settle(self.claim(), Fate.UNKNOWN, error="gateway_timeout")
        return message_id

    def get(self, message_id: int) -> Message:
        self.db.expire_all()
        return self.db.get_one(Message, message_id)

    def status(self, message_id: int) -> str:
        return self.get(message_id).status


@pytest.fixture
def register() -> Register:
    return Register("a secret key of the tests, long enough")


@pytest.fixture
def box(db: Session, now: datetime, register: Register) -> Outbox:
    return Outbox(db, now, register)
