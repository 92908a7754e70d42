"""Citizens with browsers, and the SMS that their phones get."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import Transaction
from core.people.register import Register
from core.people.tables import PhoneCode
from core.phones import parse_phone
from tests.portal.citizen import Citizen

Citizens = Callable[..., Citizen]


@pytest.fixture
def sms(transaction: Transaction, register: Register) -> Callable[[str], str]:
    """The digits of the code last sent to a phone."""

    def read(phone: str) -> str:
        with transaction() as db:
            contact = register.find_contact(db, parse_phone(phone))
            assert contact is not None, "this phone is not known"
            last = sa.select(PhoneCode.nth).where(PhoneCode.contact_id == contact.id).order_by(PhoneCode.sent_at.desc())
            nth = db.scalars(last.order_by(PhoneCode.nth.desc())).first()
            assert nth is not None, "no code was asked for"
            return register.phone_code(contact.id, nth)

    return read


@pytest.fixture
def citizens(app: Flask, sms: Callable[[str], str]) -> Citizens:
    """Browsers, each of its own."""
    return lambda language="en": Citizen(app, sms, language)


@pytest.fixture
def citizen(citizens: Citizens) -> Citizen:
    return citizens()
