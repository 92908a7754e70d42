from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from core.db import Transaction
from core.messaging.tables import Message, Status
from core.people.audit import Actor
from core.people.register import Register, set_language
from core.references import parse_reference
from core.tracking.corrections import Correction
from core.tracking.demo import DEMO, make_demo_documents
from core.tracking.documents import find, lock_all, move, move_all
from core.tracking.errors import NoSuchDocument, NothingToCorrect
from core.tracking.notices import tell_ready
from core.tracking.stages import AWAITED, MOVES, READY, IllegalMove, Stage, check_move
from core.tracking.tables import Document, DocumentEvent
from core.wording import speaking
from tests.core.tracking.shelf import CLERK, PHONE

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
    move(db, document, Stage.TRANSFERRED, actor=CLERK, origin="desk", now=later)
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
        move(db, document, Stage.RECEIVED, actor=CLERK, origin="desk", now=now)
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


# Who, through what, why, and what is said of it.


def test_a_step_says_who_when_where_from_what_and_why(db: Session, make: Make, now: datetime) -> None:
    document = make(stage=Stage.NOTIFIED)
    clerk = Actor("desk", who="a.otieno")
    move(db, document, Stage.RETURNED, actor=clerk, origin="request 7", now=now, reason="six months on the shelf")
    event = db.scalars(sa.select(DocumentEvent).order_by(DocumentEvent.id.desc())).first()
    assert event is not None
    assert (event.stage, event.who, event.actor_id, event.channel) == ("returned", "a.otieno", None, "desk")
    assert (event.at, event.site_id) == (now, document.site_id)
    assert (event.origin, event.reason) == ("request 7", "six months on the shelf")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This document is collected; it cannot be received at the centre."),
        ("sw", "Hali ya hati hii: imechukuliwa. Haiwezi kuwa: imepokelewa kituoni."),
    ],
)
def test_an_illegal_move_is_refused_with_a_sentence(language: str, sentence: str) -> None:
    with speaking(language), pytest.raises(IllegalMove) as refused:
        check_move(Stage.COLLECTED, Stage.RECEIVED)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("stage", sorted(AWAITED))
def test_a_centre_acknowledges_what_lies_before_it_though_the_agency_never_sent_it(stage: Stage) -> None:
    check_move(stage, Stage.RECEIVED)


@pytest.mark.parametrize("stage", sorted(READY))
@pytest.mark.parametrize("end", [Stage.COLLECTED, Stage.TRANSFERRED, Stage.RETURNED, Stage.DESTROYED])
def test_from_the_shelf_it_goes_one_of_four_ways(stage: Stage, end: Stage) -> None:
    check_move(stage, end)


def test_a_number_finds_its_document_for_the_desk(db: Session, make: Make) -> None:
    document = make(tracking_number="48217092")
    assert find(db, "48217092") is document
    with pytest.raises(NoSuchDocument):
        find(db, "33055184")


# Corrections.


def test_its_owner_is_told_at_once_what_must_be_put_right(db: Session, make: Make, now: datetime) -> None:
    document = make(PHONE, Stage.IN_PROCESS)
    move(db, document, Stage.NEEDS_CORRECTION, actor=CLERK, origin="file 1", now=now, reason=Correction.PHOTO)
    [message] = db.scalars(sa.select(Message))
    assert (message.template, message.lane, message.asked_for) == ("document_correction", "notice", False)
    assert message.arguments.items() >= {"correction": "photo", "service": "IDR", "site": "GPO"}.items()
    assert message.not_before == now
    assert document.correction == "photo"


@pytest.mark.parametrize("reason", [None, "", "the photo"])
def test_a_correction_that_nobody_can_act_on_is_refused(
    db: Session, make: Make, now: datetime, reason: str | None
) -> None:
    document = make(PHONE, Stage.IN_PROCESS)
    with pytest.raises(NothingToCorrect, match="Say what must be put right"):
        move(db, document, Stage.NEEDS_CORRECTION, actor=CLERK, origin="file 1", now=now, reason=reason)
    assert document.stage == Stage.IN_PROCESS
    assert db.scalars(sa.select(Message)).all() == []


