"""Any sequence of calls, answers, losses and copies: always an answer within a page, and the places add up."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import redis
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.db import Transaction
from core.people.register import Register
from core.tracking.demo import make_demo_documents
from tests.conftest import CATALOGUE_TABLES, clear
from tests.journeys.fixtures import MakeApp
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import NOW, Clock, Database

CALLERS = ("+254711000001", "+254711000002", "+254711000009")
DIALLED = (
    "*191*9#",
    "*191*9*1#",
    "*191*9*3#",
    "*191*9*2*48217092#",
    "*191*9*2*48217092*678#",
    "*191*9*3*2*1#",
    "*191*9*1*1*1*1*1*12345678*1#",
)
KEYS = ("0", "00", "98", "1", "2", "3")
WORDS = ("12345678", "87654321", "A1234567", "48217092", "678", "1994", "nairobi", "waj", "passport", "zzz", "77", "01")
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text("*#0123456789 ", max_size=12)
FEW = st.integers(0, 9)


@dataclass
class Town:
    """What the machine runs in, made once and cleared after each example."""

    app: Flask
    without_valkey: Flask
    database: Database
    valkey: redis.Redis
    clock: Clock
    ledger: Ledger
    transaction: Transaction
    register: Register


class AnyCalls(RuleBasedStateMachine):
    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town = town
        town.clock.time = NOW
        with town.transaction() as db:
            make_demo_documents(db, town.register, now=NOW)
        self.phones = [Phone(town.app.test_client(), number) for number in CALLERS]
        self.phone = self.phones[0]
        self.remembered = True
        """Whether whoever answered the last hop is asked again, and has not forgotten it."""

    def teardown(self) -> None:
        clear(self.town.database, keep=CATALOGUE_TABLES)
        self.town.valkey.flushall()

    @rule(dialled=st.sampled_from(DIALLED))
    def dial(self, dialled: str) -> None:
        before = self._done()
        self.phone.dials(dialled)
        assert self._done() == before, "a code that is dialled books, moves and gives up nothing"

    @precondition(lambda self: not self.phone.ended)
    @rule(which=st.lists(FEW, min_size=1, max_size=4))
    def choose(self, which: list[int]) -> None:
        """Options of the screens, up to four in a row: so that calls get somewhere."""
        for number in which:
            self._choose(number)

    @rule(last=st.sampled_from(["12345678", "87654321", "1"]), stops=st.integers(3, 9))
    def go_straight(self, last: str, stops: int) -> None:
        """Dial, and take the first of everything: a booking, unless something else comes of it."""
        self.phone.dials()
        for _answer in range(stops):
            if "ID" in self.phone.screen and "\n2 " not in self.phone.screen and not self.phone.ended:
                self._answer(last)
            self._choose(0)

    @rule(then=st.sampled_from(["11", "12", "13", "21", "2", "3"]))
    def my_booking(self, then: str) -> None:
        """Move it, give it up, or have the SMS again; or stop halfway."""
        self.phone.dials("*191*9*3#")
        for number in then:
            self._choose(int(number) - 1)

    @precondition(lambda self: not self.phone.ended)
    @rule(key=st.sampled_from(KEYS))
    def press(self, key: str) -> None:
        self._answer(key)

    @precondition(lambda self: not self.phone.ended)
    @rule(word=st.sampled_from(WORDS))
    def type_word(self, word: str) -> None:
        self._answer(word)

    @precondition(lambda self: not self.phone.ended)
    @rule(text=ANYTHING)
    def type_anything(self, text: str) -> None:
        self._answer(text)

    @precondition(lambda self: self.phone.session)
    @rule()
    def replay(self) -> None:
        before, screen = self._done(), self.phone.screen
        self.phone.sends()
        assert self.phone.screen == screen or not self.remembered
        assert self._done() == before

    @precondition(lambda self: self.phone.session)
    @rule(length=FEW)
    def late_copy(self, length: int) -> None:
        before = self._done()
        reply = self.phone.sends_late("*".join(self.phone.text.split("*")[:length]))
        assert reply.startswith(("CON ", "END "))
        assert self._done() == before

    @rule(which=FEW)
    def another_caller(self, which: int) -> None:
        self.phone = self.phones[which % len(self.phones)]

    @rule()
    def drop(self) -> None:
        self.phone.drops()

    @rule()
    def lose_all_sessions(self) -> None:
        self.remembered = False
        self.town.valkey.flushall()

    @rule(gone=st.booleans())
    def valkey_goes_or_comes(self, gone: bool) -> None:
        self.remembered = False
        for phone in self.phones:
            phone.client = (self.town.without_valkey if gone else self.town.app).test_client()

    @rule(minutes=st.integers(0, 7))
    def time_passes(self, minutes: int) -> None:
        self.town.clock.time += timedelta(minutes=minutes)

    @rule()
    def holds_are_swept(self) -> None:
        self.town.ledger.sweep(self.town.clock.time)

    @invariant()
    def places_taken_are_bookings_and_holds(self) -> None:
        self.town.ledger.is_balanced()

    @invariant()
    def nobody_was_told_that_it_is_down(self) -> None:
        self.phone.does_not_see("down just now", "Samahani, Huduma")

    def _choose(self, number: int) -> None:
        """The option at this place on the screen, counted round."""
        shown = [line.partition(" ")[0] for line in self.phone.screen.split("\n")]
        numbers = [n for n in shown if n.isdecimal() and n not in ("0", "98")]
        if not self.phone.ended:
            self._answer(numbers[number % len(numbers)] if numbers else "12345678")
        self.places_taken_are_bookings_and_holds()

    def _answer(self, answer: str) -> None:
        self.phone.answers(answer)
        self.remembered = True

    def _done(self) -> tuple[list[tuple[str, object]], list[str]]:
        return [(b.reference, b.starts_at) for b in self.town.ledger.bookings()], self.town.ledger.given_up()


def test_any_input_gets_an_answer_and_the_places_add_up(
    app: Flask,
    make_app: MakeApp,
    dead_redis: str,
    town: Database,
    valkey: redis.Redis,
    clock: Clock,
    ledger: Ledger,
    transaction: Transaction,
    register: Register,
    capfd: pytest.CaptureFixture[str],
) -> None:
    world = Town(app, make_app(redis_url=dead_redis), town, valkey, clock, ledger, transaction, register)
    run_state_machine_as_test(
        lambda: AnyCalls(world),
        settings=settings(
            max_examples=45,
            stateful_step_count=25,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    log = capfd.readouterr().out
    assert '"level": "error"' not in log
    assert "Traceback" not in log
