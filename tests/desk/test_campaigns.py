"""Campaigns at the desk, from the draft to the report."""

import csv
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.campaigns.tables import Campaign, State
from core.messaging.tables import LaneState, Message, Status
from core.people.tables import Event
from tests.core.campaigns.office import Office
from tests.desk.pages import fill, seen, unseen


@pytest.fixture
def office(transaction, catalogue, register):
    return Office(transaction, catalogue, register)


@pytest.fixture
def secretary(desk):
    return desk("secretariat")


def drafted(client, **values):
    """The address of a campaign just made at the desk."""
    answer = fill(client, "/desk/campaigns/new", **({"name": "November backlog"} | values))
    assert answer.status_code == 303, seen(answer.text)
    return answer.location


def press(client, address, what):
    return fill(client, f"{address}/do/{what}", at=address)


def test_a_campaign_goes_from_its_preview_through_two_people_to_its_report(secretary, desk, office, clock):
    office.shelve(1000)
    office.shelve(2, language="sw")
    office.shelve(4, owner=None)
    address = drafted(secretary, services=["IDR"], sites=["GPO"])
    page = seen(secretary.get(address).text)
    assert "Recipients 1,002 SMS 1,002 Cost about KES 801.60 (KES 0.80 an SMS, assumed)" in page
    assert "Left out: no phone 4" in page
    assert "English: 1 SMS each, to 1,000 READY to collect: Lost ID at GPO." in page
    assert "Kiswahili: 1 SMS each, to 2 IKO TAYARI kuchukuliwa" in page
    assert "Sent by, if it began now Mon 23 Nov 9:00am" in page
    assert "Submitting it fixes whom it tells: more than 1,000 need somebody else's approval." in page

    assert press(secretary, address, "submit").status_code == 303
    waiting = secretary.get(address)
    assert "somebody else must approve it" in seen(waiting.text)
    assert "do/approve" not in waiting.text
    second = desk("secretariat")
    assert f"somebody other than {secretary.officer.username} must approve it" in seen(second.get(address).text)
    assert press(second, address, "approve").status_code == 303
    assert "It begins when somebody has said when" in seen(second.get(address).text)
    assert fill(second, f"{address}/schedule", when="now").status_code == 303
    assert "It begins by itself within a minute. After its first hundred it waits" in seen(second.get(address).text)

    number = int(address.rpartition("/")[2])
    office.writes_all()
    assert "waits for somebody to look" in seen(secretary.get(address).text)
    press(secretary, address, "look")
    office.writes_all()
    one, other, *_ = office.leaves(number)
    office.becomes(Status.DELIVERED, one)
    office.becomes(Status.UNKNOWN, other, error="no_answer")
    page = seen(secretary.get(address).text)
    assert "1,002 of 1,002 written" in page
    assert "sent, no report yet 1,000" in page, page
    assert "delivered 1 failed 0" in page
    assert "unknown: perhaps sent 1" in page
    assert "unknown: perhaps sent no_answer 1" in seen(secretary.get(f"{address}/report").text)
    rows = list(csv.reader(secretary.get(f"{address}/report.csv").text.splitlines()))
    assert ["all", "", "delivered", "", "1"] in rows
    assert ["reason", "", "unknown", "no_answer", "1"] in rows
    with office.transaction() as db:
        who = dict(db.execute(sa.select(Event.name, Event.who).where(Event.subject == f"campaign:{number}")).all())
    assert who["campaign.submitted"] == secretary.officer.username
    assert who["campaign.approved"] == second.officer.username


def test_a_small_campaign_says_at_each_step_what_comes_next(secretary, office, clock):
    office.shelve(1)
    address = drafted(secretary)

    def page():
        return seen(secretary.get(address).text)

    assert "up to 1,000 people need nobody else's approval. It begins when somebody has said when" in page()
    assert "Submit: nobody else has to approve it" in page()
    press(secretary, address, "submit")
    assert "is approved. It begins when somebody has said when: until then nothing is sent." in page()
    assert "Sent by, if it began now" in page()
    fill(secretary, f"{address}/schedule", when="later", day="23/11/2026", hour="17:30")
    assert "It begins by itself: Mon 23 Nov 5:30pm." in page()
    assert "Sent by Mon 23 Nov 5:30pm" in page()
    fill(secretary, "/desk/lanes/bulk/freeze", reason="a look")
    assert "Until campaigns are thawed nothing of it is sent" in page()
    fill(secretary, "/desk/lanes/bulk/thaw", at="/desk/lanes")
    office.later(hours=8, minutes=30)
    office.writes_all()
    assert "Still to leave: 1 SMS." in page()
    clock.time += timedelta(hours=10)
    assert "It rests for the night, and goes on Tue 24 Nov 8:00am." in page()
    fill(secretary, f"{address}/pause", reason="a look")
    assert "Nothing more of it is sent until somebody resumes it." in page()
    press(secretary, address, "resume")
    office.later(hours=20)
    office.leaves(int(address.rpartition("/")[2]))
    assert "Nothing of it waits to be sent." in page()
    assert "Cancel the campaign" not in page()
    fill(secretary, f"{address}/cancel", reason="enough")
    assert "Whom it has not told another campaign can tell." in page()


