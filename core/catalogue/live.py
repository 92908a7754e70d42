"""The catalogue as a process holds it, kept up to date."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import date

import sqlalchemy as sa

from core.catalogue.assembly import read_catalogue
from core.catalogue.snapshot import Catalogue
from core.catalogue.version import catalogue_version
from core.clock import local_date, utc_now
from core.db import Transaction, answer_within

__all__ = ["LiveCatalogue", "read_catalogue"]

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at the version."""
LOOK_AGAIN = 5.0
"""Seconds until the next look after the database failed to answer: a hanging one must not cost a caller each second."""
LOOK_WITHIN = 0.5
"""Seconds that a look may take."""
FIRST_WITHIN = 2.0
"""Seconds to wait for another thread that is reading the first one: a caller must be answered, if only with sorry."""
REBUILD_WITHIN = 2.0
"""Seconds that reading everything may take, once there is an old catalogue to go on with."""


class LiveCatalogue:
    """Hands out the catalogue, and reads it again when its version or the local date has changed.

    Safe between threads: one looks, the rest go on with what there is.
    """

    def __init__(
        self,
        transaction: Transaction,
        monotonic: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = lambda: local_date(utc_now()),
    ) -> None:
        self._transaction = transaction
        self._monotonic = monotonic
        self._today = today
        self._refreshing = threading.Lock()
        self._held: tuple[Catalogue, date] | None = None
        self._look_at = 0.0

    def current(self) -> Catalogue:
        """The catalogue, at most about a second old; an older one while the database is down.

        Raises:
            DatabaseDown: the database is down and was never read.
        """
        held = self._held or self._first()
        if self._monotonic() >= self._look_at and self._refreshing.acquire(blocking=False):
            try:
                # Another thread may have looked between the two questions above.
                if self._monotonic() >= self._look_at:
                    held = self._refresh(*(self._held or held))
            finally:
                self._refreshing.release()
        return held[0]

    def look(self) -> None:
        """Look at the version now, and not only in a second: what another process has just committed is seen at once.

        For pages on which the catalogue is changed. After the database failed to answer it waits as `current` does.

        Raises:
            DatabaseDown: the database is down and was never read.
        """
        held = self._held or self._first()
        failed_lately = self._look_at - self._monotonic() > LOOK_EVERY
        if not failed_lately and self._refreshing.acquire(timeout=FIRST_WITHIN):
            try:
                self._refresh(*(self._held or held))
            finally:
                self._refreshing.release()

    def _first(self) -> tuple[Catalogue, date]:
        if not self._refreshing.acquire(timeout=FIRST_WITHIN):
            raise sa.exc.TimeoutError("the catalogue is still being read for the first time")
        try:
            if self._held is None:
                today = self._today()
                with self._transaction() as db:
                    self._held = read_catalogue(db, today=today), today
                self._look_at = self._monotonic() + LOOK_EVERY
            return self._held
        finally:
            self._refreshing.release()

    def _refresh(self, catalogue: Catalogue, built_on: date) -> tuple[Catalogue, date]:
        self._look_at = self._monotonic() + LOOK_EVERY
        today = self._today()
        try:
            with self._transaction() as db:
                with answer_within(LOOK_WITHIN):
                    version = catalogue_version(db)
                if (version, today) != (catalogue.version, built_on):
                    with answer_within(REBUILD_WITHIN):
                        catalogue = read_catalogue(db, today=today)
        except Exception as error:
            # Down, or a row that somebody has mistyped: the old catalogue is still good.
            self._look_at = self._monotonic() + LOOK_AGAIN
            log.error("the catalogue could not be read: %s: %s", type(error).__name__, error)
            return catalogue, built_on
        self._held = catalogue, today
        return self._held
