"""A caller who goes on, starts again or has forgotten: no second booking by accident, and no place kept for nobody."""

import pytest

from tests.journeys.fixtures import OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from ussd.sessions import SessionStore


class Lost(BaseException):
    """The process dies before the call is saved."""


@pytest.fixture
def confirmed_and_lost(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """Booked, but the answer never came: the phone still has the journey to continue."""
    phone = phones().books(until="summary")
    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "save", _lose)
        with pytest.raises(Lost):
            phone.chooses("Confirm")
    return phone.drops()


def _lose(*arguments: object, **more: object) -> None:
    raise Lost


def test_continuing_after_a_confirmed_booking_tells_of_it(confirmed_and_lost: Phone, ledger: Ledger) -> None:
    made = ledger.only_booking()
    confirmed_and_lost.dials().chooses("Continue").sees("You have booked Lost ID already")
    confirmed_and_lost.chooses("My booking").sees(f"{made.reference[:4]} {made.reference[4:]}")
    assert len(ledger.bookings()) == 1
    assert ledger.holds() == []
    ledger.is_balanced()


def test_a_second_booking_without_a_number_is_asked_about(phone: Phone, ledger: Ledger) -> None:
    for _ in range(2):
        phone.dials().chooses("Book a visit", "Lost ID")
        if "Nairobi" in phone.screen:
            phone.chooses("Nairobi", "GPO")
        phone.answers("1").chooses("I do not know it")
        if not ledger.bookings():
            phone.chooses("Confirm").is_over()
    phone.sees("You have booked Lost ID already").chooses("Book for another person", "Confirm").is_over()
    assert [b.beneficiary_no for b in ledger.bookings()] == [1, 2]
    ledger.is_balanced()


def test_a_call_dropped_while_asking_for_another_person_goes_on_asking(phone: Phone) -> None:
    phone.books()
    phone.dials().chooses("Book a visit", "Good conduct").answers("1").chooses("Another person").drops()
    phone.dials().chooses("Continue").sees("Type the ID number").does_not_see("Same person")


def test_starting_again_gives_the_held_time_back(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="who").drops()
    assert len(ledger.holds()) == 1
    phone.dials().chooses("Start again")
    assert ledger.holds() == []
    ledger.is_balanced()


def test_a_call_that_ends_elsewhere_gives_the_held_time_back(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    phone.dials().chooses("Book a visit", "Lost ID").answers("1").chooses("Confirm").sees("has a booking")
    assert len(ledger.holds()) == 1
    phone.chooses("My booking", "Send the SMS again").is_over()
    assert ledger.holds() == []
    ledger.is_balanced()


def test_a_booking_from_another_phone_is_told_as_such(phones: Phones, ledger: Ledger) -> None:
    phones(OTHER).books(identity="12345678")
    phones().books(until="summary").chooses("Confirm").sees("Another phone has booked").does_not_see("My booking")
    assert len(ledger.bookings()) == 1
