"""Valkey is gone, or hangs: the dialogue goes on from the gateway's cumulative text."""

import pytest
from flask import Flask

from tests.journeys.fixtures import CALLER, OTHER, MakeApp, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import SCREENS
from tests.journeys.together import TOLD_WITHIN, within

ANSWERS = ("1", "1", "1", "1", "1", "12345678", "1")


@pytest.fixture(params=["gone", "hanging"])
def without_valkey(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """The application whose session store refuses every connection, or answers nothing."""
    url = request.getfixturevalue({"gone": "dead_redis", "hanging": "hanging_redis"}[request.param])
    return make_app(redis_url=url, queue_url=url)


def test_a_first_booking_needs_no_valkey(phones: Phones, without_valkey: Flask, ledger: Ledger, language: str) -> None:
    """The same screens in the same number of requests, each of them in time."""
    with_it = phones(OTHER, language=language).books(identity="87654321")
    phone = phones(language=language, app=without_valkey)
    within(TOLD_WITHIN, phone.dials)
    for answer in (phone.option("Book a visit"), *ANSWERS[1:]):
        phone.types(answer)
        within(TOLD_WITHIN, phone.sends)
    phone.is_over().sees("Booked: {site}, {when}")
    assert phone.history[:-1] == with_it.history[:-1]
    assert phone.reference() == ledger.bookings()[1].reference
    assert ledger.holds() == []
    ledger.is_balanced()


@pytest.mark.parametrize("screen", SCREENS)
def test_valkey_may_go_at_any_screen(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger, language: str, screen: str
) -> None:
    caller = phones(language=language).books(until=screen)
    caller.client = make_app(redis_url=dead_redis).test_client()
    first = caller.option("Book a visit") if screen == "home" else ANSWERS[SCREENS.index(screen)]
    caller.answers(first, *ANSWERS[SCREENS.index(screen) + 1 :]).is_over().sees("Booked: {site}, {when}")
    assert len(ledger.bookings()) == 1
    assert ledger.messages() == ["booking_confirmed"]
    ledger.is_balanced()


@pytest.mark.parametrize("screen", SCREENS)
def test_valkey_may_come_back_at_any_screen(
    phones: Phones, app: Flask, make_app: MakeApp, dead_redis: str, ledger: Ledger, screen: str
) -> None:
    phone = phones(app=make_app(redis_url=dead_redis)).books(until=screen)
    phone.client = app.test_client()
    phone.answers(*ANSWERS[SCREENS.index(screen) :]).is_over().sees("Booked")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_valkey_may_come_and_go_with_every_hop(
    phones: Phones, app: Flask, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    gone = make_app(redis_url=dead_redis)
    phone = phones().dials()
    for hop, answer in enumerate(ANSWERS):
        phone.client = (gone if hop % 2 else app).test_client()
        phone.answers(answer)
    phone.is_over().sees("Booked")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_every_hop_may_arrive_twice_without_valkey(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    phone = phones(app=make_app(redis_url=dead_redis)).dials()
    for answer in ANSWERS:
        seen = phone.answers(answer).screen
        assert phone.sends().screen == seen
    phone.is_over()
    assert len(ledger.bookings()) == 1
    assert ledger.messages() == ["booking_confirmed"]
    ledger.is_balanced()


def test_a_mother_books_for_two_children_without_valkey(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    phone = phones(app=make_app(redis_url=dead_redis))
    phone.dials().chooses("Book a visit", "Birth cert: child", "Nairobi", "GPO").answers("1").chooses(
        "Confirm"
    ).is_over()
    phone.dials().chooses("Book a visit", "Birth cert: child").answers("1").chooses(
        "Book for another person", "Confirm"
    )
    phone.is_over().sees("Booked")
    assert [b.beneficiary_no for b in ledger.bookings()] == [1, 2]
    ledger.is_balanced()


def test_a_booking_is_given_up_without_valkey(
    phones: Phones, without_valkey: Flask, ledger: Ledger, language: str
) -> None:
    phones(language=language).books()
    phone = phones(language=language, app=without_valkey).dials().chooses("My booking", "Cancel my booking")
    assert len(ledger.bookings()) == 1
    phone.chooses("Yes, cancel it").is_over().sees("Booking cancelled.")
    assert phone.requests == 4
    assert ledger.bookings() == []
    assert phone.sends().is_over().sees("Booking cancelled.")
    assert ledger.messages() == ["booking_confirmed", "booking_given_up"]
    ledger.is_balanced()


def test_a_booking_is_moved_without_valkey(
    phones: Phones, without_valkey: Flask, ledger: Ledger, language: str
) -> None:
    phones(language=language).books()
    phone = phones(language=language, app=without_valkey).dials().chooses("My booking", "Move to another time")
    phone.answers("3")
    wanted = ledger.holds()[0].starts_at
    phone.chooses("Confirm").is_over().sees("Moved: {site}, {when}")
    assert ledger.only_booking().starts_at == wanted
    assert phone.sends().is_over()
    assert ledger.messages() == ["booking_confirmed", "booking_moved"]
    ledger.is_balanced()


def test_going_back_gives_the_hold_back_without_valkey(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    phone = phones(app=make_app(redis_url=dead_redis)).books(until="who").answers("0").sees("Other day or time")
    assert ledger.holds() == []
    phone.answers("2").sees("12:00pm is held for you").answers("12345678").chooses("Confirm").is_over()
    phone.sees("12:00pm")
    ledger.is_balanced()


def test_wrong_answers_are_told_and_counted_without_valkey(phones: Phones, make_app: MakeApp, dead_redis: str) -> None:
    phone = phones(app=make_app(redis_url=dead_redis)).books(until="towns")
    phone.answers("8").sees("That is not there").answers("9").sees("That is not there").answers("1").sees("GPO")
    phone.answers("x", "y").goes_on().answers("z").is_over().sees("Sorry, we could not understand.")


def test_a_document_is_looked_up_without_valkey(phones: Phones, without_valkey: Flask) -> None:
    phone = phones(app=without_valkey).dials().chooses("My document").answers("48217092").sees("last 3 digits")
    phone.answers("678").sees("No document with that number and ID.")


def test_a_refused_time_and_another_one_chosen_are_walked_alike(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    """The first choice was refused: the walk passes over it as the caller did, and keeps to the second."""
    app = make_app(redis_url=dead_redis)
    phone = phones(app=app).books(until="times")
    for n in range(6):
        phones(f"+25471100004{n}").books(until="times").answers("1").sees("10:00am is held for you")
    phone.answers("1").sees("That time has just been taken.").answers("2").sees("is held for you", "12:00pm")
    phone.answers("12345678").sees("12:00pm").chooses("Confirm").is_over().sees("12:00pm")
    assert len(ledger.holds()) == 6
    ledger.is_balanced()


def test_the_offer_to_continue_is_back_with_valkey(
    phones: Phones, app: Flask, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    """Calls without Valkey go their own way; what was kept before is offered again after."""
    phones(CALLER).books(until="summary").drops()
    phone = phones(app=make_app(redis_url=dead_redis)).dials().does_not_see("Go on with").drops()
    phone.client = app.test_client()
    phone.dials().sees("Go on with").chooses("Continue").sees("Confirm")
    ledger.is_balanced()
