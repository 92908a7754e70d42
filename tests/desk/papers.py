"""Documents in a town, for tests of the desk."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.messaging.tables import Message
from core.people.audit import Actor
from core.people.identities import parse_identity
from core.people.register import Register
from core.people.tables import Event
from core.references import new_reference
from core.tracking import receiving
from core.tracking.documents import NewDocument, lock_all, move, register
from core.tracking.stages import Stage
from core.tracking.tables import Document
from tests.support import Clock

CLERK = Actor("terminal", who="someone")
PHONE = "+254711000001"


@dataclass
class Papers:
    transaction: Transaction
    register: Register
    catalogue: Catalogue
    clock: Clock

    def make(
        self,
        stage: Stage = Stage.SENT_TO_CENTRE,
        *,
        site: str = "GPO",
        service: str = "IDR",
        phone: str | None = PHONE,
        at: datetime | None = None,
        owner: str | None = None,
        shelf: str | None = None,
        problem: str | None = None,
    ) -> str:
        """Its tracking number. RECEIVED is acknowledged without telling anybody."""
        now = at or self.clock()
        number = new_reference()
        with self.transaction() as db:
            kind = parse_identity("national_id", owner) if owner else None
            new = NewDocument(
                self.catalogue.services[service].id,
                self.catalogue.sites[site].id,
                proof="678",
                contact_id=self.register.contact(db, phone, now=now).id if phone else None,
                contact_problem=problem or (None if phone else "no_phone"),
                owner_id=self.register.identity(db, kind.kind, kind.number, now=now).id if kind else None,
                tracking_number=number,
            )
            document = register(db, self.register, new, actor=CLERK, origin="test", now=now)
            if stage is not Stage.APPLIED:
                move(db, document, Stage.SENT_TO_CENTRE, actor=CLERK, origin="test", now=now)
            if stage not in (Stage.APPLIED, Stage.SENT_TO_CENTRE):
                receiving.acknowledge(
                    db,
                    lock_all(db, [document.id]),
                    site_id=document.site_id,
                    actor=CLERK,
                    origin="test",
                    now=now,
                    tell=False,
                )
                document.shelf = shelf
            if stage not in (Stage.APPLIED, Stage.SENT_TO_CENTRE, Stage.RECEIVED):
                move(db, document, stage, actor=CLERK, origin="test", now=now)
        return number

    def get(self, number: str) -> Document:
        with self.transaction() as db:
            return db.scalars(sa.select(Document).where(Document.tracking_number == number)).one()

    def site(self, number: str) -> str:
        return self.catalogue.site_by_id(self.get(number).site_id).code

    def messages(self, template: str) -> Sequence[Message]:
        return self.all(sa.select(Message).where(Message.template == template))

    def events(self, name: str) -> Sequence[Event]:
        return self.all(sa.select(Event).where(Event.name == name).order_by(Event.id))

    def all(self, chosen: sa.Select[Any]) -> Sequence[Any]:
        with self.transaction() as db:
            return db.scalars(chosen).all()

    def code(self, number: str) -> str:
        document = self.get(number)
        return self.register.collection_code(document.id, document.arrivals)


class Desktop:
    """A client with a page before it: forms are sent with what they carry unseen."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.officer = client.officer
        self.page: Any = None

    def see(self, address: str) -> str:
        self.page = self.client.get(address, follow_redirects=True)
        assert self.page.status_code == 200, f"{self.page.status_code} {address}"
        return self.text

    @property
    def text(self) -> str:
        """What stands on the page."""
        words = re.sub(r"<(script|style|title)\b.*?</\1>", " ", self.page.text, flags=re.S)
        return " ".join(re.sub(r"<[^>]+>", " ", words).replace("&#39;", "'").replace("&#34;", '"').split())

    @property
    def path(self) -> str:
        return str(self.page.request.full_path).rstrip("?")

    def send(self, action: str | None = None, **fields: Any) -> str:
        """Send the form of this address, or of this very page, and follow it to where it leads."""
        data = self.unseen() | fields
        self.page = self.client.post(action or self.path, data=data, follow_redirects=True)
        return self.text

    def unseen(self) -> dict[str, str]:
        """The key against forgery and the key of the request, as the first form that has both carries them."""
        found = re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"[^>]*>\s*<input[^>]*name="request_key"[^>]*value="([^"]+)"',
            self.page.text,
        )
        assert found, "there is no form"
        return {"csrf_token": found[1], "request_key": found[2]}


Sit = Callable[..., Desktop]


@pytest.fixture
def papers(transaction: Transaction, register: Register, catalogue: Catalogue, clock: Clock) -> Papers:
    return Papers(transaction, register, catalogue, clock)


@pytest.fixture
def sit(desk) -> Sit:
    """Somebody at a desk: sit("counter", site="MAK")."""
    return lambda *args, **kwargs: Desktop(desk(*args, **kwargs))
