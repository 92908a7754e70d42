"""Documents for a demonstration: two phones' own, in several stages, with known numbers and proofs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.catalogue.tables import Service, Site
from core.clock import local_date
from core.db import Session
from core.messaging import outbox
from core.people.audit import Actor
from core.people.register import Register
from core.references import grouped
from core.tracking.corrections import Correction
from core.tracking.documents import NewDocument, move, register
from core.tracking.letters import about
from core.tracking.stages import Stage
from core.tracking.tables import Document

ZAMU = Actor("terminal", who="demo")
_ON_ITS_WAY = (Stage.SENT_TO_AGENCY, Stage.IN_PROCESS)
_READY = (*_ON_ITS_WAY, Stage.SENT_TO_CENTRE, Stage.RECEIVED, Stage.NOTIFIED)

_IN_WORDS = {Stage.IN_PROCESS: "being made", Stage.SENT_TO_CENTRE: "on its way", Stage.NOTIFIED: "ready"}


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """A made-up document. `str()` is a line for whoever tries things out: what to type, and what it is."""

    phone: str
    tracking_number: str
    proof: str
    service: str
    called: str
    """The service, as a menu names it in English."""
    site: str
    steps: tuple[Stage, ...]
    correction: Correction | None = None
    promised_in: int | None = None
    """Days from the making of the demonstration until the promised one."""

    @property
    def stage(self) -> Stage:
        return self.steps[-1] if self.steps else Stage.APPLIED

    def __str__(self) -> str:
        typed = f"{grouped(self.tracking_number)} then {self.proof}"
        stage = _IN_WORDS.get(self.stage, self.stage.replace("_", " "))
        return f"{typed:<20} {f'{stage}, {self.called}':<30} phone {self.phone}"


DEMO = (
    DemoDocument("+254711000001", "48217092", "678", "IDR", "Lost ID", "GPO", _READY),
    DemoDocument("+254711000001", "33055184", "1994", "BCN", "Birth cert: child", "GPO", _ON_ITS_WAY, promised_in=14),
    DemoDocument("+254711000001", "27190465", "678", "PPN", "First passport", "GPO", (*_READY, Stage.COLLECTED)),
    DemoDocument(
        "+254711000002",
        "55902713",
        "432",
        "IDN",
        "First ID",
        "MAK",
        (*_ON_ITS_WAY, Stage.NEEDS_CORRECTION),
        correction=Correction.PHOTO,
    ),
    DemoDocument(
        "+254711000002", "61473802", "432", "DLS", "Driving licence", "MAK", (*_ON_ITS_WAY, Stage.SENT_TO_CENTRE)
    ),
)


def make_demo_documents(db: Session, people: Register, *, now: datetime) -> list[DemoDocument]:
    """Make those that are missing; running it again changes nothing. Returns them all, for printing.

    Where the catalogue lacks one of their services or sites, that document is left out.
    """
    services = dict(db.execute(sa.select(Service.code, Service.id)).all())
    sites = dict(db.execute(sa.select(Site.code, Site.id)).all())
    numbers = [demo.tracking_number for demo in DEMO]
    there = set(db.scalars(sa.select(Document.tracking_number).where(Document.tracking_number.in_(numbers))))
    possible = [demo for demo in DEMO if demo.service in services and demo.site in sites]
    for demo in possible:
        if demo.tracking_number not in there:
            _make(db, people, demo, services[demo.service], sites[demo.site], now=now)
    return possible


def _make(db: Session, people: Register, demo: DemoDocument, service_id: int, site_id: int, *, now: datetime) -> None:
    """One step a day, the last one yesterday."""
    began = now - timedelta(days=len(demo.steps) + 1)
    new = NewDocument(
        service_id=service_id,
        site_id=site_id,
        proof=demo.proof,
        contact_id=people.contact(db, demo.phone, now=now).id,
        tracking_number=demo.tracking_number,
        promised_on=None if demo.promised_in is None else local_date(now) + timedelta(days=demo.promised_in),
    )
    document = register(db, people, new, actor=ZAMU, origin="demo", now=began)
    document.contact_confirmed_at = now
    for day, stage in enumerate(demo.steps, start=1):
        reason = demo.correction if stage is Stage.NEEDS_CORRECTION else None
        move(db, document, stage, actor=ZAMU, origin="demo", now=began + timedelta(days=day), reason=reason)
    # Its phone may be somebody's: a demonstration sends no SMS by itself.
    outbox.withdraw(db, about(document.id), now=now)