def test_what_has_been_put_right_is_asked_for_no_longer(db: Session, make: Make, now: datetime) -> None:
    document = make(PHONE, Stage.IN_PROCESS)
    move(db, document, Stage.NEEDS_CORRECTION, actor=CLERK, origin="file 1", now=now, reason="photo")
    move(db, document, Stage.IN_PROCESS, actor=CLERK, origin="desk", now=now)
    assert document.correction is None
    [message] = db.scalars(sa.select(Message))
    assert (message.status, message.error) == (Status.WITHHELD, "no_longer_true")


def test_a_rejection_is_told_too(db: Session, make: Make, now: datetime) -> None:
    move(db, make(PHONE, Stage.IN_PROCESS), Stage.REJECTED, actor=CLERK, origin="file 1", now=now)
    assert db.scalars(sa.select(Message.template)).all() == ["document_rejected"]


@pytest.mark.parametrize(
    ("stage", "template", "site"),
    [(Stage.TRANSFERRED, "document_transferred", "MAK"), (Stage.RETURNED, "document_returned", "GPO")],
)
def test_nobody_travels_for_a_document_that_has_left(
    db: Session, make: Make, other_site: int, now: datetime, stage: Stage, template: str, site: str
) -> None:
    told, untold, nobody = make(PHONE, Stage.RECEIVED), make(PHONE, Stage.RECEIVED), make(None, Stage.RECEIVED)
    assert tell_ready(db, [told], now=now) == 1
    to = other_site if stage is Stage.TRANSFERRED else None
    all_of_them = lock_all(db, [told.id, untold.id, nobody.id])
    move_all(db, all_of_them, stage, actor=CLERK, origin="desk", now=now, site_id=to)
    ready, *messages = db.scalars(sa.select(Message).order_by(Message.id)).all()
    assert (ready.template, ready.error) == ("document_ready", "no_longer_true")
    assert [(m.subject, m.template, m.lane) for m in messages] == [
        (f"document:{document.id}", template, "notice") for document in (told, untold)
    ]
    assert {m.arguments["site"] for m in messages} == {site}


def test_that_it_moves_is_not_said_once_it_is_there(db: Session, make: Make, other_site: int, now: datetime) -> None:
    document = make(PHONE, Stage.RECEIVED)
    move(db, document, Stage.TRANSFERRED, actor=CLERK, origin="desk", now=now, site_id=other_site)
    move(db, document, Stage.RECEIVED, actor=CLERK, origin="desk", now=now)
    [message] = db.scalars(sa.select(Message))
    assert (message.template, message.error) == ("document_transferred", "no_longer_true")


def test_it_is_told_in_the_language_of_its_reader(db: Session, make: Make, people: Register, now: datetime) -> None:
    set_language(db, people.contact(db, PHONE, now=now), "sw")
    move(db, make(PHONE, Stage.IN_PROCESS), Stage.REJECTED, actor=CLERK, origin="file 1", now=now)
    assert db.scalars(sa.select(Message.language)).all() == ["sw"]


def test_a_step_that_leaves_it_ready_withdraws_nothing(db: Session, make: Make, now: datetime) -> None:
    document = make(PHONE, Stage.RECEIVED)
    assert tell_ready(db, [document], now=now) == 1
    for stage in (Stage.NOTIFIED, Stage.REMINDED):
        move(db, document, stage, actor=CLERK, origin="desk", now=now)
    assert db.scalars(sa.select(Message.status)).all() == [Status.PENDING]


def test_messages_about_another_document_are_left_alone(db: Session, make: Make, now: datetime) -> None:
    document, other = make(PHONE, Stage.RECEIVED), make(PHONE, Stage.RECEIVED)
    tell_ready(db, [document, other], now=now)
    move(db, document, Stage.COLLECTED, actor=CLERK, origin="desk", now=now)
    waiting = sa.select(Message.subject).where(Message.status == Status.PENDING)
    assert db.scalars(waiting).all() == [f"document:{other.id}"]


def test_demo_documents_send_nothing_by_themselves(transaction: Transaction, now: datetime) -> None:
    with transaction() as db:
        make_demo_documents(db, Register("a secret key"), now=now)
        assert db.scalars(sa.select(Message.id).where(Message.status == Status.PENDING)).all() == []
        corrections = db.scalars(sa.select(Document.correction).where(Document.stage == Stage.NEEDS_CORRECTION))
        assert corrections.all() == ["photo"]
        [promised] = db.scalars(sa.select(Document.promised_on).where(Document.promised_on.is_not(None)))
        assert promised > now.date()
