"""A citizen books a time."""

import pytest

from core.booking.tables import Booking
from core.catalogue.snapshot import Catalogue
from core.people.register import Register
from tests.journeys.fixtures import Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import SCREENS, Phone

MOST_FOR_ANY = 12


def test_a_first_booking_of_a_common_service_in_a_big_town_takes_eight_requests(caller: Phone, ledger: Ledger) -> None:
    caller.dials().sees("1 Book a visit", "5 Weka miadi").chooses("Book a visit")
    caller.sees("Which service?", "1 Lost ID" if caller.language == "en" else "1 ID iliyopotea").answers("1")
    caller.sees("Where?", "1 Nairobi").answers("1").sees("first free day", "1 GPO").answers("1")
    caller.sees("GPO", "10:00am", "Other day or time").answers("1")
    caller.sees("is held for you", "Type the ID number of the person coming").answers("12345678")
    caller.sees("GPO", "10:00am", "Fee: ask at the centre").chooses("Confirm")
    caller.is_over().sees("Booked: {site}, {when}", "Late? Come, you will be served.", "never pay anyone")
    assert caller.requests == 8
    assert caller.reference() == ledger.only_booking().reference
    assert ledger.messages() == ["booking_confirmed"]
    assert ledger.holds() == []
    ledger.is_balanced()


def test_the_time_is_held_as_soon_as_it_is_chosen(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="times")
    assert ledger.holds() == []
    phone.answers("1").sees("is held for you")
    assert len(ledger.holds()) == 1
    ledger.is_balanced()


