import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db import transactions
from core.messaging.limits import TooManySms
from core.messaging.tables import Message
from core.people.audit import Actor, Intent
from core.people.register import Register
from core.tracking.lookup import TooManyLookups, forget_attempts, look_up, own_documents, send_status
from core.tracking.stages import Stage
from core.tracking.tables import Document, LookupAttempt

Make = Callable[..., Document]
Look = Callable[..., Document | None]
MINE, OTHER = "+254711000001", "+254711000002"


@pytest.fixture
def look(db: Session, people: Register, now: datetime) -> Look:
    requests = itertools.count()

    def look(number: str, proof: str = "678", phone: str = OTHER, **more: Any) -> Document | None:
        asked = {"request_key": f"look {next(requests)}", "now": now} | more
        return look_up(db, people, tracking_number=number, proof=proof, phone_index=people.phone_index(phone), **asked)

    return look


def test_number_and_proof_together_find_a_document(make: Make, look: Look) -> None:
    document = make(MINE)
    found = look(document.tracking_number)
    assert found is not None
    assert found.id == document.id


def test_unknown_and_not_yours_get_the_same_answer_after_the_same_statements(
    db: Session, make: Make, look: Look
) -> None:
    document = make(MINE)
    statements: list[str] = []
    connection = db.connection()
    sa.event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2]))
    assert look(document.tracking_number, proof="999") is None
    wrong_proof = statements.copy()
    statements.clear()
    assert look("33055184", phone=MINE) is None
    assert [s.split("sa_savepoint")[0] for s in statements] == [s.split("sa_savepoint")[0] for s in wrong_proof]
    assert len(statements) > 3


def test_unknown_numbers_are_hashed_and_compared_like_known_ones(
    make: Make, look: Look, people: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = make(MINE)
    hashed: list[str] = []
    monkeypatch.setattr(people, "proof_index", lambda number, proof: hashed.append(number) or bytes(16))
    look(document.tracking_number)
    look("33055184")
    assert hashed == [document.tracking_number, "33055184"]


def test_a_phone_looks_up_five_times_an_hour(look: Look, now: datetime) -> None:
    for number in ("10000000", "20000000", "30000000", "40000000", "50000000"):
        assert look(number) is None
    with pytest.raises(TooManyLookups):
        look("60000000")
    assert look("60000000", phone=MINE) is None
    assert look("70000000", now=now + timedelta(hours=1)) is None


def test_a_number_is_looked_up_five_times_an_hour_whoever_asks(make: Make, look: Look, now: datetime) -> None:
    document = make(MINE)
    for caller in range(5):
        look(document.tracking_number, proof="999", phone=f"+25471100001{caller}")
    with pytest.raises(TooManyLookups):
        look(document.tracking_number, phone=MINE)
    assert look(document.tracking_number, phone=MINE, now=now + timedelta(hours=1)) is not None


def test_the_limit_of_a_number_holds_for_phones_that_ask_at_once(
    engine: sa.Engine, people: Register, now: datetime
) -> None:
    together, answers = Barrier(10), []

    def ask(caller: int) -> None:
        together.wait(20)
        with transactions(engine)() as db:
            try:
                answer = look_up(
                    db,
                    people,
                    tracking_number="10000000",
                    proof="678",
                    phone_index=people.phone_index(f"+25471100001{caller}"),
                    request_key=f"look {caller}",
                    now=now,
                )
            except TooManyLookups as refusal:
                answers.append(type(refusal))
            else:
                answers.append(answer)

    threads = [Thread(target=ask, args=(caller,), daemon=True) for caller in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (answers.count(None), answers.count(TooManyLookups)) == (5, 5)


def test_a_look_up_that_finds_nothing_is_counted(db: Session, look: Look) -> None:
    look("10000000")
    assert list(db.scalars(sa.select(LookupAttempt.attempts))) == [1, 1]


def test_a_repeated_request_is_answered_alike_and_not_counted_again(db: Session, make: Make, look: Look) -> None:
    document = make(MINE)
    first = look(document.tracking_number, request_key="key")
    assert look(document.tracking_number, request_key="key") is first
    assert list(db.scalars(sa.select(LookupAttempt.attempts))) == [1, 1]


def test_counts_of_past_hours_are_forgotten(db: Session, look: Look, now: datetime) -> None:
    look("10000000")
    assert forget_attempts(db, now=now + timedelta(minutes=59)) == 0
    assert forget_attempts(db, now=now + timedelta(minutes=60)) == 2


def test_only_the_documents_own_phone_is_confirmed_by_a_look_up(db: Session, make: Make, look: Look) -> None:
    document = make(MINE)
    document.contact_confirmed_at = None
    db.flush()
    look(document.tracking_number, phone=OTHER)
    db.refresh(document)
    assert document.contact_confirmed_at is None
    look(document.tracking_number, phone=MINE)
    db.refresh(document)
    assert document.contact_confirmed_at is not None


def test_a_phone_sees_its_own_documents_while_it_is_confirmed(db: Session, make: Make, now: datetime) -> None:
    document = make(MINE)
    make(OTHER)
    make(None)
    contact_id = document.contact_id
    assert contact_id is not None
    assert own_documents(db, contact_id, now=now) == [document]
    assert own_documents(db, contact_id, now=now + timedelta(days=179)) == [document]
    assert own_documents(db, contact_id, now=now + timedelta(days=180)) == []


def test_a_collected_document_is_shown_for_two_weeks(db: Session, make: Make, now: datetime) -> None:
    document = make(MINE, Stage.COLLECTED)
    assert document.contact_id is not None
    assert own_documents(db, document.contact_id, now=now + timedelta(days=13)) == [document]
    assert own_documents(db, document.contact_id, now=now + timedelta(days=14)) == []


def test_the_status_is_sent_three_times_an_hour(db: Session, make: Make, people: Register, now: datetime) -> None:
    document = make(MINE, Stage.RECEIVED)
    contact_id = people.contact(db, OTHER, now=now).id

    def send(key: str) -> None:
        send_status(db, Intent(contact_id, key, Actor("ussd", contact_id), "sw", now), document_id=document.id)

    for nth in (1, 2, 3, 3):
        send(f"send {nth}")
    with pytest.raises(TooManySms):
        send("send 4")
    messages = list(db.scalars(sa.select(Message)))
    assert len(messages) == 3
    assert messages[0].arguments == {
        "service": "IDR",
        "site": "GPO",
        "stage": "received",
        "since": document.stage_since.isoformat(),
        "correction": None,
    }
