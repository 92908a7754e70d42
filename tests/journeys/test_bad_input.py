"""Whatever a phone can send, on every kind of screen: an answer within a page, and what would be valid."""

from collections.abc import Callable

import pytest
import redis

from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.people.register import Register
from core.tracking.demo import make_demo_documents
from tests.journeys.fixtures import Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import NOW

HOSTILE = (
    *("", " ", "   ", "\t"),
    *("*", "**", "***", "*1", "1*", "*1*", "1**1", "*" * 90),
    *("#", "#1", "1#", "##"),
    *("a", "zz", "abc def ghi", "ABCDEFGHIJ", "é", "ñandú", "Ω", "€", "{}", "[1]", "~^|\\"),
    *("😀", "1😀", "中文", "\N{ARABIC-INDIC DIGIT THREE}", "¹", "½", "１"),
    *("01", "001", "1 ", " 1", "+1", "-1", "1.0", "1,2", "1 2", "1e9", "0x1", "nan", "None"),
    *("98", "98 ", "998", "0", "00", "000", "0000", "99", "100", "2147483648", "9" * 20),
    *("x" * 91, "9" * 182, "A" * 183, "long " * 100, "😀" * 100),
    *("\0", "1\0", "\0" * 5, "\n", "1\n2", "\r\n", "\x1b[31m", "\x07", "\x7f"),
    *("\u202e1", "شكرا", "שלום", "\u200b1", "\ufeff1"),
    *(
        "'; DROP TABLE people; --",
        "1 OR 1=1",
        '"',
        "\\'",
        "%",
        "%s%n",
        "_",
        "{0}",
        "{typed}",
        "<script>",
        "${1}",
        "../..",
    ),
)

Reach = Callable[[Phone], Phone]

SCREENS: dict[str, Reach] = {
    "home, first call": lambda p: p.dials(),
    "home": lambda p: p.books().dials(),
    "offer to continue": lambda p: p.books(until="summary").drops().dials(),
    "services": lambda p: p.books(until="services"),
    "categories, second page": lambda p: p.books(until="services").answers("6", "98"),
    "towns": lambda p: p.books(until="towns"),
    "town, typed": lambda p: p.books(until="towns").answers("6"),
    "centres": lambda p: p.books(until="centres"),
    "times": lambda p: p.books(until="times"),
    "days": lambda p: p.books(until="times").chooses("Other day or time"),
    "times of a day": lambda p: p.books(until="times").chooses("Other day or time").answers("3", "98"),
    "id": lambda p: p.books(until="who"),
    "which document": lambda p: p.books(until="services").answers("tax comp").chooses("Nairobi", "GPO").answers("1"),
    "summary": lambda p: p.books(until="summary"),
    "document number": lambda p: p.dials().chooses("My document"),
    "document proof": lambda p: p.dials().chooses("My document").answers("48217092"),
    "document": lambda p: p.dials().chooses("My document").answers("48217092", "678"),
    "my booking": lambda p: p.books().dials().chooses("My booking"),
    "give up": lambda p: p.books().dials().chooses("My booking", "Cancel my booking"),
    "confirm a move": lambda p: p.books().dials().chooses("My booking", "Move to another time").answers("3"),
    "more": lambda p: p.dials().chooses("More"),
    "find a centre": lambda p: p.dials().chooses("More", "Find a centre"),
    "a centre": lambda p: p.dials().chooses("More", "Find a centre", "Nairobi", "GPO"),
    "help": lambda p: p.dials().chooses("More", "Help"),
}
ASKS = ("town, typed", "id", "document number", "document proof")


