"""Networks deliver a hop twice, late, or two at once; each is carried out once."""

import threading
from typing import Any

import pytest

from tests.journeys.fixtures import MakeApp, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import SCREENS, Phone
from tests.journeys.together import at_once
from ussd.dialogue import Dialogue
from ussd.sessions import Loaded, SessionStore

EVERY_SCREEN = (*SCREENS, "booked")


@pytest.mark.parametrize("screen", EVERY_SCREEN)
def test_a_hop_delivered_twice_gets_the_same_reply(caller: Phone, ledger: Ledger, screen: str) -> None:
    caller.books(until=screen)
    reply, holds, ended = caller.screen, len(ledger.holds()), caller.ended
    for _copy in range(2):
        assert caller.sends().screen == reply
        assert caller.ended is ended
    assert len(ledger.holds()) == holds
    assert len(ledger.bookings()) == (screen == "booked")
    assert len(ledger.messages()) == (screen == "booked")
    ledger.is_balanced()


def test_every_hop_of_a_booking_delivered_twice_books_once(phone: Phone, ledger: Ledger) -> None:
    phone.dials().sends()
    for answer in ("1", "1", "1", "1", "1", "12345678", "1"):
        phone.answers(answer).sends()
    phone.is_over().sees("Booked")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_a_late_copy_of_an_older_hop_changes_nothing(phone: Phone, ledger: Ledger) -> None:
    phone.books(until="summary")
    held = [(h.starts_at, h.expires_at) for h in ledger.holds()]
    for length in range(6):
        late = phone.sends_late("*".join(["1"] * length))
        assert late == f"CON {phone.screen}"
    assert [(h.starts_at, h.expires_at) for h in ledger.holds()] == held
    phone.chooses("Confirm").is_over().sees("Booked")
    ledger.is_balanced()


def test_an_answer_after_the_end_gets_the_last_words_again(phone: Phone, ledger: Ledger) -> None:
    phone.books()
    last_words = f"END {phone.screen}"
    for more in ("*1", "*0", "*00*1*1", "*12345678"):
        assert phone.sends_late(phone.text + more) == last_words
    assert len(ledger.bookings()) == 1
    assert len(ledger.messages()) == 1


def test_an_answer_that_begins_like_an_older_one_is_new(phone: Phone) -> None:
    """ "1*12" does not begin "1*1": answers are compared one by one, not letter by letter."""
    phone.dials().answers("4", "1", "6").sees("98 More")
    phone.answers("1")
    assert phone.text == "4*1*6*1"
    seen = phone.screen
    reply = phone.sends_late("4*1*6*12")
    assert reply.startswith("CON ")
    assert reply != f"CON {seen}"


def test_two_copies_of_the_first_hop_at_once_open_one_call(phones: Phones) -> None:
    phone = phones().dials()
    phone.session += "-twice"
    replies = at_once(*[lambda: phones().posts(phone.form())] * 2)
    assert replies == [f"CON {phone.screen}"] * 2
    phone.answers("1").sees("Which service?")


