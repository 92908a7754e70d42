"""Writing a campaign: each document's arrival once, whatever is pressed, run at once, or crashes."""

import threading
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from core.campaigns import writing
from core.campaigns.writing import FIRST
from core.messaging import lanes
from core.messaging.tables import Lane, Message, Status
from core.people.audit import Actor
from core.tracking import documents, receiving
from core.tracking.stages import Stage
from core.tracking.tables import Document
from tests.core.booking.world import at_once

DESK = {"actor": Actor("desk", who="Otieno"), "origin": "test"}


def running(office, count, **criteria):
    """A campaign whose first hundred have been looked at."""
    office.shelve(count)
    campaign_id = office.starts(**criteria)
    office.writes_all()
    office.leaves(campaign_id)
    office.does("look", campaign_id)
    return campaign_id


def assert_each_told_once(office, campaign_id, count):
    messages = office.messages(campaign_id)
    assert len(messages) == len({m.subject for m in messages}) == count
    assert set(office.told_documents().values()) == {1}
    assert len(office.told_documents()) == count
    assert office.see(campaign_id).written == count


def test_the_first_hundred_are_written_and_the_rest_waits_for_a_look(office):
    office.shelve(FIRST + 20)
    campaign_id = office.starts()
    office.writes_all(limit=30)
    assert (office.see(campaign_id).state, office.see(campaign_id).written) == ("looking", FIRST)
    assert office.writes() == 0
    office.does("look", campaign_id)
    office.writes_all()
    assert_each_told_once(office, campaign_id, FIRST + 20)


def test_those_left_out_are_not_counted_among_the_first_hundred(office):
    office.shelve(60, owner=None)
    office.shelve(FIRST + 1)
    campaign_id = office.starts()
    office.writes_all()
    campaign = office.see(campaign_id)
    assert (campaign.state, campaign.written, campaign.left_out) == ("looking", FIRST, {"no_phone": 60})


@pytest.mark.parametrize("bounds", [{"limit": 7}, {"limit": 500}])
def test_a_small_campaign_is_done_without_a_look(office, bounds):
    office.shelve(20)
    campaign_id = office.starts()
    office.writes_all(**bounds)
    assert office.see(campaign_id).state == "done"
    assert_each_told_once(office, campaign_id, 20)


def test_a_small_lead_is_kept_and_goes_on_as_messages_leave(office):
    campaign_id = running(office, FIRST + 100)
    waiting = []
    for _ in range(4):
        office.writes_all(limit=20, lead=50)
        waiting.append(len(office.leaves(campaign_id)))
    assert waiting == [40, 40, 20, 0]
    assert_each_told_once(office, campaign_id, FIRST + 100)


def test_messages_put_off_to_another_day_hold_nobody_up(office):
    campaign_id = running(office, FIRST + 50)
    office.writes(limit=20, lead=20)
    tomorrow = office.now + timedelta(days=1)
    office.becomes(Status.PENDING, *[m.id for m in office.messages(campaign_id)[-20:]], not_before=tomorrow)
    assert office.writes(limit=20, lead=20) == 20


def test_two_writers_at_once_write_each_document_once(office):
    campaign_id = running(office, FIRST + 60)
    at_once([partial(office.writes_all, limit=7) for _ in range(4)])
    office.writes_all(limit=7)
    assert office.see(campaign_id).state == "done"
    assert_each_told_once(office, campaign_id, FIRST + 60)


def test_two_campaigns_about_the_same_documents_tell_each_owner_once(office):
    office.shelve(80)
    first, second = office.starts(), office.starts()
    at_once([partial(office.writes_all, limit=9) for _ in range(4)])
    office.writes_all(limit=9)
    assert set(office.told_documents().values()) == {1}
    assert len(office.told_documents()) == 80
    assert len(office.messages(first)) + len(office.messages(second)) == 80
    both = [office.see(first), office.see(second)]
    assert sum(c.written for c in both) == sum(c.left_out.get("told_already", 0) for c in both) == 80


class Crash(Exception):
    pass


def test_a_crash_between_batches_loses_nothing_and_doubles_nothing(office):
    campaign_id = running(office, FIRST + 50)

    def crash(limit):
        with office.transaction() as db:
            assert writing.write_due(db, now=office.now, sms_a_day=office.a_day, limit=limit) == limit
            raise Crash

    for limit in (5, 10, 15):
        with pytest.raises(Crash):
            crash(limit)
        office.writes(limit=limit)
    office.writes_all()
    assert office.see(campaign_id).state == "done"
    assert_each_told_once(office, campaign_id, FIRST + 50)


