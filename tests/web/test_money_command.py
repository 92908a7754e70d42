"""`zamu money`: what is left, what was spent, and how far the caps are used."""

from datetime import timedelta
from decimal import Decimal

from core.messaging import money
from tests.support import NOW

DAY = timedelta(days=1)


def book(transaction, what, kes, at=NOW, messages=1):
    with transaction() as db:
        money.book(db, what=what, messages=messages, segments=2 * messages, cost_kes=Decimal(kes), now=at)


def test_before_anything_was_spent_or_asked_it_says_so(zamu):
    said = zamu("money").output
    assert "has not told yet" in said
    assert "Cap of bulk a day: KES 0.00 of 100 (0 %)." in said
    assert "No lane has a cap" in zamu("money", ZAMU_SMS_CAPS="").output


def test_what_is_left_and_what_was_spent_is_told_by_lane(zamu, transaction):
    book(transaction, "bulk", "80", messages=100)
    book(transaction, "bulk", "20.5", at=NOW - 2 * DAY)
    book(transaction, "ussd", "1.1")
    with transaction() as db:
        money.keep_balance(db, gateway="africastalking", kes=Decimal("202.75"), now=NOW)
    said = zamu("money").output
    assert "africastalking has KES 202.75 left, asked 23 Nov 09:00." in said
    assert "At KES 50.80 a day that lasts 4.0 days." in said
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line[:1].isalpha()}
    assert rows["bulk"] == ["100", "200", "80.00", "101", "202", "100.50"]
    assert rows["ussd"] == ["1", "2", "1.10", "1", "2", "1.10"]
    assert rows["notice"] == ["0", "0", "0.00", "0", "0", "0.00"]
    assert "Cap of bulk a day: KES 80.00 of 100 (80 %)." in said


def test_a_cap_that_is_reached_says_that_its_lane_waits(zamu, transaction):
    book(transaction, "bulk", "100.4")
    assert "KES 100.40 of 100 (100 %). It is reached: the lane waits." in zamu("money").output


def test_an_account_from_which_nothing_is_spent_is_told_without_a_guess(zamu, transaction):
    with transaction() as db:
        money.keep_balance(db, gateway="africastalking", kes=Decimal(5), now=NOW)
    assert "nobody can tell how long" in zamu("money").output
