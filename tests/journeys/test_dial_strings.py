"""Codes with more behind them, a second code, and codes that are not ours."""

import pytest

from core.db import Transaction
from core.people.register import Register
from core.tracking.demo import make_demo_documents
from tests.journeys.fixtures import OTHER, MakeApp, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import NOW


def test_a_tracking_number_can_be_dialled_whole(phone: Phone, transaction: Transaction, register: Register) -> None:
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    phone.number = "+254711000009"
    phone.dials("*191*9*2*48217092#").sees("last 3 digits").answers("678").sees("Lost ID", "READY")
    assert phone.requests == 2


def test_a_tracking_number_can_be_dialled_by_a_phone_that_has_documents_of_its_own(
    phones: Phones, transaction: Transaction, register: Register
) -> None:
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    for number in ("+254711000001", "+254711000002"):
        phones(number).dials("*191*9*2*48217092#").sees("last 3 digits").answers("678").sees("Lost ID", "READY")


def test_number_and_proof_can_be_dialled_whole(phone: Phone, transaction: Transaction, register: Register) -> None:
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    phone.number = "+254711000009"
    assert phone.dials("*191*9*2*48217092*678#").sees("READY").requests == 1


def test_a_mistyped_tracking_number_is_told_at_once(phone: Phone) -> None:
    phone.dials("*191*9*2*48217093#").sees("That number is not right.")


def test_my_booking_is_dialled_directly(phone: Phone) -> None:
    phone.books()
    assert phone.dials("*191*9*3#").sees("Number", "Move to another time").requests == 1


def test_a_dial_string_speaks_the_language_of_the_phone(phone: Phone) -> None:
    phone.dials().answers("5")
    phone.dials("*191*9*3#").sees("Weka miadi").does_not_see("Book")


def test_a_dial_string_past_an_unfinished_journey_goes_where_it_says(phone: Phone) -> None:
    phone.books(until="who").drops()
    phone.dials("*191*9*3#").sees("This phone has no booking.")


@pytest.mark.parametrize("dialled", ["*191*9*1*1*1*1*1*12345678*1#", "*191*9*1*2*1*1*1*1#", "*191*9*1*2*1*1*1*1*1*1#"])
@pytest.mark.parametrize("with_valkey", [True, False])
def test_a_dial_string_never_books_by_itself(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger, dialled: str, with_valkey: bool
) -> None:
    app = make_app() if with_valkey else make_app(redis_url=dead_redis)
    phone = phones(app=app).dials(dialled).goes_on()
    screen = phone.screen
    assert phone.sends().goes_on().screen == screen
    assert ledger.bookings() == []
    ledger.is_balanced()


@pytest.mark.parametrize("with_valkey", [True, False])
def test_a_dial_string_never_gives_up_by_itself(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger, with_valkey: bool
) -> None:
    phones().books()
    app = make_app() if with_valkey else make_app(redis_url=dead_redis)
    phone = phones(app=app).dials("*191*9*3*2*1#").sees("Cancel this booking?")
    phone.sends().sees("Cancel this booking?")
    assert len(ledger.bookings()) == 1
    phone.chooses("Yes, cancel it").is_over().sees("Booking cancelled.")
    assert ledger.bookings() == []


@pytest.mark.parametrize("with_valkey", [True, False])
def test_a_dial_string_never_moves_by_itself(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger, with_valkey: bool
) -> None:
    phones().books()
    before = ledger.only_booking().starts_at
    app = make_app() if with_valkey else make_app(redis_url=dead_redis)
    phone = phones(app=app).dials("*191*9*3*1*3*1#").goes_on()
    phone.sends().goes_on()
    assert ledger.only_booking().starts_at == before
    ledger.is_balanced()


def test_a_second_code_takes_its_prefix_off(phones: Phones, language: str, ledger: Ledger) -> None:
    phone = phones(language=language, code="*384*7#", prefix="77")
    phone.dials().sees("Book a visit").chooses("Book a visit", "Lost ID", "Nairobi", "GPO").answers("1", "12345678")
    phone.chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert len(ledger.bookings()) == 1


def test_a_second_code_may_have_more_behind_it(phones: Phones) -> None:
    phones(code="*384*7#", prefix="77").dials("*384*7*3#").sees("This phone has no booking.")


def test_two_codes_share_the_phone_and_its_journey(phones: Phones) -> None:
    phones().books(until="summary").drops()
    phones(code="*384*7#", prefix="77").dials().sees("Go on with", "Continue").answers("1").sees("Confirm")


def test_an_unknown_code_is_told_which_one_to_dial(phones: Phones) -> None:
    phone = phones(OTHER, code="*999#").dials().is_over()
    phone.sees("This code is not in use. Dial *191*9#.", "Piga *191*9#")
