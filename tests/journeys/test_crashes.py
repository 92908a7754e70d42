"""A process dies, the session is lost, or cannot be saved: nothing happens twice and nothing is forgotten."""

from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.journeys.fixtures import OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import SCREENS, Phone
from ussd.sessions import SessionStore, StoreDown

ANSWERS = ("1", "1", "1", "1", "1", "12345678", "1")
STEPS = tuple(zip(SCREENS, ANSWERS, strict=True))


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@pytest.fixture
def save_fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[BaseException]], None]:
    """The next save raises, and is not done; the ones after it are."""

    def next_time(error: type[BaseException]) -> None:
        save = SessionStore.save

        def fail_once(self: SessionStore, *what: Any, **more: Any) -> Any:
            monkeypatch.setattr(SessionStore, "save", save)
            raise error

        monkeypatch.setattr(SessionStore, "save", fail_once)

    return next_time


@pytest.mark.parametrize(("screen", "answer"), STEPS)
def test_a_process_killed_between_commit_and_save_has_done_it_once(
    caller: Phone, ledger: Ledger, save_fails: Callable[[type[BaseException]], None], screen: str, answer: str
) -> None:
    """The gateway sends the hop again, to another process."""
    caller.books(until=screen).types(caller.option("Book a visit") if screen == "home" else answer)
    save_fails(Killed)
    with pytest.raises(Killed):
        caller.sends()
    committed = [(b.reference, b.starts_at) for b in ledger.bookings()], [h.starts_at for h in ledger.holds()]
    caller.sends()
    assert committed == ([(b.reference, b.starts_at) for b in ledger.bookings()], [h.starts_at for h in ledger.holds()])
    caller.answers(*ANSWERS[SCREENS.index(screen) + 1 :]).is_over().sees("Booked: {site}, {when}")
    assert caller.reference() == ledger.only_booking().reference
    assert ledger.messages() == ["booking_confirmed"]
    ledger.is_balanced()


@pytest.mark.parametrize(("screen", "answer"), STEPS)
def test_a_reply_lost_after_the_save_is_given_again(caller: Phone, ledger: Ledger, screen: str, answer: str) -> None:
    caller.books(until=screen).types(caller.option("Book a visit") if screen == "home" else answer)
    lost = caller.posts(caller.form())
    assert caller.posts(caller.form()) == lost
    caller.shows(lost).answers(*ANSWERS[SCREENS.index(screen) + 1 :]).is_over().sees("Booked: {site}, {when}")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_hold_whose_session_cannot_be_saved_ends_the_call_with_what_to_do(
    caller: Phone, ledger: Ledger, save_fails: Callable[[type[BaseException]], None]
) -> None:
    """The next answer might be taken for part of this one; the hold and the journey before it are kept."""
    caller.books(until="times")
    save_fails(StoreDown)
    caller.answers("1").is_over().sees("Saved. To go on, dial {code} again.", "*191*9#")
    assert len(ledger.holds()) == 1
    caller.dials().sees("Go on with").chooses("Continue").sees("Other day or time").answers("1")
    caller.sees("is held for you").answers("12345678").chooses("Confirm").is_over()
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_booking_whose_session_cannot_be_saved_is_told_all_the_same(
    caller: Phone, ledger: Ledger, save_fails: Callable[[type[BaseException]], None]
) -> None:
    caller.books(until="summary")
    save_fails(StoreDown)
    caller.chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert caller.reference() == ledger.only_booking().reference
    said = caller.screen
    assert caller.sends().screen == said
    assert ledger.messages() == ["booking_confirmed"]


@pytest.mark.parametrize("service", ["First ID", "Lost ID"])
def test_a_booking_whose_session_cannot_be_saved_is_not_made_twice_by_continuing(
    caller: Phone, ledger: Ledger, save_fails: Callable[[type[BaseException]], None], service: str
) -> None:
    """The journey could not be forgotten, so the next call offers to go on with it."""
    caller.dials().chooses("Book a visit", service, "Nairobi", "GPO").answers("1")
    if service == "Lost ID":
        caller.answers("12345678")
    save_fails(StoreDown)
    caller.chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    caller.dials().sees("Go on with").chooses("Continue")
    if caller._is_there("Confirm"):
        caller.chooses("Confirm")
    caller.goes_on().sees("already")
    assert len(ledger.bookings()) == 1
    caller.answers("00")
    ledger.is_balanced()


def test_a_screen_that_cannot_be_saved_is_shown_and_the_call_goes_on(
    caller: Phone, ledger: Ledger, save_fails: Callable[[type[BaseException]], None]
) -> None:
    caller.books(until="services")
    save_fails(StoreDown)
    caller.chooses("Lost ID").sees("Where?").chooses("Nairobi").sees("GPO").chooses("GPO").answers("1", "12345678")
    caller.chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert len(ledger.bookings()) == 1


