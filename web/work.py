"""What every view works with, and the one transaction that it opens."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.catalogue.live import LiveCatalogue
from core.catalogue.snapshot import Catalogue
from core.db import Session, Transaction
from core.messaging import outbox
from core.people.register import Register
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Work:
    """Made once by `create_app`, and handed to each blueprint."""

    settings: Settings
    transaction: Transaction
    reads: Transaction
    live: LiveCatalogue
    register: Register
    wake: Callable[[str], None]
    """Wakes the workers of a lane, after a commit; never raises."""
    now: Callable[[], datetime]

    @property
    def catalogue(self) -> Catalogue:
        return self.live.current()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """The transaction of a view that changes something: commits at the end, then wakes who hands messages over."""
        with self.transaction() as db:
            yield db
        for lane in outbox.lanes_noted(db):
            self.wake(lane)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """The transaction of a view that changes nothing: PostgreSQL refuses what would."""
        with self.reads() as db:
            yield db
