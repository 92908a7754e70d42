"""PostgreSQL is down, or hangs: an apology in both languages, in time, and the journey kept."""

import pytest
from flask import Flask

from tests.journeys.fixtures import CALLER, MakeApp, Phones, Postgres
from tests.journeys.ledger import Ledger
from tests.journeys.phone import SCREENS, Phone
from tests.journeys.together import TOLD_WITHIN, at_once, within

ANSWERS = ("1", "1", "1", "1", "1", "12345678", "1")
ASKING_THE_DATABASE = ("home", "towns", "centres", "times", "summary")
"""Screens whose answer needs PostgreSQL."""


def apologises(phone: Phone) -> Phone:
    return within(TOLD_WITHIN, phone.sends).is_over().sees("Sorry, Huduma is down just now.", "Samahani")


@pytest.mark.parametrize("screen", ["", *ASKING_THE_DATABASE])
def test_while_postgresql_is_down_the_caller_is_told_and_the_journey_is_kept(
    phones: Phones, app: Flask, make_app: MakeApp, dead_database: str, ledger: Ledger, screen: str
) -> None:
    """A process that cannot reach PostgreSQL shares the session store with one that can."""
    down = make_app(database_url=dead_database)
    phone = _on_the_way(phones(), screen)
    phone.client = down.test_client()
    apologises(phone)
    phone.client = app.test_client()
    _go_on(phone, screen)
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


@pytest.mark.parametrize("screen", ["", "times", "summary"])
def test_while_postgresql_hangs_the_caller_is_told_within_three_seconds(
    phones: Phones, postgres: Postgres, ledger: Ledger, screen: str
) -> None:
    """Every process of the real server is stopped: connections stay open and nothing is answered."""
    phone = _on_the_way(phones(), screen)
    with postgres.hangs():
        apologises(phone)
    _go_on(phone, screen)
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_process_that_has_never_reached_postgresql_apologises_while_it_hangs(
    make_app: MakeApp, postgres: Postgres
) -> None:
    """No connection of its own yet, and no catalogue."""
    phone = _on_the_way(Phone(make_app().test_client(), CALLER, "en"), "")
    with postgres.hangs():
        apologises(phone)
    phone.dials().sees("Book a visit")


def test_callers_are_told_in_time_when_valkey_hangs_as_well(
    phones: Phones, make_app: MakeApp, hanging_redis: str, postgres: Postgres
) -> None:
    app = make_app(redis_url=hanging_redis)
    phones(app=app).dials().sees("Book a visit")
    phone = _on_the_way(phones(app=app), "")
    with postgres.hangs():
        apologises(phone)


@pytest.mark.parametrize(("table", "screen"), [("people", ""), ("windows", "times"), ("bookings", "summary")])
def test_a_lock_that_is_not_let_go_does_not_hold_the_caller(
    phones: Phones, postgres: Postgres, ledger: Ledger, table: str, screen: str
) -> None:
    phone = _on_the_way(phones(), screen)
    with postgres.is_locked(table):
        apologises(phone)
    _go_on(phone, screen)
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_many_callers_are_told_in_time(phones: Phones, postgres: Postgres) -> None:
    """Nobody waits behind another's wait for a connection."""
    callers = [_on_the_way(phones(f"+25471100005{n}"), "towns") for n in range(6)]
    with postgres.hangs():
        within(TOLD_WITHIN, lambda: _all_at_once(callers))
    for caller in callers:
        caller.is_over().sees("Sorry, Huduma is down just now.")


def test_the_apology_is_within_a_page_and_http_200(phones: Phones, make_app: MakeApp, dead_database: str) -> None:
    phones(app=make_app(database_url=dead_database)).dials().is_over().sees("Sorry", "Samahani")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_wrong_answer_needs_no_postgresql(phones: Phones, app: Flask, postgres: Postgres, screen: str) -> None:
    """What a process knows already it can still say: the catalogue and what was shown."""
    phone = phones().books(until=screen).types("" if screen == "who" else "77")
    with postgres.hangs():
        within(TOLD_WITHIN, phone.sends).goes_on()


def _on_the_way(phone: Phone, screen: str) -> Phone:
    """Up to a screen, its answer typed; with no screen, the code typed."""
    if not screen:
        phone.session, phone.text, phone.ended = f"first-{id(phone)}", "", False
        return phone
    return phone.books(until=screen).types(ANSWERS[SCREENS.index(screen)])


def _go_on(phone: Phone, screen: str) -> None:
    """Dial again and book, from where the call broke off."""
    phone.dials()
    if screen in ("", "home"):
        phone.does_not_see("Go on with").answers(*ANSWERS)
    else:
        phone.sees("Go on with").chooses("Continue").answers(*ANSWERS[SCREENS.index(screen) :])
    phone.is_over().sees("Booked")


def _all_at_once(callers: list[Phone]) -> None:
    at_once(*[caller.sends for caller in callers])
