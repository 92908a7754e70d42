"""What /metrics says of messages and money: read from the database, about lanes, about nobody."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.messaging import lanes, money
from core.messaging.tables import Lane, Status
from core.partners.news import Record
from core.partners.tables import Delivery, Webhook, WebhookCursor
from core.settings import Cap
from tests.core.messaging.rows import message, times
from tests.support import NOW
from web import figures

HOUR = timedelta(hours=1)
STATE = 'state="{}",'


@pytest.fixture
def gauges(make_app):
    """The page as {line without its value: value}."""

    def read(**changes):
        response = make_app(**changes).test_client().get("/metrics")
        assert response.status_code == 200
        lines = [line for line in response.text.splitlines() if line.startswith("zamu_")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    return read


def test_an_empty_outbox_is_told_as_such(gauges):
    page = gauges()
    assert page["zamu_figures_up"] == 1
    for lane in Lane:
        assert page[f'zamu_messages{{lane="{lane}",status="pending"}}'] == 0
        assert page[f'zamu_messages_stuck{{kind="never_sent",lane="{lane}"}}'] == 0
        assert page[f'zamu_oldest_due_seconds{{lane="{lane}"}}'] == 0
    assert "zamu_balance_kes" not in page


def test_the_open_messages_of_each_lane_are_counted(gauges, transaction):
    with transaction() as db:
        message(db, **times(NOW - HOUR))
        message(db, **times(NOW + HOUR))
        for status in (Status.SENDING, Status.UNKNOWN, Status.SENT, Status.DELIVERED):
            message(db, status, lane=Lane.BULK)
    page = gauges()
    assert page['zamu_messages{lane="interactive",status="pending"}'] == 2
    assert page['zamu_messages_due{lane="interactive"}'] == 1
    assert page['zamu_oldest_due_seconds{lane="interactive"}'] == 3600
    for status in ("sending", "unknown", "sent"):
        assert page[f'zamu_messages{{lane="bulk",status="{status}"}}'] == 1
    assert page['zamu_messages_stuck{kind="never_sent",lane="interactive"}'] == 1
    assert page['zamu_messages_stuck{kind="unknown",lane="bulk"}'] == 1


def test_dead_letters_of_a_day_are_counted_by_reason_and_not_too_many_of_those(gauges, transaction, monkeypatch):
    monkeypatch.setattr(figures, "MOST_REASONS", 2)
    with transaction() as db:
        for error, number in (("invalid_phone", 3), ("no_route", 2), ('words of a network "\\', 1), ("others", 1)):
            for _ in range(number):
                message(db, Status.FAILED, error=error)
        message(db, Status.FAILED, error="old", status_at=NOW - 25 * HOUR)
    dead = {name: value for name, value in gauges().items() if name.startswith("zamu_dead_letters")}
    assert dead == {
        'zamu_dead_letters{reason="invalid_phone",status="failed"}': 3,
        'zamu_dead_letters{reason="no_route",status="failed"}': 2,
        'zamu_dead_letters{reason="other",status="failed"}': 2,
    }


def test_money_is_told(gauges, transaction):
    with transaction() as db:
        money.book(db, what="bulk", messages=1, segments=1, cost_kes=Decimal(100), now=NOW - timedelta(days=1))
        money.book(db, what="bulk", messages=1, segments=1, cost_kes=Decimal(50), now=NOW)
        money.keep_balance(db, gateway="at", kes=Decimal(250), now=NOW - HOUR)
    page = gauges(caps=(Cap("bulk", 50, "day"),))
    assert page['zamu_spent_day_kes{what="bulk"}'] == 50
    assert page['zamu_spent_month_kes{what="bulk"}'] == 150
    assert page["zamu_balance_kes"] == 250
    assert page["zamu_balance_age_seconds"] == 3600
    assert page["zamu_days_left"] == 2.5
    assert [page[f'zamu_lane_capped{{lane="{lane}"}}'] for lane in Lane] == [0, 0, 1]


def test_webhooks_that_fail_are_told(gauges, transaction, catalogue):
    assert gauges()["zamu_webhook_oldest_due_seconds"] == 0
    with transaction() as db:
        agency_id = catalogue.services["IDR"].agency_id
        common = {"agency_id": agency_id, "url": "https://nrb.example/", "secret_sealed": b"", "events": []}
        webhook = Webhook(**common, created_by="amina", created_at=NOW - HOUR, failing_since=NOW - HOUR)
        db.add_all([webhook, Webhook(**common, created_by="amina", created_at=NOW, ended_at=NOW)])
        db.flush()
        for nth, next_at in enumerate((NOW - HOUR / 2, NOW + HOUR, None)):
            db.add(Delivery(webhook_id=webhook.id, news=f"n-{nth}", payload={}, created_at=NOW, next_at=next_at))
        for record in Record:
            db.add(WebhookCursor(record=record, transaction_id=2**62, row_id=0))
    told = {name: value for name, value in gauges().items() if name.startswith("zamu_webhook")}
    labels = f'agency="NRB",{{}}webhook="{webhook.id}"'
    assert told == {
        "zamu_webhook_oldest_due_seconds": 1800,
        f"zamu_webhook_failing_seconds{{{labels.format('')}}}": 3600,
        f"zamu_webhook_messages{{{labels.format(STATE.format('waiting'))}}}": 2,
        f"zamu_webhook_messages{{{labels.format(STATE.format('given_up'))}}}": 1,
    }


def test_a_frozen_lane_is_told(gauges, transaction):
    with transaction() as db:
        lanes.freeze(db, Lane.BULK, reason="out_of_credit", now=NOW)
    page = gauges()
    assert [page[f'zamu_lane_frozen{{lane="{lane}"}}'] for lane in Lane] == [0, 0, 1]


def test_a_database_that_is_down_costs_only_the_figures(gauges, dead_database):
    page = gauges(database_url=dead_database)
    assert page["zamu_figures_up"] == 0
    assert "zamu_messages" not in " ".join(page)


def test_a_look_that_waits_too_long_is_given_up(gauges, postgres):
    with postgres.is_locked("messages"):
        assert gauges()["zamu_figures_up"] == 0
