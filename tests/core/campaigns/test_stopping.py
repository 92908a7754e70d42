"""Pause, resume, cancel: nearly nothing more leaves, and nobody is forgotten."""

from datetime import timedelta
from functools import partial

import pytest

from core.campaigns.writing import FIRST
from core.messaging import relay
from core.messaging.tables import Lane, Status
from tests.core.booking.world import at_once


def written(office, count=30):
    """A campaign that has written to so many, of whom nobody has been sent anything."""
    office.shelve(count)
    campaign_id = office.starts()
    office.writes_all()
    return campaign_id


def claimed(office, limit=100):
    with office.transaction() as db:
        return {c.id for c in relay.claim(db, Lane.BULK, limit=limit, now=office.now)}


def statuses(office, campaign_id):
    return dict(office.report(campaign_id).by_status)


def test_of_a_paused_campaign_nothing_leaves_and_nothing_is_written(office):
    campaign_id = written(office, FIRST + 20)
    office.does("look", campaign_id)
    office.writes(limit=10)
    office.does("pause", campaign_id)
    office.later(hours=1)
    assert claimed(office) == set()
    assert office.writes() == 0


def test_resumed_it_goes_on_and_what_waited_is_good_again_for_three_days(office):
    campaign_id = written(office)
    office.does("pause", campaign_id)
    office.later(days=4)
    office.does("resume", campaign_id)
    assert {m.valid_until for m in office.messages(campaign_id)} == {office.now + timedelta(days=3)}
    assert len(claimed(office)) == 30


def test_what_was_put_off_to_another_day_stays_so_over_a_resume_that_was_pressed_for_nothing(office):
    campaign_id = written(office)
    tomorrow = office.now + timedelta(days=1)
    office.becomes(Status.PENDING, office.messages(campaign_id)[0].id, not_before=tomorrow)
    office.does("resume", campaign_id)
    assert office.messages(campaign_id)[0].not_before == tomorrow


@pytest.mark.parametrize("stop", ["pause", "cancel"])
def test_what_comes_back_from_the_gateways_door_is_stopped_then(office, stop):
    campaign_id = written(office)
    in_hand = [m.id for m in office.messages(campaign_id)[:10]]
    office.becomes(Status.SENDING, *in_hand)
    office.does(stop, campaign_id)
    office.becomes(Status.PENDING, *in_hand)
    assert office.keeps_still() == 10
    assert office.keeps_still() == 0
    assert claimed(office) == set()
    assert sum(office.told_documents().values()) == (30 if stop == "pause" else 0)


def test_keeping_still_touches_no_campaign_that_runs(office):
    campaign_id = written(office)
    assert office.keeps_still() == 0
    assert statuses(office, campaign_id) == {Status.PENDING: 30}


def test_a_cancelled_campaign_withholds_what_waits_and_keeps_what_has_left(office):
    campaign_id = written(office)
    sent = [m.id for m in office.messages(campaign_id)[:12]]
    office.becomes(Status.SENT, *sent)
    office.does("cancel", campaign_id)
    assert statuses(office, campaign_id) == {Status.SENT: 12, Status.WITHHELD: 18}
    assert {m.error for m in office.messages(campaign_id) if m.status == Status.WITHHELD} == {"cancelled"}
    assert sum(office.told_documents().values()) == 12


def test_those_whom_a_cancelled_campaign_did_not_tell_are_told_by_the_next(office):
    campaign_id = written(office)
    office.becomes(Status.UNKNOWN, *[m.id for m in office.messages(campaign_id)[:12]])
    office.does("cancel", campaign_id)
    again = office.starts()
    office.writes_all()
    assert (office.see(again).written, office.see(again).left_out) == (18, {"told_already": 12})
    assert set(office.told_documents().values()) == {1}


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.WITHHELD])
def test_whom_a_message_never_left_for_is_told_by_the_next_and_once(office, status):
    campaign_id = written(office)
    office.becomes(status, *[m.id for m in office.messages(campaign_id)])
    again = office.starts()
    office.writes_all()
    assert office.see(again).written == 30
    assert set(office.told_documents().values()) == {1}


def test_a_campaign_that_is_done_can_still_be_stopped(office):
    campaign_id = written(office)
    assert office.see(campaign_id).state == "done"
    office.does("pause", campaign_id)
    assert claimed(office) == set()
    office.does("cancel", campaign_id)
    assert statuses(office, campaign_id) == {Status.WITHHELD: 30}


def test_stopped_among_writers_and_workers_nothing_is_left_to_leave(office):
    office.shelve(FIRST + 200)
    campaign_id = office.starts()
    office.writes_all()
    office.does("look", campaign_id)
    workers = [partial(claimed, office, 20) for _ in range(3)]
    writers = [partial(office.writes_all, limit=20) for _ in range(2)]
    outcomes = at_once([*writers, *workers, partial(office.does, "cancel", campaign_id)])
    assert not [o for o in outcomes if isinstance(o, Exception)]
    assert claimed(office) == set()
    found = statuses(office, campaign_id)
    assert Status.PENDING not in found
    assert sum(office.told_documents().values()) == found.get(Status.SENDING, 0)
