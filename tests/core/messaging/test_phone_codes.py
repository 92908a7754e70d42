"""Six digits by SMS show that a phone is in hand: right once, for ten minutes, and not to be guessed at."""

import itertools
import re
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.db import transactions
from core.errors import Malformed
from core.messaging import phone_codes
from core.messaging.limits import TooManySms
from core.messaging.phone_codes import LASTS, MAX_A_DAY, MAX_ABROAD_A_DAY, MAX_TRIES, Answer, TooManyAbroad
from core.messaging.tables import Message
from core.messaging.templates import Speech, render
from core.people.audit import Actor, Intent
from core.people.tables import PhoneCode
from core.phones import NO_MOBILE, WRONG_LENGTH, parse_msisdn, parse_phone

WEB = Actor("portal")


class Web:
    """Pages that ask for a code, each command in a transaction of its own."""

    def __init__(self, engine, register, now):
        self.register, self.now = register, now
        self.transaction = transactions(engine)
        self.keys = itertools.count()
        self.phone = self.contact("+254711000001")

    def contact(self, phone):
        with self.transaction() as db:
            return self.register.contact(db, phone, now=self.now).id

    def intent(self, key=None):
        return Intent(self.phone, key or f"key-{next(self.keys)}", WEB, "en", self.now)

    def sends(self, key=None, **more):
        with self.transaction() as db:
            phone_codes.send(db, self.register, self.intent(key), **more)

    def types(self, digits, key=None, **more):
        with self.transaction() as db:
            return phone_codes.check(db, self.register, self.intent(key), digits=digits, **more)

    def digits(self, about=""):
        with self.transaction() as db:
            code = db.get_one(PhoneCode, (self.phone, about))
            return self.register.phone_code(self.phone, code.nth)

    def passes(self, **time):
        self.now += timedelta(**time)

    @property
    def right(self):
        return self.digits()

    @property
    def wrong(self):
        return f"{(int(self.right) + 1) % 1_000_000:06}"

    def messages(self):
        with self.transaction() as db:
            return list(db.scalars(sa.select(Message).order_by(Message.id)))


def _at_once(web, digits, count=10):
    """What that many get who type the same at the same moment."""
    answers = []
    start = threading.Barrier(count)

    def one():
        start.wait()
        answers.append(web.types(digits))

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def web(engine, register, now):
    return Web(engine, register, now)


def test_the_code_in_the_sms_is_right_once(web):
    web.sends()
    assert web.types(web.right) is Answer.RIGHT
    assert web.types(web.right) is Answer.OVER


def test_the_digits_stand_nowhere_before_the_sms_leaves(web):
    web.sends()
    [message] = web.messages()
    assert message.arguments.keys() == {"person", "nth"}
    assert (message.lane, message.asked_for, message.valid_until) == ("interactive", True, web.now + LASTS)


@pytest.mark.parametrize(
    ("language", "begins"), [("en", "is your Huduma code"), ("sw", "ni nambari yako ya siri ya Huduma")]
)
def test_the_sms_says_the_digits(web, language, begins):
    web.sends()
    [message] = web.messages()
    text = render("phone_code", message.arguments, language=language, speech=Speech(None, "*191*9#", web.register))
    assert text.startswith(f"{web.right} {begins}")


def test_asked_for_again_the_same_digits_go_out_while_they_are_good(web):
    web.sends()
    first = web.right
    web.passes(minutes=9)
    web.sends()
    web.passes(minutes=9)
    assert web.right == first
    assert web.types(first) is Answer.RIGHT
    assert [m.status for m in web.messages()] == ["withheld", "pending"]


def test_a_request_repeated_sends_nothing_more(web):
    web.sends("once")
    web.sends("once")
    assert len(web.messages()) == 1


def test_after_ten_minutes_it_is_over_and_the_next_is_another(web):
    web.sends()
    old = web.right
    web.passes(minutes=10)
    assert web.types(old) is Answer.OVER
    web.sends()
    assert web.right != old
    assert web.types(old) is Answer.WRONG
    assert web.types(web.right) is Answer.RIGHT