def test_a_returning_caller_books_in_five_requests(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    caller.dials().sees("Your booking: {service}, {site}, {when}")
    caller.chooses("Book a visit", "Driving licence").sees("GPO", "Another centre").answers("1")
    caller.sees("Same person as last time").chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert caller.requests == 5
    first, second = ledger.bookings()
    assert first.beneficiary_id == second.beneficiary_id
    ledger.is_balanced()


def test_a_returning_caller_may_book_for_another_person(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    phone.dials().chooses("Book a visit", "Lost ID").answers("1").chooses("Another person")
    phone.sees("Type the ID number").answers("87654321").does_not_see("same person").chooses("Confirm").is_over()
    first, second = ledger.bookings()
    assert first.beneficiary_id != second.beneficiary_id


def test_a_returning_caller_may_choose_another_centre(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    phone.dials().chooses("Book a visit", "Good conduct", "Another centre").sees("Where?")
    phone.chooses("Kisumu").sees("Kisumu").answers("1").chooses("Confirm").sees("Booked: Kisumu")


def test_every_bookable_service_can_be_booked_by_browsing_within_twelve_requests(
    phones: Phones, catalogue: Catalogue, language: str
) -> None:
    """By browsing its categories: the longest way there is, in a big town with several centres, for a stranger."""
    for number, service in enumerate(s for s in catalogue.services.values() if catalogue.offerings_of(s.code)):
        phone = phones(f"+2547220{number:05d}", language=language).dials().chooses("Book a visit")
        if service.common_rank is None or service.common_rank > 5:
            phone.chooses("More services", catalogue.categories[service.category].names.short["en"])
        phone.chooses(service.names.short["en"]).sees("Where?")
        rest = {"none": 4, "national_id": 5, "document": 6}[service.identity]
        assert phone.requests + rest <= MOST_FOR_ANY, f"{service.code} takes {phone.requests + rest} requests"


def test_the_service_furthest_away_takes_no_more_than_twelve_requests_to_its_end(phone: Phone) -> None:
    phone.dials().chooses("Book a visit", "More services", "Marriage", "Notice of marriage", "Nairobi", "GPO")
    phone.answers("1").sees("What ID does the person coming have?").chooses("Passport")
    phone.sees("Type the passport number").answers("a 1234567").chooses("Confirm").is_over().sees("Booked: GPO")
    assert phone.requests <= MOST_FOR_ANY


@pytest.mark.parametrize("typed", ["passport", "PASSPORT", "pasport", "pasipoti"])
def test_a_service_can_be_found_by_typing_its_name_in_any_language(caller: Phone, typed: str) -> None:
    caller.dials().chooses("Book a visit").answers(typed).sees("Renew passport").chooses("Renew passport")
    caller.sees("Where?")


def test_a_service_can_be_typed_on_the_list_of_categories_too(phone: Phone) -> None:
    phone.dials().chooses("Book a visit", "More services").answers("stamp").sees("Where?")


@pytest.mark.parametrize(("typed", "place"), [("thika", "Thika"), ("nyer", "Nyeri"), ("Murang'a", "Murang'a")])
def test_a_town_can_be_typed_where_the_common_ones_are_listed(caller: Phone, typed: str, place: str) -> None:
    caller.books(until="towns").answers(typed).sees(place).answers("1").sees("is held for you")


def test_a_town_elsewhere_is_asked_for_and_typed_within_twelve_requests(caller: Phone) -> None:
    caller.books(until="towns").chooses("Elsewhere").sees("first letters of your town or county").answers("waj")
    caller.sees("Wajir").answers("1").answers("12345678").chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert caller.requests <= MOST_FOR_ANY


def test_a_town_that_several_begin_with_is_asked_for(phone: Phone) -> None:
    phone.books(until="towns").answers("nai").sees("Which one?", "Nairobi", "Naivasha").chooses("Naivasha")
    phone.goes_on()


def test_any_day_and_time_can_be_chosen(caller: Phone, ledger: Ledger) -> None:
    caller.books(until="times").chooses("Other day or time").sees("Which day?").answers("3")
    caller.sees("7:00am").chooses("3:30pm").sees("is held for you", "3:30pm").answers("12345678").chooses("Confirm")
    assert caller.is_over().sees("3:30pm")
    assert ledger.only_booking().starts_at.hour == 12  # UTC


def test_a_walk_in_service_says_so_instead_of_booking(caller: Phone, ledger: Ledger) -> None:
    caller.dials().chooses("Book a visit", "More services", "Police", "Abstract: lost item")
    caller.sees("No booking needed: walk in.").does_not_see("Book a visit")
    assert ledger.holds() == []


def test_a_service_that_is_done_elsewhere_says_where(caller: Phone) -> None:
    caller.dials().chooses("Book a visit", "More services", "Birth and death", "Birth cert: correct")
    caller.sees("Not done at Huduma Centres. Ask at the office of {agency}.").does_not_see("Book a visit")


def test_a_mother_books_for_two_children_from_one_phone(caller: Phone, ledger: Ledger) -> None:
    caller.dials().chooses("Book a visit", "Birth cert: child", "Nairobi", "GPO").answers("1")
    caller.does_not_see("Type the ID number").chooses("Confirm").is_over()
    caller.dials().chooses("Book a visit", "Birth cert: child").answers("1")
    caller.sees("You have booked {service} already: {when}").chooses("Book for another person").chooses("Confirm")
    caller.is_over().sees("Booked: {site}, {when}")
    first, second = ledger.bookings()
    assert (first.beneficiary_no, second.beneficiary_no) == (1, 2)
    ledger.is_balanced()


def test_a_first_id_is_booked_without_any_number(caller: Phone, ledger: Ledger) -> None:
    caller.dials().chooses("Book a visit", "First ID", "Nairobi", "GPO").answers("1").chooses("Confirm").is_over()
    assert caller.requests == 7
    assert ledger.only_booking().beneficiary_id is None


def test_a_caller_who_does_not_know_the_id_can_still_book(caller: Phone, ledger: Ledger) -> None:
    caller.books(until="who").chooses("I do not know it").chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert ledger.only_booking().beneficiary_no == 1


@pytest.mark.parametrize(
    ("document", "question", "number"),
    [
        ("National ID", "Type the ID number", "12345678"),
        ("Passport", "Type the passport number", "ak0123456"),
        ("Alien ID", "Type the alien ID number", "123456"),
        ("Birth certificate", "Type the Entry No.", "0123456789"),
    ],
)
def test_each_kind_of_document_names_the_person(
    caller: Phone, ledger: Ledger, document: str, question: str, number: str
) -> None:
    caller.dials().chooses("Book a visit").answers("tax comp").chooses("Nairobi", "GPO").answers("1")
    caller.sees("What ID does the person coming have?").chooses(document).sees(question).answers(number)
    caller.chooses("Confirm").is_over()
    assert ledger.only_booking().beneficiary_id is not None


def test_two_spellings_of_one_id_are_one_person(phones: Phones, ledger: Ledger) -> None:
    phones().books(identity="12345678")
    other = phones("+254711000002").books(until="who").answers("012 345-678").chooses("Confirm")
    other.goes_on().sees("Another phone has booked Lost ID for this person.")
    assert len(ledger.bookings()) == 1


def test_a_person_booked_already_is_not_booked_twice(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    caller.dials().chooses("Book a visit", "Lost ID").answers("1").chooses("Confirm")
    caller.sees("This person has a booking for {service} already").chooses("My booking").sees("Number {reference}")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_phone_has_no_more_than_six_bookings(caller: Phone, ledger: Ledger) -> None:
    caller.books()
    caller.dials().chooses("Book a visit").answers("stamp").answers("1").chooses("Confirm").is_over()
    for service in ("Good conduct", "Driving licence", "First ID", "Birth cert: child"):
        caller.dials().chooses("Book a visit", service).answers("1").chooses("Confirm").is_over()
    # The last booking was for nobody with an ID: so the next one asks whose it is.
    caller.dials().chooses("Book a visit").answers("psv").answers("1", "12345678").chooses("Confirm")
    caller.goes_on().sees("cannot have more bookings").chooses("My booking").sees("Which booking?")
    assert len(ledger.bookings()) == 6
    ledger.is_balanced()


def test_going_back_after_a_refusal_books_nothing(phones: Phones, ledger: Ledger) -> None:
    """The refusal came from a screen that books; coming back to it from the next one must not try again."""
    first = phones().books()
    second = phones().dials().chooses("Book a visit", "Lost ID").answers("1").chooses("Confirm")
    second.sees("This person has a booking").chooses("My booking").sees("Number {reference}")
    first.dials().chooses("Start again", "My booking", "Cancel my booking", "Yes, cancel it").is_over()
    second.answers("0").goes_on().sees("This person has a booking")
    assert ledger.bookings() == []
    assert len(ledger.given_up()) == 1


def test_nothing_personal_is_in_the_clear(phone: Phone, ledger: Ledger, register: Register) -> None:
    phone.books(identity="23456789")
    with ledger.transaction() as db:
        for table in reversed(Booking.metadata.sorted_tables):
            for row in db.execute(table.select()):
                values = [bytes(v) if isinstance(v, memoryview) else str(v).encode() for v in row]
                assert not any(b"23456789" in v or b"711000001" in v for v in values), table.name


@pytest.mark.parametrize("screen", SCREENS)
def test_0_leads_back_and_00_leads_home_from_every_screen_of_a_booking(phone: Phone, screen: str) -> None:
    phone.books(until=screen)
    if screen == "home":
        phone.answers("0").sees("That is not there").answers("00").sees("That is not there")
    else:
        phone.answers("00").sees("Book a visit", "My document")
        phone.books(until=screen).answers("0").goes_on().does_not_see("That is not there")
