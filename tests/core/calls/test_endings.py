"""How calls ended: kept once and paid for once, whatever the gateway repeats."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.calls.endings import Ending, keep_ending
from core.calls.tables import UssdEnding
from core.clock import local_date
from core.db import transactions
from core.messaging import money
from tests.support import NOW

TODAY = local_date(NOW)


def ending(session="1", kes="0.8"):
    cost = None if kes is None else Decimal(kes)
    return Ending(session, "Success", "63902", hops=8, duration_ms=41000, cost_kes=cost, error=None)


def test_a_call_costs_once_however_often_its_end_is_told(db):
    assert keep_ending(db, ending(), gateway="at", now=NOW)
    assert not keep_ending(db, ending(), gateway="at", now=NOW)
    assert not keep_ending(db, ending(kes="99"), gateway="at", now=NOW)
    assert keep_ending(db, ending("2", "1.2"), gateway="at", now=NOW)
    assert money.costs(db, TODAY) == {"ussd": money.Cost(2, 0, Decimal(2))}


def test_the_same_session_of_another_gateway_is_another_call(db):
    keep_ending(db, ending(), gateway="at", now=NOW)
    assert keep_ending(db, ending(), gateway="other", now=NOW)


@pytest.mark.parametrize("kes", [None, "0"])
def test_a_call_without_a_price_is_counted_and_costs_nothing(db, kes):
    keep_ending(db, ending(kes=kes), gateway="at", now=NOW)
    assert money.costs(db, TODAY) == {"ussd": money.Cost(1, 0, Decimal(0))}


def test_two_words_at_once_about_a_call_cost_once(engine):
    transaction = transactions(engine)

    def tell(number):
        with transaction() as db:
            return keep_ending(db, ending(str(number // 4)), gateway="at", now=NOW)

    with ThreadPoolExecutor(8) as gateway:
        firsts = list(gateway.map(tell, range(80)))
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(UssdEnding)) == sum(firsts) == 20
        assert money.costs(db, TODAY) == {"ussd": money.Cost(20, 0, Decimal(16))}
