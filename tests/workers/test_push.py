"""Pushing a lane: what leaves, in how many calls, and what becomes of a message when anything fails."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest
import redis
import sqlalchemy as sa

from core.messaging import lanes
from core.messaging.relay import Claimed, Recipient
from core.messaging.tables import Lane, Status
from core.people.tables import Person
from core.settings import Cap
from sms.gateways import GatewayError, Receipt
from tests.workers.support import PHONE, phone
from workers import jobs
from workers.letters import Letter, group
from workers.pace import Pace, Room
from workers.push import SETTLE_PAUSES, insist, push_lane

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
    context = replace(context, settings=replace(context.settings, at_batch=20), calls_at_once=32)
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
        claimed = Claimed(number, 1, Recipient(number, None, None), Lane.BULK, "", {}, "en")
        return Letter(claimed, phone(number % 7), text, None)

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
    context.memory.doubted.add(Lane.INTERACTIVE)  # a lane in doubt claims nothing ahead while a call is out
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


def test_the_sender_follows_the_readers_network(context, box, gateway, register):
    senders = {"bulk": "HUDUMA", "bulk@63903": "HUDUMAKE"}
    context = replace(context, settings=replace(context.settings, at_senders=senders))
    messages = [box.write(phone(number), lane=Lane.BULK) for number in range(4)]
    with context.transaction() as db:
        register.find_contact(db, phone(1)).network = "63903"
        register.find_contact(db, phone(2)).network = "63902"
    push_lane(context, Lane.BULK)
    assert sorted((sender, sorted(phones)) for _, phones, sender in gateway.calls) == [
        ("HUDUMA", [phone(0), phone(2), phone(3)]),
        ("HUDUMAKE", [phone(1)]),
    ]
    assert [box.get(m).sender for m in messages] == ["HUDUMA", "HUDUMAKE", "HUDUMA", "HUDUMA"]


def test_identical_messages_are_worded_once_and_others_each_for_itself(context, box, gateway, monkeypatch):
    worded = []

    def say(template, arguments, **given):
        worded.append(arguments["reference"])
        return f"text {arguments['reference']} {given['language']}"

    monkeypatch.setattr("workers.letters.render", say)
    for number in range(20):
        box.write(phone(number))
    box.write(phone(20), language="sw")
    box.write(phone(21), reference="10000008")
    push_lane(context, Lane.INTERACTIVE)
    assert sorted(worded) == ["10000008", "48217096", "48217096"]
    assert sorted(len(phones) for _, phones, _ in gateway.calls) == [1, 1, 20]


def test_after_a_stop_only_what_was_asked_for_is_handed_over(context, box, gateway, register, clock):
    asked, unasked = box.write(reference="10000008"), box.write(asked_for=False)
    with context.transaction() as db:
        register.find_contact(db, PHONE).opted_out_at = clock()
    push_lane(context, Lane.INTERACTIVE)
    assert (box.get(asked).status, box.get(unasked).error) == (Status.SENT, "opted_out")
    assert len(gateway.calls) == 1


def test_the_limit_a_day_is_the_settings(context, box, gateway):
    context = replace(context, settings=replace(context.settings, sms_a_day=2))
    for _ in range(4):
        box.write(asked_for=False, valid_until=context.now() + timedelta(days=2))
    push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 2, "pending": 2}


def test_a_resting_lane_is_left_alone(context, box, gateway, clock):
    box.write(lane=Lane.BULK)
    clock.time = clock.time.replace(hour=16)
    assert push_lane(context, Lane.BULK) == 0
    assert gateway.calls == []


def test_a_lane_at_its_cap_waits_for_the_next_day_and_it_is_told_once(context, box, gateway, clock, capsys):
    context = replace(context, settings=replace(context.settings, caps=(Cap("bulk", 2, "day"),)))
    gateway.answer = lambda text, phones: [
        Receipt(p, accepted=True, gateway_id=f"{text[-9:]}{p}", cost_kes=Decimal("0.8")) for p in phones
    ]
    for number in range(3):
        box.write(phone(number), lane=Lane.BULK)
    assert push_lane(context, Lane.BULK) == 3
    box.write(phone(3), lane=Lane.BULK, valid_until=context.now() + timedelta(days=3))
    for _ in range(3):
        assert push_lane(context, Lane.BULK) == 0
    assert capsys.readouterr().out.count("a lane has reached its cap") == 1
    clock.time += timedelta(days=1)
    assert push_lane(context, Lane.BULK) == 1
    assert "a lane may spend again" in capsys.readouterr().out
    assert box.statuses() == {"sent": 4}


def test_few_messages_are_in_doubt_at_a_time_where_texts_differ(context, box, gateway):
    with ThreadPoolExecutor(2) as two:
        context = replace(context, executor=two, calls_at_once=2, settings=replace(context.settings, at_batch=5))
        for number in range(60):
            box.write(phone(number), reference=f"{number:07d}0")
        most = _most_in_doubt(context, gateway)
        push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 60}
    assert 2 <= max(most) <= 2 + 5


def test_no_more_than_ten_calls_worth_is_in_doubt_where_texts_are_shared(context, box, gateway):
    context = replace(context, settings=replace(context.settings, at_batch=3))
    for number in range(90):
        box.write(phone(number))
    most = _most_in_doubt(context, gateway)
    push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 90}
    assert len(gateway.calls) <= 36
    assert 7 < max(most) <= 30


def _most_in_doubt(context, gateway):
    """Counts at each call what a crash would make unknown."""
    most = []

    def look(text, phones):
        with context.transaction() as db:
            most.append(db.scalar(sa.text("SELECT count(*) FROM messages WHERE status = 'sending'")))

    gateway.answer = look
    return most


def test_after_trouble_the_next_push_tries_one_message_before_the_others(context, box, gateway):
    for number in range(9):
        box.write(phone(number), reference=f"{number}0000000")
    context.memory.doubted.add(Lane.INTERACTIVE)
    gateway.answer = lambda text, phones: TIMEOUT
    push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"unknown": 1, "pending": 8}
    gateway.answer = lambda text, phones: None
    push_lane(context, Lane.INTERACTIVE)
    assert box.statuses() == {"unknown": 1, "sent": 8}


def test_with_valkey_away_nothing_is_claimed(context, box, gateway, capsys):
    box.write()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    away = Pace(replace(context.settings, queue_url=f"redis://127.0.0.1:{port}/0"))
    assert push_lane(replace(context, pace=away), Lane.INTERACTIVE) == 0
    away.close()
    assert (gateway.calls, box.statuses()) == ([], {"pending": 1})
    assert "valkey" in capsys.readouterr().out


@dataclass
class OneThenAway:
    """A pace whose Valkey goes away after the first claim."""

    asked: int = 0

    def room(self, lane):
        self.asked += 1
        if self.asked > 1:
            raise redis.ConnectionError
        return Room(1, 0.0)

    def take(self, segments):
        raise redis.ConnectionError


def test_with_valkey_gone_in_mid_push_what_was_claimed_is_handed_over_and_settled(context, box, gateway):
    for number in range(3):
        box.write(phone(number))
    push_lane(replace(context, pace=OneThenAway()), Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 1, "pending": 2}


@dataclass
class Strict:
    """A pace with so much room at each asking, that notes what is taken."""

    rooms: list[Room]
    taken: list[dict[str | None, int]] = field(default_factory=list)

    def room(self, lane):
        return self.rooms.pop(0) if len(self.rooms) > 1 else self.rooms[0]

    def take(self, segments):
        self.taken.append(dict(segments))


def test_no_more_is_claimed_than_the_pace_has_room_for_and_its_segments_are_taken(context, box, gateway):
    for number in range(9):
        box.write(phone(number))
    pace = Strict([Room(2, 0.0), Room(0, 0.001), Room(3, 0.0), Room(100, 0.0)])
    assert push_lane(replace(context, pace=pace), Lane.INTERACTIVE) == 9
    assert [taken["22191"] for taken in pace.taken] == [2, 3, 4]
    assert len(gateway.calls) == 3


def test_the_database_away_at_a_later_claim_does_not_lose_what_is_under_way(context, box, gateway):
    for number in range(4):
        box.write(phone(number), reference=f"{number}0000000")
    opened = []

    @contextmanager
    def away_once():
        opened.append(1)
        if len(opened) == 2:
            raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))
        with context.transaction() as db:
            yield db

    first = threading.Event()
    gateway.answer = lambda text, phones: first.wait(0.2) and None
    pace = Strict([Room(2, 0.0)])
    with pytest.raises(sa.exc.OperationalError):
        push_lane(replace(context, transaction=away_once, pace=pace), Lane.INTERACTIVE)
    assert box.statuses() == {"sent": 2, "pending": 2}


def test_a_call_no_thread_has_begun_in_time_is_not_made(context, box, gateway, monkeypatch):
    monkeypatch.setattr("workers.push.NOT_BEGUN_SECONDS", -1.0)
    box.write()
    push_lane(replace(context, pace=OneThenAway()), Lane.INTERACTIVE)
    assert gateway.calls == []
    assert box.statuses() == {"pending": 1}


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
