"""A phone whose network does not deliver our SMS is told so, once a call, and how to change it."""

import pytest
import sqlalchemy as sa

from core.db import Transaction
from core.gsm7 import septets
from core.messaging.tables import Message
from core.people.tables import Person
from tests.journeys.fixtures import Phones
from tests.journeys.phone import Phone
from tests.support import NOW

NOTICE = "Your phone blocks"


def block(transaction: Transaction, *, sender: str | None = "HUDUMAKENYA", opted_out: bool = False) -> None:
    """What comes of a 406."""
    with transaction() as db:
        db.execute(sa.update(Person).values(blocked_at=NOW, opted_out_at=NOW if opted_out else None))
        db.execute(sa.update(Message).values(error="blocked", status="failed", sender=sender))


def spoken(phones: Phones, language: str, network: str = "63902") -> Phone:
    phone = phones(language=language, network=network)
    phone.books()
    return phone


@pytest.mark.parametrize("sender", ["HUDUMAKENYA", None])
@pytest.mark.parametrize("network", ["63902", "63903"])
def test_the_notice_fits_the_first_screen_with_everything_else_on_it(
    phones: Phones, transaction: Transaction, language: str, network: str, sender: str | None
) -> None:
    phone = spoken(phones, "en", network)
    with transaction() as db:
        db.execute(sa.update(Person).values(language=language))
    block(transaction, sender=sender)
    phone.language = language
    phone.dials().sees("Book a visit", "My document", "My booking", "More").does_not_see("98 ")
    assert (sender or "SMS z" if language == "sw" else sender or "our SMS") in phone.screen
    assert ("*456*9*5#" in phone.screen) == (network == "63902")
    assert (septets(phone.screen) or 999) <= 160


def test_it_is_said_once_a_call(phones: Phones, transaction: Transaction) -> None:
    phone = spoken(phones, "en")
    block(transaction)
    phone.dials().sees(NOTICE).chooses("More").answers("00").does_not_see(NOTICE).sees("Your booking")
    phone.dials().sees(NOTICE)


def test_a_phone_that_has_said_stop_is_not_told(phones: Phones, transaction: Transaction) -> None:
    phone = spoken(phones, "en")
    block(transaction, opted_out=True)
    phone.dials().does_not_see(NOTICE)


def test_a_phone_that_gets_its_sms_is_not_told(phones: Phones) -> None:
    spoken(phones, "en").dials().does_not_see(NOTICE)
