"""What the clock tells the operator in the log: stuck messages, and an account that runs dry."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from core.messaging import money
from core.messaging.tables import Balance, Lane, Status
from sms.gateways import GatewayError
from tests.core.messaging.rows import PHONE, message, times
from tests.support import NOW
from workers import watching
from workers.clock import Job, tick

HOUR = timedelta(hours=1)


def logged(act, *arguments):
    with capture_logs() as lines:
        act(*arguments)
    return lines


def test_nothing_is_said_of_an_outbox_in_order(context):
    assert logged(watching.report_stuck, context, NOW) == []


def test_each_kind_of_stuck_messages_is_one_line_with_counts_and_nobody(context):
    with context.transaction() as db:
        for at in (NOW - HOUR, NOW - 2 * HOUR):
            message(db, **times(at))
        message(db, lane=Lane.BULK, **times(NOW - HOUR))
        message(db, Status.UNKNOWN, lane=Lane.BULK)
    lines = logged(watching.report_stuck, context, NOW)
    assert lines == [
        {
            "event": "messages are stuck",
            "log_level": "warning",
            "kind": "never_sent",
            "interactive": 2,
            "bulk": 1,
            "oldest_minutes": 120,
        },
        {"event": "messages are stuck", "log_level": "warning", "kind": "unknown", "bulk": 1, "oldest_minutes": 0},
    ]
    assert PHONE not in str(lines)


def test_a_backlog_that_is_being_worked_off_is_no_warning(context):
    with context.transaction() as db:
        message(db, lane=Lane.BULK, **times(NOW - HOUR))
        message(db, Status.SENDING, lane=Lane.BULK)
    assert [line["log_level"] for line in logged(watching.report_stuck, context, NOW)] == ["info"]


@pytest.mark.parametrize(
    ("balance", "spent", "warned"),
    [
        pytest.param("300", "100", False, id="three days"),
        pytest.param("299", "100", True, id="a little less"),
        pytest.param("300", "0", False, id="nothing is spent"),
        pytest.param("0", "0", True, id="empty"),
        pytest.param("-3", "100", True, id="overdrawn"),
    ],
)
def test_the_balance_is_kept_and_warned_of_when_it_lasts_less_than_three_days(context, gateway, balance, spent, warned):
    gateway.account = Decimal(balance)
    with context.transaction() as db:
        money.book(db, what="bulk", messages=1, segments=1, cost_kes=Decimal(spent), now=NOW - 24 * HOUR)
    lines = logged(watching.ask_balance, context, NOW)
    assert [line["log_level"] for line in lines] == ["warning"] * warned
    with context.transaction() as db:
        assert db.scalars(sa.select(Balance.kes)).all() == [Decimal(balance)]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (GatewayError("gateway_timeout", retryable=False, outcome_known=False), "the gateway did not tell the balance"),
        (None, "the gateway's balance cannot be read"),
    ],
)
def test_a_gateway_that_does_not_tell_is_told_and_nothing_is_kept(context, gateway, answer, told):
    gateway.account = answer
    assert [line["event"] for line in logged(watching.ask_balance, context, NOW)] == [told]
    with context.transaction() as db:
        assert db.scalars(sa.select(Balance)).all() == []


def test_the_gateway_is_asked_outside_of_transactions(context, gateway, monkeypatch):
    seen = []

    def balance():
        with context.transaction() as db:
            idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = 'town'"
            seen.append(db.scalar(sa.text(idle)))
        return Decimal(5)

    monkeypatch.setattr(gateway, "balance", balance)
    watching.ask_balance(context, NOW)
    assert seen == [0]


def test_a_gateway_that_hangs_does_not_keep_the_clock(context, gateway, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(gateway, "balance", lambda: answered.wait(20) and Decimal(7))
    with ThreadPoolExecutor(1) as executor:
        asking = replace(context, executor=executor)
        job = Job("ask_balance", HOUR, watching.ask_balance_aside)
        assert tick(asking, NOW, (job,)) == ["ask_balance"]
        answered.set()
    with context.transaction() as db:
        assert db.scalars(sa.select(Balance.kes)).all() == [Decimal(7)]


def test_clocks_at_once_ask_once(context, gateway, monkeypatch):
    asked = []
    monkeypatch.setattr(gateway, "balance", lambda: asked.append(1))
    with ThreadPoolExecutor(4) as executor, ThreadPoolExecutor(4) as clocks:
        job = Job("ask_balance", HOUR, watching.ask_balance_aside)
        list(clocks.map(lambda _: tick(replace(context, executor=executor), NOW, (job,)), range(8)))
    assert asked == [1]


def test_an_adapter_that_fails_is_told_and_harms_nobody(context, gateway, monkeypatch):
    monkeypatch.setattr(gateway, "balance", lambda: 1 / 0)
    with capture_logs() as lines, ThreadPoolExecutor(1) as executor:
        watching.ask_balance_aside(replace(context, executor=executor), NOW)
    assert [(line["event"], line["error"]) for line in lines] == [
        ("the balance was not asked for", "ZeroDivisionError")
    ]
