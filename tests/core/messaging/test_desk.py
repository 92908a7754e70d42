"""What an operator does by hand: look, send after all what certainly was not, and settle what nobody knows."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.db import transactions
from core.messaging import desk
from core.messaging.tables import Message, Status
from core.people.audit import Actor, record_event
from core.people.tables import Event
from tests.core.messaging.rows import PHONE, REGISTER, message, set_aside, status
from tests.support import NOW

ACTOR = Actor("terminal", who="Wanjiku")
HOUR = timedelta(hours=1)


def failed(db, error="no_route", **changes):
    return message(db, Status.FAILED, error=error, attempts=7, **changes)


def requeue(db, *ids, at=NOW + HOUR, **more):
    return desk.requeue(db, ids, actor=ACTOR, now=at, **more)


# Looking.


def test_the_dead_are_told_with_their_reasons_the_latest_first(db):
    old = failed(db, "invalid_phone", status_at=NOW - HOUR)
    withheld = message(db, Status.WITHHELD, error="opted_out", status_at=NOW)
    expired = message(db, Status.EXPIRED, status_at=NOW, lane="bulk")
    for alive in (Status.PENDING, Status.SENDING, Status.UNKNOWN, Status.SENT, Status.DELIVERED):
        message(db, alive)
    page = desk.dead(db, limit=10)
    assert [(kept.id, kept.status, kept.error) for kept in page.messages] == [
        (expired, "expired", None),
        (withheld, "withheld", "opted_out"),
        (old, "failed", "invalid_phone"),
    ]
    assert page.next is None
    assert desk.dead(db, limit=10, error="opted_out").messages == [page.messages[1]]


def test_pages_follow_each_other_although_many_died_in_one_moment(db):
    ids = [failed(db) for _ in range(7)]
    found, after = [], None
    while True:
        page = desk.dead(db, limit=3, after=after)
        found += [kept.id for kept in page.messages]
        after = page.next
        if after is None:
            break
        failed(db, status_at=NOW + HOUR)  # what dies meanwhile moves no page
    assert found == ids[::-1]


def test_the_reasons_are_counted(db):
    for _ in range(3):
        failed(db, "invalid_phone")
    failed(db, "invalid_phone", lane="bulk")
    message(db, Status.EXPIRED)
    failed(db, "no_route", status_at=NOW - 25 * HOUR)
    assert [(r.status, r.error, r.lane, r.messages) for r in desk.reasons(db, since=NOW - 24 * HOUR)] == [
        ("failed", "invalid_phone", "interactive", 3),
        ("expired", None, "interactive", 1),
        ("failed", "invalid_phone", "bulk", 1),
    ]


def test_what_a_phone_was_sent_is_told_of_that_phone_alone(db):
    first, second = message(db, Status.DELIVERED), message(db)
    set_aside(db, second)
    message(db, phone="+254711000002")
    contact = REGISTER.find_contact(db, PHONE)
    assert [(kept.id, kept.status) for kept in desk.sent_to(db, contact.id)] == [
        (second, "pending"),
        (first, "delivered"),
    ]


# Sending after all.


def test_what_certainly_was_not_taken_is_tried_anew_as_often_as_a_new_one(db):
    message_id = failed(db)
    assert requeue(db, message_id) == desk.Requeued([message_id], {})
    row = db.get_one(Message, message_id, populate_existing=True)
    assert (row.status, row.error, row.not_before, row.attempts - row.held) == ("pending", None, NOW + HOUR, 0)
    assert db.info["lanes"] == {"interactive"}
    event = db.scalars(sa.select(Event)).one()
    assert (event.name, event.subject, event.who) == ("message.requeued", f"message:{message_id}", "Wanjiku")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        *[
            pytest.param({"status": was}, "not_failed", id=was)
            for was in Status
            if was not in (Status.FAILED, Status.PENDING)
        ],
        pytest.param({"gateway": "at", "gateway_id": "1"}, "was_taken", id="the network failed, not the gateway"),
        pytest.param({"valid_until": NOW + HOUR}, "out_of_time", id="its time is over"),
    ],
)
def test_what_may_have_been_sent_or_is_out_of_time_is_not(db, state, why):
    message_id = message(db, **{"status": Status.FAILED} | state)
    before = status(db, message_id)
    assert requeue(db, message_id) == desk.Requeued([], {message_id: why})
    assert status(db, message_id) == before
    assert db.scalars(sa.select(Event)).all() == []


def test_what_is_no_longer_sure_to_be_true_is_not_sent_after_all(db):
    message_id, other = failed(db, subject="booking:1"), failed(db, subject="booking:2")
    record_event(db, "booking.confirmed", "booking:2", actor=ACTOR, now=NOW)  # with the message itself
    record_event(db, "booking.cancelled", "booking:1", actor=ACTOR, now=NOW + timedelta(minutes=1))
    db.flush()
    assert requeue(db, message_id, other) == desk.Requeued([other], {message_id: "changed_since"})


def test_more_time_is_given_on_purpose_and_never_less(db):
    late, good = failed(db, valid_until=NOW), failed(db)
    assert requeue(db, late, good, valid_until=NOW + 3 * HOUR).refused == {}
    assert db.get_one(Message, late, populate_existing=True).valid_until == NOW + 3 * HOUR
    assert db.get_one(Message, good, populate_existing=True).valid_until == NOW + 24 * HOUR


def test_asking_twice_or_for_what_is_not_there_changes_nothing(db):
    message_id = failed(db)
    requeue(db, message_id)
    assert requeue(db, message_id, 999) == desk.Requeued([], {message_id: "not_failed", 999: "not_failed"})


def test_two_operators_at_once_put_a_message_back_once(engine):
    transaction = transactions(engine)
    with transaction() as db:
        ids = [failed(db) for _ in range(20)]

    def press(_):
        with transaction() as db:
            return requeue(db, *ids).done

    with ThreadPoolExecutor(4) as operators:
        assert sorted(itertools.chain.from_iterable(operators.map(press, range(4)))) == ids


# Settling what nobody knows.


@pytest.mark.parametrize(
    ("arrived", "changes", "becomes"),
    [
        pytest.param(True, {}, ("sent", None), id="it arrived"),
        pytest.param(False, {}, ("pending", None), id="it did not"),
        pytest.param(False, {"valid_until": NOW}, ("expired", None), id="it did not, and its time is over"),
        pytest.param(False, {"subject": "booking:2"}, ("withheld", "no_longer_true"), id="it did not, and is not true"),
        pytest.param(True, {"subject": "booking:2", "valid_until": NOW}, ("sent", None), id="what arrived, arrived"),
    ],
)
def test_a_person_says_what_became_of_an_unknown_message(db, arrived, changes, becomes):
    record_event(db, "booking.cancelled", "booking:2", actor=ACTOR, now=NOW + timedelta(minutes=1))
    message_id = message(db, Status.UNKNOWN, error="gateway_timeout", attempts=1, **changes)
    assert desk.resolve(db, message_id, arrived, ACTOR, NOW + HOUR) == becomes[0]
    assert status(db, message_id) == becomes
    event = db.scalars(sa.select(Event).where(Event.subject == f"message:{message_id}")).one()
    assert (event.who, event.details) == ("Wanjiku", {"arrived": arrived, "status": becomes[0]})
    assert db.info.get("lanes", set()) == ({"interactive"} if becomes[0] == "pending" else set())


@pytest.mark.parametrize("was", [was for was in Status if was is not Status.UNKNOWN])
def test_what_is_known_is_not_for_a_person_to_say(db, was):
    message_id = message(db, was)
    with pytest.raises(desk.NotUnknown):
        desk.resolve(db, message_id, False, ACTOR, NOW)
    assert status(db, message_id) == (was, None)


def test_what_was_never_written_cannot_be_resolved(db):
    with pytest.raises(desk.NotUnknown):
        desk.resolve(db, 999, True, ACTOR, NOW)
