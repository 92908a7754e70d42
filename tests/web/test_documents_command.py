"""`zamu documents`: a whole file, through the real command, on the real servers."""

import contextlib
import csv
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from core.catalogue.live import LiveCatalogue
from core.clock import local_date
from core.messaging.tables import Lane, Message
from core.people.audit import Actor
from core.people.tables import Event
from core.references import grouped
from core.tracking.intake import Result
from core.tracking.stages import Stage
from core.tracking.tables import Document, DocumentEvent, IntakeFile, Notice
from tests.core.booking.world import at_once
from tests.core.tracking.numbers import reference
from web.intake import BATCH, GOES, Intake, Order
from workers.queues import Queues

HEADING = ("Nambari ya kufuatilia", "Huduma", "Kituo", "ID", "Simu", "Jina")


@pytest.fixture
def receive(zamu):
    """Takes in a file as W. Otieno."""

    def received(path, *options, **environment):
        return zamu("documents", "receive", str(path), "--by", "W. Otieno", *options, **environment)

    return received


@pytest.fixture
def intake(transaction, register):
    def wake(lane):
        pass

    return Intake(transaction, LiveCatalogue(transaction), register, wake=wake, pause=lambda seconds: None)


@pytest.fixture
def count(transaction):
    def counted(table):
        with transaction() as db:
            return db.scalar(sa.select(sa.func.count()).select_from(table))

    return counted


def row(number, **changes):
    cells = {
        "number": reference(number),
        "service": "IDR",
        "centre": "GPO",
        "id": str(20_000_000 + number),
        "phone": f"07{11_000_000 + number}",
        "name": "Somebody, of somewhere",
    }
    return list((cells | changes).values())


def write(path, rows, heading=HEADING):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    return path


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def order(path, **terms):
    return Order(path, Stage.RECEIVED, None, Actor("terminal", who="W. Otieno"), **terms)


def test_two_thousand_rows_are_taken_once_however_often_they_are_given(receive, count, tmp_path):
    rows = [row(number) for number in range(2000)]
    first = receive(write(tmp_path / "june.csv", rows))
    assert first.exit_code == 0, first.output
    assert "2000 taken" in first.output
    assert "0 refused" in first.output
    assert count(Document) == count(Notice) == count(Message) == 2000
    again = receive(tmp_path / "june.csv")
    assert again.exit_code == 0
    assert "This file was taken in on 23 Nov 2026, 09:00 by W. Otieno: nothing changed." in again.output
    other = receive(write(tmp_path / "july.csv", rows[::-1]))
    assert other.exit_code == 0
    assert "2000 unchanged" in other.output
    assert count(Document) == count(Notice) == count(Message) == 2000
    assert count(DocumentEvent) == 4000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["july.csv", "june.csv"]


def test_refused_rows_come_back_and_are_taken_once_corrected(receive, count, tmp_path):
    rows = [row(1), row(2, service="Haircut"), row(3, id=""), row(4, name="=HYPERLINK(0)", phone="+2547")]
    rows.append(row(5, centre="", name="-"))
    result = receive(write(tmp_path / "june.csv", rows))
    assert result.exit_code == 1
    assert "2 taken" in result.output
    assert "3 refused" in result.output
    assert "ignored: Jina" in result.output
    [heading, *refused] = read(tmp_path / "june.refused.csv")
    assert heading == ["refused_line", "refused_because", *HEADING]
    assert [cells[0] for cells in refused] == ["3", "4", "6"]
    assert 'no service "Haircut"' in refused[0][1]
    assert "year of birth" in refused[1][1]
    assert refused[2][2:] == [*rows[4][:2], "", *rows[4][3:5], "'-"]
    refused[0][3], refused[1][5], refused[2][4] = "IDR", "20000003", "Makadara"
    corrected = receive(write(tmp_path / "june.refused.csv", refused, heading))
    assert corrected.exit_code == 0, corrected.output
    assert "3 taken" in corrected.output
    assert count(Document) == 5


def test_phones_to_mend_come_back_too_and_their_owners_are_told_then(receive, count, tmp_path):
    result = receive(write(tmp_path / "june.csv", [row(1), row(2, phone="+2547"), row(3, phone="")]))
    assert result.exit_code == 0
    assert "1 with a phone that cannot be one" in result.output
    assert "1 without a phone" in result.output
    assert count(Message) == 1
    [heading, bad] = read(tmp_path / "june.phones.csv")
    assert bad[0] == "3"
    assert bad[6] == "'+2547"
    bad[6] = "0711000002"
    assert "1 taken" in receive(write(tmp_path / "june.phones.csv", [bad], heading)).output
    assert count(Message) == 2


def test_nothing_is_refused_of_a_file_that_cannot_be_read(receive, count, tmp_path):
    path = tmp_path / "june.csv"
    path.write_bytes(b"%PDF-1.7 and so on")
    result = receive(path)
    assert result.exit_code == 2
    assert (
        result.stderr
        == "june.csv: This is a PDF, and not a table. Ask for the table it was made from, as .xlsx or CSV.\n"
    )
    assert count(IntakeFile) == 0
    assert receive(tmp_path / "none.csv").exit_code == 2
    assert receive(write(tmp_path / "july.csv", [row(1)]), "--centre", "Atlantis").exit_code == 2
    assert count(Document) == 0