def test_whoever_made_it_is_told_that_somebody_else_must_approve_it(secretary, office):
    office.shelve(1001)
    address = drafted(secretary)
    kept = unseen(secretary.get(address).text)
    press(secretary, address, "submit")
    answer = secretary.post(f"{address}/do/approve", data=kept | {"request_key": "a" * 16})
    assert f"{secretary.officer.username} made campaign" in seen(answer.text)
    assert office.see(int(address.rpartition("/")[2])).state == State.SUBMITTED


def test_a_draft_sent_twice_is_one_campaign(secretary, office):
    values = unseen(secretary.get("/desk/campaigns/new").text) | {"name": "Backlog"}
    first = secretary.post("/desk/campaigns/new", data=values)
    again = secretary.post("/desk/campaigns/new", data=values)
    assert first.location == again.location
    with office.transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": " "}, "Type a name."),
        ({"name": "X", "least_days": "many"}, "Type a whole number, such as 15."),
        ({"name": "X", "least_days": "9", "most_days": "2"}, "fewer than the least"),
        ({"name": "X" * 99}, "This is longer than 80 characters."),
    ],
)
def test_what_is_wrong_with_a_new_campaign_is_said_beside_it_and_what_was_typed_stays(
    secretary, office, values, sentence
):
    answer = fill(secretary, "/desk/campaigns/new", **values)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2  # in the summary, and beside the field
    assert f'value="{values["name"].strip()}"' in answer.text


def _submitted_all_the_same(client, address):
    """From a page on which somebody was still to be told."""
    return fill(client, f"{address}/do/submit", at="/desk/campaigns/new").text


def test_a_campaign_that_would_tell_nobody_is_refused_in_words(secretary, office):
    address = drafted(secretary)
    page = secretary.get(address).text
    assert "As things are it would tell nobody, so it cannot be submitted." in seen(page)
    assert "do/submit" not in page
    assert "would tell nobody." in seen(_submitted_all_the_same(secretary, address))


def test_refusals_are_said_in_the_language_of_the_officer(desk, office):
    client = desk("secretariat")
    client.get("/language/sw?back=/desk")
    address = drafted(client)
    assert "haitamwambia mtu yeyote" in seen(_submitted_all_the_same(client, address))


def test_pausing_needs_a_reason_and_pressed_again_after_resuming_it_stays_resumed(secretary, office):
    office.shelve(1)
    number = office.starts()
    address = f"/desk/campaigns/{number}"
    assert "Type a reason." in seen(fill(secretary, f"{address}/pause", reason="").text)
    values = unseen(secretary.get(f"{address}/pause").text) | {"reason": "a wrong centre"}
    secretary.post(f"{address}/pause", data=values)
    assert office.see(number).state == State.PAUSED
    assert "a wrong centre" in seen(secretary.get(address).text)
    press(secretary, address, "resume")
    secretary.post(f"{address}/pause", data=values)
    assert office.see(number).state == State.APPROVED


def test_a_button_that_no_longer_fits_says_where_the_campaign_stands(secretary, office):
    office.shelve(1)
    number = office.starts()
    office.does("cancel", number)
    answer = fill(secretary, f"/desk/campaigns/{number}/pause", reason="late")
    assert f"Campaign {number} is cancelled. This cannot be done now." in seen(answer.text)
    assert 'value="late"' in answer.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"when": "later"}, "Type the day."),
        ({"when": "later", "day": "soon"}, "Type a day like 24/11/2026."),
        ({"when": "later", "day": "22/11/2026", "hour": "09:00"}, "That is past."),
        ({"when": "later", "day": "2027-06-01", "hour": "09:00"}, "more than 60 days ahead"),
        ({"when": "later", "day": "24/11/2026", "hour": "20:00"}, "Choose one."),
    ],
)
def test_an_hour_that_cannot_be_is_refused_beside_it(secretary, office, values, sentence):
    address = f"/desk/campaigns/{office.drafts()}"
    assert sentence in seen(fill(secretary, f"{address}/schedule", **values).text)


def test_it_begins_at_its_hour(secretary, office):
    number = office.drafts()
    fill(secretary, f"/desk/campaigns/{number}/schedule", when="later", day="24/11/2026", hour="09:30")
    assert "Begins Tue 24 Nov 9:30am" in seen(secretary.get(f"/desk/campaigns/{number}").text)


