"""What may leave is decided when it is claimed: consent, the limit a day, quiet hours; and what is noted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.messaging import quiet, relay
from core.messaging.relay import Fate, Result
from core.messaging.tables import Lane, Message, Spending, Status
from core.people.audit import Actor, record_event
from core.people.tables import Person

PHONE, OTHER = "+254711000001", "+254711000002"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def stop(box, db, now):
    """A phone that has said STOP."""

    def say(phone=PHONE):
        person = box.register.contact(db, phone, now=now)
        person.opted_out_at = now
        db.flush()

    return say


def test_after_a_stop_only_what_was_asked_for_leaves(box, stop):
    stop()
    for lane in Lane:
        kept_back, asked = box.write(lane=lane, asked_for=False), box.write(lane=lane)
        others = box.write(OTHER, lane=lane, asked_for=False)
        assert [c.id for c in box.claim(lane=lane)] == [asked, others]
        withheld = box.get(kept_back)
        assert (withheld.status, withheld.error, withheld.attempts) == (Status.WITHHELD, "opted_out", 0)


def test_a_lane_full_of_withheld_messages_does_not_hide_what_is_behind_them(box, stop):
    stop()
    for _ in range(5):
        box.write(asked_for=False)
    good = box.write(OTHER, asked_for=False)
    assert [c.id for c in box.claim(limit=2)] == [good]


def test_a_person_gets_no_more_than_the_limit_a_day_over_all_lanes(box):
    for lane in (Lane.NOTICE, Lane.BULK):
        box.write(lane=lane, asked_for=False)
        box.settle(box.claim(lane=lane, sms_a_day=3), Fate.SENT)
    third, fourth = (box.write(lane=Lane.NOTICE, asked_for=False, valid=2 * DAY) for _ in range(2))
    assert [c.id for c in box.claim(lane=Lane.NOTICE, sms_a_day=3)] == [third]
    put_off = box.get(fourth)
    assert (put_off.status, put_off.error, put_off.attempts) == (Status.PENDING, "a_day", 0)
    assert put_off.not_before == quiet.next_morning(Lane.NOTICE, box.now)


def test_what_was_put_off_leaves_the_next_morning(box):
    first = box.write(lane=Lane.BULK, asked_for=False, valid=2 * DAY)
    second = box.write(lane=Lane.BULK, asked_for=False, valid=2 * DAY)
    assert [c.id for c in box.claim(lane=Lane.BULK, sms_a_day=1)] == [first]
    morning = quiet.next_morning(Lane.BULK, box.now)
    assert box.claim(lane=Lane.BULK, sms_a_day=1, at=box.now + HOUR) == []
    assert [c.id for c in box.claim(lane=Lane.BULK, sms_a_day=1, at=morning)] == [second]


def test_what_is_of_no_use_the_next_morning_is_withheld(box):
    box.write(asked_for=False)
    late = box.write(asked_for=False, valid=6 * HOUR)
    assert len(box.claim(sms_a_day=1)) == 1
    assert (box.get(late).status, box.get(late).error) == (Status.WITHHELD, "a_day")


def test_what_was_asked_for_is_never_kept_back_and_counts(box):
    unasked = box.write(asked_for=False, valid=2 * DAY)
    asked = [box.write() for _ in range(3)]
    assert [c.id for c in box.claim(sms_a_day=3)] == asked
    assert box.get(unasked).error == "a_day"
    again = box.write()
    assert [c.id for c in box.claim(sms_a_day=3)] == [again]


def test_the_limit_is_each_persons_own(box):
    mine, mine_too = box.write(asked_for=False), box.write(asked_for=False)
    theirs = box.write(OTHER, asked_for=False)
    assert [c.id for c in box.claim(sms_a_day=1)] == [mine, theirs]
    assert box.get(mine_too).error == "a_day"


@pytest.mark.parametrize(
    ("fate", "counts"),
    [(Fate.SENT, True), (Fate.UNKNOWN, True), (Fate.FAILED, False), (Fate.HELD, False), (Fate.RETRY, False)],
)
def test_only_what_may_have_been_received_counts(box, fate, counts):
    box.write(lane=Lane.NOTICE, asked_for=False)
    box.settle(box.claim(lane=Lane.NOTICE), fate)
    box.write(lane=Lane.BULK, asked_for=False)
    assert len(box.claim(lane=Lane.BULK, sms_a_day=1)) == (0 if counts else 1)


def test_a_day_begins_at_midnight_in_nairobi(box, now):
    late = now.replace(hour=20, minute=30)  # 23:30 there
    box.write()
    box.settle(box.claim(at=late), Fate.SENT, at=late)
    box.write(asked_for=False, valid=2 * DAY)
    assert box.claim(at=late + timedelta(minutes=20), sms_a_day=1) == []
    box.write(asked_for=False, valid=2 * DAY)
    assert len(box.claim(at=late + timedelta(minutes=40), sms_a_day=1)) == 1


def test_two_claims_at_once_do_not_both_find_the_last_one_free(engine, box, db, now):
    people = [f"+2547110000{number:02d}" for number in range(40)]
    for phone in people:
        for lane in (Lane.NOTICE, Lane.BULK):
            box.write(phone, lane=lane, asked_for=False, valid=2 * DAY)
    db.commit()

    def work(lane):
        with Session(engine) as session, session.begin():
            return [c.person.id for c in relay.claim(session, lane, limit=100, now=now, sms_a_day=1)]

    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor(1) as pool, Session(engine) as first:
        with first.begin():
            claimed = [c.person.id for c in relay.claim(first, Lane.NOTICE, limit=100, now=now, sms_a_day=1)]
            second = pool.submit(work, Lane.BULK)
            while not second.done() and not db.scalar(waiting):
                pass
        assert len(claimed) == len(people)
        assert second.result() == []


@pytest.mark.parametrize(("lane", "hour"), [(Lane.NOTICE, 17), (Lane.NOTICE, 3), (Lane.BULK, 15), (Lane.BULK, 4)])
def test_a_resting_lane_is_neither_claimed_nor_due(box, db, now, lane, hour):
    message_id = box.write(lane=lane, valid=2 * DAY)
    night = now.replace(hour=hour) + DAY
    assert box.claim(lane=lane, at=night) == []
    assert relay.due_lanes(db, now=night) == []
    morning = quiet.wakes_at(lane, night)
    assert relay.due_lanes(db, now=morning) == [lane]
    assert [c.id for c in box.claim(lane=lane, at=morning)] == [message_id]


def test_what_is_taken_is_booked_to_its_lane_and_day(box, db):
    for phone in (PHONE, OTHER, "+254711000003"):
        box.write(phone, lane=Lane.BULK)
    one, two, three = box.claim(lane=Lane.BULK)
    details = {"segments": 2, "cost_kes": Decimal("1.6"), "gateway": "at", "sender": "HUDUMA"}
    results = [
        Result(one.id, 1, Fate.SENT, gateway_id="1", **details),
        Result(two.id, 1, Fate.SENT, gateway_id="2", **details),
        Result(three.id, 1, Fate.FAILED, "blocked", segments=2),
    ]
    relay.settle(db, results, now=box.now)
    relay.settle(db, results, now=box.now)
    spent = db.scalars(sa.select(Spending)).one()
    assert (spent.what, spent.messages, spent.segments, spent.cost_kes) == ("bulk", 2, 4, Decimal("3.2"))
    assert box.get(one.id).sender == "HUDUMA"


@pytest.mark.parametrize("fate", [Fate.RETRY, Fate.HELD])
@pytest.mark.parametrize(
    ("seconds", "becomes"),
    [(-20, "pending"), (-1, "withheld"), (3, "withheld")],
    ids=["long before", "just before", "meanwhile"],
)
def test_what_ceased_to_be_true_while_it_was_handed_over_does_not_leave_later(box, db, now, fate, seconds, becomes):
    """A command finds nothing to withdraw while the message is in a worker's hands."""
    message_id = box.write()
    at = now + timedelta(minutes=1)
    claimed = box.claim(at=at)
    record_event(db, "booking.given_up", "booking:1", actor=Actor("ussd"), now=at + timedelta(seconds=seconds))
    box.settle(claimed, fate, at=at + timedelta(seconds=5))
    assert box.status(message_id) == becomes


def test_who_blocks_us_is_noted(box, db, now):
    box.write()
    box.settle(box.claim(), Fate.FAILED, error="blocked")
    box.write(OTHER)
    box.settle(box.claim(), Fate.FAILED, error="invalid_phone")
    blocked = {box.register.open_phone(p.phone_sealed): p.blocked_at for p in db.scalars(sa.select(Person))}
    assert blocked == {PHONE: now, OTHER: None}


def test_many_results_are_settled_each_in_its_own_way(box):
    fates = [Fate.SENT, Fate.FAILED, Fate.RETRY, Fate.HELD, Fate.UNKNOWN]
    messages = [box.write(f"+25471100{number:04d}") for number in range(50)]
    claimed = box.claim()
    results = [Result(c.id, c.attempt, fates[i % 5], error=f"e{i}") for i, c in enumerate(claimed)]
    assert relay.settle(box.db, results[::-1], now=box.now) == 50
    became = ["sent", "failed", "pending", "pending", "unknown"]
    assert [(box.status(m), box.get(m).error) for m in messages] == [(became[i % 5], f"e{i}") for i in range(50)]
    held = box.db.scalars(sa.select(Message.held).order_by(Message.id)).all()
    assert list(held) == [int(i % 5 == 3) for i in range(50)]
