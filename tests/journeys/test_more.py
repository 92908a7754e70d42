"""More: services and what they need, centres, the language, help."""

from datetime import timedelta

import pytest

from tests.journeys.fixtures import Phones
from tests.journeys.phone import Phone
from tests.support import Clock


def test_what_to_bring_and_the_fee_are_told(caller: Phone) -> None:
    caller.dials().chooses("More", "What to bring and fees", "Lost ID").sees("Book a visit first.")
    _everything(caller).sees("Bring: {list}", "Fee")
    caller.chooses("Book a visit").sees("Where?")


def test_a_walk_in_service_is_told_to_walk_in(caller: Phone) -> None:
    caller.dials().chooses("More", "What to bring and fees").answers("electricity").sees("No booking needed: walk in.")


def test_a_centre_tells_its_address_its_hours_and_whether_it_is_open(caller: Phone, clock: Clock) -> None:
    told = _everything(
        caller.dials().chooses("More", "Find a centre", "Nairobi", "GPO").sees("Huduma Centre Nairobi GPO")
    )
    told.sees("Kenyatta Avenue", "7:00am-7:00pm", "Open now")
    clock.time += timedelta(hours=12)
    _everything(caller.dials().chooses("More", "Find a centre", "Nairobi", "GPO")).sees("Closed now")


@pytest.mark.parametrize("typed", ["wajir", "WAJ", "wajr"])
def test_a_centre_is_found_by_typing_its_town(caller: Phone, typed: str) -> None:
    caller.dials().chooses("More", "Find a centre").answers(typed).sees("Huduma Centre Wajir")


def test_the_language_is_remembered_on_the_next_call(phone: Phone) -> None:
    phone.dials().chooses("More", "Lugha", "Kiswahili").sees("Weka miadi", "9 English")
    phone.dials().sees("1 Weka miadi", "9 English").does_not_see("Book a visit")
    phone.answers("9").sees("1 Book a visit", "9 Kiswahili")
    phone.dials().sees("1 Book a visit", "9 Kiswahili")


@pytest.mark.parametrize(
    ("answer", "seen"),
    [("5", "Huduma gani?"), ("6", "nambari ya hati"), ("7", "miadi"), ("8", "Ungependa kujua nini?")],
)
def test_the_first_call_asks_for_language_and_intent_at_once(phone: Phone, answer: str, seen: str) -> None:
    phone.dials().answers(answer).sees(seen)
    phone.dials().sees("1 Weka miadi")


def test_what_was_5_to_8_on_the_first_call_is_understood_later_too(phone: Phone) -> None:
    phone.dials().answers("1")
    phone.dials().sees("1 Book a visit").does_not_see("5 Weka miadi").answers("5").sees("Huduma gani?")


def test_9_chooses_the_other_language_on_the_first_call_too(phone: Phone) -> None:
    phone.dials().answers("9").sees("1 Weka miadi", "9 English")


def test_the_language_belongs_to_the_phone(phones: Phones) -> None:
    phones().dials().answers("5")
    phones("+254711000002").dials().sees("1 Book a visit", "5 Weka miadi")


def test_help_says_that_it_is_free_and_warns_of_brokers(caller: Phone) -> None:
    caller.dials().chooses("More", "Help").sees("M-PESA")
    caller.chooses("Find a centre").sees("Where?")


def test_the_published_numbers_do_not_move(phones: Phones) -> None:
    stranger, known = phones(), phones("+254711000002").books().dials()
    for phone in (stranger.dials(), known):
        assert [phone.option(label) for label in ("Book a visit", "My document", "My booking")] == ["1", "2", "3"]


def _everything(phone: Phone) -> Phone:
    """Turn to the last page; the screen is then all of the pages together."""
    told = [phone.screen]
    while phone.screen.split("\n")[-2].startswith("98 "):
        told.append(phone.answers("98").screen)
    phone.screen = "\n".join(told)
    return phone
