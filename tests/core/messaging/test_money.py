"""Money: booked by the day in Nairobi, held against caps, and set against what is left."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.db import transactions
from core.messaging import money
from core.messaging.tables import Balance, Spending
from core.settings import Cap
from tests.support import NOW

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def book(db, kes, *, at=NOW, what="bulk", messages=1, segments=1):
    money.book(db, what=what, messages=messages, segments=segments, cost_kes=Decimal(kes), now=at)


def test_what_is_booked_adds_up_by_day_and_lane(db):
    book(db, "0.8000")
    book(db, "79.2000", messages=99, segments=198)
    book(db, "3", what="notice")
    book(db, "5", at=NOW + DAY)
    assert money.costs(db, TODAY) == {
        "bulk": money.Cost(101, 200, Decimal("85.0000")),
        "notice": money.Cost(1, 1, Decimal("3.0000")),
    }
    assert money.spent(db, "bulk", TODAY) == Decimal(85)
    assert money.spent(db, "bulk", TODAY + DAY) == Decimal(5)
    assert money.spent(db, "interactive", TODAY) == 0


def test_a_day_begins_at_midnight_in_nairobi(db):
    book(db, "1", at=datetime(2026, 11, 23, 20, 59, tzinfo=UTC))
    book(db, "2", at=datetime(2026, 11, 23, 21, 0, tzinfo=UTC))
    assert dict(db.execute(sa.select(Spending.day, Spending.cost_kes)).all()) == {
        TODAY: Decimal(1),
        TODAY + DAY: Decimal(2),
    }


def test_bookings_at_once_are_all_counted(engine):
    transaction = transactions(engine)

    def settle(_):
        with transaction() as db:
            book(db, "0.8", messages=2, segments=3)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(settle, range(80)))
    with transaction() as db:
        assert money.costs(db, TODAY) == {"bulk": money.Cost(160, 240, Decimal(64))}


CAPS = (Cap("bulk", 100, "day"), Cap("bulk", 300, "month"), Cap("notice", 50, "day"))


@pytest.mark.parametrize(
    ("booked", "reached"),
    [
        pytest.param([], None, id="nothing was spent"),
        pytest.param([(NOW, "99.9999")], None, id="a cent below"),
        pytest.param([(NOW, "100")], CAPS[0], id="the day's to the cent"),
        pytest.param([(NOW - DAY, "100")], None, id="yesterday's day is over"),
        pytest.param([(NOW - 20 * DAY, "200"), (NOW, "100")], CAPS[0], id="both: the day's is told"),
        pytest.param([(NOW - 20 * DAY, "299"), (NOW, "1")], CAPS[1], id="the month's"),
        pytest.param([(NOW - 23 * DAY, "900")], None, id="last month is over"),
    ],
)
def test_a_cap_is_reached_when_it_is_spent(db, booked, reached):
    for at, kes in booked:
        book(db, kes, at=at)
    assert money.reached_cap(db, "bulk", CAPS, NOW) == reached
    assert money.reached_cap(db, "notice", CAPS, NOW) is None
    assert money.reached_cap(db, "interactive", CAPS, NOW) is None


@pytest.mark.parametrize(
    ("spent", "daily"),
    [
        pytest.param({}, None, id="nothing was ever spent"),
        pytest.param({0: 30}, 30, id="only today"),
        pytest.param({1: 100, 2: 200}, 150, id="the days before"),
        pytest.param({0: 1, 1: 100, 2: 200}, 150, id="a day that has just begun makes nothing cheaper"),
        pytest.param({0: 600, 1: 100, 2: 200}, 300, id="a dear day counts at once"),
        pytest.param({1: 70, 40: 70, 2: 0}, 70, id="days without spending do not count"),
        pytest.param(dict.fromkeys(range(1, 8), 70) | {8: 7000}, 70, id="no more than seven days"),
    ],
)
def test_a_day_costs_what_the_last_days_with_spending_did(db, spent, daily):
    for days_ago, kes in spent.items():
        for what in ("bulk", "ussd"):
            book(db, Decimal(kes) / 2, at=NOW - days_ago * DAY, what=what)
    assert money.daily_cost(db, TODAY) == daily


def test_the_account_tells_how_long_it_lasts(db):
    assert money.account(db, NOW) is None
    book(db, "200", at=NOW - DAY)
    kept = money.keep_balance(db, gateway="at", kes=Decimal(500), now=NOW)
    later = money.keep_balance(db, gateway="at", kes=Decimal(450), now=NOW + timedelta(minutes=15))
    assert (kept.days_left, later.days_left) == (2.5, 2.25)
    assert money.account(db, NOW + timedelta(hours=1)) == later


@pytest.mark.parametrize(("kes", "days"), [(0, 0.0), (-20, 0.0)])
def test_an_empty_account_lasts_no_day(db, kes, days):
    book(db, "200")
    assert money.keep_balance(db, gateway="at", kes=Decimal(kes), now=NOW).days_left == days


def test_an_account_from_which_nothing_is_spent_has_no_end(db):
    assert money.keep_balance(db, gateway="at", kes=Decimal(500), now=NOW).days_left is None


def test_the_same_answer_twice_and_old_answers_leave_no_rows(db):
    for at in (NOW - money.BALANCES_KEPT - DAY, NOW - DAY, NOW, NOW):
        money.keep_balance(db, gateway="at", kes=Decimal(500), now=at)
    assert db.scalars(sa.select(Balance.at).order_by(Balance.at)).all() == [NOW - DAY, NOW]