def test_a_question_answered_but_not_saved_is_asked_again(
    caller: Phone, ledger: Ledger, save_fails: Callable[[type[BaseException]], None]
) -> None:
    caller.books(until="who")
    save_fails(StoreDown)
    caller.answers("12345678").goes_on()
    while not caller.ended:
        caller.answers("1" if caller._is_there("Confirm") else "12345678")
    caller.sees("Booked: {site}, {when}")
    assert ledger.only_booking().beneficiary_id is not None
    ledger.is_balanced()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("lost", ["everything", "the session"])
def test_a_session_lost_at_any_screen_goes_on_to_the_booking(
    caller: Phone, ledger: Ledger, valkey: redis.Redis, screen: str, lost: str
) -> None:
    caller.books(until=screen)
    before = [h.starts_at for h in ledger.holds()]
    if lost == "everything":
        valkey.flushall()
    else:
        valkey.delete(*[key for key in valkey.keys(b"ussd:*") if not key.endswith(b"journey")])
    first = caller.option("Book a visit") if screen == "home" else ANSWERS[SCREENS.index(screen)]
    caller.answers(first, *ANSWERS[SCREENS.index(screen) + 1 :]).is_over().sees("Booked: {site}, {when}")
    assert before in ([], [ledger.only_booking().starts_at])
    assert ledger.holds() == []
    assert ledger.messages() == ["booking_confirmed"]
    ledger.is_balanced()


def test_a_session_lost_at_every_hop_still_books(caller: Phone, ledger: Ledger, valkey: redis.Redis) -> None:
    caller.dials()
    for answer in (caller.option("Book a visit"), *ANSWERS[1:]):
        valkey.flushall()
        caller.answers(answer)
    caller.is_over().sees("Booked: {site}, {when}")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_session_lost_before_giving_up_asks_once_more(phone: Phone, ledger: Ledger, valkey: redis.Redis) -> None:
    """Nothing shows that this caller has seen the question: it is asked again rather than taken as answered."""
    phone.books()
    phone.dials().chooses("My booking", "Cancel my booking")
    valkey.flushall()
    phone.chooses("Yes, cancel it").sees("Cancel this booking?")
    assert len(ledger.bookings()) == 1
    phone.chooses("Yes, cancel it").is_over().sees("Booking cancelled.")
    assert ledger.bookings() == []


def test_a_session_lost_before_moving_moves(phone: Phone, ledger: Ledger, valkey: redis.Redis) -> None:
    phone.books()
    phone.dials().chooses("My booking", "Move to another time").answers("3")
    wanted = ledger.holds()[0].starts_at
    valkey.flushall()
    phone.chooses("Confirm").is_over().sees("Moved")
    assert ledger.only_booking().starts_at == wanted
    ledger.is_balanced()


def test_a_session_written_by_another_version_is_walked_and_saved_anew(
    phone: Phone, ledger: Ledger, valkey: redis.Redis
) -> None:
    phone.books()
    phone.dials().chooses("My booking", "Cancel my booking")
    (key,) = [key for key in valkey.keys(b"ussd:*") if phone.session.encode() in key]
    turn = valkey.get(key).partition(b":")[0]
    valkey.set(key, turn + b":nobody can read this")
    phone.chooses("Yes, cancel it").sees("Cancel this booking?").chooses("Yes, cancel it").is_over()
    assert ledger.bookings() == []


def test_a_journey_that_cannot_be_read_is_not_offered(phone: Phone, valkey: redis.Redis) -> None:
    phone.books(until="summary").drops()
    (key,) = [key for key in valkey.keys(b"ussd:*") if key.endswith(b"journey")]
    valkey.set(key, b"nobody can read this")
    phone.dials().sees("My document")


def test_what_another_caller_does_is_not_lost_with_a_session(
    phones: Phones, ledger: Ledger, valkey: redis.Redis
) -> None:
    """The list of times has changed since: a walk must keep to the time that was held, not to its place in the list."""
    phone = phones().books(until="times").answers("1").sees("10:00am is held for you")
    others = [phones(f"+25471100004{n}").books(until="times") for n in range(5)]
    for other in others:
        other.answers("1").sees("10:00am is held for you")
    phones(OTHER).books(until="times").does_not_see("10:00am")
    valkey.flushall()
    phone.answers("12345678").sees("10:00am").chooses("Confirm").is_over().sees("10:00am")
    assert len(ledger.holds()) == 5
    ledger.is_balanced()
