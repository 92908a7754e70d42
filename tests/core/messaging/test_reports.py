"""Delivery reports: early, late, twice, backwards, and about messages that nobody knows the id of."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.messaging import relay, reports
from core.messaging.relay import Fate, Result
from core.messaging.tables import DeliveryReport, Lane, Status

PHONE, OTHER = "+254711000001", "+254711000002"
HOUR = timedelta(hours=1)


@pytest.fixture
def report(box, db, now, register):
    """Take a report: `report("ATXid_1", "delivered")`."""

    def take(gateway_id, status, *, phone=PHONE, reason=None, at=None):
        return reports.take_report(
            db,
            gateway="at",
            gateway_id=gateway_id,
            status=status,
            reason=reason,
            network="63902",
            phone_index=register.phone_index(phone),
            now=at or now,
        )

    return take


def test_a_report_settles_the_message_with_its_id(box, report):
    message_id = box.sent("ATXid_1")
    assert report("ATXid_1", "delivered") == message_id
    assert box.status(message_id) == Status.DELIVERED


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        (["sent", "submitted", "buffered"], "sent", None),
        (["absent"], "sent", None),
        (["absent", "delivered"], "delivered", None),
        (["delivered", "sent"], "delivered", None),
        (["delivered", "absent"], "delivered", None),
        (["delivered", "failed"], "delivered", None),
        (["failed", "delivered"], "failed", "failed"),
        (["rejected"], "failed", "rejected"),
        (["expired"], "failed", "expired"),
        (["Hovering"], "sent", None),
    ],
)
def test_a_status_never_moves_back(box, report, said, status, error):
    message_id = box.sent("ATXid_1")
    for word in said:
        assert report("ATXid_1", word) == message_id
    assert (box.status(message_id), box.get(message_id).error) == (status, error)


def test_a_failure_keeps_the_reason_of_the_network(box, report):
    message_id = box.sent("ATXid_1")
    report("ATXid_1", "failed", reason="user_in_blacklist")
    assert box.get(message_id).error == "user_in_blacklist"


def test_a_report_is_kept_once(box, db, report):
    message_id = box.sent("ATXid_1")
    assert report("ATXid_1", "delivered") == report("ATXid_1", "delivered") == message_id
    assert db.scalar(sa.select(sa.func.count()).select_from(DeliveryReport)) == 1


def test_reports_that_come_before_the_gateways_answer_are_matched_when_it_comes(box, report, now):
    message_id = box.write()
    claimed = box.claim()
    assert report("ATXid_1", "sent") is None
    assert report("ATXid_1", "delivered") is None
    assert box.status(message_id) == Status.SENDING
    box.settle(claimed, Fate.SENT, gateway="at", gateway_id="ATXid_1")
    assert box.status(message_id) == Status.DELIVERED


def test_a_report_of_another_gateway_is_not_ours(box, db, report, now):
    message_id = box.sent("7")
    reports.take_report(
        db, gateway="other", gateway_id="7", status="failed", reason=None, network=None, phone_index=None, now=now
    )
    assert box.status(message_id) == Status.SENT


def test_a_report_with_an_unknown_id_settles_the_only_unknown_message_to_that_phone(box, report, now):
    message_id = box.unknown()
    assert report("ATXid_9", "sent", at=now + HOUR) == message_id
    assert (box.status(message_id), box.get(message_id).error) == (Status.SENT, None)
    assert report("ATXid_9", "delivered", at=now + HOUR) == message_id
    assert box.status(message_id) == Status.DELIVERED


@pytest.mark.parametrize("at", [timedelta(hours=25), timedelta(minutes=-1)])
def test_a_report_of_another_time_does_not(box, report, now, at):
    message_id = box.unknown()
    assert report("ATXid_9", "delivered", at=now + at) is None
    assert box.status(message_id) == Status.UNKNOWN


def test_a_report_for_another_phone_does_not(box, report):
    message_id = box.unknown()
    assert report("ATXid_9", "delivered", phone=OTHER) is None
    assert box.status(message_id) == Status.UNKNOWN


def test_with_two_unknown_messages_nobody_can_say_which(box, report):
    messages = [box.unknown(), box.unknown()]
    assert report("ATXid_9", "delivered") is None
    assert [box.status(m) for m in messages] == [Status.UNKNOWN] * 2


def test_a_message_in_mid_call_may_be_the_one_so_an_unknown_one_is_left_alone(box, report):
    unknown, calling = box.unknown(), box.write()
    claimed = box.claim()
    assert report("ATXid_9", "delivered") is None
    box.settle(claimed, Fate.SENT, gateway="at", gateway_id="ATXid_9")
    assert (box.status(unknown), box.status(calling)) == (Status.UNKNOWN, Status.DELIVERED)


def test_a_message_taken_without_an_id_is_settled_like_an_unknown_one(box, report):
    message_id = box.sent(None)
    assert report("ATXid_9", "delivered") == message_id
    assert box.status(message_id) == Status.DELIVERED


def test_a_report_that_came_before_the_message_was_known_to_be_unknown_settles_it_later(box, db, report, now):
    message_id = box.write()
    box.claim()
    report("ATXid_9", "sent", at=now + timedelta(seconds=2))
    report("ATXid_9", "delivered", at=now + timedelta(seconds=3))
    assert reports.settle_unknown(db, now=now) == 0
    relay.mark_stuck(db, now=now + relay.STUCK_AFTER)
    assert reports.settle_unknown(db, now=now + relay.STUCK_AFTER) == 1
    assert (box.status(message_id), box.get(message_id).gateway_id) == (Status.DELIVERED, "ATXid_9")
    assert reports.settle_unknown(db, now=now + relay.STUCK_AFTER) == 0


def test_two_ids_that_nobody_knows_settle_nothing(box, db, report, now):
    message_id = box.write()
    box.claim()
    report("ATXid_8", "delivered")
    report("ATXid_9", "delivered")
    relay.mark_stuck(db, now=now + relay.STUCK_AFTER)
    assert reports.settle_unknown(db, now=now + relay.STUCK_AFTER) == 0
    assert box.status(message_id) == Status.UNKNOWN


def test_one_id_and_two_unknown_messages_settle_nothing_later_either(box, db, report, now):
    messages = [box.unknown(), box.unknown()]
    report("ATXid_9", "delivered")
    assert reports.settle_unknown(db, now=now) == 0
    assert [box.status(m) for m in messages] == [Status.UNKNOWN] * 2


def test_a_report_and_the_answer_at_the_same_moment_find_each_other(engine, box, db, now, register):
    """Neither sees what the other has not committed; the lock on the message makes one of them second."""
    rounds = 60
    for _ in range(rounds):
        box.write()
    db.commit()
    for number in range(rounds):
        with Session(engine) as session, session.begin():
            (claimed,) = relay.claim(session, Lane.INTERACTIVE, limit=1, now=now)

        def settle(claimed=claimed, number=number):
            with Session(engine) as session, session.begin():
                result = Result(claimed.id, 1, Fate.SENT, gateway="at", gateway_id=str(number))
                assert relay.settle(session, [result], now=now) == 1

        def tell(number=number):
            with Session(engine) as session, session.begin():
                reports.take_report(
                    session,
                    gateway="at",
                    gateway_id=str(number),
                    status="delivered",
                    reason=None,
                    network=None,
                    phone_index=register.phone_index(PHONE),
                    now=now,
                )

        with ThreadPoolExecutor(2) as pool:
            for future in [pool.submit(settle), pool.submit(tell)]:
                future.result()
        assert box.status(claimed.id) == Status.DELIVERED
        db.rollback()


@pytest.fixture
def person(box, db, register, now):
    def find(phone=PHONE):
        db.expire_all()
        return register.find_contact(db, phone)

    return find


def test_a_report_tells_the_network_of_the_phone(box, report, person):
    box.sent("ATXid_1")
    report("ATXid_1", "sent")
    assert person().network == "63902"


def test_one_that_arrives_shows_that_the_phone_no_longer_blocks_us(box, report, person):
    box.write()
    box.settle(box.claim(), Fate.FAILED, error="blocked")
    box.sent("ATXid_1")
    report("ATXid_1", "sent")
    assert person().blocked_at is not None
    report("ATXid_1", "delivered")
    assert person().blocked_at is None


def test_a_phone_that_its_network_says_blocks_us_is_noted(box, report, person, now):
    box.sent("ATXid_1")
    report("ATXid_1", "failed", reason="user_in_blacklist")
    assert person().blocked_at == now


def test_a_report_that_tells_nothing_new_of_the_phone_leaves_its_row_alone(box, db, report, person):
    box.sent("ATXid_1")
    report("ATXid_1", "sent")
    version = sa.text("SELECT xmin::text || ctid::text FROM people")
    before = db.scalar(version)
    report("ATXid_1", "delivered")
    assert db.scalar(version) == before