@pytest.mark.parametrize("screen", ["times", "who", "summary"])
def test_two_copies_of_a_hop_at_the_very_same_time_do_it_once(
    phones: Phones, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    """Both have read the session before either goes on, so that nothing but the database can tell them apart."""
    answer = {"times": "1", "who": "12345678", "summary": "1"}[screen]
    phone = phones().books(until=screen).types(answer)
    meet_after_loading(monkeypatch, 2)
    replies = at_once(*[lambda: phones().posts(phone.form())] * 2)
    assert replies[0] == replies[1]
    monkeypatch.undo()
    phone.shows(replies[0])
    assert len(ledger.bookings()) == (screen == "summary")
    assert len(ledger.holds()) == (screen != "summary")
    assert len(ledger.messages()) == (screen == "summary")
    ledger.is_balanced()
    if screen != "summary":
        phone.answers(*{"times": ("12345678", "1"), "who": ("1",)}[screen]).is_over().sees("Booked")


def test_many_copies_of_the_confirmation_at_once_book_once(phones: Phones, ledger: Ledger) -> None:
    phone = phones().books(until="summary").types("1")
    replies = at_once(*[lambda: phones().posts(phone.form())] * 8)
    assert len(set(replies)) == 1
    assert replies[0].startswith("END Booked")
    assert ledger.only_booking().reference == phone.shows(replies[0]).reference()
    assert len(ledger.messages()) == 1


def test_two_copies_of_a_hop_at_once_without_valkey_do_it_once(
    phones: Phones, make_app: MakeApp, dead_redis: str, ledger: Ledger
) -> None:
    app = make_app(redis_url=dead_redis)
    phone = phones(app=app).books(until="summary").types("1")
    replies = at_once(*[lambda: phones(app=app).posts(phone.form())] * 4)
    assert len(set(replies)) == 1
    assert replies[0].startswith("END Booked")
    assert len(ledger.bookings()) == 1
    ledger.is_balanced()


def test_two_different_answers_at_once_leave_one_story(
    phones: Phones, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two times chosen at once: whichever is kept, hold and counters agree and the call goes on."""
    phone = phones().books(until="times")
    meet_after_loading(monkeypatch, 2)
    at_once(
        *[lambda answer=answer: phones().posts(phone.form() | {"text": f"{phone.text}*{answer}"}) for answer in "12"]
    )
    monkeypatch.undo()
    assert len(ledger.holds()) == 1
    ledger.is_balanced()
    phone.answers("1").goes_on()
    ledger.is_balanced()


def test_a_text_that_diverges_is_walked_from_the_start(phone: Phone, ledger: Ledger) -> None:
    """A gateway that gives one session id to two calls, or loses answers: what it says now is what counts."""
    phone.books(until="services")
    phone.text = "2"
    phone.sends().sees("Type your document number")
    phone.text = "1*2*1*1"
    phone.sends().sees("First ID, GPO").answers("1").sees("Confirm").chooses("Confirm").is_over()
    assert len(ledger.bookings()) == 1


def test_an_answer_that_overtook_another_is_walked(phone: Phone) -> None:
    """One hop is lost on the way; the next one holds its answer too."""
    phone.books(until="services").types("1").types("2").sends().sees("Mombasa")


def test_callers_interleave_without_meeting(phones: Phones, ledger: Ledger) -> None:
    numbers = [f"+25471100001{n}" for n in range(4)]
    callers = [phones(number, language=language) for number, language in zip(numbers, ["en", "sw"] * 2, strict=True)]
    for caller in callers:
        caller.dials().chooses("Book a visit")
    for labels in ("Lost ID", "Nairobi", "GPO"):
        for caller in callers:
            caller.chooses(labels)
    for caller in reversed(callers):
        caller.answers("1").sees("is held for you")
    for number, caller in enumerate(callers):
        caller.answers(f"1234567{number}").chooses("Confirm").is_over().sees("Booked: {site}, {when}")
    assert len({b.contact_id for b in ledger.bookings()}) == 4
    ledger.is_balanced()


def test_two_calls_of_one_phone_interleave(phones: Phones, ledger: Ledger) -> None:
    """One hold a phone: the second call takes it over, and the first can still confirm while there is room."""
    first = phones().books(until="summary")
    second = phones().dials().chooses("Start again").chooses("Book a visit", "First ID", "Nairobi", "GPO").answers("2")
    assert len(ledger.holds()) == 1
    first.chooses("Confirm").is_over().sees("Booked")
    second.chooses("Confirm").is_over().sees("Booked")
    assert len(ledger.bookings()) == 2
    assert ledger.holds() == []
    ledger.is_balanced()


def test_no_more_callers_hold_a_time_than_it_has_places(phones: Phones, ledger: Ledger) -> None:
    """Eight phones choose the same time of six places at once: six hold it, and two are told."""
    callers = [phones(f"+25471100003{n}").books(until="times").types("1") for n in range(8)]
    replies = at_once(*[lambda caller=caller: caller.posts(caller.form()) for caller in callers])
    assert sum("is held for you" in reply for reply in replies) == 6
    assert sum("That time has just been taken." in reply for reply in replies) == 2
    assert len(ledger.holds()) == 6
    ledger.is_balanced()


def meet_after_loading(monkeypatch: pytest.MonkeyPatch, hops: int) -> None:
    """Hold every hop until as many have read their session."""
    barrier = threading.Barrier(hops)
    load = SessionStore.load

    def load_and_wait(self: SessionStore, *which: Any) -> Loaded:
        loaded = load(self, *which)
        assert loaded.dialogue is None or isinstance(loaded.dialogue, Dialogue)
        barrier.wait(20)
        return loaded

    monkeypatch.setattr(SessionStore, "load", load_and_wait)