def test_wrong_ones_are_counted_and_the_fifth_ends_it(web):
    web.sends()
    answers = [web.types(web.wrong) for _ in range(MAX_TRIES)]
    assert answers == [Answer.WRONG] * (MAX_TRIES - 1) + [Answer.OVER]
    assert web.types(web.right) is Answer.OVER
    # Sent again, it is another, with tries of its own.
    old = web.right
    web.sends()
    assert web.right != old
    assert web.types(web.right) is Answer.RIGHT


def test_without_a_code_nothing_is_right(web):
    assert web.types("000000") is Answer.OVER


def test_the_same_press_twice_gets_the_same_answer(web):
    web.sends()
    digits = web.right
    assert web.types(digits, "press") is Answer.RIGHT
    assert web.types(digits, "press") is Answer.RIGHT


def test_the_key_of_a_wrong_try_may_be_right_the_next_time(web):
    """A page keeps its key when it comes back with an error."""
    web.sends()
    assert web.types(web.wrong, "page") is Answer.WRONG
    assert web.types(web.right, "page") is Answer.RIGHT


def test_a_key_that_was_right_for_one_phone_opens_no_other(web):
    web.sends()
    assert web.types(web.right, "mine") is Answer.RIGHT
    web.phone = web.contact("+254711000002")
    web.sends()
    assert web.types("", "mine") is Answer.WRONG


def test_a_key_that_was_right_opens_nothing_later(web):
    """Whoever had the phone in hand once keeps no way in: the browser chooses the key."""
    web.sends()
    digits = web.right
    assert web.types(digits, "kept") is Answer.RIGHT
    assert web.types("", "kept") is Answer.OVER
    web.passes(minutes=3)
    assert web.types(digits, "kept") is Answer.OVER
    web.sends()
    assert web.types(digits, "kept") is Answer.WRONG
    assert web.types(web.right, "kept") is Answer.RIGHT


def test_three_an_hour_and_ten_a_day(web):
    for _ in range(3):
        web.sends()
    with pytest.raises(TooManySms):
        web.sends()
    sent = 3
    while sent < MAX_A_DAY:
        web.passes(minutes=61)
        for _ in range(min(3, MAX_A_DAY - sent)):
            web.sends()
            sent += 1
    web.passes(minutes=61)
    with pytest.raises(TooManySms):
        web.sends()


def _refused(web, **more):
    """After how many of them no more are given."""
    for sent in range(20):
        try:
            web.sends(**more)
        except TooManySms:
            return sent
    raise AssertionError("there is no limit")


def test_whoever_is_not_told_leaves_the_owner_all_codes(web):
    for about in ("11111111", "22222222"):
        assert _refused(web, about=about, told=False) == 3
        assert [web.types("", about=about) for _ in range(MAX_TRIES)][-1] is Answer.OVER
    assert web.messages() == []
    assert _refused(web) == 3
    assert web.types(web.right) is Answer.RIGHT


def test_a_door_that_shows_nothing_refuses_the_told_and_the_untold_alike(web):
    """However many codes the phone has had elsewhere, and whatever was typed there."""
    assert _refused(web) == 3
    for _ in range(MAX_TRIES):
        web.types(web.wrong)
    for about, told in (("11111111", True), ("22222222", False)):
        assert _refused(web, about=about, told=told) == 3
        answers = [web.types("", about=about) for _ in range(MAX_TRIES)]
        assert answers == [Answer.WRONG] * (MAX_TRIES - 1) + [Answer.OVER]
    assert len(web.messages()) == 3


def test_a_code_asked_for_with_a_number_is_right_there_alone(web):
    web.sends()
    web.sends(about="11111111")
    assert [m.status for m in web.messages()] == ["pending", "pending"]
    there = web.digits("11111111")
    assert there != web.right
    assert web.types(there) is Answer.WRONG
    assert web.types(there, about="11111111") is Answer.RIGHT


