"""Claiming and settling: nothing twice, nothing lost, and an honest word for what nobody knows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.messaging import lanes, relay
from core.messaging.relay import Fate, Result
from core.messaging.tables import Lane, Message, Status

MINUTE = timedelta(minutes=1)


def test_a_claimed_message_is_not_claimed_again(box):
    message_id = box.write()
    (claimed,) = box.claim()
    assert (claimed.id, claimed.attempt, claimed.lane) == (message_id, 1, Lane.INTERACTIVE)
    assert box.register.open_phone(claimed.person.phone_sealed) == "+254711000001"
    assert box.status(message_id) == Status.SENDING
    assert box.claim() == []


def test_a_lane_sees_only_its_own_messages(box):
    box.write(lane=Lane.BULK)
    assert box.claim() == []
    assert len(box.claim(lane=Lane.BULK)) == 1


def test_a_claim_takes_the_oldest_first_and_no_more_than_its_limit(box):
    first, second, third = box.write(), box.write(), box.write()
    assert [c.id for c in box.claim(limit=2)] == [first, second]
    assert [c.id for c in box.claim(limit=2)] == [third]


def test_a_message_is_not_claimed_before_its_time(box, now):
    box.write()
    assert box.claim(at=now - MINUTE) == []


def test_what_is_past_its_time_expires_and_is_not_sent(box, now):
    late, good = box.write(valid=MINUTE), box.write()
    claimed = box.claim(at=now + 2 * MINUTE)
    assert [c.id for c in claimed] == [good]
    assert box.status(late) == Status.EXPIRED
    assert box.get(late).attempts == 0


def test_expired_messages_do_not_hide_the_ones_behind_them(box, now):
    for _ in range(5):
        box.write(valid=MINUTE)
    good = box.write()
    assert [c.id for c in box.claim(at=now + 2 * MINUTE, limit=2)] == [good]


def test_a_frozen_lane_stands_still_until_it_is_let_go(box, db, now):
    message_id = box.write()
    assert lanes.freeze(db, Lane.INTERACTIVE, reason="out_of_credit", now=now)
    assert not lanes.freeze(db, Lane.INTERACTIVE, reason="again", now=now)
    assert lanes.frozen(db, Lane.INTERACTIVE) == "out_of_credit"
    assert lanes.frozen(db, Lane.BULK) is None
    assert box.claim() == []
    assert relay.due_lanes(db, now=now) == []
    assert lanes.thaw(db, Lane.INTERACTIVE)
    assert not lanes.thaw(db, Lane.INTERACTIVE)
    assert lanes.frozen(db, Lane.INTERACTIVE) is None
    assert relay.due_lanes(db, now=now) == [Lane.INTERACTIVE]
    assert [c.id for c in box.claim()] == [message_id]


def test_a_lane_frozen_again_tells_the_new_reason(db, now):
    lanes.freeze(db, Lane.BULK, reason="first", now=now)
    lanes.thaw(db, Lane.BULK)
    assert lanes.freeze(db, Lane.BULK, reason="second", now=now)
    assert lanes.frozen(db, Lane.BULK) == "second"


def test_a_sent_message_keeps_what_the_gateway_said(box):
    message_id = box.write()
    box.settle(box.claim(), Fate.SENT, gateway="at", gateway_id="ATXid_1", segments=1)
    message = box.get(message_id)
    assert (message.status, message.gateway, message.gateway_id, message.segments) == ("sent", "at", "ATXid_1", 1)


@pytest.mark.parametrize("fate", [Fate.FAILED, Fate.UNKNOWN])
def test_a_failed_or_unknown_message_keeps_the_reason_and_is_never_claimed_again(box, now, fate):
    message_id = box.write()
    box.settle(box.claim(), fate, error="because")
    assert (box.status(message_id), box.get(message_id).error) == (fate.name.lower(), "because")
    assert box.claim(at=now + timedelta(hours=23)) == []


def test_a_retry_waits_longer_each_time_and_ends(box, now):
    message_id = box.write(valid=timedelta(days=9))
    at, waits = now, []
    for _ in range(relay.MOST_ATTEMPTS):
        claimed = box.claim(at=at)
        assert len(claimed) == 1
        box.settle(claimed, Fate.RETRY, error="gateway_unreachable", at=at)
        waits.append(box.get(message_id).not_before - at)
        assert box.claim(at=at) == []
        at = max(at, box.get(message_id).not_before)
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[0] >= timedelta(seconds=15)
    assert (box.status(message_id), box.get(message_id).error) == (Status.FAILED, "gateway_unreachable")
    assert box.claim(at=at + timedelta(days=1)) == []


def test_a_held_message_is_as_if_it_had_not_been_claimed(box):
    message_id = box.write()
    box.settle(box.claim(), Fate.HELD, error="out_of_credit")
    held = box.get(message_id)
    assert (held.status, held.attempts - held.held) == (Status.PENDING, 0)
    assert [c.id for c in box.claim()] == [message_id]


def test_a_message_may_be_held_any_number_of_times(box):
    message_id = box.write()
    for _ in range(20):
        box.settle(box.claim(), Fate.HELD, error="out_of_credit")
    assert box.status(message_id) == Status.PENDING


def test_the_late_result_of_a_claim_that_was_held_is_ignored(box):
    message_id = box.write()
    first = box.claim()
    box.settle(first, Fate.HELD, error="out_of_credit")
    box.claim()
    assert box.settle(first, Fate.HELD, error="out_of_credit") == 0
    assert box.status(message_id) == Status.SENDING


def test_a_result_is_recorded_once(box):
    message_id = box.write()
    claimed = box.claim()
    assert box.settle(claimed, Fate.SENT, gateway="at", gateway_id="1") == 1
    assert box.settle(claimed, Fate.FAILED, error="late") == 0
    assert box.status(message_id) == Status.SENT


def test_the_result_of_an_older_attempt_is_ignored(box, now):
    message_id = box.write()
    old = box.claim()
    box.settle(old, Fate.RETRY, error="gateway_unreachable")
    box.claim(at=now + 2 * MINUTE)
    assert box.settle(old, Fate.FAILED, error="late") == 0
    assert box.status(message_id) == Status.SENDING


def test_a_gateway_that_gives_an_id_twice_does_not_undo_the_settling(box):
    first = box.sent("ATXid_1")
    second = box.sent("ATXid_1")
    assert [box.get(m).gateway_id for m in (first, second)] == ["ATXid_1", None]
    assert box.status(second) == Status.SENT


def test_an_id_twice_in_one_answer_does_not_undo_the_settling(box):
    messages = [box.write(), box.write("+254711000002")]
    box.settle(box.claim(), Fate.SENT, gateway="at", gateway_id="ATXid_1")
    assert [box.get(m).gateway_id for m in messages] == ["ATXid_1", None]


def test_settling_nothing_is_nothing(db, now):
    assert relay.settle(db, [], now=now) == 0
    assert relay.settle(db, [Result(7, 1, Fate.SENT)], now=now) == 0


def test_what_a_crash_left_in_mid_call_becomes_unknown_and_is_never_sent_again(box, db, now):
    message_id = box.write()
    box.claim()
    assert relay.mark_stuck(db, now=now + relay.STUCK_AFTER - timedelta(seconds=1)) == 0
    assert relay.mark_stuck(db, now=now + relay.STUCK_AFTER) == 1
    assert (box.status(message_id), box.get(message_id).error) == (Status.UNKNOWN, "interrupted")
    assert box.claim(at=now + timedelta(hours=1)) == []
    assert relay.mark_stuck(db, now=now + timedelta(hours=1)) == 0


def test_a_worker_thought_dead_may_still_settle(box, db, now):
    message_id = box.write()
    claimed = box.claim()
    relay.mark_stuck(db, now=now + relay.STUCK_AFTER)
    assert box.settle(claimed, Fate.SENT, gateway="at", gateway_id="1") == 1
    assert box.status(message_id) == Status.SENT


def test_workers_at_once_claim_each_message_once(engine, box, db, now):
    written = {box.write() for _ in range(300)}
    db.commit()

    def work(_: int) -> list[int]:
        mine = []
        while True:
            with Session(engine) as session, session.begin():
                claimed = relay.claim(session, Lane.INTERACTIVE, limit=7, now=now)
            if not claimed:
                return mine
            mine += [c.id for c in claimed]

    with ThreadPoolExecutor(8) as pool:
        taken = [message_id for share in pool.map(work, range(8)) for message_id in share]
    assert sorted(taken) == sorted(written)
    assert set(db.scalars(sa.select(Message.attempts))) == {1}
