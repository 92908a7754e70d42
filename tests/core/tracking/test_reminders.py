from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.messaging.tables import Message, Status
from core.tracking import notices, reminders
from core.tracking.documents import lock, lock_all, move
from core.tracking.stages import Stage
from tests.core.booking.world import at_once
from tests.core.tracking.shelf import CLERK, Shelf


def remind(shelf: Shelf, days: float, limit: int = 10) -> Any:
    return shelf.does(lambda db: reminders.remind(db, now=shelf.now + timedelta(days=days), limit=limit))


def sent(shelf: Shelf) -> list[Message]:
    return shelf.messages("document_reminder")


def test_an_uncollected_document_is_reminded_of_after_7_21_and_45_days(shelf: Shelf) -> None:
    document = shelf.arrived()
    days = (6, 7, 8, 20, 21, 22, 44, 45, 46, 100)
    assert [remind(shelf, day) for day in days] == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    assert shelf.get(document).reminders == 3
    first = sent(shelf)[0]
    assert (first.lane, first.asked_for, first.valid_until) == ("notice", False, shelf.now + timedelta(days=9))
    assert first.arguments.items() >= {"document": document, "arrival": 1, "service": "IDR", "site": "GPO"}.items()


def test_after_an_absence_only_the_last_of_several_is_sent(shelf: Shelf) -> None:
    shelf.arrived()
    assert [remind(shelf, 30), remind(shelf, 31)] == [1, 0]
    assert len(sent(shelf)) == 1
    assert remind(shelf, 45) == 1


def test_reminders_run_by_two_clocks_at_once_are_sent_once(shelf: Shelf) -> None:
    for _ in range(4):
        shelf.arrived()
    assert sum(at_once([lambda: remind(shelf, 7)] * 4)) == 4
    assert len(sent(shelf)) == 4


def test_they_go_in_batches(shelf: Shelf) -> None:
    for _ in range(3):
        shelf.arrived()
    assert [remind(shelf, 7, limit=2) for _ in range(3)] == [2, 1, 0]


def test_what_has_been_collected_or_has_no_phone_is_not_reminded_of(shelf: Shelf) -> None:
    document = shelf.arrived()
    shelf.arrived(None)
    shelf.does(lambda db: move(db, lock(db, document), Stage.COLLECTED, actor=CLERK, origin="test", now=shelf.now))
    assert remind(shelf, 50) == 0


def test_a_backlog_that_nobody_was_told_of_is_not_reminded_of_and_then_counts_from_its_notice(shelf: Shelf) -> None:
    document = shelf.arrived(tell=False, at=shelf.now - timedelta(days=60))
    assert remind(shelf, 0) == 0
    shelf.does(lambda db: notices.tell_ready(db, lock_all(db, [document]), now=shelf.now, campaign_id=1))
    assert [remind(shelf, 1), remind(shelf, 7)] == [0, 1]


def test_each_arrival_is_reminded_of_anew(shelf: Shelf) -> None:
    document = shelf.arrived()
    assert remind(shelf, 7) == 1
    later = shelf.now + timedelta(days=10)
    shelf.does(lambda db: move(db, lock(db, document), Stage.TRANSFERRED, actor=CLERK, origin="test", now=later))
    [withdrawn] = sent(shelf)
    assert (withdrawn.status, withdrawn.error) == (Status.WITHHELD, "no_longer_true")
    shelf.acknowledge(document, at=later)
    assert [remind(shelf, 16), remind(shelf, 17)] == [0, 1]


@pytest.mark.parametrize("told_before", [True, False])
def test_a_document_is_reminded_once_its_reminder_has_been_handed_over(shelf: Shelf, told_before: bool) -> None:
    document = shelf.arrived()
    if told_before:
        shelf.hand_over_messages()
    remind(shelf, 7)
    note = lambda: shelf.does(lambda db: notices.note_told(db, now=shelf.now, limit=10))  # noqa: E731
    note()
    assert shelf.get(document).stage == (Stage.NOTIFIED if told_before else Stage.RECEIVED)
    only_reminders = sa.update(Message).where(Message.template == "document_reminder").values(status=Status.SENT)
    shelf.does(lambda db: db.execute(only_reminders))
    note()
    assert shelf.get(document).stage == Stage.REMINDED
    assert remind(shelf, 21) == 1