def test_a_phone_abroad_gets_one_code_an_hour(web):
    web.phone = web.contact("+447700900123")
    web.sends()
    with pytest.raises(TooManyAbroad):
        web.sends()
    assert _refused(web, about="11111111", told=False) == 1
    web.passes(minutes=61)
    web.sends()


def test_phones_abroad_get_fifty_codes_a_day_among_them(web):
    for nth in range(MAX_ABROAD_A_DAY):
        web.phone = web.contact(f"+4477009{nth:05}")
        web.sends()
    web.phone = web.contact("+447700999999")
    for more in ({}, {"about": "11111111"}, {"about": "22222222", "told": False}):
        with pytest.raises(TooManyAbroad):
            web.sends(**more)
    web.phone = web.contact("+254711000001")
    web.sends()
    web.passes(days=1)
    web.phone = web.contact("+447700999999")
    web.sends()


def test_of_many_who_try_the_right_code_at_once_one_is_let_in(web):
    """Ten sessions with the same digits, each with a key of its own."""
    web.sends()
    digits = web.right
    answers = _at_once(web, digits)
    assert sorted(answers) == [Answer.OVER] * 9 + [Answer.RIGHT]


def test_guesses_at_once_are_all_counted(web):
    web.sends()
    wrong = web.wrong
    answers = _at_once(web, wrong)
    assert answers.count(Answer.WRONG) == MAX_TRIES - 1
    assert web.types(web.right) is Answer.OVER


def test_first_codes_asked_for_at_once_all_have_digits_of_their_own(web):
    start = threading.Barrier(4)

    def one(about):
        start.wait()
        web.sends(about=about)

    threads = [threading.Thread(target=one, args=(f"{nth}" * 8,)) for nth in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with web.transaction() as db:
        numbers = db.scalars(sa.select(PhoneCode.nth)).all()
    assert len(set(numbers)) == len(numbers) == 4


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0711 000 001", "+254711000001"),
        ("+44 7700 900123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("00254 711 000001", "+254711000001"),
    ],
)
def test_a_phone_may_be_from_anywhere(typed, number):
    assert parse_phone(typed) == number


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("020 222 3344", NO_MOBILE),
        ("0611 000 061", NO_MOBILE),
        ("+254 800 123456", NO_MOBILE),
        ("+44 20 7946 0958", NO_MOBILE),
        ("+44 20 79", WRONG_LENGTH),
        ("0711 00007", WRONG_LENGTH),
    ],
)
def test_a_phone_that_gets_no_sms_is_refused_where_it_is_typed(typed, sentence):
    with pytest.raises(Malformed, match=re.escape(sentence)):
        parse_phone(typed)


def test_whatever_phone_a_gateway_names_is_taken():
    assert parse_msisdn("+254202223344") == "+254202223344"
    assert parse_msisdn("+442079460958") == "+442079460958"


def test_codes_that_are_long_over_are_forgotten_and_their_digits_do_not_come_again(web):
    def forgets(limit=100):
        with web.transaction() as db:
            return phone_codes.forget(db, now=web.now, limit=limit)

    web.sends()
    first = web.digits()
    for pair in ("11111111", "22222222"):
        web.sends(about=pair, told=False)
    web.passes(days=1)
    assert forgets() == 0, "they have been over for less than a day"
    web.passes(minutes=10, seconds=1)
    mine, web.phone = web.phone, web.contact("+254711000002")
    web.sends()
    assert [forgets(limit=2), forgets(limit=2), forgets(limit=2)] == [2, 1, 0]
    assert web.types(web.digits()) is Answer.RIGHT, "this one was new"
    web.phone = mine
    assert web.types(first) is Answer.OVER
    web.sends()
    assert web.types(first) is not Answer.RIGHT
    assert web.types(web.digits()) is Answer.RIGHT
