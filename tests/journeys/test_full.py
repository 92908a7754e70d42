"""Nothing is free: the next day, another centre near, the first that opens, or the truth."""

import pytest

from core.catalogue.snapshot import Catalogue, Offering
from core.wording import dates, speaking
from tests.journeys.fixtures import OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone


@pytest.fixture
def gpo(catalogue: Catalogue) -> Offering:
    offering = catalogue.offering("IDR", "GPO")
    assert offering
    return offering


def elsewhere(catalogue: Catalogue, *but: str) -> list[Offering]:
    return [o for o in catalogue.offerings_of("IDR") if o.site.code not in but]


def test_a_centre_that_is_full_today_offers_its_next_free_day(caller: Phone, ledger: Ledger, gpo: Offering) -> None:
    ledger.fill([gpo], ledger.next_days(2))
    with speaking(caller.language):
        first_free = dates.day(ledger.next_days(3)[2])
    caller.books(until="centres").sees(f"GPO: {first_free}").chooses("GPO").sees(first_free).answers("1")
    caller.answers("12345678").chooses("Confirm").sees("Booked: {site}, {when}", first_free)


def test_a_centre_that_is_full_for_weeks_offers_others_with_their_days(
    caller: Phone, ledger: Ledger, catalogue: Catalogue, gpo: Offering
) -> None:
    """The nearest centre is two days off, another one opens tomorrow; both are offered beside GPO's own next time."""
    ledger.fill([gpo], ledger.next_days(14))
    near = catalogue.offering("IDR", "CTS")
    assert near
    ledger.fill([near], ledger.next_days(2))
    ledger.fill(elsewhere(catalogue, "GPO", "CTS", "MSA"), ledger.next_days(4))
    ledger.fill([o for o in elsewhere(catalogue) if o.site.code == "MSA"], ledger.next_days(1))
    with speaking(caller.language):
        here, there, first = (dates.day_month(day) for day in (ledger.next_days(15)[14], *ledger.next_days(3)[2:0:-1]))
    caller.books(until="centres").chooses("GPO").sees(
        "is full until", here, f"City Square: {there}", f"Mombasa: {first}"
    )
    caller.chooses("Mombasa").sees("Mombasa").answers("1").sees("is held for you", first)


def test_the_next_free_time_of_a_full_centre_can_be_taken_from_there(
    caller: Phone, ledger: Ledger, gpo: Offering
) -> None:
    ledger.fill([gpo], ledger.next_days(14))
    caller.books(until="centres").chooses("GPO").answers("1").sees("is held for you").answers("12345678")
    caller.chooses("Confirm").sees("Booked: {site}, {when}", "GPO")


def test_a_centre_full_for_good_names_only_others(caller: Phone, ledger: Ledger, gpo: Offering) -> None:
    ledger.fill([gpo], ledger.next_days(40))
    caller.books(until="centres").sees("GPO: ", "full").chooses("GPO").sees("is full. Other centres:", "City Square")
    caller.chooses("City Square").answers("1").sees("is held for you")


def test_a_service_full_everywhere_says_so_and_when_to_try_again(
    caller: Phone, ledger: Ledger, catalogue: Catalogue
) -> None:
    ledger.fill(elsewhere(catalogue), ledger.next_days(40))
    caller.books(until="centres").chooses("GPO").sees("is full everywhere").chooses("Another centre").sees("Where?")


def test_a_day_that_fills_up_while_it_is_looked_at_is_told(phone: Phone, ledger: Ledger, gpo: Offering) -> None:
    phone.books(until="times").chooses("Other day or time")
    ledger.fill([gpo], ledger.next_days(4)[3:])
    phone.chooses("Thu 26 Nov").sees("That day has just filled up.", "1 Mon 23 Nov").does_not_see("Thu 26")


def test_the_last_place_taken_by_another_while_it_is_looked_at_is_told(
    phones: Phones, ledger: Ledger, gpo: Offering, language: str
) -> None:
    first_time = ledger.times(gpo, ledger.next_days(1)[0])[6]
    ledger.leave_one_place(gpo, first_time)
    slow, quick = phones(language=language).books(until="times"), phones(OTHER).books(until="times")
    assert "10:00am" in slow.screen
    quick.answers("1").sees("is held for you", "10:00am")
    slow.answers("1").sees("That time has just been taken.").does_not_see("10:00am")
    slow.answers("1").sees("is held for you", "10:30am")
    ledger.is_balanced()


def test_the_place_of_a_caller_who_went_back_is_offered_to_the_next(
    phones: Phones, ledger: Ledger, gpo: Offering
) -> None:
    ledger.leave_one_place(gpo, ledger.times(gpo, ledger.next_days(1)[0])[6])
    first, second = phones().books(until="who"), phones(OTHER).books(until="times").does_not_see("10:00am")
    first.answers("0").sees("10:00am")
    second.answers("0").chooses("GPO").sees("10:00am").answers("1").sees("is held for you", "10:00am")
    ledger.is_balanced()
