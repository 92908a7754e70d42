from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.messaging import desk, relay
from core.messaging.tables import Lane, Message, Status
from core.tracking import notices, receiving
from core.tracking.documents import lock_all, move
from core.tracking.stages import IllegalMove, Stage
from core.tracking.tables import Document, DocumentEvent, Notice
from tests.core.booking.world import at_once
from tests.core.tracking.shelf import CLERK, PHONE, Shelf

Make = Callable[..., Document]
Acknowledge = Callable[..., int]


@pytest.fixture
def acknowledge(db: Session, catalogue: dict[str, int], now: datetime) -> Acknowledge:
    def acknowledged(*documents: Document, **more: Any) -> int:
        asked: dict[str, Any] = {"site_id": catalogue["site_id"], "actor": CLERK, "origin": "desk", "now": now} | more
        return receiving.acknowledge(db, lock_all(db, [d.id for d in documents]), **asked)

    return acknowledged


def test_acknowledging_writes_the_notice_in_that_very_transaction(
    db: Session, make: Make, acknowledge: Acknowledge, now: datetime
) -> None:
    document = make(PHONE, Stage.SENT_TO_CENTRE)
    assert acknowledge(document) == 1
    [message] = db.scalars(sa.select(Message))
    assert (message.template, message.lane, message.subject) == ("document_ready", "notice", f"document:{document.id}")
    assert (message.person_id, message.asked_for, message.language) == (document.contact_id, False, "en")
    assert message.arguments.items() >= {"service": "IDR", "site": "GPO", "document": document.id, "arrival": 1}.items()
    [notice] = db.scalars(sa.select(Notice))
    assert (notice.document_id, notice.arrival, notice.message_id) == (document.id, 1, message.id)
    assert db.info["lanes"] == {"notice"}


def test_an_arrival_is_known_by_whom_when_and_where(
    db: Session, make: Make, acknowledge: Acknowledge, now: datetime
) -> None:
    document = make(PHONE, Stage.SENT_TO_CENTRE)
    acknowledge(document, origin="file 3")
    assert (document.stage, document.arrivals, document.received_at) == ("received", 1, now)
    event = db.scalars(sa.select(DocumentEvent).order_by(DocumentEvent.id.desc())).first()
    assert event is not None
    assert (event.stage, event.site_id, event.at) == ("received", document.site_id, now)
    assert (event.who, event.channel, event.origin) == ("w.njeri", "desk", "file 3")


def test_a_document_becomes_the_centres_that_acknowledges_it(
    db: Session, make: Make, acknowledge: Acknowledge, other_site: int
) -> None:
    document = make(PHONE, Stage.SENT_TO_CENTRE)
    acknowledge(document, site_id=other_site)
    assert document.site_id == other_site
    assert db.scalars(sa.select(Message.arguments)).one()["site"] == "MAK"
    assert db.scalars(sa.select(DocumentEvent.site_id).order_by(DocumentEvent.id.desc())).first() == other_site


def test_a_document_that_cannot_be_received_lets_none_be(db: Session, make: Make, acknowledge: Acknowledge) -> None:
    fine, over = make(PHONE, Stage.SENT_TO_CENTRE), make(PHONE, Stage.COLLECTED)
    with pytest.raises(IllegalMove, match="This document is collected; it cannot be received at the centre"):
        acknowledge(fine, over)
    assert fine.stage == Stage.SENT_TO_CENTRE
    assert db.scalars(sa.select(Message)).all() == []


def test_a_backlog_is_acknowledged_without_a_word_and_told_later(
    db: Session, make: Make, acknowledge: Acknowledge, now: datetime
) -> None:
    documents = [make(PHONE, Stage.SENT_TO_CENTRE) for _ in range(3)]
    assert acknowledge(*documents, tell=False) == 0
    told = [notices.tell_ready(db, documents, now=now, campaign_id=7, lane=Lane.BULK) for _ in range(2)]
    assert told == [3, 0]
    assert {(m.campaign_id, m.lane) for m in db.scalars(sa.select(Message))} == {(7, "bulk")}


def test_only_what_lies_at_its_centre_and_has_a_phone_is_told(
    db: Session, make: Make, acknowledge: Acknowledge, now: datetime
) -> None:
    unknown = make(None, Stage.SENT_TO_CENTRE)
    acknowledge(unknown)
    on_its_way = make(PHONE, Stage.SENT_TO_CENTRE)
    assert notices.tell_ready(db, [unknown, on_its_way], now=now) == 0


def test_each_arrival_is_told_and_what_was_said_of_the_last_one_is_withdrawn(
    db: Session, make: Make, acknowledge: Acknowledge, other_site: int, now: datetime
) -> None:
    document = make(PHONE, Stage.SENT_TO_CENTRE)
    acknowledge(document)
    move(db, document, Stage.TRANSFERRED, actor=CLERK, origin="desk", now=now, site_id=other_site)
    assert acknowledge(document, site_id=other_site, now=now + timedelta(days=1)) == 1
    of_ready = sa.select(Message).where(Message.template == "document_ready").order_by(Message.id)
    first, second = db.scalars(of_ready)
    assert (first.status, first.error) == (Status.WITHHELD, "no_longer_true")
    assert (second.status, second.arguments["site"], second.arguments["arrival"]) == (Status.PENDING, "MAK", 2)


