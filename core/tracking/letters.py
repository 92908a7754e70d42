"""Messages about many documents at once: one statement, however many there are."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningInsert

from core.catalogue.tables import Service, Site
from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane, Message, Status
from core.people.tables import Person
from core.tracking.tables import Document
from core.wording import DEFAULT

ABOUT = "document:"
"""How the subject of a message about a document begins."""
PROMISE = "promise:"
"""The same for what stays true until the document arrives, whatever else it does on its way."""
APPLICATION = "application:"
"""The same for what stays true for good: its number."""


def about(document_id: int) -> str:
    """How events and messages name a document: document:42."""
    return f"{ABOUT}{document_id}"


def letters(
    *where: sa.ColumnElement[bool],
    template: str,
    lane: Lane,
    now: datetime,
    valid_for: timedelta,
    asked_for: bool = False,
    campaign_id: int | None = None,
    subject: str = ABOUT,
) -> ReturningInsert[tuple[int, Any]]:
    """INSERT a message to the owner of each document that fits and has a phone; returns ids and arguments.

    The arguments are the same for all templates about documents: what a
    template does not take does no harm.
    """
    arguments = sa.func.jsonb_build_object(
        "service",
        Service.code,
        "site",
        Site.code,
        "document",
        Document.id,
        "arrival",
        Document.arrivals,
        "correction",
        Document.correction,
        "promised_on",
        Document.promised_on,
        "reference",
        Document.tracking_number,
    )
    values: dict[str, Any] = {
        "person_id": Document.contact_id,
        "lane": sa.literal(lane.value),
        "template": sa.literal(template),
        "arguments": arguments,
        "language": sa.func.coalesce(Person.language, DEFAULT),
        "subject": sa.func.concat(subject, Document.id),
        "asked_for": sa.literal(asked_for),
        "campaign_id": sa.literal(campaign_id, sa.Integer),
        "valid_until": sa.literal(now + valid_for),
        "status": sa.literal(Status.PENDING.value),
        "not_before": sa.literal(now),
        "created_at": sa.literal(now),
        "status_at": sa.literal(now),
    }
    chosen = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .join_from(Document, Person, Person.id == Document.contact_id)
        .join(Service, Service.id == Document.service_id)
        .join(Site, Site.id == Document.site_id)
        .where(*where)
        # Those that read alike come together, because one call carries one text.
        .order_by(Service.code, Site.code, Person.language, Document.id)
    )
    return sa.insert(Message).from_select(list(values), chosen).returning(Message.id, Message.arguments)


def post(db: Session, *where: sa.ColumnElement[bool], lane: Lane, **about_it: Any) -> list[int]:
    """Write these letters (arguments as for `letters`). Returns the messages' ids."""
    db.flush()
    return posted(db, lane, [row.id for row in db.execute(letters(*where, lane=lane, **about_it))])


def posted(db: Session, lane: Lane, written: list[int]) -> list[int]:
    """Note the lane for whoever commits, if anything was written; returns what was."""
    if written:
        outbox.note_lane(db, lane)
    return written
