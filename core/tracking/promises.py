"""The day by which a document was promised: told to its owner when it has passed, and listed for the agency."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.catalogue.tables import Agency, Service, Site
from core.clock import local_date
from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Actor, record_event
from core.tracking.documents import lock
from core.tracking.letters import PROMISE, about, post
from core.tracking.stages import AWAITED, Stage
from core.tracking.tables import Document

TOLD_WITHIN = timedelta(days=30)
"""A promise broken longer ago is listed and shown, but not sent: a file of old papers would wake thousands at once."""
_VALID_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class LateDocument:
    """One line of the agency's list: nothing personal."""

    tracking_number: str
    service: str
    site: str
    stage: Stage
    stage_since: datetime
    promised_on: date


def promise(db: Session, document: Document, promised_on: date, *, actor: Actor, origin: str, now: datetime) -> None:
    """Give a document another day; if that passes too, its owner is told again."""
    locked = lock(db, document.id)
    if locked.promised_on == promised_on:
        return
    locked.promised_on = promised_on
    locked.late_told_at = None
    note_promises(db, [locked], actor=actor, origin=origin, now=now)


def note_promises(db: Session, documents: Collection[Document], *, actor: Actor, origin: str, now: datetime) -> None:
    """Of documents that have just been given another day: the old one is not said to have passed."""
    outbox.withdraw(db, *(f"{PROMISE}{document.id}" for document in documents), now=now)
    for document in documents:
        details = {"promised_on": str(document.promised_on), "origin": origin}
        record_event(db, "document.promised", about(document.id), actor=actor, now=now, **details)


def is_late(document: Document, now: datetime) -> bool:
    """Whether it was promised for a day that is over, and has not arrived."""
    awaited = document.stage in AWAITED and document.arrivals == 0
    return awaited and document.promised_on is not None and document.promised_on < local_date(now)


def tell_late(db: Session, *, now: datetime, limit: int) -> int:
    """Tell the owners of documents whose day has lately passed, once each day that was promised.

    Returns how many of `limit`.
    """
    ids = db.scalars(
        sa.select(Document.id)
        .where(
            *_late(now),
            Document.promised_on >= local_date(now - TOLD_WITHIN),
            Document.late_told_at.is_(None),
            Document.contact_id.is_not(None),
        )
        .order_by(Document.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    chosen = Document.id.in_(ids)
    db.execute(sa.update(Document).where(chosen).values(late_told_at=now))
    post(db, chosen, template="document_late", lane=Lane.NOTICE, now=now, valid_for=_VALID_FOR, subject=PROMISE)
    return len(ids)


def late_documents(
    db: Session, *, now: datetime, agency: str | None = None, limit: int | None = None
) -> list[LateDocument]:
    """What an agency (a code of the catalogue; None is all of them) has promised and not brought, the oldest first."""
    rows = db.execute(
        sa.select(
            Document.tracking_number,
            Service.code.label("service"),
            Site.code.label("site"),
            Document.stage,
            Document.stage_since,
            Document.promised_on,
        )
        .join(Service, Service.id == Document.service_id)
        .join(Agency, Agency.id == Service.agency_id)
        .join(Site, Site.id == Document.site_id)
        .where(*_late(now), *([Agency.code == agency] if agency else []))
        .order_by(Document.promised_on, Document.id)
        .limit(limit)
    )
    return [
        LateDocument(r.tracking_number, r.service, r.site, Stage(r.stage), r.stage_since, r.promised_on) for r in rows
    ]


def _late(now: datetime) -> list[sa.ColumnElement[bool]]:
    return [Document.promised_on < local_date(now), Document.arrivals == 0, Document.stage.in_(AWAITED)]
