"""The clock writes campaigns, wakes their lane, and stops what comes back to stopped ones."""

import pytest

from core.messaging.tables import Lane, Status
from tests.core.campaigns.office import Office
from tests.support import NOW
from workers.clock import Job, tick, write_campaigns

EVERY_TICK = (Job("write_campaigns", NOW.resolution, write_campaigns),)


@pytest.fixture
def office(transaction, catalogue, register):
    return Office(transaction, catalogue, register)


def test_a_campaign_is_written_by_one_run_of_the_clock_and_its_lane_is_woken(context, office):
    office.shelve(90)
    office.shelve(400, owner=None)
    campaign_id = office.starts()
    tick(context, NOW, EVERY_TICK)
    assert (office.see(campaign_id).state, office.see(campaign_id).written) == ("done", 90)
    assert context.queues.waiting(Lane.BULK) == 1


def test_what_comes_back_to_a_paused_campaign_is_stopped_by_the_clock(context, office):
    office.shelve(3)
    campaign_id = office.starts()
    office.writes_all()
    ids = [m.id for m in office.messages(campaign_id)]
    office.becomes(Status.SENDING, *ids)
    office.does("pause", campaign_id)
    office.becomes(Status.PENDING, *ids)
    tick(context, NOW, EVERY_TICK)
    assert all(m.not_before > NOW for m in office.messages(campaign_id))
