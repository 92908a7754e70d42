"""What people do with campaigns: which state follows which, who may, and what a second press does."""

from datetime import timedelta

import pytest

from core.campaigns import making, texts
from core.campaigns.errors import BadText, NobodyToTell, NoSuchCampaign, NotNow, SamePerson, UnknownCode, Unsaid
from core.campaigns.preview import sample
from core.campaigns.states import BEGUN, IN_WORDS, MOVES, WRITES
from core.campaigns.tables import State
from core.messaging.senders import NOBODY
from core.messaging.tables import Status
from core.messaging.templates import Speech
from core.people.audit import Actor

COMMANDS = ("submit", "approve", "schedule", "look", "pause", "resume", "cancel")


def test_every_state_has_its_moves_and_its_words():
    assert set(MOVES) == set(IN_WORDS) == set(State)
    assert {State.CANCELLED} == {state for state, following in MOVES.items() if not following}
    assert WRITES - {State.APPROVED} <= BEGUN


def test_a_campaign_from_its_draft_to_its_end(office):
    office.shelve(101)
    campaign_id = office.drafts()
    steps = [("submit", "approved"), ("schedule", "approved")]
    for command, state in steps:
        assert office.does(command, campaign_id).campaign.state == state
    office.writes_all()
    assert office.see(campaign_id).state == "looking"
    assert office.does("look", campaign_id, who="Otieno").campaign.state == "running"
    office.writes_all()
    campaign = office.see(campaign_id)
    assert (campaign.state, campaign.written, campaign.looked_by, campaign.ended_at) == (
        "done",
        101,
        "Otieno",
        office.now,
    )
    assert office.events(campaign_id) == [
        ("campaign.drafted", "Amina"),
        ("campaign.submitted", "Amina"),
        ("campaign.scheduled", "Amina"),
        ("campaign.trying", None),
        ("campaign.looking", None),
        ("campaign.looked_at", "Otieno"),
        ("campaign.done", None),
    ]


def test_above_the_set_number_somebody_else_approves(office):
    office.shelve(3)
    campaign_id = office.drafts(who="Amina")
    assert office.does("submit", campaign_id, approve_above=2).campaign.state == "submitted"
    office.does("schedule", campaign_id)
    assert office.writes() == 0
    for same in ("Amina", " amina "):
        with pytest.raises(SamePerson, match="Amina made campaign"):
            office.does("approve", campaign_id, who=same)
    approved = office.does("approve", campaign_id, who="Otieno").campaign
    assert (approved.state, approved.approved_by) == ("approved", "Otieno")
    assert office.writes() == 3


def test_up_to_the_set_number_one_person_is_enough(office):
    office.shelve(2)
    campaign_id = office.drafts()
    campaign = office.does("submit", campaign_id, approve_above=2).campaign
    assert (campaign.state, campaign.approved_by, campaign.recipients) == ("approved", None, 2)


def test_a_campaign_that_would_tell_nobody_is_not_submitted(office):
    campaign_id = office.drafts()
    with pytest.raises(NobodyToTell):
        office.does("submit", campaign_id)
    assert office.see(campaign_id).state == "draft"


def reach(office, state):
    """A campaign in this state."""
    office.shelve(101)
    campaign_id = office.drafts()
    path = {
        "draft": [],
        "submitted": ["submit"],
        "approved": ["submit", "approve"],
        "trying": ["submit", "approve", "schedule", "try"],
        "looking": ["submit", "approve", "schedule", "write"],
        "running": ["submit", "approve", "schedule", "write", "look"],
        "done": ["submit", "approve", "schedule", "write", "look", "write"],
        "paused": ["submit", "approve", "schedule", "write", "pause"],
        "cancelled": ["submit", "cancel"],
    }[state]
    for step in path:
        if step == "write":
            office.writes_all()
        elif step == "try":
            office.writes(limit=10)
        elif step == "submit":
            office.does("submit", campaign_id, approve_above=0)
        else:
            office.does(step, campaign_id, who="Otieno")
    assert office.see(campaign_id).state == state
    return campaign_id


REFUSED = {
    "draft": {"approve", "look", "pause", "resume"},
    "submitted": {"look", "pause", "resume"},
    "approved": {"look"},
    "trying": {"look", "schedule"},
    "looking": {"schedule"},
    "running": {"schedule"},
    "paused": {"look", "schedule"},
    "cancelled": {"submit", "approve", "schedule", "look", "pause", "resume"},
    "done": {"schedule"},
}
UNCHANGED = {
    "draft": set(),
    "submitted": {"submit"},
    "approved": {"submit", "approve", "resume"},
    "trying": {"submit", "approve", "resume"},
    "looking": {"submit", "approve", "resume"},
    "running": {"submit", "approve", "look", "resume"},
    "paused": {"submit", "approve", "pause"},
    "cancelled": {"cancel"},
    "done": {"submit", "approve", "look", "resume"},
}


