"""The call drops, and the caller dials again."""

from datetime import timedelta

import pytest

from core.booking.commands import HOLD_MINUTES
from core.catalogue.snapshot import Catalogue
from tests.journeys.fixtures import OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import SCREENS, Phone
from tests.support import Clock

UNFINISHED = SCREENS[SCREENS.index("towns") :]
"""From the choice of a service on there is something to go on with."""
HELD = ("who", "summary")


@pytest.mark.parametrize("screen", UNFINISHED)
def test_continue_goes_on_exactly_where_the_call_dropped(caller: Phone, ledger: Ledger, screen: str) -> None:
    seen = caller.books(until=screen).drops().screen
    caller.dials().sees("Go on with", "1 Continue" if caller.language == "en" else "1 Endelea")
    caller.chooses("Continue")
    assert caller.screen == seen
    for at, answer in list(zip(SCREENS, ("1", "1", "1", "1", "1", "12345678", "1"), strict=True))[
        SCREENS.index(screen) :
    ]:
        assert at
        caller.answers(answer)
    caller.is_over().sees("Booked: {site}, {when}")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


@pytest.mark.parametrize("screen", ["home", "services"])
def test_before_a_service_is_chosen_there_is_nothing_to_continue(phone: Phone, screen: str) -> None:
    phone.books(until=screen).drops()
    phone.dials().does_not_see("Go on with").sees("Book a visit")


@pytest.mark.parametrize("screen", HELD)
def test_the_hold_is_kept_when_the_call_drops(phone: Phone, ledger: Ledger, screen: str) -> None:
    phone.books(until=screen).drops()
    held = ledger.holds()
    phone.dials()
    assert [h.starts_at for h in ledger.holds()] == [h.starts_at for h in held]
    phone.chooses("Continue")
    assert [h.starts_at for h in ledger.holds()] == [h.starts_at for h in held]
    ledger.is_balanced()


def test_a_hold_is_kept_though_its_time_has_become_too_soon_for_others(
    phones: Phones, ledger: Ledger, clock: Clock
) -> None:
    """Bookings close an hour ahead; at 9:00 the caller held 10:00, and dials again at 9:03."""
    phone = phones().books(until="who").sees("10:00am is held for you").drops()
    clock.time += timedelta(minutes=3)
    phones(OTHER).books(until="times").does_not_see("10:00am")
    phone.dials().chooses("Continue").sees("10:00am is held for you").answers("12345678").chooses("Confirm")
    phone.is_over().sees("Booked: GPO, Mon 23 Nov 10:00am")
    ledger.is_balanced()


@pytest.mark.parametrize("screen", HELD)
def test_a_hold_that_expired_is_taken_again(
    phones: Phones, ledger: Ledger, clock: Clock, catalogue: Catalogue, screen: str
) -> None:
    offering = catalogue.offering("IDR", "GPO")
    assert offering
    ledger.leave_one_place(offering, ledger.times(offering, ledger.next_days(2)[1])[0])
    phone = phones().books(until="times").answers("3")
    if screen == "summary":
        phone.answers("12345678")
    phone.drops()
    clock.time += timedelta(minutes=HOLD_MINUTES + 1)
    phone.dials().chooses("Continue").goes_on()
    assert ledger.holds()[0].expires_at > clock.time
    phones(OTHER).books(until="times").does_not_see("Tue 24 Nov 7:00am")
    ledger.is_balanced()


@pytest.mark.parametrize("screen", HELD)
def test_a_hold_that_expired_and_was_taken_by_another_is_told(
    phones: Phones, ledger: Ledger, clock: Clock, catalogue: Catalogue, language: str, screen: str
) -> None:
    offering = catalogue.offering("IDR", "GPO")
    assert offering
    ledger.leave_one_place(offering, ledger.times(offering, ledger.next_days(2)[1])[0])
    phone = phones(language=language).books(until="times").answers("3")
    if screen == "summary":
        phone.answers("12345678")
    phone.drops()
    clock.time += timedelta(minutes=HOLD_MINUTES + 1)
    ledger.sweep(clock.time)
    phones(OTHER).books(until="centres").chooses("GPO").answers("3").sees("Tue 24 Nov 7:00am", "held")
    phone.dials().chooses("Continue").sees("The time held for you is gone.", "Other day or time").does_not_see(
        "24 Nov 7:00am"
    )
    phone.answers("1").sees("is held for you")
    ledger.is_balanced()


def test_a_hold_that_expired_during_the_call_is_taken_again_by_confirming(
    phone: Phone, ledger: Ledger, clock: Clock
) -> None:
    phone.books(until="times").answers("3", "12345678")
    clock.time += timedelta(minutes=HOLD_MINUTES + 1)
    phone.chooses("Confirm").is_over().sees("Booked")
    ledger.is_balanced()


