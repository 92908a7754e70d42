"""Deliveries: claimed by one, tried again for longer and longer, given up after three days."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from core.catalogue.tables import Agency
from core.partners import deliveries, webhooks
from core.partners.deliveries import GIVEN_UP_AFTER, LEASE
from core.partners.errors import NoSuchWebhook
from core.partners.tables import Delivery
from core.partners.webhooks import Secrets
from core.people.audit import Actor

CLERK = Actor("desk", who="amina")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def webhook(db, now):
    agency = Agency(code="NRB")
    db.add(agency)
    db.flush()
    return webhooks.add(
        db,
        Secrets("test"),
        agency_id=agency.id,
        url="https://agency.example/zamu",
        events=[],
        actor=CLERK,
        practice=False,
        now=now,
    )


@pytest.fixture
def waits(db, webhook, now):
    """`waits(3)`: so many deliveries to the webhook."""

    def write(count=1, at=now):
        for nth in range(count):
            db.add(
                Delivery(
                    webhook_id=webhook.id,
                    news=f"event-{at}-{nth}",
                    payload={"n": nth},
                    created_at=at,
                    next_at=at,
                    attempts=0,
                )
            )
        db.flush()

    return write


def claimed(db, webhook, now):
    found = deliveries.claim(db, webhook.id, now=now)
    assert found is not None
    return found


def test_what_waits_is_claimed_by_one_and_again_when_the_lease_is_over(db, webhook, waits, now):
    waits()
    first = claimed(db, webhook, now)
    assert deliveries.claim(db, webhook.id, now=now) is None
    later = now + LEASE + SECOND
    second = claimed(db, webhook, later)
    assert (second.id, second.attempt) == (first.id, 2)
    assert not deliveries.settle(db, first, taken=False, answer="timeout", now=later), "it is another's now"
    assert deliveries.settle(db, second, taken=True, answer="204", now=later)
    assert deliveries.due_webhooks(db, now=later + HOUR) == {}


def test_a_failed_one_waits_longer_each_time_and_is_given_up(db, webhook, waits, now):
    waits()
    at, tries = now, []
    while db.scalars(sa.select(Delivery.next_at)).one() is not None:
        at = db.scalars(sa.select(Delivery.next_at)).one()
        webhook.rests_until = None
        db.flush()
        tries.append(at - now)
        deliveries.settle(db, claimed(db, webhook, at), taken=False, answer="503", now=at)
    assert tries[:4] == [0 * SECOND, 10 * SECOND, 70 * SECOND, 370 * SECOND]
    assert all(later - earlier >= 10 * SECOND for earlier, later in pairwise(tries))
    assert timedelta(hours=60) < tries[-1] <= GIVEN_UP_AFTER
    assert db.scalars(sa.select(Delivery.answer)).one() == "503"
    assert [it.next_at for it in deliveries.failing(db, webhook.id, limit=9)] == [None]


def test_a_webhook_that_fails_is_left_alone_and_the_rest_waits_for_it(db, webhook, waits, now):
    waits(3)
    deliveries.settle(db, claimed(db, webhook, now), taken=False, answer="timeout", now=now)
    assert webhook.failing_since == now
    assert deliveries.due_webhooks(db, now=now + 5 * SECOND) == {}
    assert deliveries.claim(db, webhook.id, now=now + 5 * SECOND) is None
    later = now + 10 * SECOND
    assert deliveries.due_webhooks(db, now=later) == {webhook.id: webhook.agency_id}
    deliveries.settle(db, claimed(db, webhook, later), taken=True, answer="200", now=later)
    assert (webhook.failing_since, webhook.rests_until) == (None, None)


def test_a_webhook_that_has_failed_for_long_rests_longer_but_never_for_ever(db, webhook, waits, now):
    waits(2)
    for failing_for, rest in ((8 * SECOND, 10 * SECOND), (20 * 60 * SECOND, 300 * SECOND), (48 * HOUR, 600 * SECOND)):
        at = now + failing_for
        webhook.failing_since, webhook.rests_until = now, None
        db.execute(sa.update(Delivery).values(next_at=now))
        db.flush()
        deliveries.settle(db, claimed(db, webhook, at), taken=False, answer="timeout", now=at)
        assert webhook.rests_until == at + rest


def test_what_was_never_tried_is_given_up_in_the_end_too(db, webhook, waits, now):
    waits(3)
    assert deliveries.give_up_old(db, now=now + GIVEN_UP_AFTER, limit=10) == 0
    late = now + GIVEN_UP_AFTER + 2 * LEASE
    assert [deliveries.give_up_old(db, now=late, limit=2) for _ in range(3)] == [2, 1, 0]
    assert len(deliveries.failing(db, webhook.id, limit=9)) == 3


def test_what_failed_is_sent_again_when_somebody_asks(db, webhook, waits, now):
    waits(2)
    deliveries.give_up_old(db, now=now + 4 * 24 * HOUR, limit=10)
    later = now + 5 * 24 * HOUR
    assert deliveries.send_again(db, webhook, actor=CLERK, now=later) == 2
    first = claimed(db, webhook, later)
    assert first.attempt == 1
    deliveries.settle(db, first, taken=True, answer="200", now=later)
    assert deliveries.send_again(db, webhook, actor=CLERK, now=later) == 0


def test_what_is_on_its_way_is_not_sent_again_and_a_late_answer_settles_only_its_own_attempt(db, webhook, waits, now):
    waits(2)
    under_way = claimed(db, webhook, now)
    assert deliveries.send_again(db, webhook, actor=CLERK, now=now + SECOND) == 0
    late = now + LEASE + SECOND
    assert deliveries.send_again(db, webhook, actor=CLERK, now=late) == 1, "whoever had it is gone"
    tries = [claimed(db, webhook, late) for _ in range(2)]
    [again] = [one for one in tries if one.id == under_way.id]
    assert again.attempt == under_way.attempt == 1
    assert not deliveries.settle(db, under_way, taken=False, answer="timeout", now=late)
    assert deliveries.settle(db, again, taken=True, answer="200", now=late)


def test_a_test_goes_out_at_once_also_to_one_that_rests(db, webhook, now):
    webhook.rests_until = now + HOUR
    deliveries.send_test(db, webhook, actor=CLERK, now=now)
    sent = claimed(db, webhook, now)
    assert sent.payload["type"] == "webhook.test"
    assert sent.news.startswith("test-")


def test_nothing_goes_to_a_webhook_that_has_ended(db, webhook, waits, now):
    waits()
    under_way = claimed(db, webhook, now)
    webhooks.end(db, agency_id=webhook.agency_id, webhook_id=webhook.id, actor=CLERK, now=now)
    deliveries.settle(db, under_way, taken=False, answer="timeout", now=now)
    db.expire_all()
    assert db.scalars(sa.select(Delivery.next_at)).one() is None
    with pytest.raises(NoSuchWebhook):
        webhooks.find(db, agency_id=webhook.agency_id, webhook_id=webhook.id)


def test_old_ones_are_forgotten_but_not_what_still_waits(db, webhook, waits, now):
    waits(3)
    taken = claimed(db, webhook, now)
    deliveries.settle(db, taken, taken=True, answer="200", now=now)
    waits(1, at=now + 20 * 24 * HOUR)
    assert deliveries.forget(db, now=now + 29 * 24 * HOUR, limit=10) == 0
    assert deliveries.forget(db, now=now + 31 * 24 * HOUR, limit=10) == 1
    assert len(db.scalars(sa.select(Delivery.id)).all()) == 3


def test_old_ones_are_forgotten_whatever_was_written_before_them(db, webhook, waits, now):
    waits(3)
    deliveries.give_up_old(db, now=now + 4 * 24 * HOUR, limit=9)
    sent_again = now + 29 * 24 * HOUR
    deliveries.send_again(db, webhook, actor=CLERK, now=sent_again)
    waits(2, at=now + HOUR)
    deliveries.give_up_old(db, now=now + 5 * 24 * HOUR, limit=9)
    late = now + 32 * 24 * HOUR
    assert [deliveries.forget(db, now=late, limit=1) for _ in range(3)] == [1, 1, 0]
    assert set(db.scalars(sa.select(Delivery.created_at))) == {sent_again}


def test_a_secret_is_sealed_and_each_has_its_own(webhook):
    secrets = Secrets("test")
    opened = secrets.open(webhook.secret_sealed)
    assert opened.startswith("whsec_")
    assert opened.encode() not in webhook.secret_sealed
    assert secrets.open(secrets.new()) != opened


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_which_addresses_are_of_the_world_outside(address, public):
    assert webhooks.is_public(address) is public
