from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.idempotency import Request
from core.messaging import consent as stopping
from core.messaging.tables import Message, Question, Status
from core.people.audit import Actor, Intent
from core.people.identities import Identity
from core.people.tables import Event
from core.tracking import collection, consents
from core.tracking.collection import By, Code, Collector, HandOver, Override
from core.tracking.documents import lock, move
from core.tracking.errors import AskedTooOften, NobodyToAsk, NoConsent, NoReason, NothingToAllow, TooManyCodes
from core.tracking.stages import IllegalMove, Stage
from core.tracking.tables import CollectionConsent, DocumentEvent
from tests.core.booking.world import at_once
from tests.core.tracking.shelf import CLERK, PHONE, Shelf

BROTHER = Identity("national_id", "23456789")
SISTER = Identity("national_id", "34567890")


def hand_over(shelf: Shelf, document: int, by: By, **more: Any) -> HandOver:
    asked: dict[str, Any] = {"request_key": shelf.key(), "now": shelf.now} | more
    result = shelf.does(
        lambda db: collection.hand_over(db, shelf.people, actor=CLERK, document_id=document, by=by, **asked)
    )
    assert isinstance(result, HandOver)
    return result


def wrong(shelf: Shelf, document: int) -> Code:
    return Code(f"{(int(shelf.code(document)) + 1) % 10_000:04}")


# By its code.


def test_the_code_that_was_sent_is_what_it_takes(shelf: Shelf) -> None:
    document = shelf.arrived()
    said = shelf.messages("document_ready")[0].arguments
    code = shelf.people.collection_code(said["document"], said["arrival"])
    assert hand_over(shelf, document, Code(f" {code[:2]} {code[2:]}")) == HandOver(document, True, 5)
    assert shelf.get(document).stage == Stage.COLLECTED
    event = shelf.does(lambda db: db.scalars(sa.select(DocumentEvent).order_by(DocumentEvent.id.desc())).first())
    assert (event.stage, event.who, event.channel, event.reason) == ("collected", "w.njeri", "desk", None)


def test_its_owner_is_told_that_it_was_collected_and_nothing_else_any_more(shelf: Shelf) -> None:
    document = shelf.arrived()
    hand_over(shelf, document, Code(shelf.code(document)))
    notice, told = shelf.messages()
    assert (notice.template, notice.status, notice.error) == ("document_ready", Status.WITHHELD, "no_longer_true")
    assert (told.template, told.status) == ("document_collected", Status.PENDING)
    assert (told.lane, told.asked_for) == ("interactive", True)


def test_a_document_is_handed_over_once_by_clerks_who_act_at_once(shelf: Shelf) -> None:
    document = shelf.arrived()
    outcomes = at_once([partial(hand_over, shelf, document, Code(shelf.code(document))) for _ in range(6)])
    assert [type(o) for o in outcomes if not isinstance(o, HandOver)] == [IllegalMove] * 5
    assert len(shelf.messages("document_collected")) == 1


def test_the_same_request_twice_at_once_gets_the_same_outcome(shelf: Shelf) -> None:
    document = shelf.arrived()
    act = partial(hand_over, shelf, document, Code(shelf.code(document)), request_key="a form's token")
    assert at_once([act] * 4) == [HandOver(document, True, 5)] * 4
    assert len(shelf.messages("document_collected")) == 1


def test_a_code_cannot_be_guessed(shelf: Shelf) -> None:
    document = shelf.arrived()
    tries = [hand_over(shelf, document, wrong(shelf, document)) for _ in range(5)]
    assert tries == [HandOver(document, False, left) for left in (4, 3, 2, 1, 0)]
    with pytest.raises(TooManyCodes, match="Too many wrong codes"):
        hand_over(shelf, document, Code(shelf.code(document)))
    assert hand_over(shelf, document, Code(shelf.code(document)), now=shelf.now + timedelta(hours=1)).collected


def test_wrong_codes_at_once_are_all_counted(shelf: Shelf) -> None:
    document = shelf.arrived()
    outcomes = at_once([partial(hand_over, shelf, document, wrong(shelf, document)) for _ in range(12)])
    assert sorted(o.tries_left for o in outcomes if isinstance(o, HandOver)) == [0, 1, 2, 3, 4]
    assert [type(o) for o in outcomes if not isinstance(o, HandOver)] == [TooManyCodes] * 7


def test_a_repeated_request_with_a_wrong_code_is_counted_once(shelf: Shelf) -> None:
    document = shelf.arrived()
    first = [hand_over(shelf, document, wrong(shelf, document), request_key="key") for _ in range(3)]
    assert {o.tries_left for o in first} == {4}


