"""When each kind of callback last came."""

from datetime import timedelta

import sqlalchemy as sa

from core.db import transactions
from core.messaging import seen
from core.messaging.seen import Kind
from tests.support import NOW

SECOND = timedelta(seconds=1)


def test_what_never_came_is_told_as_never(db):
    seen.note(db, Kind.DELIVERY, NOW)
    assert seen.last_seen(db) == dict.fromkeys(Kind, None) | {Kind.DELIVERY: NOW}


def test_it_is_noted_no_more_than_once_a_minute_and_never_back(db):
    for seconds in (0, 1, 59, -3600):
        seen.note(db, Kind.INBOUND, NOW + seconds * SECOND)
    assert seen.last_seen(db)[Kind.INBOUND] == NOW
    seen.note(db, Kind.INBOUND, NOW + 60 * SECOND)
    assert seen.last_seen(db)[Kind.INBOUND] == NOW + 60 * SECOND


def test_a_callback_that_is_noted_already_waits_for_no_other(engine):
    """Every callback would otherwise queue for one row."""
    transaction = transactions(engine)
    with transaction() as db:
        seen.note(db, Kind.USSD, NOW)
    with transaction() as one, transaction() as other:
        seen.note(one, Kind.USSD, NOW + SECOND)
        other.execute(sa.text("SET LOCAL lock_timeout = '10ms'"))
        seen.note(other, Kind.USSD, NOW + SECOND)
        other.execute(sa.text("UPDATE callbacks_seen SET at = at"))
