"""Documents at a centre, in transactions of their own: for what must hold when two act at once."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db import transactions
from core.messaging.tables import Message, Status
from core.people.audit import Actor
from core.people.register import Register
from core.tracking import receiving
from core.tracking.documents import NewDocument, lock_all, move, register
from core.tracking.stages import Stage
from core.tracking.tables import Document

CLERK = Actor("desk", who="w.njeri")
PHONE = "+254711000001"


@dataclass
class Shelf:
    engine: sa.Engine
    people: Register
    now: datetime
    service_id: int
    site_id: int
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def does(self, work: Callable[[Session], Any]) -> Any:
        """In a transaction that is committed."""
        with transactions(self.engine)() as db:
            return work(db)

    def document(self, phone: str | None = PHONE, *, at: datetime | None = None, **details: Any) -> int:
        """One that has been sent to the centre."""
        at = at or self.now

        def enter(db: Session) -> int:
            contact_id = self.people.contact(db, phone, now=at).id if phone else None
            new = NewDocument(self.service_id, self.site_id, proof="678", contact_id=contact_id, **details)
            document = register(db, self.people, new, actor=CLERK, origin="test", now=at)
            move(db, document, Stage.SENT_TO_CENTRE, actor=CLERK, origin="test", now=at)
            return document.id

        return int(self.does(enter))

    def arrived(self, phone: str | None = PHONE, *, at: datetime | None = None, **more: Any) -> int:
        """One that lies there, and whose owner has a notice waiting."""
        document_id = self.document(phone, at=at)
        self.acknowledge(document_id, at=at, **more)
        return document_id

    def acknowledge(self, *document_ids: int, at: datetime | None = None, tell: bool = True) -> int:
        def work(db: Session) -> int:
            return receiving.acknowledge(
                db,
                lock_all(db, document_ids),
                site_id=self.site_id,
                actor=CLERK,
                origin="test",
                now=at or self.now,
                tell=tell,
            )

        return int(self.does(work))

    def code(self, document_id: int, arrival: int = 1) -> str:
        return self.people.collection_code(document_id, arrival)

    def key(self) -> str:
        return f"request {next(self.numbers)}"

    def get(self, document_id: int) -> Document:
        found = self.does(lambda db: db.get_one(Document, document_id))
        assert isinstance(found, Document)
        return found

    def messages(self, template: str | None = None) -> list[Message]:
        wanted = [] if template is None else [Message.template == template]
        return list(self.does(lambda db: db.scalars(sa.select(Message).where(*wanted).order_by(Message.id)).all()))

    def hand_over_messages(self, status: Status = Status.SENT) -> None:
        """What waits has been taken by the gateway."""
        waiting = sa.update(Message).where(Message.status == Status.PENDING).values(status=status)
        self.does(lambda db: db.execute(waiting))