def test_wrong_codes_of_one_document_do_not_lock_another(shelf: Shelf) -> None:
    document, other = shelf.arrived(), shelf.arrived()
    for _ in range(5):
        hand_over(shelf, document, wrong(shelf, document))
    assert hand_over(shelf, other, Code(shelf.code(other))).collected


def test_the_code_of_an_earlier_arrival_is_worth_nothing(shelf: Shelf) -> None:
    document = shelf.arrived()
    shelf.does(lambda db: move(db, lock(db, document), Stage.TRANSFERRED, actor=CLERK, origin="t", now=shelf.now))
    shelf.acknowledge(document)
    assert shelf.code(document, 1) != shelf.code(document, 2)
    assert not hand_over(shelf, document, Code(shelf.code(document, 1))).collected
    assert hand_over(shelf, document, Code(shelf.code(document, 2))).collected


@pytest.mark.parametrize("digits", ["", "1", "\N{ARABIC-INDIC DIGIT ONE}234", "none"])
def test_what_is_no_code_is_a_wrong_one(shelf: Shelf, digits: str) -> None:
    assert not hand_over(shelf, shelf.arrived(), Code(digits)).collected


def test_what_has_not_arrived_cannot_be_handed_over_even_with_a_reason(shelf: Shelf) -> None:
    with pytest.raises(IllegalMove, match="This document is sent to the centre; it cannot be collected"):
        hand_over(shelf, shelf.document(), Override("the owner is here"))


# For a reason.


def test_without_a_code_it_takes_a_reason_which_is_kept(shelf: Shelf) -> None:
    document = shelf.arrived(None)
    assert hand_over(shelf, document, Override(" no phone, ID shown ")).collected
    event = shelf.does(lambda db: db.scalars(sa.select(DocumentEvent).order_by(DocumentEvent.id.desc())).first())
    assert (event.reason, event.who) == ("no phone, ID shown", "w.njeri")
    trace = shelf.does(lambda db: db.scalars(sa.select(Event).order_by(Event.id.desc())).first())
    assert (trace.name, trace.details, trace.who) == ("document.collected", {"by": "override"}, "w.njeri")


def test_an_empty_reason_is_none(shelf: Shelf) -> None:
    document = shelf.arrived()
    with pytest.raises(NoReason):
        hand_over(shelf, document, Override("  "))
    assert shelf.get(document).stage == Stage.RECEIVED


# With the owner's consent.


def ask(shelf: Shelf, document: int, who: Identity = BROTHER, **more: Any) -> int:
    asked: dict[str, Any] = {"request_key": shelf.key(), "now": shelf.now} | more
    return int(
        shelf.does(
            lambda db: collection.ask_consent(
                db, shelf.people, actor=CLERK, document_id=document, collector=who, **asked
            )
        )
    )


def answer(shelf: Shelf, consent: int, given: bool = True, *, phone: str = PHONE, after: float = 0) -> Any:
    def work(db: Any) -> Any:
        contact_id = shelf.people.contact(db, phone, now=shelf.now).id
        now = shelf.now + timedelta(hours=after)
        intent = Intent(contact_id, shelf.key(), Actor("sms", contact_id), "en", now)
        return collection.answer_consent(db, intent, consent_id=consent, given=given)

    return shelf.does(work)


def person(shelf: Shelf, who: Identity) -> Collector:
    return Collector(shelf.does(lambda db: shelf.people.identity(db, who.kind, who.number, now=shelf.now)).id)


def test_another_person_collects_with_the_owners_consent(shelf: Shelf) -> None:
    document = shelf.arrived()
    consent = ask(shelf, document)
    assert answer(shelf, consent).given is True
    assert hand_over(shelf, document, person(shelf, BROTHER)).collected


def test_the_owner_is_asked_at_once_with_three_digits_of_the_collectors_id(shelf: Shelf) -> None:
    document = shelf.arrived()
    consent = ask(shelf, document)
    [message] = shelf.messages("collection_consent")
    sealed = bytes.fromhex(message.arguments.pop("collector"))
    assert b"789" not in sealed
    assert shelf.people.last_digits(sealed) == "789"
    assert message.arguments == {"service": "IDR", "site": "GPO"}
    assert (message.lane, message.asked_for) == ("interactive", True)
    question = shelf.does(lambda db: db.scalars(sa.select(Question)).one())
    assert (question.kind, question.arguments, question.message_id) == (
        "collection",
        {"consent_id": consent},
        message.id,
    )
    assert question.expires_at == message.valid_until == shelf.now + timedelta(hours=2)
    kept = [*shelf.does(lambda db: db.scalars(sa.select(Event.details)).all())]
    kept += shelf.does(lambda db: db.scalars(sa.select(Request.outcome)).all())
    assert BROTHER.number not in str(kept)


