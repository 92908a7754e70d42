"""Handing over at the desk: the code in three keys, a reason, or the owner's YES."""

from datetime import timedelta

import sqlalchemy as sa

from core.idempotency import Request
from core.people.audit import Actor, Intent
from core.tracking.collection import MAX_WRONG_CODES_AN_HOUR
from core.tracking.consents import answer_consent
from core.tracking.stages import Stage
from core.tracking.tables import CollectionConsent
from tests.desk.papers import Papers, Sit
from tests.support import Clock

COLLECT = "/desk/documents?task=collect"


def answer(papers: Papers, number: str, given: bool) -> None:
    """The owner answers the question last asked about this document."""
    contact_id = papers.get(number).contact_id or 0
    intent = Intent(contact_id, f"answer {given}", Actor("sms", contact_id), "en", papers.clock())
    with papers.transaction() as db:
        consent_id = db.scalars(sa.select(sa.func.max(CollectionConsent.id))).one()
        answer_consent(db, intent, consent_id=consent_id, given=given)


def test_scan_code_enter(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED, shelf="A12", owner="12345678"), sit("counter")
    clerk.see(COLLECT)
    said = clerk.send(scanned=number)
    assert clerk.path == f"/desk/documents/{number}/collect"
    for words in ("Bin: A12", "The owner's ID ends with 678"):
        assert words in said
    assert clerk.page.text.count("autofocus=") == 1
    said = clerk.send(code=papers.code(number))
    assert clerk.path == COLLECT
    assert "Handed over." in said
    assert papers.get(number).stage == Stage.COLLECTED
    assert len(papers.messages("document_collected")) == 1


def test_a_wrong_code_counts_and_says_how_many_tries_are_left(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED), sit("counter")
    right = papers.code(number)
    wrong = "1111" if right != "1111" else "2222"
    page = f"/desk/documents/{number}/collect"
    clerk.see(page)
    form = clerk.unseen() | {"code": wrong}
    for _go in range(2):  # sent twice, it counts once
        clerk.page = clerk.client.post(page, data=form)
        assert "Tries left in this hour: 4." in clerk.text
    assert clerk.page.status_code == 422
    for no_try in ("", "4821 7092"):
        assert "Type the code of 4 digits." in clerk.send(page, code=no_try)
    for left in range(MAX_WRONG_CODES_AN_HOUR - 2, 0, -1):
        assert f"Tries left in this hour: {left}." in clerk.send(page, code=wrong)
    assert "Too many wrong codes" in clerk.send(page, code=wrong)
    assert "Too many wrong codes" in clerk.send(page, code=right)
    assert papers.get(number).stage == Stage.RECEIVED
    assert len(papers.events("document.wrong_code")) == MAX_WRONG_CODES_AN_HOUR


def test_the_right_code_is_taken_from_the_page_of_a_wrong_one(papers: Papers, sit: Sit) -> None:
    """Such as after Back: it carries the request of the wrong code."""
    number, clerk = papers.make(Stage.RECEIVED), sit("counter")
    right = papers.code(number)
    wrong = "1111" if right != "1111" else "2222"
    page = f"/desk/documents/{number}/collect"
    clerk.see(page)
    form = clerk.unseen()
    assert clerk.client.post(page, data=form | {"code": wrong}).status_code == 422
    for _go in range(2):
        assert clerk.client.post(page, data=form | {"code": right}).status_code == 303
    assert papers.get(number).stage == Stage.COLLECTED
    assert len(papers.messages("document_collected")) == 1
    keys = papers.all(sa.select(Request.key).where(Request.key.contains(form["request_key"])))
    assert len(keys) == 2
    assert not any(f":{digits}" in key for digits in (right, wrong) for key in keys)


def test_without_the_code_for_a_reason(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED, phone=None), sit("counter")
    page = f"/desk/documents/{number}/collect"
    clerk.see(page)
    assert "Type a reason for handing it over without the code." in clerk.send(f"{page}/override", reason=" ")
    assert f'data-page="{page}"' in clerk.page.text, "Back asks there again: nothing can be looked at where it was sent"
    clerk.send(f"{page}/override", reason="Showed the ID")
    assert clerk.path == COLLECT
    [event] = papers.events("document.collected")
    assert (event.who, event.details["by"]) == (clerk.officer.username, "override")


