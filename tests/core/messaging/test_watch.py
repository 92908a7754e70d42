"""What is stuck is found by the rows alone, and told apart from what only waits."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.messaging import lanes, money, watch
from core.messaging.tables import Lane, Status
from core.messaging.watch import REPORTS_COME, STUCK_DUE, UNREPORTED, Kind
from core.settings import Cap
from tests.core.messaging.rows import message, set_aside, times
from tests.support import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CAPS = (Cap("bulk", 100, "day"),)
EVENING = NOW + 9 * HOUR
"""18:00: bulk rests."""
MORNING = NOW - HOUR
"""8:00: bulk begins."""


def stuck(db, at=NOW):
    return [
        (found.kind, found.lane, found.messages, found.since)
        for found in watch.stuck(db, watch.lanes_now(db, CAPS, at), at)
    ]


def lane_now(db, lane, at=NOW):
    return next(stands for stands in watch.lanes_now(db, CAPS, at) if stands.lane == lane)


def test_nothing_is_stuck_in_an_empty_outbox(db):
    assert stuck(db) == []


@pytest.mark.parametrize(
    ("status", "since", "kind"),
    [
        pytest.param(Status.PENDING, NOW - STUCK_DUE, Kind.NEVER_SENT, id="due for five minutes"),
        pytest.param(Status.PENDING, NOW - STUCK_DUE + MINUTE, None, id="due for four"),
        pytest.param(Status.PENDING, NOW + HOUR, None, id="not due yet"),
        pytest.param(Status.SENDING, NOW - HOUR, None, id="in hand: the sweep makes it unknown"),
        pytest.param(Status.SENT, NOW - UNREPORTED, Kind.UNREPORTED, id="no report for an hour"),
        pytest.param(Status.SENT, NOW - UNREPORTED + MINUTE, None, id="no report for less"),
        pytest.param(Status.SENT, NOW - REPORTS_COME - MINUTE, None, id="no report for so long that none will come"),
        pytest.param(Status.UNKNOWN, NOW, Kind.UNKNOWN, id="unknown just now"),
        pytest.param(Status.UNKNOWN, NOW - 300 * HOUR, Kind.UNKNOWN, id="unknown for long"),
        *[
            pytest.param(settled, NOW - 2 * HOUR, None, id=settled)
            for settled in (Status.DELIVERED, Status.FAILED, Status.EXPIRED, Status.WITHHELD)
        ],
    ],
)
def test_each_kind_is_told_apart(db, status, since, kind):
    message(db, status, **times(since))
    message(db, status, **times(since + timedelta(seconds=30)))
    assert stuck(db)[:1] == ([(kind, Lane.INTERACTIVE, 2 if kind is Kind.UNKNOWN else 1, since)] if kind else [])


def test_kinds_and_lanes_are_counted_each_for_itself(db):
    for lane in Lane:
        message(db, lane=lane, **times(NOW - HOUR))
        message(db, Status.SENT, lane=lane, **times(NOW - 2 * HOUR))
        message(db, Status.UNKNOWN, lane=lane)
    assert sorted((kind, lane, number) for kind, lane, number, _ in stuck(db)) == sorted(
        (kind, lane, 1) for kind in Kind for lane in Lane
    )


# A lane that stands on purpose has nothing that is stuck.


def freeze(db):
    lanes.freeze(db, Lane.BULK, reason="a look at it", now=NOW)


def spend(db):
    money.book(db, what="bulk", messages=1, segments=1, cost_kes=Decimal(100), now=NOW)


@pytest.mark.parametrize(
    ("stop", "at"),
    [
        pytest.param(freeze, NOW, id="frozen"),
        pytest.param(spend, NOW, id="its cap is reached"),
        pytest.param(lambda db: None, EVENING, id="in its quiet hours"),
        pytest.param(lambda db: None, MORNING + 4 * MINUTE, id="just out of them"),
    ],
)
def test_what_waits_because_its_lane_stands_is_not_stuck(db, stop, at):
    message(db, lane=Lane.BULK, **times(at - 10 * HOUR))
    stop(db)
    assert stuck(db, at) == []


def test_what_the_night_has_left_is_stuck_when_the_morning_does_not_take_it(db):
    message(db, lane=Lane.BULK, **times(MORNING - 10 * HOUR))
    assert [kind for kind, *_ in stuck(db, MORNING + 6 * MINUTE)] == [Kind.NEVER_SENT]


def test_what_was_set_aside_is_not_stuck_and_harms_nobody_who_counts(db):
    set_aside(db, message(db, lane=Lane.BULK))
    assert stuck(db) == []
    bulk = lane_now(db, Lane.BULK)
    assert (bulk.pending, bulk.due, bulk.oldest_due) == (1, 0, None)


def test_a_lane_that_is_being_worked_off_is_told_from_one_that_is_not(db):
    message(db, **times(NOW - HOUR))
    assert [found.moving for found in watch.stuck(db, watch.lanes_now(db, CAPS, NOW), NOW)] == [False]
    message(db, Status.SENDING)
    assert [found.moving for found in watch.stuck(db, watch.lanes_now(db, CAPS, NOW), NOW)] == [True]


def test_how_a_lane_stands(db):
    message(db, **times(NOW - HOUR))
    message(db, **times(NOW + HOUR))
    for status in (Status.SENDING, Status.SENT, Status.UNKNOWN, Status.DELIVERED, Status.FAILED):
        message(db, status)
    freeze(db)
    assert lane_now(db, Lane.INTERACTIVE) == watch.LaneNow(
        Lane.INTERACTIVE,
        pending=2,
        due=1,
        oldest_due=NOW - HOUR,
        sending=1,
        sent=1,
        unknown=1,
        frozen=None,
        resting=False,
        cap=None,
    )
    assert (lane_now(db, Lane.BULK).frozen, lane_now(db, Lane.BULK).stands) == ("a look at it", True)


OF_OPEN_ONES = {"messages_pending_idx", "messages_open_idx", "messages_sent_idx", "messages_subject_idx"}
"""Indexes that hold open messages only. Which of them is taken depends on what PostgreSQL knows of an empty table."""


def test_no_look_reads_the_settled_messages(db):
    """However many millions there are: each look goes through an index of the open ones."""
    seen = []
    connection = db.connection()
    db.execute(sa.text("SET LOCAL enable_seqscan = off"))
    sa.event.listen(connection, "before_cursor_execute", lambda *call: seen.append((call[2], call[3])))
    watch.stuck(db, watch.lanes_now(db, CAPS, NOW), NOW)
    about_messages = [(sql, parameters) for sql, parameters in seen if "FROM messages" in sql]
    assert len(about_messages) >= 4
    for sql, parameters in about_messages:
        plan = "\n".join(connection.exec_driver_sql("EXPLAIN " + sql, parameters).scalars())
        assert "Seq Scan" not in plan, plan
        used = set(re.findall(r"messages_[a-z]\w+", plan))
        assert used, plan
        assert used <= OF_OPEN_ONES, plan
