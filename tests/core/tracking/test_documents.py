from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from core.db import Transaction
from core.people.register import Register
from core.references import parse_reference
from core.tracking.demo import DEMO, make_demo_documents
from core.tracking.documents import move
from core.tracking.stages import MOVES, IllegalMove, Stage, check_move
from core.tracking.tables import Document, DocumentEvent

Make = Callable[..., Document]


def test_a_document_gets_a_tracking_number_and_its_first_step(db: Session, make: Make, now: datetime) -> None:
    document = make("+254711000001")
    assert parse_reference(document.tracking_number) == document.tracking_number
    assert document.contact_confirmed_at == now
    [event] = db.scalars(sa.select(DocumentEvent))
    assert (event.document_id, event.stage, event.site_id) == (document.id, "applied", document.site_id)


def test_a_tracking_number_that_is_drawn_twice_is_drawn_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["48217092", "48217092", "33055184"])
    monkeypatch.setattr("core.tracking.documents.new_reference", lambda: next(drawn))
    assert [make().tracking_number, make().tracking_number] == ["48217092", "33055184"]


def test_a_printed_number_is_used_once(make: Make) -> None:
    assert make(tracking_number="48217092").tracking_number == "48217092"
    with pytest.raises(NoResultFound):
        make(tracking_number="48217092")


def test_every_step_is_kept(db: Session, make: Make, now: datetime) -> None:
    document = make(stage=Stage.RECEIVED)
    later = now + timedelta(days=1)
    move(db, document, Stage.TRANSFERRED, origin="desk", now=later)
    assert (document.stage, document.stage_since) == (Stage.TRANSFERRED, later)
    assert list(db.scalars(sa.select(DocumentEvent.stage).order_by(DocumentEvent.id))) == [
        "applied",
        "sent_to_agency",
        "in_process",
        "sent_to_centre",
        "received",
        "transferred",
    ]


def test_a_step_that_the_journey_does_not_have_is_refused(db: Session, make: Make, now: datetime) -> None:
    document = make(stage=Stage.COLLECTED)
    with pytest.raises(IllegalMove):
        move(db, document, Stage.RECEIVED, origin="desk", now=now)
    assert document.stage == Stage.COLLECTED


def test_every_stage_can_be_reached_and_only_three_end_the_journey() -> None:
    reached, fresh = {Stage.APPLIED}, [Stage.APPLIED]
    while fresh:
        following = MOVES[fresh.pop()] - reached
        reached |= following
        fresh += following
    assert reached == set(Stage) == set(MOVES)
    assert {stage for stage in Stage if not MOVES[stage]} == {Stage.REJECTED, Stage.COLLECTED, Stage.DESTROYED}


@pytest.mark.parametrize(
    ("current", "following"),
    [
        (Stage.RECEIVED, Stage.IN_PROCESS),
        (Stage.IN_PROCESS, Stage.COLLECTED),
        (Stage.DESTROYED, Stage.COLLECTED),
        (Stage.COLLECTED, Stage.RETURNED),
        (Stage.RECEIVED, Stage.RECEIVED),
    ],
)
def test_no_step_leads_back_or_past_the_counter(current: Stage, following: Stage) -> None:
    with pytest.raises(IllegalMove):
        check_move(current, following)


def test_demo_documents_are_made_once(db: Session, people: Register, catalogue: dict[str, int], now: datetime) -> None:
    made = make_demo_documents(db, people, now=now)
    db.flush()
    assert [demo.tracking_number for demo in made] == [
        demo.tracking_number for demo in DEMO if (demo.service, demo.site) == ("IDR", "GPO")
    ]
    steps = db.scalar(sa.select(sa.func.count(DocumentEvent.id)))
    assert make_demo_documents(db, people, now=now + timedelta(days=1)) == made
    assert db.scalar(sa.select(sa.func.count(DocumentEvent.id))) == steps
    [document] = db.scalars(sa.select(Document))
    assert document.stage == made[0].stage


def test_demo_numbers_can_be_typed_and_their_journeys_walked() -> None:
    for demo in DEMO:
        assert parse_reference(demo.tracking_number) == demo.tracking_number
        for current, following in zip((Stage.APPLIED, *demo.steps), demo.steps, strict=False):
            check_move(current, following)


def test_all_demo_documents_have_a_place_in_the_real_catalogue(transaction: Transaction, now: datetime) -> None:
    with transaction() as db:
        assert make_demo_documents(db, Register("a secret key"), now=now) == list(DEMO)
