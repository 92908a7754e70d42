from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import local_date
from core.messaging.tables import Status
from core.tracking import promises
from core.tracking.documents import lock, move
from core.tracking.stages import Stage
from tests.core.booking.world import at_once
from tests.core.tracking.shelf import CLERK, Shelf


def promised(shelf: Shelf, days_ago: int) -> date:
    return local_date(shelf.now) - timedelta(days=days_ago)


def tell(shelf: Shelf, limit: int = 10) -> Any:
    return shelf.does(lambda db: promises.tell_late(db, now=shelf.now, limit=limit))


def test_a_promise_that_has_passed_is_told_once(shelf: Shelf) -> None:
    document = shelf.document(promised_on=promised(shelf, 1))
    assert [tell(shelf), tell(shelf)] == [1, 0]
    [message] = shelf.messages("document_late")
    assert (message.lane, message.asked_for) == ("notice", False)
    assert message.arguments["promised_on"] == promised(shelf, 1).isoformat()
    assert shelf.get(document).late_told_at == shelf.now


def test_two_clocks_at_once_tell_once(shelf: Shelf) -> None:
    for _ in range(3):
        shelf.document(promised_on=promised(shelf, 1))
    assert sum(at_once([lambda: tell(shelf)] * 4)) == 3
    assert len(shelf.messages("document_late")) == 3


@pytest.mark.parametrize("days_ago", [0, -1, 40])
def test_neither_on_the_day_itself_nor_of_old_papers_is_anybody_told(shelf: Shelf, days_ago: int) -> None:
    shelf.document(promised_on=promised(shelf, days_ago))
    assert tell(shelf) == 0


def test_what_has_arrived_or_has_no_phone_is_not_told(shelf: Shelf) -> None:
    shelf.acknowledge(shelf.document(promised_on=promised(shelf, 1)))
    shelf.document(None, promised_on=promised(shelf, 1))
    assert tell(shelf) == 0


def test_what_was_said_is_withdrawn_when_the_document_arrives_and_not_before(shelf: Shelf) -> None:
    document = shelf.document(promised_on=promised(shelf, 1))
    shelf.does(lambda db: _back_on_its_way(db, document, shelf))
    tell(shelf)
    shelf.does(lambda db: move(db, lock(db, document), Stage.SENT_TO_CENTRE, **_by(shelf)))
    assert shelf.messages("document_late")[0].status == Status.PENDING
    shelf.acknowledge(document)
    assert shelf.messages("document_late")[0].status == Status.WITHHELD


def _by(shelf: Shelf) -> dict[str, Any]:
    return {"actor": CLERK, "origin": "test", "now": shelf.now}


def _back_on_its_way(db: Any, document: int, shelf: Shelf) -> None:
    lock(db, document).stage = Stage.IN_PROCESS


def test_another_day_is_another_promise(shelf: Shelf) -> None:
    document = shelf.document(promised_on=promised(shelf, 2))
    tell(shelf)
    shelf.does(lambda db: promises.promise(db, lock(db, document), promised(shelf, 1), **_by(shelf)))
    assert shelf.messages("document_late")[0].status == Status.WITHHELD
    assert tell(shelf) == 1


def test_the_agency_gets_the_list_the_oldest_first(shelf: Shelf) -> None:
    for days_ago in (3, 50, 0):
        shelf.document(None, promised_on=promised(shelf, days_ago))
    late = shelf.does(lambda db: promises.late_documents(db, now=shelf.now, agency="NRB"))
    assert [document.promised_on for document in late] == [promised(shelf, 50), promised(shelf, 3)]
    assert (late[0].service, late[0].site, late[0].stage) == ("IDR", "GPO", Stage.SENT_TO_CENTRE)
    assert shelf.does(lambda db: promises.late_documents(db, now=shelf.now, agency="DIS")) == []