@pytest.mark.parametrize("reply", [None, False])
def test_without_a_yes_nobody_else_collects(shelf: Shelf, reply: bool | None) -> None:
    document = shelf.arrived()
    consent = ask(shelf, document)
    if reply is not None:
        answer(shelf, consent, reply)
    with pytest.raises(NoConsent):
        hand_over(shelf, document, person(shelf, BROTHER))


def test_consent_is_for_that_person_and_that_document(shelf: Shelf) -> None:
    document, other = shelf.arrived(), shelf.arrived()
    answer(shelf, ask(shelf, document))
    for which, who in ((document, SISTER), (other, BROTHER)):
        with pytest.raises(NoConsent):
            hand_over(shelf, which, person(shelf, who))


def test_consent_expires_and_cannot_be_given_late(shelf: Shelf) -> None:
    document = shelf.arrived()
    consent = ask(shelf, document)
    answer(shelf, consent, after=1.9)
    with pytest.raises(NoConsent):
        hand_over(shelf, document, person(shelf, BROTHER), now=shelf.now + timedelta(hours=2))
    with pytest.raises(NothingToAllow):
        answer(shelf, consent, after=2)


def test_an_owner_may_take_it_back(shelf: Shelf) -> None:
    document = shelf.arrived()
    consent = ask(shelf, document)
    answer(shelf, consent)
    answer(shelf, consent, given=False)
    with pytest.raises(NoConsent):
        hand_over(shelf, document, person(shelf, BROTHER))


def test_only_the_owners_phone_can_allow_it(shelf: Shelf) -> None:
    consent = ask(shelf, shelf.arrived())
    with pytest.raises(NothingToAllow):
        answer(shelf, consent, phone="+254711000009")
    with pytest.raises(NothingToAllow):
        answer(shelf, consent + 1)


def test_what_has_been_collected_meanwhile_cannot_be_allowed_any_more(shelf: Shelf) -> None:
    document = shelf.arrived()
    consent = ask(shelf, document)
    hand_over(shelf, document, Code(shelf.code(document)))
    assert shelf.messages("collection_consent")[0].status == Status.WITHHELD
    with pytest.raises(NothingToAllow):
        answer(shelf, consent)


def test_a_question_that_stands_is_not_asked_twice(shelf: Shelf) -> None:
    document = shelf.arrived()
    assert len(set(at_once([partial(ask, shelf, document)] * 4))) == 1
    assert len(shelf.messages("collection_consent")) == 1


def test_an_owner_is_asked_three_times_an_hour(shelf: Shelf) -> None:
    document = shelf.arrived()
    for nth in range(3):
        answer(shelf, ask(shelf, document, Identity("national_id", f"1234567{nth}")), given=False)
    with pytest.raises(AskedTooOften):
        ask(shelf, document)


def test_nobody_is_asked_where_there_is_no_phone_or_no_message_wanted(shelf: Shelf) -> None:
    stopped = shelf.arrived("+254711000007")
    owner = shelf.get(stopped).contact_id
    assert owner is not None
    shelf.does(lambda db: stopping.opt_out(db, owner, channel="sms", now=shelf.now))
    for document in (stopped, shelf.arrived(None)):
        with pytest.raises(NobodyToAsk):
            ask(shelf, document)
    assert shelf.does(lambda db: db.scalars(sa.select(CollectionConsent)).all()) == []


def test_the_menu_shows_what_was_asked_last_and_can_still_be_answered(shelf: Shelf) -> None:
    document = shelf.arrived()
    owner = shelf.get(document).contact_id
    assert owner is not None

    def asked(hours: float = 0) -> consents.OpenQuestion | None:
        found = shelf.does(
            lambda db: consents.open_question(db, shelf.people, owner, shelf.now + timedelta(hours=hours))
        )
        assert found is None or isinstance(found, consents.OpenQuestion)
        return found

    assert asked() is None
    ask(shelf, document)
    second = ask(shelf, document, SISTER)
    assert asked() == consents.OpenQuestion(second, "IDR", "GPO", "890")
    assert asked(2) is None
    answer(shelf, second)
    shown = asked()
    assert shown is not None
    assert shown.digits == "789"


def test_the_messages_of_a_hand_over_that_is_undone_are_undone_with_it(shelf: Shelf) -> None:
    document = shelf.arrived()

    def breaks(db: Any) -> None:
        collection.hand_over(
            db,
            shelf.people,
            actor=CLERK,
            document_id=document,
            by=Code(shelf.code(document)),
            request_key="key",
            now=shelf.now,
        )
        raise RuntimeError

    with pytest.raises(RuntimeError):
        shelf.does(breaks)
    assert [(m.template, m.status) for m in shelf.messages()] == [("document_ready", Status.PENDING)]
    assert shelf.does(lambda db: db.scalars(sa.select(Message.id)).all())
    assert hand_over(shelf, document, Code(shelf.code(document)), request_key="key").collected
