"""What an agency may see of its services' bookings and documents, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.booking.availability import day_begins
from core.booking.tables import Booking
from core.catalogue.tables import Offering
from core.db import Session
from core.people.tables import Person
from core.tracking.tables import Document, DocumentEvent

Place = tuple[datetime, int]
"""Where a page ended: the time and id of its last row."""
SETTLES = timedelta(minutes=1)
"""A document appears in `documents_of` this long after it moved: what began earlier and is committed later must not
turn up behind a reader who has gone on. No transaction that moves documents takes as long."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A booking as an agency sees it."""

    id: int
    reference: str
    service_id: int
    site_id: int
    starts_at: datetime
    came_at: datetime | None
    created_at: datetime
    identity_sealed: bytes | None


def bookings_of(
    db: Session, service_ids: Collection[int], *, day: date, after: Place | None, limit: int, site_id: int | None = None
) -> list[Expected]:
    """Live bookings of a day, in the order of their starts."""
    begins = day_begins(day)
    chosen = (
        sa.select(
            Booking.id,
            Booking.reference,
            Booking.service_id,
            Offering.site_id,
            Booking.starts_at,
            Booking.came_at,
            Booking.created_at,
            Person.identity_sealed,
        )
        .join(Offering, Offering.id == Booking.offering_id)
        .outerjoin(Person, Person.id == Booking.beneficiary_id)
        .where(
            Offering.service_id == sa.any_(sa.cast(list(service_ids), ARRAY(sa.Integer))),
            Booking.starts_at >= begins,
            Booking.starts_at < day_begins(day + timedelta(days=1)),
        )
    )
    if site_id is not None:
        chosen = chosen.where(Offering.site_id == site_id)
    if after is not None:
        chosen = chosen.where(sa.tuple_(Booking.starts_at, Booking.id) > sa.tuple_(*after))
    rows = db.execute(chosen.order_by(Booking.starts_at, Booking.id).limit(limit))
    return [Expected(*row) for row in rows]


def documents_of(
    db: Session, service_ids: Collection[int], *, since: datetime | None, after: Place | None, limit: int, now: datetime
) -> list[Document]:
    """Documents in the order in which they last moved, up to SETTLES ago.

    A few rows of each service from its own index, however many documents there are.
    """
    services = (
        sa.func.unnest(sa.cast(list(service_ids), ARRAY(sa.Integer))).table_valued("id").render_derived(name="mine")
    )
    one = sa.select(Document).where(Document.service_id == services.c.id, Document.stage_since <= now - SETTLES)
    if since is not None:
        one = one.where(Document.stage_since >= since)
    if after is not None:
        one = one.where(sa.tuple_(Document.stage_since, Document.id) > sa.tuple_(*after))
    few = one.order_by(Document.stage_since, Document.id).limit(limit).lateral("few")
    found = sa.orm.aliased(Document, few)
    return list(
        db.scalars(
            sa.select(found)
            .select_from(services.join(few, sa.true()))
            .order_by(found.stage_since, found.id)
            .limit(limit)
        )
    )


def document_of(db: Session, service_ids: Collection[int], tracking_number: str) -> Document | None:
    """The document of this number, if it is of one of these services."""
    return db.scalar(
        sa.select(Document).where(
            Document.tracking_number == tracking_number, Document.service_id.in_(list(service_ids))
        )
    )


def steps_of(db: Session, document_id: int) -> list[DocumentEvent]:
    """A document's steps, in their order."""
    return list(
        db.scalars(sa.select(DocumentEvent).where(DocumentEvent.document_id == document_id).order_by(DocumentEvent.id))
    )


def services_of(db: Session, tracking_numbers: Collection[str]) -> dict[str, int]:
    """The service of each document that there is, by tracking number."""
    wanted = sa.any_(sa.cast(list(tracking_numbers), ARRAY(sa.String)))
    rows = db.execute(
        sa.select(Document.tracking_number, Document.service_id).where(Document.tracking_number == wanted)
    )
    return {row.tracking_number: row.service_id for row in rows}