def test_what_stands_before_an_unreadable_place_is_taken_and_the_file_goes_on_later(receive, count, tmp_path):
    rows = [row(number) for number in range(20)]
    path = write(tmp_path / "june.csv", rows)
    with path.open("a") as file:
        file.write('48217092,"IDR,GPO\n')
    result = receive(path)
    assert result.exit_code == 1
    assert "20 taken" in result.output
    assert "Line 22 opens a quotation mark" in result.stderr
    assert count(Document) == 20
    again = receive(path)
    assert again.exit_code == 1
    assert "20 unchanged" in again.output


def test_the_file_gives_stage_and_centre_and_a_backlog_is_not_told(receive, count, transaction, tmp_path):
    path = write(tmp_path / "june.csv", [row(number, centre="") for number in range(3)])
    assert "3 taken" in receive(path, "--stage", "sent_to_centre", "--centre", "Huduma Centre Kisumu").output
    with transaction() as db:
        assert set(db.scalars(sa.select(Document.stage))) == {"sent_to_centre"}
    assert "3 taken" in receive(path, "--centre", "ksm", "--no-notice").output, "another stage is another matter"
    assert count(Message) == 0


def test_a_file_may_be_read_once_more_on_purpose(receive, count, tmp_path):
    path = write(tmp_path / "june.csv", [row(1, centre="")])
    assert "1 refused" in receive(path).output
    assert "nothing changed" in receive(path, "--centre", "GPO").output
    assert "1 taken" in receive(path, "--centre", "GPO", "--again").output


def test_lanes_are_woken_after_the_commit_and_without_valkey_nothing_is_lost(receive, count, settings, tmp_path):
    assert "1 taken" in receive(write(tmp_path / "june.csv", [row(1)])).output
    queues = Queues(settings.queue_url)
    assert queues.waiting(Lane.NOTICE) == 1
    queues.close()
    nowhere = "redis://127.0.0.1:1/0"
    assert "1 taken" in receive(write(tmp_path / "july.csv", [row(2)]), ZAMU_QUEUE_URL=nowhere).output
    assert count(Message) == 2


def test_a_file_that_was_broken_off_goes_on_where_it_was(intake, transaction, count, tmp_path):
    path = write(tmp_path / "june.csv", [row(number) for number in range(2 * BATCH + 100)])

    class Killed(BaseException):
        pass

    def killed(table):
        raise Killed

    with pytest.raises(Killed):
        intake.take(order(path), killed)
    assert count(Document) == BATCH
    report = intake.take(order(path))
    assert report.counts == {Result.TAKEN: BATCH + 100, Result.UNCHANGED: BATCH}
    assert count(Document) == count(Notice) == 2 * BATCH + 100
    with transaction() as db:
        file = db.scalars(sa.select(IntakeFile)).one()
        assert (file.taken, file.unchanged, file.refused) == (2 * BATCH + 100, 0, 0)
        events = [(event.name, event.who) for event in db.scalars(sa.select(Event).order_by(Event.id))]
    assert events == [("intake.begun", "W. Otieno"), ("intake.finished", "W. Otieno")]


def test_a_batch_that_the_database_gives_up_is_tried_again(intake, count, tmp_path):
    class Busy:
        """Gives up the first few transactions in their middle."""

        def __init__(self, times):
            self.left = times

        @contextlib.contextmanager
        def __call__(self):
            with intake.transaction() as db:
                yield db
                if count(IntakeFile) and self.left:
                    self.left -= 1
                    raise sa.exc.OperationalError("COMMIT", {}, Exception("deadlock detected"))

    path = write(tmp_path / "june.csv", [row(1)])
    paused = []
    busy = Intake(Busy(GOES - 1), intake.catalogue, intake.register, wake=intake.wake, pause=paused.append)
    assert busy.take(order(path)).counts == {Result.TAKEN: 1}
    assert len(paused) == GOES - 1
    lost = Intake(Busy(99), intake.catalogue, intake.register, wake=intake.wake, pause=paused.append)
    with pytest.raises(sa.exc.OperationalError):
        lost.take(order(write(tmp_path / "july.csv", [row(2)])))
    assert count(Document) == 1


def test_two_who_take_in_one_file_at_once_do_no_harm(intake, transaction, count, tmp_path):
    path = write(tmp_path / "june.csv", [row(number) for number in range(BATCH + 200)])
    reports = at_once([partial(intake.take, order(path)) for _ in range(2)])
    total = sum((report.counts for report in reports), Counter())
    assert total == {Result.TAKEN: BATCH + 200, Result.UNCHANGED: BATCH + 200}
    assert count(Document) == count(Notice) == count(Message) == BATCH + 200
    with transaction() as db:
        file = db.scalars(sa.select(IntakeFile)).one()
        assert (file.taken, file.refused) == (BATCH + 200, 0)


def test_what_is_late_is_listed_for_the_agency(zamu, receive, clock, tmp_path):
    today = local_date(clock())
    heading = (*HEADING, "Promised on")
    rows = [[*row(1), today - timedelta(days=3)], [*row(2), today + timedelta(days=3)]]
    receive(write(tmp_path / "june.csv", rows, heading), "--stage", "in_process")
    listed = zamu("documents", "late").output
    assert grouped(rows[0][0]) in listed
    assert grouped(rows[1][0]) not in listed
    assert zamu("documents", "late", "--agency", "nrb").output == listed
    assert zamu("documents", "late", "--agency", "NTSA").output == "Nothing is late.\n"