def test_a_document_acknowledged_by_two_at_once_arrives_once_and_is_told_once(shelf: Shelf) -> None:
    document = shelf.document()
    outcomes = at_once([partial(shelf.acknowledge, document) for _ in range(8)])
    assert [type(outcome) for outcome in outcomes if outcome != 1] == [IllegalMove] * 7
    assert shelf.get(document).arrivals == 1
    assert len(shelf.messages()) == 1


def test_a_backlog_told_by_two_at_once_is_told_once(shelf: Shelf) -> None:
    documents = [shelf.arrived(tell=False) for _ in range(5)]

    def tell() -> Any:
        return shelf.does(lambda db: notices.tell_ready(db, lock_all(db, documents), now=shelf.now))

    assert sorted(at_once([tell] * 4)) == [0, 0, 0, 5]
    assert len(shelf.messages()) == 5


def test_who_does_not_lock_breaks_on_the_key_and_leaves_no_message(shelf: Shelf) -> None:
    """The last line of defence: the row of the notice is the proof that it was told."""
    document = shelf.arrived(tell=False)

    def tell() -> Any:
        def work(db: Session) -> int:
            found = [db.get_one(Document, document)]
            return notices.tell_ready(db, found, now=shelf.now)

        return shelf.does(work)

    outcomes = at_once([tell] * 6)
    assert {type(o) for o in outcomes} <= {int, IntegrityError}
    assert [o for o in outcomes if o == 1] == [1]
    assert len(shelf.messages()) == 1


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        (Status.PENDING, Stage.RECEIVED),
        (Status.SENDING, Stage.RECEIVED),
        (Status.UNKNOWN, Stage.RECEIVED),
        (Status.FAILED, Stage.RECEIVED),
        (Status.WITHHELD, Stage.RECEIVED),
        (Status.SENT, Stage.NOTIFIED),
        (Status.DELIVERED, Stage.NOTIFIED),
    ],
)
def test_a_document_is_notified_once_its_notice_has_been_handed_over(
    shelf: Shelf, status: Status, stage: Stage
) -> None:
    document = shelf.arrived()
    shelf.hand_over_messages(status)
    told = [shelf.does(lambda db: notices.note_told(db, now=shelf.now, limit=10)) for _ in range(2)]
    assert shelf.get(document).stage == stage
    assert told == [1 if stage is Stage.NOTIFIED else 0, 0]


def test_noting_what_was_told_goes_in_batches(shelf: Shelf) -> None:
    for _ in range(3):
        shelf.arrived()
    shelf.hand_over_messages()
    assert [shelf.does(lambda db: notices.note_told(db, now=shelf.now, limit=2)) for _ in range(3)] == [2, 1, 0]


def test_a_notice_of_an_earlier_arrival_says_nothing_of_this_one(shelf: Shelf) -> None:
    document = shelf.arrived()
    shelf.hand_over_messages()

    def send_on(db: Session) -> None:
        found = db.get_one(Document, document)
        move(db, found, Stage.TRANSFERRED, actor=CLERK, origin="test", now=shelf.now, site_id=shelf.site_id)

    shelf.does(send_on)
    shelf.acknowledge(document, tell=False)
    assert shelf.does(lambda db: notices.note_told(db, now=shelf.now, limit=10)) == 0


@pytest.mark.parametrize(
    ("stage", "refused"),
    [(Stage.TRANSFERRED, "changed_since"), (Stage.COLLECTED, "changed_since"), (Stage.REMINDED, None)],
)
def test_a_notice_that_failed_is_sent_after_all_only_while_it_is_true(
    shelf: Shelf, stage: Stage, refused: str | None
) -> None:
    document_id, later = shelf.arrived(), shelf.now + timedelta(minutes=1)
    shelf.hand_over_messages(Status.FAILED)
    [notice] = shelf.messages("document_ready")
    shelf.does(lambda db: move(db, db.get_one(Document, document_id), stage, actor=CLERK, origin="test", now=later))
    put_back = shelf.does(lambda db: desk.requeue(db, [notice.id], actor=CLERK, now=later))
    assert put_back.refused.get(notice.id) == refused


def test_a_notice_on_its_way_does_not_come_back_for_a_document_that_has_left(shelf: Shelf) -> None:
    document_id, later = shelf.arrived(), shelf.now + timedelta(seconds=20)
    [claimed] = shelf.does(lambda db: relay.claim(db, Lane.NOTICE, limit=10, now=later))
    shelf.does(
        lambda db: move(db, db.get_one(Document, document_id), Stage.TRANSFERRED, actor=CLERK, origin="test", now=later)
    )
    came_back = relay.Result(claimed.id, claimed.attempt, relay.Fate.RETRY)
    shelf.does(lambda db: relay.settle(db, [came_back], now=later))
    assert [(m.status, m.error) for m in shelf.messages("document_ready")] == [("withheld", "no_longer_true")]