@pytest.mark.parametrize("screen", SCREENS)
def test_every_answer_gets_an_answer(
    caller: Phone,
    screen: str,
    valkey: redis.Redis,
    ledger: Ledger,
    transaction: Transaction,
    register: Register,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One wrong answer never ends the call, whatever it is made of, and never breaks anything.

    After each answer the session is put back to where the call stood.
    """
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    caller.number = "+254711000009"
    SCREENS[screen](caller)
    text, shown = caller.text, caller.screen
    before = {key: valkey.get(key) for key in valkey.keys(b"ussd:*")}
    for answer in HOSTILE:
        caller.types(answer).sends()
        caller.does_not_see("down just now")
        if not _chooses(shown, answer):
            caller.goes_on()
        caller.text, caller.ended, caller.screen = text, False, shown
        valkey.mset(before)
    assert "exception" not in capfd.readouterr().out
    assert len(ledger.given_up()) == (screen == "give up")
    ledger.is_balanced()


@pytest.mark.parametrize("screen", [name for name in SCREENS if name not in ASKS])
def test_a_wrong_number_is_told_what_is_valid(
    caller: Phone, screen: str, transaction: Transaction, register: Register
) -> None:
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    caller.number = "+254711000009"
    SCREENS[screen](caller).answers("77").sees("That is not there.")
    caller.answers("0" if "0 " in caller.screen else "1").goes_on()


@pytest.mark.parametrize(
    ("screen", "answer", "told"),
    [
        ("services", "zzzz", "No service begins like that."),
        ("categories, second page", "zzzz", "No service begins like that."),
        ("towns", "zzzz", "No such place."),
        ("town, typed", "zzzz", "No such place."),
        ("find a centre", "zzzz", "No such place."),
        ("id", "12", "An ID number has 6 to 9 digits."),
        ("id", "98", "An ID number has 6 to 9 digits."),
        ("document number", "98", "That number is not right."),
        ("document proof", "98", "Type 3 digits of the ID, or a year such as 1990."),
        ("times", "zzzz", "That is not there. Answer {answers}."),
        ("centres", "98", "That was the last page."),
        ("home", "0", "That is not there. Answer {answers}."),
        ("summary", "", "That is not there."),
        ("give up", "", "That is not there. Answer {answers}."),
        ("a centre", "1", "That is not there. Answer {answers}."),
    ],
)
def test_a_wrong_answer_is_told_why(caller: Phone, screen: str, answer: str, told: str) -> None:
    SCREENS[screen](caller).answers(answer).goes_on().sees(told)


@pytest.mark.parametrize("answer", ["0", "00", "9 9", "x"])
def test_home_has_no_way_back_and_says_what_there_is(phone: Phone, answer: str) -> None:
    phone.dials().answers(answer).sees("That is not there. Answer {answers}.", "1 Book a visit")


@pytest.mark.parametrize("spelt", ["1", "01", "001", " 1", "1 ", "\0001"])
def test_leading_zeros_and_space_do_not_matter(phone: Phone, spelt: str) -> None:
    phone.dials().answers("1", spelt).sees("Where?")


def test_the_last_page_says_so_and_stays(caller: Phone) -> None:
    caller.books(until="services").answers("6", "98", "98")
    page = caller.screen
    caller.answers("98").sees("That was the last page.").answers("0")
    assert caller.screen != page
    caller.answers("98")
    assert caller.screen == page


def test_0_turns_a_page_back_before_it_leaves_the_screen(caller: Phone) -> None:
    caller.books(until="services").answers("6")
    first = caller.screen
    caller.answers("98").answers("0")
    assert caller.screen == first
    caller.answers("0").sees("Which service?")


def test_an_option_of_another_page_may_be_answered(phone: Phone) -> None:
    phone.books(until="services").answers("6").does_not_see("Electricity").answers("20").sees("Electricity")


@pytest.mark.parametrize(
    "screen", ["home, first call", "services", "times", "id", "document proof", "offer to continue"]
)
def test_three_wrong_answers_in_a_row_end_kindly(caller: Phone, screen: str) -> None:
    SCREENS[screen](caller).answers("7.7", "").goes_on().answers("?")
    caller.is_over().sees("Sorry, we could not understand.", "It is free.")


def test_a_right_answer_in_between_counts_anew(caller: Phone) -> None:
    caller.books(until="services").answers("77", "77").goes_on().answers("6").answers("77", "77").goes_on()
    caller.answers("98").answers("77", "77").goes_on().answers("77").is_over()


def test_a_star_on_a_menu_is_one_wrong_answer(phone: Phone) -> None:
    phone.books(until="times").answers("**").goes_on().answers("***").goes_on().answers("*").is_over()


def test_answers_joined_by_stars_are_several_on_a_menu(phone: Phone) -> None:
    phone.dials().answers("1*1*1").sees("GPO")


def test_an_answer_with_a_star_to_a_question_is_one_answer(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="who").answers("12345678*1").sees("An ID number has 6 to 9 digits.").goes_on()
    phone.answers("12345678").sees("Confirm")
    assert ledger.bookings() == []


def test_an_answer_that_is_too_long_is_cut_and_told(phones: Phones, catalogue: Catalogue) -> None:
    phone = phones().books(until="towns").answers("Nairobi" + "x" * 175).goes_on()
    assert catalogue.sites["GPO"].names.short["en"] not in phone.sees("No such place.").screen


def _chooses(shown: str, answer: str) -> bool:
    """Whether the answer is the number of an option, which may well end the call."""
    number = answer.replace("\0", "").strip().lstrip("0")
    return any(line.startswith(f"{number} ") for line in shown.split("\n")) if number else False