def test_written_again_from_the_start_nobody_is_told_twice(office):
    """As if the count of how far it has come were lost."""
    campaign_id = running(office, FIRST + 10)
    office.writes_all()
    with office.transaction() as db:
        db.execute(sa.text("UPDATE campaigns SET cursor = 0, state = 'running'"))
    office.writes_all()
    assert len(office.messages(campaign_id)) == FIRST + 10
    assert office.see(campaign_id).left_out == {"told_already": FIRST + 10}


@pytest.mark.parametrize("stage", [Stage.COLLECTED, Stage.TRANSFERRED, Stage.RETURNED])
def test_a_document_that_has_gone_meanwhile_is_not_told_of(office, stage):
    gone, _ = office.shelve(2)
    campaign_id = office.starts()
    with office.transaction() as db:
        documents.move(db, db.get_one(Document, gone), stage, now=office.now, **DESK)
    office.writes_all()
    assert [m.subject for m in office.messages(campaign_id)] == [f"document:{gone + 1}"]


def test_a_document_collected_at_this_moment_is_waited_for_and_not_told_of(office):
    gone, _ = office.shelve(2)
    campaign_id = office.starts()
    handed_over = threading.Event()
    outcome = []
    with office.transaction() as db:
        documents.move(db, db.get_one(Document, gone), Stage.COLLECTED, now=office.now, **DESK)
        writer = threading.Thread(target=lambda: (handed_over.set(), outcome.append(office.writes())))
        writer.start()
        handed_over.wait(5)
        writer.join(0.2)
        assert outcome == []
    writer.join(10)
    assert outcome == [1]
    assert [m.subject for m in office.messages(campaign_id)] == [f"document:{gone + 1}"]


def test_what_is_collected_after_it_was_written_is_withdrawn(office):
    [document] = office.shelve(1)
    campaign_id = office.starts()
    office.writes_all()
    with office.transaction() as db:
        documents.move(db, db.get_one(Document, document), Stage.COLLECTED, now=office.now, **DESK)
    [message] = office.messages(campaign_id)
    assert (message.status, message.error) == (Status.WITHHELD, "no_longer_true")


def test_a_document_that_comes_back_is_told_by_its_new_arrival_alone(office):
    [document] = office.shelve(1)
    first = office.starts()
    office.writes_all()
    office.leaves(first)
    with office.transaction() as db:
        there = documents.lock(db, document)
        documents.move(db, there, Stage.TRANSFERRED, now=office.now, **DESK)
        site = office.catalogue.sites["MAK"].id
        receiving.acknowledge(db, [there], site_id=site, now=office.now, tell=False, **DESK)
    office.later(days=1)
    again = office.starts()
    office.writes_all()
    assert office.see(again).written == 1
    assert office.told_documents() == {document: 2}


def evening(office):
    office.later(hours=10)


def freeze(office):
    with office.transaction() as db:
        lanes.freeze(db, Lane.BULK, reason="", now=office.now)


def not_scheduled(office):
    with office.transaction() as db:
        db.execute(sa.text("UPDATE campaigns SET starts_at = NULL"))


@pytest.mark.parametrize("stop", [evening, freeze, not_scheduled])
def test_nothing_is_written_while_it_may_not_be_sent(office, stop):
    office.shelve(1)
    campaign_id = office.starts()
    stop(office)
    assert office.writes() == 0
    assert office.see(campaign_id).state == "approved"


def test_the_bulk_lane_is_to_be_woken(office):
    office.shelve(1)
    office.starts()
    with office.transaction() as db:
        writing.write_due(db, now=office.now, sms_a_day=office.a_day)
        assert db.info["lanes"] == {"bulk"}


def test_a_campaign_that_someone_holds_does_not_hold_up_another(office):
    office.shelve(1)
    first = office.starts(sites=("GPO",))
    office.shelve(1, site="MAK")
    second = office.starts(sites=("MAK",))
    with office.transaction() as db:
        db.execute(sa.text("SELECT 1 FROM campaigns WHERE id = :id FOR UPDATE"), {"id": first})
        office.writes_all()
    assert (office.see(first).written, office.see(second).written) == (0, 1)


def test_a_message_of_a_campaign_is_bulk_not_asked_for_and_good_for_three_days(office):
    [document] = office.shelve(1, language="sw")
    campaign_id = office.starts()
    office.writes_all()
    with office.transaction() as db:
        message = db.scalars(sa.select(Message)).one()
    assert (message.lane, message.asked_for, message.language) == ("bulk", False, "sw")
    assert (message.subject, message.campaign_id) == (f"document:{document}", campaign_id)
    assert (message.not_before, message.valid_until) == (office.now, office.now + timedelta(days=3))
