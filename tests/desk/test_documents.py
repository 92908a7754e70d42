"""Scanning: one field, one POST a document, and a clear word for everything that cannot be done."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.people.tables import Event
from core.tracking.stages import Stage
from core.tracking.tables import DocumentEvent
from tests.desk.papers import Papers, Sit
from tests.support import Clock

RECEIVE = "/desk/documents?task=receive"


def test_a_scan_receives_a_document_and_tells_its_owner(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter")
    clerk.see(RECEIVE)
    assert "autofocus" in clerk.page.text
    said = clerk.send(scanned=f" {number[:4]}-{number[4:]} ")
    assert "Received. The owner will be told." in said
    assert clerk.path == RECEIVE
    assert papers.get(number).stage == Stage.RECEIVED
    assert len(papers.messages("document_ready")) == 1
    [event] = papers.events("document.received")
    assert (event.who, event.channel) == (clerk.officer.username, "desk")


def test_a_second_scan_says_when_it_was_received_and_changes_nothing(papers: Papers, sit: Sit, clock: Clock) -> None:
    number, clerk, other = papers.make(), sit("counter"), sit("counter")
    clerk.see(RECEIVE)
    clock.time += timedelta(minutes=2)
    clerk.send(scanned=number)
    clock.time += timedelta(minutes=5)
    other.see(RECEIVE)
    said = other.send(scanned=number)
    assert f"Already received at 9:02am by {clerk.officer.username}. Nothing was changed." in said
    assert papers.get(number).arrivals == 1
    assert len(papers.messages("document_ready")) == 1


def test_a_scan_sent_twice_does_one_thing_and_says_the_same(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter")
    clerk.see(RECEIVE)
    form = clerk.unseen() | {"scanned": number}
    for _go in range(2):
        answer = clerk.client.post(RECEIVE, data=form)
        assert answer.status_code == 303
        assert answer.location == RECEIVE
    assert "Already" not in clerk.see(RECEIVE)
    assert len(papers.events("document.received")) == 1


def test_the_next_number_from_the_page_of_the_last_is_another_request(papers: Papers, sit: Sit) -> None:
    first, second, clerk = papers.make(), papers.make(), sit("counter")
    clerk.see(RECEIVE)
    form = clerk.unseen()
    for number in (first, second):
        clerk.client.post(RECEIVE, data=form | {"scanned": number})
    assert [papers.get(number).stage for number in (first, second)] == [Stage.RECEIVED] * 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("48217093", "48217093: That number is not right. Check each digit."),
        ("4821709248217092", "4821709248217092: The number has 8 digits."),
        ("", "The number has 8 digits."),
        ("48217092", "4821 7092: There is no document with this number here."),
        ("<b>\0'; --", "&lt;b&gt;"),
    ],
)
def test_what_is_no_number_of_ours_is_said_beside_the_field(papers: Papers, sit: Sit, typed: str, said: str) -> None:
    clerk = sit("counter")
    clerk.see(RECEIVE)
    clerk.send(scanned=typed)
    assert clerk.page.status_code == 422
    assert said in clerk.page.text
    assert 'id="scanned-error"' in clerk.page.text
    assert 'value="4821' not in clerk.page.text  # the field is empty for the next scan


def test_a_document_that_cannot_take_the_step_says_why_and_since_when(papers: Papers, sit: Sit, clock: Clock) -> None:
    number, clerk, other = papers.make(Stage.RECEIVED), sit("counter"), sit("counter")
    other.see("/desk/documents?task=return")
    assert "Returned to the agency." in other.send(scanned=number)
    clock.time += timedelta(minutes=30)
    clerk.see("/desk/documents?task=shelve&shelf=A12")
    said = clerk.send(scanned=number)
    assert f"{number[:4]} {number[4:]}: This document is returned to the agency; it cannot be put into a bin." in said
    assert f"That was done at 9:00am by {other.officer.username}." in said


def test_documents_are_put_into_the_bin_chosen_once(papers: Papers, sit: Sit) -> None:
    numbers, clerk = [papers.make(Stage.RECEIVED) for _n in range(3)], sit("counter")
    said = clerk.see("/desk/documents?task=shelve")
    assert "Scan or type the bin" in said
    assert "Scan or type the document number" not in said
    clerk.see("/desk/documents?task=shelve&shelf=+a12+")
    for number in numbers:
        assert "Put into bin A12." in clerk.send(scanned=number)
    assert {papers.get(number).shelf for number in numbers} == {"A12"}
    assert "Already put into bin A12 at 9:00am" in clerk.send(scanned=numbers[0])
    assert len(papers.events("document.shelved")) == 3
    clerk.see("/desk/documents?task=shelve&shelf=A13")
    assert 'role="status"' not in clerk.page.text, "what came of the last scan was said after it"
    assert "Already put into bin A12" in clerk.text


def test_received_and_shelved_in_one_scan(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter")
    clerk.see(f"{RECEIVE}&shelf=B1")
    clerk.send(scanned=number)
    assert (papers.get(number).stage, papers.get(number).shelf) == (Stage.RECEIVED, "B1")


def test_a_document_sent_on_is_received_at_the_other_centre_with_a_new_code(papers: Papers, sit: Sit) -> None:
    number, here, there = papers.make(Stage.RECEIVED, shelf="A1"), sit("counter"), sit("counter", site="MAK")
    first = papers.code(number)
    here.see("/desk/documents?task=send&to=MAK")
    assert "Sent on." in here.send(scanned=number)
    assert "Already sent on" in here.send(scanned=number)
    assert "sent to another centre" in here.see(f"/desk/documents/{number}")  # not arrived: still theirs to see
    assert number[:4] in there.see("/desk/shelf/coming")
    there.see(RECEIVE)
    there.send(scanned=number)
    assert (papers.site(number), papers.get(number).shelf) == ("MAK", None)
    assert papers.code(number) != first or papers.get(number).arrivals == 2
    assert here.client.get(f"/desk/documents/{number}").status_code == 404


def test_what_was_sent_on_by_mistake_is_received_again_where_it_still_lies(papers: Papers, sit: Sit) -> None:
    number, here, third = papers.make(Stage.RECEIVED), sit("counter"), sit("counter", site="KSM")
    here.see("/desk/documents?task=send&to=MAK")
    here.send(scanned=number)
    third.see(RECEIVE)
    assert "There is no document with this number here." in third.send(scanned=number)
    here.see(RECEIVE)
    assert "Received." in here.send(scanned=number)
    assert papers.site(number) == "GPO"


def test_a_document_on_its_way_is_received_wherever_it_arrives(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(site="MAK"), sit("counter")
    clerk.see(RECEIVE)
    clerk.send(scanned=number)
    assert papers.site(number) == "GPO"


@pytest.mark.parametrize("task", ["receive", "shelve&shelf=A1", "collect", "send&to=KSM", "return", "look"])
def test_another_centres_document_does_not_exist(papers: Papers, sit: Sit, task: str) -> None:
    number, clerk = papers.make(Stage.RECEIVED, site="MAK"), sit("manager")
    clerk.see(f"/desk/documents?task={task}")
    assert "There is no document with this number here." in clerk.send(scanned=number)
    assert papers.get(number).stage == Stage.RECEIVED
    assert papers.events("document.seen") == []


def test_without_a_phone_the_clerk_is_told_that_nobody_can_be_told(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(phone=None), sit("counter")
    clerk.see(RECEIVE)
    assert "No phone is known: the owner cannot be told." in clerk.send(scanned=number)


def test_the_phone_that_was_missing_is_put_in_and_the_owner_is_told(papers: Papers, sit: Sit, clock: Clock) -> None:
    number, clerk = papers.make(Stage.RECEIVED, phone=None, problem="bad_phone"), sit("counter")
    page = f"/desk/documents/{number}"
    assert "The phone that was given cannot be one" in clerk.see(page)
    said = clerk.send(f"{page}/phone", phone="0711 00")
    assert "That phone number has the wrong number of digits." in said
    assert 'value="0711 00"' in clerk.page.text
    form = clerk.unseen() | {"phone": "0711 000 002"}
    for _go in range(2):
        assert clerk.client.post(f"{page}/phone", data=form).status_code == 303
    [message] = papers.messages("document_ready")
    document = papers.get(number)
    assert (document.contact_id, document.contact_problem) == (message.person_id, None)
    assert document.contact_confirmed_at == clock()
    said = clerk.see(page)
    assert "The owner's phone ends with 002" in said
    assert "Document ready waiting to be sent" in said
    late = sit("counter")
    late.see(page)
    late.page = clerk.page
    assert late.client.post(f"{page}/phone", data={"phone": "0711000003"}).status_code == 422
    assert papers.get(number).contact_id == document.contact_id


def test_every_look_at_a_document_is_recorded(papers: Papers, sit: Sit) -> None:
    number, agent = papers.make(owner="12345678"), sit("agent")
    said = agent.see(f"/desk/documents/{number}")
    assert "sent to the centre" in said
    assert "The owner's ID ends with 678" in said
    assert "12345678" not in agent.page.text
    agent.see("/desk/documents")
    agent.send(scanned=number)
    events = papers.events("document.seen")
    assert [(event.who, event.subject) for event in events] == [
        (agent.officer.username, f"document:{papers.get(number).id}")
    ] * 2


def test_a_document_shows_its_way_who_took_it_and_why(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter")
    clerk.see(RECEIVE)
    clerk.send(scanned=number)
    clerk.see("/desk/documents?task=collect")
    clerk.send(scanned=number)
    clerk.send(f"/desk/documents/{number}/collect/override", reason="No phone, showed the ID")
    said = clerk.see(f"/desk/documents/{number}")
    centre = papers.catalogue.sites["GPO"].names.short["en"]
    for words in (
        f"received at the centre {centre} {clerk.officer.username}, at the desk",
        "showed the ID",
    ):
        assert words in said


def test_who_may_only_look_cannot_act(papers: Papers, sit: Sit) -> None:
    number, agent = papers.make(), sit("agent")
    assert agent.client.get(RECEIVE).status_code == 403
    agent.see("/desk/documents")
    assert agent.client.post(RECEIVE, data=agent.unseen() | {"scanned": number}).status_code == 403
    assert papers.get(number).stage == Stage.SENT_TO_CENTRE


def test_an_agencys_clerk_sees_the_documents_of_its_services_only(papers: Papers, sit: Sit) -> None:
    own, other, clerk = papers.make(service="IDR"), papers.make(service="DLS"), sit("clerk", agency="NRB")
    assert "sent to the centre" in clerk.see(f"/desk/documents/{own}")
    assert clerk.client.get(f"/desk/documents/{other}").status_code == 404


def test_twenty_documents_take_two_requests_and_few_statements_each(app, papers: Papers, sit: Sit) -> None:
    numbers, clerk = [papers.make() for _n in range(20)], sit("counter")
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    clerk.see(RECEIVE)
    engine = app.extensions["engine"]
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        most = 0
        for number in numbers:
            statements.clear()
            posted = clerk.client.post(RECEIVE, data=clerk.unseen() | {"scanned": number})
            assert posted.status_code == 303
            clerk.page = clerk.client.get(posted.location)
            most = max(most, len(statements))
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert {papers.get(number).stage for number in numbers} == {Stage.RECEIVED}
    # Whoever is signed in (twice), the request's key (3 with its savepoint's 2), the document, its step, withdrawn
    # messages (1 or 2), the notice, the record, the list of the last ten.
    assert most <= 20, statements
    assert clerk.text.count("Received. The owner will be told.") == 11  # the last ten, and the last one on top


def test_steps_of_a_scan_name_where_they_came_from(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter")
    clerk.see(RECEIVE)
    clerk.send(scanned=number)
    step = papers.all(sa.select(DocumentEvent).order_by(DocumentEvent.id.desc()))[0]
    assert (step.origin, step.channel, step.who) == ("scan", "desk", clerk.officer.username)
    assert papers.all(sa.select(Event).where(Event.name == "document.received"))[0].details["site"] == step.site_id


def test_the_page_speaks_kiswahili(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter", language="sw")
    clerk.client.get("/language/sw?back=/desk/documents")
    clerk.see(RECEIVE)
    assert "Imepokelewa. Mwenyewe ataarifiwa." in clerk.send(scanned=number)
    assert "Ilikwisha kupokelewa 9:00am" in clerk.send(scanned=number)