def test_a_correction_counts_its_sms_first_and_goes_to_those_who_were_told(secretary, office):
    office.shelve(2)
    number = office.starts()
    office.writes_all()
    office.leaves(number)
    address = f"/desk/campaigns/{number}/correct"
    texts = {"en": "Sorry. " * 30, "sw": "Samahani."}
    counted = fill(secretary, address, do="check", **texts)
    assert "English: 2 SMS" in seen(counted.text)
    refused = fill(secretary, address, do="it", en="Sorry \N{EN DASH} no.", sw="Samahani.")
    assert refused.text.count("has what a plain phone cannot show") == 2
    assert "Samahani." in refused.text
    made = fill(secretary, address, do="it", **texts)
    assert "English: 2 SMS each, to 2" in seen(secretary.get(made.location).text)
    assert office.see(number).state == State.CANCELLED


def test_a_test_goes_to_one_phone(secretary, office):
    address = f"/desk/campaigns/{office.drafts()}/test"
    assert "not a phone number" in seen(fill(secretary, address, phone="abc", language="en").text)
    assert fill(secretary, address, phone="0711 000 001", language="sw").status_code == 303
    with office.transaction() as db:
        assert db.scalars(sa.select(Message.language)).all() == ["sw"]


def test_a_page_that_keeps_itself_up_to_date_stops_by_itself(secretary, office):
    office.shelve(1)
    address = f"/desk/campaigns/{office.starts()}"
    assert "Refresh" not in secretary.get(address).headers
    assert secretary.get(f"{address}?live=120").headers["Refresh"] == f"5; url={address}?live=119"
    assert "Refresh" not in secretary.get(f"{address}?live=0").headers


def test_a_lane_is_frozen_with_a_reason_and_thawed(secretary, office):
    assert "Type a reason." in seen(fill(secretary, "/desk/lanes/bulk/freeze", reason="").text)
    fill(secretary, "/desk/lanes/bulk/freeze", reason="wrong centre in the text")
    for page in ("/desk/lanes", "/desk/campaigns"):
        assert "wrong centre in the text" in seen(secretary.get(page).text)
    fill(secretary, "/desk/lanes/bulk/thaw", at="/desk/lanes")
    with office.transaction() as db:
        assert db.scalars(sa.select(LaneState.frozen_at)).all() == [None]
        lane = sa.select(Event.name, Event.who).where(Event.subject == "lane:bulk").order_by(Event.id)
        events = db.execute(lane).all()
    assert [tuple(event) for event in events] == [
        ("lane.frozen", secretary.officer.username),
        ("lane.thawed", secretary.officer.username),
    ]


def test_who_may_only_look_is_offered_no_button_and_refused_one(desk, office):
    auditor = desk("auditor")
    office.shelve(1)
    number = office.drafts()
    page = auditor.get(f"/desk/campaigns/{number}")
    assert page.status_code == 200
    assert "/do/" not in page.text
    assert auditor.post(f"/desk/campaigns/{number}/do/submit").status_code == 403
    assert desk("counter").get("/desk/campaigns").status_code == 403


def test_campaigns_are_listed_in_pages(secretary, office):
    numbers = [office.drafts(name=f"Backlog {n}") for n in range(27)]
    first = secretary.get("/desk/campaigns").text
    assert "Backlog 26" in first
    assert "Backlog 1<" not in first
    assert f"after={numbers[2]}" in first
    assert "Backlog 1<" in secretary.get(f"/desk/campaigns?after={numbers[2]}").text
    assert secretary.get("/desk/campaigns/4711").status_code == 404


def test_each_button_of_one_page_does_its_own(secretary, office):
    """All forms of a page carry the same key."""
    for lane in ("bulk", "interactive"):
        fill(secretary, f"/desk/lanes/{lane}/freeze", reason="to see")
    kept = unseen(secretary.get("/desk/lanes").text)
    for lane in ("bulk", "interactive"):
        secretary.post(f"/desk/lanes/{lane}/thaw", data=kept)
    with office.transaction() as db:
        assert set(db.scalars(sa.select(LaneState.frozen_at))) == {None}


def test_one_page_of_a_campaign_can_do_several_things(secretary, office):
    office.shelve(1)
    numbers = [office.starts() for _ in range(2)]
    kept = unseen(secretary.get(f"/desk/campaigns/{numbers[0]}/pause").text) | {"reason": "to see"}
    for number in numbers:
        secretary.post(f"/desk/campaigns/{number}/pause", data=kept)
        assert office.see(number).state == State.PAUSED
    secretary.post(f"/desk/campaigns/{numbers[0]}/cancel", data=kept)
    assert office.see(numbers[0]).state == State.CANCELLED


def test_a_second_test_to_another_phone_or_in_another_language_is_sent(secretary, office):
    address = f"/desk/campaigns/{office.drafts()}/test"
    kept = unseen(secretary.get(address).text)
    for phone, language in (("0711000001", "en"), ("0711000001", "sw"), ("0711000002", "sw"), ("0711 000 002", "sw")):
        secretary.post(address, data=kept | {"phone": phone, "language": language})
    with office.transaction() as db:
        assert db.scalars(sa.select(Message.language).order_by(Message.id)).all()[:3] == ["en", "sw", "sw"]