def test_two_clerks_hand_over_one_document_and_the_second_is_told_when(papers: Papers, sit: Sit, clock: Clock) -> None:
    number, first, second = papers.make(Stage.RECEIVED), sit("counter"), sit("counter")
    page = f"/desk/documents/{number}/collect"
    second.see(page)
    first.see(page)
    clock.time += timedelta(minutes=2)
    first.send(code=papers.code(number))
    clock.time += timedelta(minutes=1)
    said = second.send(page, code=papers.code(number))
    assert "This document is collected; it cannot be collected." in said
    assert f"That was done at 9:02am by {first.officer.username}." in said
    second.see(COLLECT)
    said = second.send(scanned=number)
    assert f"Already handed over at 9:02am by {first.officer.username}. Nothing was changed." in said
    assert len(papers.messages("document_collected")) == 1


def test_somebody_else_collects_when_the_owner_says_yes(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED), sit("counter")
    page = f"/desk/documents/{number}/collect"
    clerk.see(page)
    assert "An ID number has 6 to 9 digits." in clerk.send(f"{page}/ask", kind="national_id", number="12")
    said = clerk.send(f"{page}/ask", kind="national_id", number="23456789")
    assert "No answer yet. The owner was asked by SMS. The question stands until 11:00am." in said
    assert len(papers.messages("collection_consent")) == 1
    waiting = clerk.path
    answer(papers, number, True)
    assert "The owner said YES" in clerk.see(waiting)
    clerk.send()
    assert clerk.path == COLLECT
    [event] = papers.events("document.collected")
    assert event.details["by"] == "consent"


def test_nobody_else_collects_when_the_owner_says_no_or_nothing(papers: Papers, sit: Sit, clock: Clock) -> None:
    number, clerk = papers.make(Stage.RECEIVED), sit("counter")
    page = f"/desk/documents/{number}/collect"
    clerk.see(page)
    form = clerk.unseen()
    clerk.send(f"{page}/ask", kind="national_id", number="23456789")
    waiting = clerk.path
    answer(papers, number, False)
    assert "The owner said NO" in clerk.see(waiting)
    refused = clerk.client.post(waiting, data=form | {"request_key": "another-request-of-this-test"})
    assert refused.status_code == 422
    assert "The owner has not agreed to this by SMS." in refused.text
    clock.time += timedelta(hours=3)
    assert "The time to answer is over. Ask again." in clerk.see(waiting)
    assert papers.get(number).stage == Stage.RECEIVED


def test_whoever_cannot_be_asked_is_not(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(Stage.RECEIVED, phone=None), sit("counter")
    page = f"/desk/documents/{number}/collect"
    clerk.see(page)
    said = clerk.send(f"{page}/ask", kind="passport", number="A1234567")
    assert "We cannot ask the owner by SMS." in said
    assert 'value="A1234567"' in clerk.page.text


def test_a_question_about_another_document_does_not_exist_here(papers: Papers, sit: Sit) -> None:
    number, other, clerk = papers.make(Stage.RECEIVED), papers.make(Stage.RECEIVED, site="MAK"), sit("counter")
    clerk.see(f"/desk/documents/{number}/collect")
    clerk.send(f"/desk/documents/{number}/collect/ask", kind="national_id", number="23456789")
    asked = clerk.path.rpartition("/")[2]
    second = papers.make(Stage.RECEIVED)
    assert clerk.client.get(f"/desk/documents/{second}/collect/asked/{asked}").status_code == 404
    assert clerk.client.get(f"/desk/documents/{number}/collect/asked/999999").status_code == 404
    for address in ("collect", f"collect/asked/{asked}", "label"):
        assert clerk.client.get(f"/desk/documents/{other}/{address}").status_code == 404
    for role in ("agent", "secretariat", "clerk", "auditor"):
        assert sit(role).client.get(f"/desk/documents/{number}/collect").status_code == 403


def test_what_does_not_lie_ready_leads_to_its_own_page(papers: Papers, sit: Sit) -> None:
    number, clerk = papers.make(), sit("counter")
    clerk.see(f"/desk/documents/{number}/collect")
    assert clerk.path == f"/desk/documents/{number}"
    clerk.see(COLLECT)
    assert "This document is sent to the centre; it cannot be collected." in clerk.send(scanned=number)
