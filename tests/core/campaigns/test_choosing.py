"""Who is told, and who is left out and why: the same before it is written and while it is."""

from datetime import timedelta

import pytest

from core.messaging.tables import Status
from core.tracking.stages import Stage
from tests.support import NOW

HOUR = timedelta(hours=1)


def chosen(office, **criteria):
    return office.preview(office.drafts(**criteria)).chosen


@pytest.mark.parametrize(
    ("criteria", "count"),
    [
        ({}, 10),
        ({"services": ("IDR",)}, 7),
        ({"services": ("IDR", "PPN")}, 10),
        ({"sites": ("GPO",)}, 6),
        ({"services": ("IDR",), "sites": ("MAK",)}, 4),
        ({"least_days": 7}, 4),
        ({"least_days": 2, "most_days": 7}, 6),
        ({"most_days": 7}, 6),
        ({"least_days": 31}, 0),
    ],
)
def test_documents_are_chosen_by_service_centre_and_age(office, criteria, count):
    office.shelve(3, days=2)
    office.shelve(4, days=30, site="MAK")
    office.shelve(3, days=2, service="PPN")
    assert chosen(office, **criteria).recipients == count


@pytest.mark.parametrize(
    ("stage", "arrivals"),
    [
        *((stage, 1) for stage in Stage if stage is not Stage.RECEIVED),
        (Stage.RECEIVED, 0),
    ],
)
def test_only_what_the_centre_has_acknowledged_and_nobody_was_told_is_chosen(office, stage, arrivals):
    office.shelve(stage=stage, arrivals=arrivals)
    assert chosen(office).recipients == 0
    assert chosen(office).left_out == {}


def no_phone(office):
    office.shelve(owner=None)


def bad_phone(office):
    office.shelve(owner=None, contact_problem="bad_phone")


def opted_out(office):
    office.shelve(owner=office.person(opted_out_at=NOW))


def blocked(office):
    office.shelve(owner=office.person(blocked_at=NOW))


def notice_of(status):
    def told(office):
        person = office.person()
        [document] = office.shelve(owner=person)
        office.told(document, person, status)

    told.__name__ = f"notice {status}"
    return told


def notice_of_an_earlier_arrival(office):
    person = office.person()
    [document] = office.shelve(owner=person, arrivals=2)
    office.told(document, person, Status.DELIVERED)


def had_today(count, **details):
    def messages(office):
        person = office.person()
        office.shelve(owner=person)
        for _ in range(count):
            office.message(person, **({"status": Status.SENT, "claimed_at": NOW - HOUR} | details))

    messages.__name__ = f"had {count}{' '.join(str(v) for v in details.values())}"
    return messages


@pytest.mark.parametrize(
    ("somebody", "reason"),
    [
        (no_phone, "no_phone"),
        (bad_phone, "no_phone"),
        (opted_out, "opted_out"),
        (blocked, None),
        (notice_of(Status.PENDING), "told_already"),
        (notice_of(Status.UNKNOWN), "told_already"),
        (notice_of(Status.DELIVERED), "told_already"),
        (notice_of(Status.FAILED), "told_already"),
        (notice_of(Status.EXPIRED), None),
        (notice_of(Status.WITHHELD), None),
        (notice_of_an_earlier_arrival, None),
        (had_today(4), None),
        (had_today(5), "limit_reached"),
        (had_today(5, claimed_at=NOW - 20 * HOUR), None),
        (had_today(5, status=Status.WITHHELD), None),
        (had_today(5, status=Status.PENDING, claimed_at=None), "limit_reached"),
        (had_today(5, status=Status.PENDING, claimed_at=None, not_before=NOW + 20 * HOUR), None),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_who_is_left_out_and_why(office, somebody, reason):
    somebody(office)
    before = chosen(office)
    assert (before.recipients, dict(before.left_out)) == ((0, {reason: 1}) if reason else (1, {}))
    office.shelve(1, site="MAK")  # so that there is somebody to tell
    campaign_id = office.starts()
    office.writes_all()
    written = office.see(campaign_id)
    assert (written.written, written.left_out) == ((1, {reason: 1}) if reason else (2, {}))


@pytest.mark.parametrize("batch", [2, 500])
def test_a_person_with_many_documents_gets_no_more_messages_than_a_day_allows(office, batch):
    owner = office.person()
    office.shelve(4, owner=owner)
    office.shelve(1)
    office.shelve(4, owner=owner)
    campaign_id = office.starts()
    assert dict(office.preview(campaign_id).chosen.left_out) == {"limit_reached": 3}
    office.writes_all(limit=batch)
    assert (office.see(campaign_id).written, office.see(campaign_id).left_out) == (6, {"limit_reached": 3})


def test_the_preview_is_what_is_then_written(office):
    office.shelve(30, language="sw")
    office.shelve(25, service="PPN", site="MAK", language=None)
    for somebody in (no_phone, opted_out, notice_of(Status.DELIVERED), had_today(5), blocked):
        somebody(office)
    campaign_id = office.starts()
    seen = office.preview(campaign_id)
    office.writes_all(limit=7)
    campaign, messages = office.see(campaign_id), office.messages(campaign_id)
    assert campaign.written == len(messages) == seen.chosen.recipients == campaign.recipients == 56
    assert campaign.left_out == dict(seen.chosen.left_out)
    by_language = {language: sum(m.language == language for m in messages) for language in ("en", "sw")}
    assert by_language == dict(seen.chosen.by_language) == {"en": 26, "sw": 30}


def test_what_arrives_after_a_campaign_was_submitted_is_not_told_by_it(office):
    office.shelve(2)
    campaign_id = office.starts()
    office.later(minutes=1)
    office.shelve(3, days=0)
    office.writes_all()
    assert office.see(campaign_id).written == 2


def test_what_comes_of_age_after_a_campaign_was_submitted_is_not_told_by_it(office):
    office.shelve(1, days=8)
    office.shelve(3, days=6)
    office.shelve(1, days=8)
    campaign_id = office.starts(least_days=7)
    office.later(days=2)
    office.writes_all()
    assert office.see(campaign_id).written == 2
