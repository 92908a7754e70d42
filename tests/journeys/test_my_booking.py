"""My booking: see it, move it, give it up, have the SMS again."""

from tests.journeys.fixtures import OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone


def test_a_booking_is_seen_with_its_number(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    caller.dials().chooses("My booking").sees("Number {reference}", "GPO", "10:00am")
    assert caller.requests == 2
    assert caller.reference() == ledger.only_booking().reference


def test_a_phone_without_a_booking_is_told_so_and_can_book(caller: Phone) -> None:
    caller.dials().chooses("My booking").sees("This phone has no booking.").chooses("Book a visit")
    caller.sees("Which service?")


def test_a_booking_is_moved_and_the_old_time_is_free_only_then(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    old = ledger.only_booking()
    caller.dials().chooses("My booking", "Move to another time").answers("3").sees("Move to {site}, {when}?")
    held = ledger.holds()
    assert [h.starts_at for h in held] != [old.starts_at]
    assert ledger.only_booking().starts_at == old.starts_at
    ledger.is_balanced()
    caller.chooses("Confirm").is_over().sees("Moved: {site}, {when}", "Number {reference}. An SMS follows.")
    assert ledger.only_booking().starts_at == held[0].starts_at
    assert ledger.only_booking().reference == old.reference
    assert ledger.messages() == ["booking_confirmed", "booking_moved"]
    ledger.is_balanced()


def test_a_booking_is_moved_to_another_centre(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    caller.dials().chooses("My booking", "Move to another time", "Another centre", "Kisumu").answers("1")
    caller.chooses("Confirm").is_over().sees("Kisumu")
    ledger.is_balanced()


def test_a_booking_is_moved_to_any_day_and_time(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    phone.dials().chooses("My booking", "Move to another time", "Other day or time").answers("4").answers("2")
    phone.chooses("Confirm").is_over().sees("Moved: GPO, Thu 26 Nov")
    ledger.is_balanced()


def test_going_back_from_a_move_keeps_the_booking_and_gives_the_new_time_back(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    phone.dials().chooses("My booking", "Move to another time").answers("2").sees("Move to").answers("0")
    phone.sees("Lost ID, GPO")
    assert ledger.holds() == []
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_booking_is_given_up(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    reference = ledger.only_booking().reference
    caller.dials().chooses("My booking", "Cancel my booking").sees("Cancel this booking?", "GPO")
    assert len(ledger.bookings()) == 1
    caller.chooses("Yes, cancel it").is_over().sees("Booking cancelled.")
    assert ledger.bookings() == []
    assert ledger.given_up() == [reference]
    assert ledger.messages() == ["booking_confirmed", "booking_given_up"]
    ledger.is_balanced()
    caller.dials().does_not_see("Your booking").chooses("My booking").sees("This phone has no booking.")


def test_a_booking_is_kept_by_going_back_from_the_question(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    phone.dials().chooses("My booking", "Cancel my booking").answers("0").sees("Number")
    assert len(ledger.bookings()) == 1


def test_the_sms_is_sent_again_but_not_for_ever(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    for _time in range(3):
        caller.dials().chooses("My booking", "Send the SMS again").is_over().sees("The SMS is on its way.")
    caller.dials().chooses("My booking", "Send the SMS again").goes_on().sees("We have just sent it.")
    assert ledger.messages() == ["booking_confirmed"] * 4


def test_of_several_bookings_one_is_chosen(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    caller.dials().chooses("Book a visit", "First ID").answers("1").chooses("Confirm").is_over()
    caller.dials().chooses("My booking").sees("Which booking?", "First ID", "Lost ID").chooses("First ID")
    caller.chooses("Cancel my booking", "Yes, cancel it").is_over()
    assert len(ledger.bookings()) == 1


def test_a_booking_given_up_on_another_call_is_gone_here_too(phones: Phones, ledger: Ledger) -> None:
    first = phones().books()
    first.dials().chooses("My booking", "Cancel my booking")
    second = phones().dials().chooses("My booking", "Move to another time").answers("2")
    first.chooses("Yes, cancel it").is_over()
    second.chooses("Confirm").goes_on().sees("You no longer have that booking.")
    assert ledger.bookings() == []
    second.answers("00")
    ledger.is_balanced()


def test_another_phone_sees_nothing_of_a_booking(phones: Phones) -> None:
    phones().books()
    phones(OTHER).dials().does_not_see("Your booking").chooses("My booking").sees("This phone has no booking.")
