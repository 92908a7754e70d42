"""A shelf full of documents, and the people who tell their owners."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from core.campaigns import commands, making, pending, report, writing
from core.campaigns.criteria import Criteria
from core.campaigns.pressing import find
from core.campaigns.preview import preview
from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.messaging.senders import Sender
from core.messaging.tables import Message, Status
from core.messaging.templates import Speech
from core.people.audit import Actor
from core.people.register import Register
from core.people.tables import Event, Person
from core.tracking.stages import Stage
from core.tracking.tables import Document, Notice
from tests.support import NOW

A_DAY = 5
HUDUMA = Sender("HUDUMA")


@dataclass
class Office:
    """Acts in transactions of its own, at a time that the test moves on."""

    transaction: Transaction
    catalogue: Catalogue
    register: Register
    now: datetime = NOW
    a_day: int = A_DAY
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    # The shelf.

    def person(self, language="en", **details):
        """A new contact's id."""
        with self.transaction() as db:
            person = self.register.contact(db, f"+2547{next(self.numbers):08d}", now=self.now)
            person.language = language
            for name, value in details.items():
                setattr(person, name, value)
            return person.id

    def shelve(self, count=1, service="IDR", site="GPO", days=2, owner=..., language="en", **details):
        """Documents that have lain at a centre for some days, nobody told; each of somebody else unless given."""
        owners = [self._people(count, language) if owner is ... else [owner] * count][0]
        standard = {
            "service_id": self.catalogue.services[service].id,
            "site_id": self.catalogue.sites[site].id,
            "stage": Stage.RECEIVED,
            "stage_since": self.now,
            "proof_index": b"x",
            "created_at": self.now,
            "arrivals": 1,
            "received_at": self.now - timedelta(days=days),
        }
        rows = [
            standard | {"contact_id": owner_id, "tracking_number": f"{next(self.numbers):08d}"} | details
            for owner_id in owners
        ]
        with self.transaction() as db:
            return list(db.scalars(sa.insert(Document).returning(Document.id), rows))

    def _people(self, count, language):
        rows = [
            {"phone_index": next(self.numbers).to_bytes(16), "phone_sealed": b"x", "language": language}
            | {"created_at": self.now}
            for _ in range(count)
        ]
        with self.transaction() as db:
            return list(db.scalars(sa.insert(Person).returning(Person.id), rows))

    def message(self, person_id, **details):
        """A message that somebody else wrote to a person."""
        standard = {
            "person_id": person_id,
            "lane": "notice",
            "template": "x",
            "arguments": {},
            "language": "en",
            "subject": "booking:1",
            "asked_for": True,
            "valid_until": self.now,
            "not_before": self.now,
            "created_at": self.now,
            "status_at": self.now,
        }
        with self.transaction() as db:
            return db.scalar(sa.insert(Message).values(standard | details).returning(Message.id))

    def told(self, document_id, person_id, status):
        """A notice of the document's first arrival, and what became of its message."""
        message_id = self.message(person_id, status=status, claimed_at=self.now - timedelta(days=3))
        with self.transaction() as db:
            db.add(Notice(document_id=document_id, arrival=1, message_id=message_id))

    # What people do.

    def drafts(self, *, who="Amina", name="Backlog", key=None, **criteria):
        with self.transaction() as db:
            return making.draft(
                db,
                name=name,
                criteria=Criteria(**criteria),
                actor=Actor("terminal", who=who),
                request_key=key or f"test-{next(self.numbers)}",
                now=self.now,
            ).id

    def does(self, what, campaign_id, *, who="Amina", **more):
        """A command by name: the campaign after it, and whether it changed anything."""
        command = making.submit if what == "submit" else getattr(commands, what)
        if what == "submit":
            more = {"approve_above": 1000, "sms_a_day": self.a_day} | more
        if what in ("pause", "cancel"):
            more = {"reason": "a look at it"} | more
        if what == "schedule":
            more = {"starts_at": self.now} | more
        with self.transaction() as db:
            return command(db, campaign_id, actor=Actor("terminal", who=who), now=self.now, **more)

    def starts(self, **criteria):
        """A campaign that may write at once."""
        campaign_id = self.drafts(**criteria)
        self.does("submit", campaign_id)
        self.does("schedule", campaign_id)
        return campaign_id

    def corrects(self, campaign_id, en="Sorry, that was wrong.", sw="Samahani, hiyo haikuwa sahihi.", key=None):
        with self.transaction() as db:
            return making.correct(
                db,
                campaign_id,
                texts={"en": en, "sw": sw},
                actor=Actor("terminal", who="Amina"),
                request_key=key or f"test-{next(self.numbers)}",
                now=self.now,
            ).id

    # What the clock does.

    def writes(self, **bounds):
        """One batch; how many documents or messages were dealt with."""
        with self.transaction() as db:
            return writing.write_due(db, now=self.now, sms_a_day=self.a_day, **bounds)

    def writes_all(self, **bounds):
        """All that can be written now."""
        return sum(iter(partial(self.writes, **bounds), 0))

    def keeps_still(self):
        with self.transaction() as db:
            return pending.keep_still(db, now=self.now)

    # What can be seen.

    def see(self, campaign_id):
        with self.transaction() as db:
            return find(db, campaign_id)

    def preview(self, campaign_id, sender=HUDUMA):
        speech = Speech(self.catalogue, "*191*9#", self.register, sender)
        with self.transaction() as db:
            return preview(db, find(db, campaign_id), speech=speech, sms_a_day=self.a_day, now=self.now)

    def report(self, campaign_id):
        with self.transaction() as db:
            return report.report(db, find(db, campaign_id))

    def messages(self, campaign_id):
        with self.transaction() as db:
            return db.scalars(sa.select(Message).where(Message.campaign_id == campaign_id).order_by(Message.id)).all()

    def sent_to(self, person_id):
        with self.transaction() as db:
            return db.scalars(sa.select(Message).where(Message.person_id == person_id)).all()

    def becomes(self, status, *message_ids, **details):
        """What the relay would write."""
        with self.transaction() as db:
            db.execute(sa.update(Message).where(Message.id.in_(message_ids)).values(status=status, **details))

    def leaves(self, campaign_id, status=Status.SENT):
        """All that could leave has left."""
        ids = [m.id for m in self.messages(campaign_id) if m.status == Status.PENDING and m.not_before <= self.now]
        self.becomes(status, *ids, claimed_at=self.now)
        return ids

    def told_documents(self):
        """How many messages each document has a notice of, by campaign or not."""
        with self.transaction() as db:
            return Counter(db.scalars(sa.select(Notice.document_id)))

    def events(self, campaign_id):
        with self.transaction() as db:
            found = sa.select(Event.name, Event.who).where(Event.subject == f"campaign:{campaign_id}")
            return [tuple(row) for row in db.execute(found.order_by(Event.id))]

    def later(self, **span):
        self.now += timedelta(**span)