def test_a_hold_that_expired_during_the_call_and_is_gone_is_told_at_the_confirmation(
    phones: Phones, ledger: Ledger, clock: Clock, catalogue: Catalogue, language: str
) -> None:
    offering = catalogue.offering("IDR", "GPO")
    assert offering
    ledger.leave_one_place(offering, ledger.times(offering, ledger.next_days(2)[1])[0])
    phone = phones(language=language).books(until="times").answers("3", "12345678")
    clock.time += timedelta(minutes=HOLD_MINUTES + 1)
    ledger.sweep(clock.time)
    phones(OTHER).books(until="times").answers("3").sees("Tue 24 Nov 7:00am")
    phone.chooses("Confirm").goes_on().sees("The time held for you is gone.", "Other day or time")
    assert ledger.bookings() == []
    ledger.is_balanced()


def test_going_back_past_the_choice_gives_the_hold_back(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="summary").answers("0").sees("is held for you")
    assert len(ledger.holds()) == 1
    phone.answers("0").sees("GPO", "Other day or time")
    assert ledger.holds() == []
    ledger.is_balanced()


def test_going_home_gives_the_hold_back_and_leaves_nothing_to_continue(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="summary").answers("00").sees("My document")
    assert ledger.holds() == []
    phone.drops().dials().does_not_see("Go on with")
    ledger.is_balanced()


def test_what_to_bring_can_be_read_without_losing_the_hold(phones: Phones, ledger: Ledger) -> None:
    phone = phones(language="sw").books(until="summary").chooses("What to bring").answers("0").sees("Confirm")
    assert len(ledger.holds()) == 1
    phone.chooses("Confirm").is_over()


def test_choosing_another_time_exchanges_the_hold(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="times").answers("1", "0", "2").sees("12:00pm is held for you")
    assert [h.starts_at.hour for h in ledger.holds()] == [9]  # UTC
    ledger.is_balanced()


def test_offering_to_continue_does_not_use_it_up(phone: Phone) -> None:
    phone.books(until="summary").drops()
    for _call in range(3):
        phone.dials().sees("Go on with").drops()
    phone.dials().chooses("Continue").sees("Confirm").drops()
    phone.dials().chooses("Continue").sees("Confirm")


def test_start_again_forgets_and_gives_the_hold_back(caller: Phone, ledger: Ledger) -> None:
    caller.books(until="summary").drops()
    caller.dials().chooses("Start again").sees("My document", "My booking").drops()
    assert ledger.holds() == []
    ledger.is_balanced()
    caller.dials().does_not_see("Go on with").sees("My document")


def test_a_finished_booking_leaves_nothing_to_continue(phone: Phone) -> None:
    phone.books()
    phone.dials().does_not_see("Go on with").sees("Your booking")


def test_a_wrong_answer_to_the_offer_is_told_what_is_valid(caller: Phone) -> None:
    caller.books(until="summary").drops()
    caller.dials().answers("7").sees("That is not there. Answer {answers}.", "Go on with")
    caller.answers("00").sees("That is not there").chooses("Continue").sees("Confirm")


def test_three_wrong_answers_keep_the_journey(caller: Phone) -> None:
    caller.books(until="summary").answers("x", "y", "z").is_over()
    caller.dials().sees("Go on with").chooses("Continue").sees("Confirm")


def test_a_journey_is_continued_in_its_language(phone: Phone) -> None:
    phone.dials().answers("5", "1", "1").drops()
    phone.dials().sees("Uendelee na", "1 Endelea").answers("1").sees("siku ya kwanza")


def test_a_move_is_continued(caller: Phone, ledger: Ledger, clock: Clock) -> None:
    caller.books()
    caller.dials().chooses("My booking", "Move to another time").answers("3").sees("Move to {site}, {when}?").drops()
    clock.time += timedelta(minutes=HOLD_MINUTES + 1)
    caller.dials().chooses("Continue").sees("Move to {site}, {when}?").chooses("Confirm").sees("Moved: {site}, {when}")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_move_whose_new_time_is_gone_keeps_the_booking(
    phones: Phones, ledger: Ledger, clock: Clock, catalogue: Catalogue, language: str
) -> None:
    offering = catalogue.offering("IDR", "GPO")
    assert offering
    ledger.leave_one_place(offering, ledger.times(offering, ledger.next_days(2)[1])[0])
    phone = phones(language=language).books()
    before = ledger.only_booking().starts_at
    phone.dials().chooses("My booking", "Move to another time").answers("3").drops()
    clock.time += timedelta(minutes=HOLD_MINUTES + 1)
    ledger.sweep(clock.time)
    phones(OTHER).books(until="times").answers("3").sees("is held for you")
    phone.dials().chooses("Continue").sees("That time has just been taken.", "1 ")
    assert ledger.only_booking().starts_at == before
    ledger.is_balanced()


def test_journeys_belong_to_phones(phones: Phones) -> None:
    phones().books(until="summary").drops()
    phones(OTHER).dials().does_not_see("Go on with")
