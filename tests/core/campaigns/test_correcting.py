"""A correction: to exactly those whom the earlier campaign reached, or may have reached."""

import pytest

from core.campaigns.errors import NobodyToTell, NotNow
from core.messaging.tables import Status
from core.people.tables import Person


def wrong(office, count=8, **details):
    """A campaign that has told something wrong: its messages."""
    office.shelve(count, **details)
    campaign_id = office.starts()
    office.writes_all()
    return campaign_id


def told(office, correction):
    """Persons who get the correction."""
    office.does("submit", correction)
    office.does("schedule", correction)
    office.writes_all()
    return [m.person_id for m in office.messages(correction)]


def test_it_goes_to_those_who_have_the_message_or_may_have_it_and_to_nobody_else(office):
    campaign_id = wrong(office, len(Status))
    of = dict(zip(Status, office.messages(campaign_id), strict=True))
    for status, message in of.items():
        office.becomes(status, message.id)
    correction = office.corrects(campaign_id)
    office.becomes(Status.SENT, of[Status.SENDING].id)
    reached = (Status.SENDING, Status.UNKNOWN, Status.SENT, Status.DELIVERED)
    assert sorted(told(office, correction)) == sorted(of[status].person_id for status in reached)
    assert office.see(correction).state == "done"


def test_it_says_what_was_written_in_the_language_in_which_the_wrong_was_said(office):
    campaign_id = wrong(office, 1, language="sw")
    office.leaves(campaign_id)
    correction = office.corrects(campaign_id, en="Sorry.", sw=" Samahani. ")
    told(office, correction)
    [message] = office.messages(correction)
    assert (message.template, message.arguments, message.language) == (
        "campaign_correction",
        {"text": "Samahani."},
        "sw",
    )
    assert (message.lane, message.asked_for, message.subject) == ("bulk", False, f"campaign:{correction}")


def test_what_has_not_left_of_the_wrong_one_never_does(office):
    campaign_id = wrong(office)
    office.becomes(Status.SENT, *[m.id for m in office.messages(campaign_id)[:3]])
    correction = office.corrects(campaign_id)
    assert office.report(campaign_id).by_status == {Status.SENT: 3, Status.WITHHELD: 5}
    earlier = office.see(campaign_id)
    assert (earlier.state, earlier.reason) == ("cancelled", f"corrected by campaign {correction}")
    assert len(told(office, correction)) == 3


def test_what_turns_out_not_to_have_arrived_is_not_sent_again_with_the_wrong_text(office):
    """An operator finds out what became of an unknown message, long after the campaign was done."""
    campaign_id = wrong(office)
    ids = office.leaves(campaign_id, Status.UNKNOWN)
    office.corrects(campaign_id)
    office.later(days=2)
    office.becomes(Status.PENDING, *ids)
    assert office.keeps_still() == len(ids)


def test_what_is_being_handed_over_is_waited_for(office):
    campaign_id = wrong(office, 9)
    ids = office.leaves(campaign_id)
    office.becomes(Status.SENDING, ids[3], ids[6])
    correction = office.corrects(campaign_id)
    assert len(told(office, correction)) == 3
    office.becomes(Status.UNKNOWN, ids[3])
    office.writes_all()
    assert len(office.messages(correction)) == 6
    assert office.see(correction).state == "trying"
    office.becomes(Status.FAILED, ids[6])
    office.writes_all()
    assert len(office.messages(correction)) == 8
    assert office.see(correction).state == "done"


@pytest.mark.parametrize("batch", [2, 500])
def test_somebody_who_was_told_of_several_documents_is_corrected_once(office, batch):
    owner = office.person()
    office.shelve(2, owner=owner)
    office.shelve(1)
    campaign_id = wrong(office, 2, owner=owner)
    office.leaves(campaign_id)
    correction = office.corrects(campaign_id)
    assert office.preview(correction).chosen.recipients == 2
    office.does("submit", correction)
    office.does("schedule", correction)
    office.writes_all(limit=batch)
    assert len(office.messages(correction)) == office.see(correction).written == 2


def test_who_has_opted_out_since_is_left_out(office):
    owner = office.person()
    office.shelve(1, owner=owner)
    campaign_id = wrong(office, 1)
    office.leaves(campaign_id)
    with office.transaction() as db:
        db.get_one(Person, owner).opted_out_at = office.now
    correction = office.corrects(campaign_id)
    assert dict(office.preview(correction).chosen.left_out) == {"opted_out": 1}
    assert len(told(office, correction)) == 1
    assert office.see(correction).left_out == {"opted_out": 1}


def test_there_is_nothing_to_correct_where_nobody_was_told(office):
    office.shelve(1)
    with pytest.raises(NotNow, match="nothing to correct"):
        office.corrects(office.starts())


def test_a_correction_that_reached_nobody_is_not_submitted(office):
    campaign_id = wrong(office)
    correction = office.corrects(campaign_id)
    with pytest.raises(NobodyToTell):
        office.does("submit", correction)


def test_a_second_press_makes_no_second_correction(office):
    campaign_id = wrong(office)
    office.leaves(campaign_id)
    assert office.corrects(campaign_id, key="once") == office.corrects(campaign_id, key="once")


def test_a_correction_can_be_corrected(office):
    campaign_id = wrong(office)
    office.leaves(campaign_id)
    first = office.corrects(campaign_id)
    persons = told(office, first)
    office.leaves(first)
    assert told(office, office.corrects(first)) == persons
