"""A citizen who sends SMS to the real application, and reads what comes back."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.messaging.senders import Sender
from core.messaging.tables import InboundMessage, Message, Question, Status
from core.messaging.templates import Speech, render
from core.people.register import Register
from core.people.tables import Person
from tests.support import SECRET, Clock

CITIZEN, NEIGHBOUR = "+254711000001", "+254711000002"
SHORT_CODE = Sender("22191", answerable=True)

_ids = itertools.count(1)


@dataclass
class Citizen:
    """One phone. What a test sends is answered in texts as they would arrive."""

    app: Flask
    transaction: Transaction
    speech: Speech
    clock: Clock
    number: str = CITIZEN

    def sends(self, text: str, **form: str) -> list[str]:
        """Send an SMS to the short code; what comes back before anything else happens."""
        assert self.posts(text, **form) == 200
        return self.receives()

    def posts(self, text: str, **changes: str) -> int:
        form = {"from": self.number, "to": "22191", "id": f"in-{next(_ids)}", "text": text, "networkCode": "63902"}
        path = f"/sms/africastalking/{SECRET}/inbound"
        return self.app.test_client().post(path, data=form | changes).status_code

    def receives(self) -> list[str]:
        """The texts that have come since, handed over as the workers do it."""
        texts = []
        with self.transaction() as db:
            waiting = (
                sa.select(Message)
                .join(Person, Person.id == Message.person_id)
                .where(
                    Person.phone_index == self.speech.register.phone_index(self.number),
                    Message.status == Status.PENDING,
                    Message.not_before <= self.clock.time,
                )
                .order_by(Message.id)
            )
            for message in db.scalars(waiting):
                message.status, message.claimed_at = Status.SENT, self.clock.time
                texts.append(render(message.template, message.arguments, language=message.language, speech=self.speech))
        return texts

    def later(self, **span: float) -> None:
        self.clock.time += timedelta(**span)

    def person(self) -> Person:
        with self.transaction() as db:
            found = self.speech.register.find_contact(db, self.number)
            assert found is not None
            return found

    def rows(self, table: Any) -> list[Any]:
        with self.transaction() as db:
            return list(db.scalars(sa.select(table).order_by(table.id)))

    def understood(self) -> list[str | None]:
        """What the SMS so far were taken for."""
        return [message.understood_as for message in self.rows(InboundMessage)]

    def answers(self) -> list[str | None]:
        return [question.answer for question in self.rows(Question)]


@pytest.fixture
def speech(catalogue: Catalogue, register: Register) -> Speech:
    return Speech(catalogue, "*191*9#", register, SHORT_CODE)


@pytest.fixture
def citizens(app: Flask, transaction: Transaction, speech: Speech, clock: Clock) -> Callable[..., Citizen]:
    def citizen(number: str = CITIZEN, **more: Any) -> Citizen:
        return Citizen(
            **{"app": app, "transaction": transaction, "speech": speech, "clock": clock} | more, number=number
        )

    return citizen


@pytest.fixture
def citizen(citizens: Callable[..., Citizen]) -> Citizen:
    return citizens()
