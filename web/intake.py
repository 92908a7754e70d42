"""A whole file of documents, taken in batch by batch: what `zamu documents receive` and the desk do with it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from core.catalogue.live import LiveCatalogue
from core.catalogue.snapshot import Site
from core.clock import utc_now
from core.db import Transaction
from core.errors import Malformed
from core.messaging import outbox
from core.people.audit import Actor
from core.people.register import Register
from core.tracking.files import Row, Table, open_table
from core.tracking.files.kinds import look
from core.tracking.files.returned import ReturnedRows
from core.tracking.intake import UNBOUNDED, Bounds, Delivery, Outcome, Result, known_files, take_rows
from core.tracking.stages import Stage
from core.tracking.tables import IntakeFile
from core.wording import N_
from core.wording import gettext as _

BATCH = 500
"""Rows in a transaction: under a second, so that whoever waits for one of its documents does not wait long."""
GOES = 5
"""Times that a batch is tried when the database gives it up: a deadlock with a desk, or a moment too busy."""

_MEND = N_("The document is taken. Correct its phone, and give this row again.")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a file."""

    path: Path
    stage: Stage
    centre: Site | None
    actor: Actor
    tell: bool = True
    again: bool = False
    """Read it once more, though it was taken in already."""
    bounds: Bounds = UNBOUNDED
    """Whose documents it may be about."""


@dataclass(slots=True)
class Report:
    """What came of a file."""

    counts: Counter[Result] = field(default_factory=Counter)
    phones: Counter[str] = field(default_factory=Counter)
    """Rows by what is wrong with their phones (`Outcome.phone`)."""
    ignored: tuple[str, ...] = ()
    """Columns that mean nothing to us."""
    refused: Path | None = None
    """The file of refused rows."""
    bad_phones: Path | None = None
    """The file of rows whose phones must be mended."""
    before: IntakeFile | None = None
    """It was taken in already: nothing was done."""
    broken_off: str = ""
    """Why the rest could not be read."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Where files are taken in."""

    transaction: Transaction
    catalogue: LiveCatalogue
    register: Register
    wake: Callable[[str], None]
    """Wakes the workers of a lane, after a commit; never raises."""
    now: Callable[[], datetime] = utc_now
    pause: Callable[[float], None] = time.sleep

    def take(self, order: Order, progress: Callable[[Table], None] = lambda table: None) -> Report:
        """Take in a file. `progress` is told after each batch.

        Raises:
            Malformed: it cannot be read at all; nothing was done.
            OSError: it cannot be opened, or rows cannot be written beside it.
            DatabaseDown: broken off; given again, it goes on.
        """
        looked = look(order.path)
        with open_table(order.path, looked) as table:
            with self.transaction() as db:
                file = known_files.begin(
                    db,
                    digest=looked.digest,
                    name=order.path.name,
                    stage=order.stage,
                    actor=order.actor,
                    now=self.now(),
                    bounds=order.bounds,
                )
            if file.finished_at is not None and not order.again:
                return Report(before=file)
            report = Report(ignored=table.columns.ignored)
            self._take_all(order, table, file.id, report, progress)
        if not report.broken_off:
            rows, refused = report.counts.total(), report.counts[Result.REFUSED]
            with self.transaction() as db:
                known_files.finish(db, file.id, rows=rows, refused=refused, actor=order.actor, now=self.now())
        return report

    def _take_all(
        self, order: Order, table: Table, file_id: int, report: Report, progress: Callable[[Table], None]
    ) -> None:
        source, columns = order.path, table.columns
        with ReturnedRows(source, "refused", columns) as refused, ReturnedRows(source, "phones", columns) as phones:
            while batch := self._next(table, report):
                for outcome in self._take_batch(order, batch, file_id):
                    report.counts[outcome.result] += 1
                    if outcome.result is Result.REFUSED:
                        refused.write(outcome.row, outcome.reason)
                    elif outcome.phone:
                        report.phones[outcome.phone] += 1
                        if outcome.phone == "bad_phone":
                            phones.write(outcome.row, _(_MEND))
                progress(table)
            report.refused, report.bad_phones = refused.path, phones.path

    def _next(self, table: Table, report: Report) -> list[Row]:
        """The next rows; what comes before a place that cannot be read is still taken."""
        batch: list[Row] = []
        try:
            for row in islice(table.rows, BATCH):
                batch.append(row)
        except Malformed as error:
            report.broken_off = str(error)
        return batch

    def _take_batch(self, order: Order, batch: Sequence[Row], file_id: int) -> list[Outcome]:
        for go in range(1, GOES + 1):
            try:
                return self._once(order, batch, file_id)
            except sa.exc.OperationalError:
                if go == GOES:
                    raise
                self.pause(0.2 * go)
        raise AssertionError  # the last go returns or raises

    def _once(self, order: Order, batch: Sequence[Row], file_id: int) -> list[Outcome]:
        terms = Delivery(
            catalogue=self.catalogue.current(),
            source=f"file:{file_id}",
            stage=order.stage,
            actor=order.actor,
            now=self.now(),
            centre=order.centre,
            tell=order.tell,
            bounds=order.bounds,
        )
        with self.transaction() as db:
            outcomes = take_rows(db, self.register, batch, terms)
            known_files.add_taken(db, file_id, sum(outcome.result is Result.TAKEN for outcome in outcomes))
        for lane in outbox.lanes_noted(db):
            self.wake(lane)
        return outcomes
