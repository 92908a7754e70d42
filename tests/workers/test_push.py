"""Pushing a lane: what leaves, in how many calls, and what becomes of a message when anything fails."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.messaging import lanes
from core.messaging.relay import Claimed
from core.messaging.tables import Lane, Status
from core.people.tables import Person
from sms.gateways import GatewayError, Receipt
from tests.workers.support import PHONE, phone
from workers import jobs
from workers.push import SETTLE_PAUSES, Letter, group, insist, push_lane

UNREACHABLE = GatewayError("gateway_unreachable", retryable=True, outcome_known=True)
TIMEOUT = GatewayError("gateway_timeout", retryable=False, outcome_known=False)


def test_a_message_leaves_and_keeps_its_receipt(context, box, gateway):
    message_id = box.write()
    assert push_lane(context, Lane.INTERACTIVE) == 1
    ((text, phones, sender),) = gateway.calls
    assert text.startswith("Booked: Lost ID, GPO, Tue 24 Nov 8:00am. Number 4821 7096.")
    assert (phones, sender) == ([PHONE], "22191")
    message = box.get(message_id)
    assert (message.status, message.gateway, message.gateway_id, message.segments) == (
        Status.SENT,
        "fake",
        f"1-{PHONE}",
        1,
    )


def test_a_job_run_twice_sends_once(context, box, gateway):
    box.write()
    jobs.serve_with(context)
    jobs.push("interactive")
    jobs.push("interactive")
    assert gateway.phones == [PHONE]


def test_a_lane_without_a_sender_uses_the_accounts_own(context, box, gateway):
    box.write(lane=Lane.BULK)
    push_lane(context, Lane.BULK)
    assert [sender for _, _, sender in gateway.calls] == [None]


def test_identical_texts_share_calls_and_different_ones_do_not(context, box, gateway):
    context = replace(context, settings=replace(context.settings, at_batch=20))
    for number in range(45):
        box.write(phone(number))
    box.write(phone(45), reference="10000008")
    assert push_lane(context, Lane.INTERACTIVE) == 46
    assert sorted(len(phones) for _, phones, _ in gateway.calls) == [1, 5, 20, 20]
    assert sorted(gateway.phones) == [phone(number) for number in range(46)]
    assert box.statuses() == {"sent": 46}


def test_one_phone_is_never_named_twice_in_a_call(context, box, gateway):
    for to in (PHONE, phone(2), PHONE, PHONE):
        box.write(to)
    push_lane(context, Lane.INTERACTIVE)
    assert sorted(len(phones) for _, phones, _ in gateway.calls) == [1, 1, 2]
    assert box.statuses() == {"sent": 4}


def test_grouping_keeps_to_the_most_recipients_of_a_call():
    def letter(number, text):
        claimed = Claimed(number, 1, Person(), Lane.BULK, "", {}, "en")
        return Letter(claimed, phone(number % 7), text)

    letters = [letter(number, "ab"[number % 2]) for number in range(50)]
    calls = list(group(letters, 3))
    assert sorted(x.claimed.id for call in calls for x in call.letters) == list(range(50))
    for call in calls:
        assert len(call.letters) <= 3
        assert len({x.phone for x in call.letters}) == len(call.letters)
        assert {x.text for x in call.letters} == {call.text}


def test_no_transaction_is_open_while_the_gateway_answers(context, box, gateway):
    box.write()
    seen = []

    def look(text, phones):
        with context.transaction() as db:
            idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            seen.append((db.scalar(sa.text(idle)), db.scalar(sa.text("SELECT status FROM messages"))))

    gateway.answer = look
    push_lane(context, Lane.INTERACTIVE)
    assert seen == [(0, "sending")]


def test_a_message_that_cannot_be_worded_fails_alone(context, box, gateway):
    bad = box.write(template="no_such")
    worse = box.write(arguments={})
    good = box.write()
    push_lane(context, Lane.INTERACTIVE)
    assert [(box.get(m).status, box.get(m).error) for m in (bad, worse, good)] == [
        ("failed", "unknown_template"),
        ("failed", "bad_arguments"),
        ("sent", None),
    ]


def test_a_phone_that_cannot_be_unsealed_is_tried_again_later(context, box, gateway):
    message_id = box.write()
    with context.transaction() as db:
        db.execute(sa.update(Person).values(phone_sealed=b"damaged"))
    push_lane(context, Lane.INTERACTIVE)
    assert (box.get(message_id).status, box.get(message_id).error) == ("pending", "unsealable")
    assert gateway.calls == []


def test_a_refused_connection_is_tried_again_when_its_time_has_come(context, box, gateway, clock):
    message_id = box.write()
    gateway.answer = lambda text, phones: UNREACHABLE
    push_lane(context, Lane.INTERACTIVE)
    push_lane(context, Lane.INTERACTIVE)
    assert (box.get(message_id).status, box.get(message_id).error) == ("pending", "gateway_unreachable")
    assert len(gateway.calls) == 1
    clock.time += timedelta(minutes=1)
    gateway.answer = lambda text, phones: None
    push_lane(context, Lane.INTERACTIVE)
    assert box.get(message_id).status == Status.SENT


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda text, phones: TIMEOUT, "gateway_timeout"),
        (lambda text, phones: [Receipt(PHONE, accepted=False, error="no_receipt", outcome_known=False)], "no_receipt"),
        (lambda text, phones: 1 / 0, "adapter_failed"),
        (lambda text, phones: [Receipt(PHONE, accepted=True)] * 2, "adapter_failed"),
    ],
)
def test_an_unknown_outcome_is_never_sent_again(context, box, gateway, clock, answer, error):
    message_id = box.write()
    gateway.answer = answer
    push_lane(context, Lane.INTERACTIVE)
    clock.time += timedelta(hours=1)
    push_lane(context, Lane.INTERACTIVE)
    assert (box.get(message_id).status, box.get(message_id).error) == ("unknown", error)
    assert len(gateway.calls) == 1


def test_recipients_of_one_call_have_fates_of_their_own(context, box, gateway):
    messages = [box.write(phone(number)) for number in range(4)]
    gateway.answer = lambda text, phones: [
        Receipt(phones[0], accepted=True, gateway_id="1"),
        Receipt(phones[1], accepted=False, error="blocked"),
        Receipt(phones[2], accepted=False, error="gateway_failed", retryable=True),
        Receipt(phones[3], accepted=False, error="no_receipt", outcome_known=False),
    ]
    push_lane(context, Lane.INTERACTIVE)
    assert [(box.get(m).status, box.get(m).error) for m in messages] == [
        ("sent", None),
        ("failed", "blocked"),
        ("pending", "gateway_failed"),
        ("unknown", "no_receipt"),
    ]


def test_a_gateway_that_fails_is_left_alone_and_what_was_not_tried_stays_to_be_sent(context, box, gateway):
    with ThreadPoolExecutor(1) as one_at_a_time:
        context = replace(context, executor=one_at_a_time)
        for number in range(5):
            box.write(phone(number), reference=f"{number}0000000")
        gateway.answer = lambda text, phones: TIMEOUT
        push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"unknown": 1, "pending": 4}
    assert len(gateway.calls) == 1


def test_a_call_refused_for_what_is_in_it_does_not_hold_up_the_others(context, box, gateway):
    bad, good = box.write(phone(1), reference="10000008"), box.write(phone(2))
    refused = GatewayError("call_refused", retryable=False, outcome_known=True)
    gateway.answer = lambda text, phones: refused if "1000 0008" in text else None
    push_lane(context, Lane.INTERACTIVE)
    assert (box.get(bad).status, box.get(bad).error, box.get(good).status) == ("failed", "call_refused", "sent")


@pytest.mark.parametrize(
    "answer",
    [
        lambda text, phones: [Receipt(p, accepted=False, error="out_of_credit", retryable=True) for p in phones],
        lambda text, phones: GatewayError("out_of_credit", retryable=False, outcome_known=True),
    ],
)
def test_without_credit_the_lane_stops_and_loses_nothing(context, box, gateway, answer):
    for number in range(3):
        box.write(phone(number))
    gateway.answer = answer
    push_lane(context, Lane.INTERACTIVE)
    push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"pending": 3}
    assert len(gateway.calls) == 1
    with context.transaction() as db:
        assert lanes.frozen(db, Lane.INTERACTIVE) == "out_of_credit"
        assert lanes.frozen(db, Lane.BULK) is None
        lanes.thaw(db, Lane.INTERACTIVE)
    gateway.answer = lambda text, phones: None
    push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 3}


def test_a_frozen_lane_sends_nothing(context, box, gateway, clock):
    box.write()
    with context.transaction() as db:
        lanes.freeze(db, Lane.INTERACTIVE, reason="a look at it", now=clock())
    assert push_lane(context, Lane.INTERACTIVE) == 0
    assert gateway.calls == []


def test_what_is_past_its_time_is_not_sent(context, box, gateway, clock):
    message_id = box.write()
    clock.time += timedelta(days=1)
    push_lane(context, Lane.INTERACTIVE)
    assert box.get(message_id).status == Status.EXPIRED
    assert gateway.calls == []


def test_a_worker_told_to_stop_begins_nothing(context, box, gateway):
    box.write()
    context.stopping.set()
    assert push_lane(context, Lane.INTERACTIVE) == 0
    assert gateway.calls == []


def test_a_worker_told_to_stop_in_mid_push_settles_what_it_has_begun(context, box, gateway):
    with ThreadPoolExecutor(1) as one_at_a_time:
        context = replace(context, executor=one_at_a_time)
        for number in range(4):
            box.write(phone(number), reference=f"{number}0000000")
        gateway.answer = lambda text, phones: context.stopping.set()
        push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 1, "pending": 3}


def test_two_workers_at_once_send_each_message_once(context, box, gateway):
    for number in range(120):
        box.write(phone(number), reference=f"{number:07d}0")
    context = replace(context, settings=replace(context.settings, at_batch=10))
    with ThreadPoolExecutor(2) as workers:
        claimed = list(workers.map(lambda _: push_lane(context, Lane.INTERACTIVE), range(2)))
    assert sum(claimed) == 120
    assert sorted(gateway.phones) == [phone(number) for number in range(120)]
    assert box.statuses() == {"sent": 120}


def test_settling_goes_on_when_the_database_comes_back(context, box, gateway, monkeypatch):
    message_id = box.write()
    opened = []

    @contextmanager
    def away_twice():
        opened.append(1)
        if len(opened) in (2, 3):
            raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))
        with context.transaction() as db:
            yield db

    monkeypatch.setattr("workers.push.SETTLE_PAUSES", (0.0, 0.0))
    push_lane(replace(context, transaction=away_twice), Lane.INTERACTIVE)
    assert box.get(message_id).status == Status.SENT
    assert len(gateway.calls) == 1


def test_insisting_ends():
    waited = []

    def away():
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))

    with pytest.raises(sa.exc.OperationalError):
        insist(away, pause=waited.append)
    assert waited == list(SETTLE_PAUSES)


def test_a_push_with_the_database_away_is_left_to_the_clock(context, gateway):
    @contextmanager
    def away():
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))
        yield

    jobs.serve_with(replace(context, transaction=away))
    jobs.push("interactive")
    assert gateway.calls == []


def test_nothing_personal_is_logged(context, box, gateway, capsys, caplog):
    for answer in (None, TIMEOUT, UNREACHABLE):
        box.write()
        gateway.answer = lambda text, phones, answer=answer: answer
        push_lane(context, Lane.INTERACTIVE)
    box.write(template="no_such")
    push_lane(context, Lane.INTERACTIVE)
    said = "".join(capsys.readouterr()) + caplog.text
    assert "gateway_timeout" in said
    assert "711000001" not in said
    assert "Booked" not in said
