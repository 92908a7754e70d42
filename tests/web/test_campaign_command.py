"""`zamu campaign`: what an operator types, and what it says."""

import re

import pytest
import sqlalchemy as sa

from core.campaigns import writing
from core.campaigns.tables import Campaign
from core.clock import NAIROBI
from core.messaging.tables import Message
from core.people.tables import Event
from tests.core.campaigns.office import Office


@pytest.fixture
def office(transaction, catalogue, register):
    return Office(transaction, catalogue, register)


@pytest.fixture
def campaign(zamu):
    """Runs `zamu campaign …` and returns what it printed; with `refused` it must fail."""

    def run(*words, refused=False):
        settings = {"ZAMU_AT_SENDERS": "bulk=HUDUMA", "ZAMU_CAMPAIGN_APPROVE_ABOVE": "2"}
        result = zamu("campaign", *map(str, words), **settings)
        assert (result.exit_code != 0) == refused, result.output
        return result.output

    return run


def test_a_new_campaign_shows_whom_it_would_tell_in_which_words_and_at_what_cost(office, campaign):
    office.shelve(3)
    office.shelve(2, language="sw")
    office.shelve(4, owner=None)
    said = campaign("new", "November backlog", "--service", "idr", "--site", "GPO", "--by", "Amina")
    assert "en: READY to collect: Lost ID at GPO. First dial *191*9#, then 2," in said
    assert "    1 SMS, to 3" in said
    assert "sw: IKO TAYARI" in said
    assert "Recipients: 5, SMS: 5" in said
    assert "Cost: about KES 4.00 (KES 0.80 an SMS, assumed)" in said
    assert "Left out, no phone: 4" in said
    assert "Sender: HUDUMA, which cannot be answered" in said
    assert re.search(r"Campaign \d+ is a draft[.]\nNext: zamu campaign preview \d+, test \d+, then submit", said)


def test_the_same_campaign_made_again_is_the_same(office, campaign):
    first = campaign("new", "Backlog", "--by", "Amina")
    assert campaign("new", "Backlog", "--by", "Amina") == first
    assert campaign("new", "Backlog", "--least-days", "3", "--by", "Amina") != first


def test_a_campaign_from_submission_to_report(office, campaign):
    office.shelve(3)
    number = office.drafts()
    assert f"Campaign {number} waits for a second person" in campaign("submit", number, "--by", "Amina")
    assert "somebody else must approve it" in campaign("approve", number, "--by", "amina", refused=True)
    assert f"Campaign {number} is approved." in campaign("approve", number, "--by", "Otieno")
    assert "It begins 2026-11-24 09:00" in campaign("schedule", number, "--at", "2026-11-24 09:00", "--by", "Amina")
    office.now = office.see(number).starts_at
    assert office.now.astimezone(NAIROBI).hour == 9
    office.writes_all()
    assert office.see(number).written == 3
    said = campaign("report", number)
    assert "Backlog: 3 of 3 written" in said
    assert "By: made Amina, approved Otieno" in said
    assert re.search(r" +pending\nall +3\n", said)
    assert re.search(rf"^ *{number}  done +3 +3  Amina .* Backlog$", campaign("list"), re.MULTILINE)


def test_pressed_again_it_says_where_it_stands(office, campaign):
    office.shelve(1)
    number = office.starts()
    campaign("pause", number, "--reason", "a wrong centre", "--by", "Otieno")
    again = campaign("pause", number, "--reason", "a wrong centre", "--by", "Otieno")
    assert f"Nothing was changed.\nCampaign {number} is paused.\nNext: zamu campaign resume" in again
    assert "is approved" in campaign("resume", number, "--by", "Otieno")
    assert "is cancelled" in campaign("cancel", number, "--reason", "a wrong centre", "--by", "Otieno")
    with office.transaction() as db:
        event = db.scalars(sa.select(Event).where(Event.name == "campaign.cancelled")).one()
    assert (event.who, event.channel) == ("Otieno", "terminal")


def test_a_test_goes_to_a_phone_in_its_language(office, campaign):
    number = office.drafts()
    said = campaign("test", number, "--phone", "0711 000 001", "--language", "sw", "--by", "Amina")
    assert "sw" not in said
    assert "IKO TAYARI kuchukuliwa: ID iliyopotea, GPO." in said
    with office.transaction() as db:
        message = db.scalars(sa.select(Message)).one()
    assert (message.lane, message.language) == ("interactive", "sw")


def test_a_correction_is_a_campaign_of_its_own(office, campaign):
    office.shelve(2)
    number = office.starts()
    office.writes_all()
    office.leaves(number)
    said = campaign("correct", number, "--en", "Sorry.", "--sw", "Samahani.", "--by", "Amina")
    assert "en: Sorry.\n    1 SMS, to 2\nsw: Samahani.\n    1 SMS, to 0" in said
    assert f"Campaign {number + 1} is a draft." in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("preview", "4711"), "There is no campaign 4711."),
        (("look", "4711", "--by", "A"), "There is no campaign 4711."),
        (("new", "X", "--site", "NOSUCH", "--by", "A"), "There is no centre with the code NOSUCH."),
        (("new", "X", "--least-days", "9", "--most-days", "2", "--by", "A"), "fewer than the least"),
        (("new", " ", "--by", "A"), "Type a name."),
        (("test", "ID", "--phone", "12", "--by", "A"), "phone number"),
        (("test", "ID", "--phone", "0711000001", "--site", "NOSUCH", "--by", "A"), "no centre NOSUCH"),
        (("approve", "ID", "--by", "Otieno"), "is a draft. It cannot be approved now."),
        (("submit", "ID", "--by", "Otieno"), "would tell nobody"),
        (("correct", "ID", "--en", "x", "--sw", "“", "--by", "A"), "cannot show: “"),
        (("submit", "ID"), "Missing option '--by'"),
    ],
)
def test_what_is_refused_is_refused_in_a_sentence(office, campaign, words, sentence):
    number = office.drafts()
    assert sentence in campaign(*[number if word == "ID" else word for word in words], refused=True)


def test_the_first_hundred_wait_for_a_look(office, campaign):
    office.shelve(writing.FIRST + 1)
    number = office.starts()
    with office.transaction() as db:
        db.execute(sa.update(Campaign).values(state="looking", written=writing.FIRST))
    assert "Next: zamu campaign report" in campaign("report", number)
    assert f"Campaign {number} is running." in campaign("look", number, "--by", "Otieno")