@pytest.mark.parametrize("state", State)
def test_what_may_be_done_in_each_state(office, state):
    """Refused with a sentence, left as it is, or done: and an event only where something was done."""
    campaign_id = reach(office, state)
    office.later(minutes=1)
    for command in (c for c in COMMANDS if c in REFUSED[state] | UNCHANGED[state]):
        before = len(office.events(campaign_id))
        if command in REFUSED[state]:
            with pytest.raises(NotNow, match=f"^Campaign {campaign_id} .*[.] .*[.]$"):
                office.does(command, campaign_id, who="Otieno")
        else:
            assert not office.does(command, campaign_id, who="Otieno").changed
        assert office.see(campaign_id).state == state
        assert len(office.events(campaign_id)) == before
    done = [c for c in COMMANDS if c not in REFUSED[state] | UNCHANGED[state]]
    for command in done[:1]:
        assert office.does(command, campaign_id, who="Otieno").changed


@pytest.mark.parametrize("state", ["approved", "trying", "looking", "running", "done"])
def test_a_paused_campaign_goes_on_where_it_was(office, state):
    campaign_id = reach(office, state)
    assert office.does("pause", campaign_id, reason="a wrong centre").campaign.reason == "a wrong centre"
    assert office.does("resume", campaign_id).campaign.state == state


@pytest.mark.parametrize("command", ["schedule", "look", "pause", "resume", "cancel"])
def test_a_second_press_changes_nothing(office, command):
    state = {"look": "looking", "resume": "paused", "schedule": "approved"}.get(command, "running")
    campaign_id = reach(office, state)
    assert office.does(command, campaign_id).changed
    assert not office.does(command, campaign_id).changed


def test_an_hour_may_be_set_again_until_it_begins(office):
    office.shelve(1)
    campaign_id = office.starts()
    tomorrow = office.now + timedelta(days=1)
    assert office.does("schedule", campaign_id, starts_at=tomorrow).changed
    assert office.writes() == 0
    office.later(days=1)
    assert office.writes() == 1


def test_the_same_request_makes_one_campaign(office):
    assert office.drafts(key="once") == office.drafts(key="once")
    assert office.drafts(key="twice") != office.drafts(key="once")


@pytest.mark.parametrize(
    ("criteria", "refusal"),
    [
        ({"services": ("NOSUCH",)}, "no service with the code NOSUCH"),
        ({"sites": ("GPO", "NOSUCH")}, "no centre with the code NOSUCH"),
        ({"least_days": 9, "most_days": 8}, "fewer than the least"),
    ],
)
def test_criteria_that_choose_nothing_by_mistake_are_refused(office, criteria, refusal):
    with pytest.raises(UnknownCode, match=refusal):
        office.drafts(**criteria)


def test_who_acts_and_why_must_be_said(office):
    campaign_id = reach(office, "running")
    with pytest.raises(Unsaid):
        office.does("pause", campaign_id, reason="  ")
    with pytest.raises(Unsaid):
        office.does("cancel", campaign_id, who="")
    with pytest.raises(Unsaid):
        office.drafts(name="")
    with pytest.raises(NoSuchCampaign, match="no campaign 4711"):
        office.does("pause", 4711)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"en": "Sorry."}, "Kiswahili is missing"),
        ({"en": " ", "sw": "Samahani."}, "English is missing"),
        ({"en": "Sorry “all”.", "sw": "Samahani."}, "cannot show: “ ”"),
        ({"en": "Sorry.", "sw": "x" * 307}, "Kiswahili takes 3 SMS; 2 is the most"),
    ],
)
def test_a_correction_that_cannot_be_sent_is_refused(given, refusal):
    with pytest.raises(BadText, match=refusal):
        texts.check_texts(given)


def test_a_test_goes_to_one_phone_at_once_and_counts_for_nothing(office):
    office.shelve(1)
    campaign_id = office.drafts()
    speech = Speech(office.catalogue, "*191*9#", office.register, NOBODY)
    with office.transaction() as db:
        person = office.register.contact(db, "+254711000001", now=office.now)
        worded = sample(office.see(campaign_id), "sw", service="IDR", site="GPO", speech=speech)
        for _ in range(2):
            making.send_test(
                db,
                campaign_id,
                person=person,
                sample=worded,
                actor=Actor("terminal", who="Amina"),
                request_key="test",
                now=office.now,
            )
        lanes = set(db.info["lanes"])
    [message] = office.sent_to(person.id)
    assert (message.lane, message.asked_for, message.language, message.status) == (
        "interactive",
        True,
        "sw",
        Status.PENDING,
    )
    assert (message.template, message.campaign_id, lanes) == ("document_ready_campaign", None, {"interactive"})
    assert office.report(campaign_id).by_status == {}
