"""Documents and their steps: the intake and the centre's desk write them, citizens look them up."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.people.register import Register
from core.references import new_reference
from core.tracking.stages import Stage, check_move
from core.tracking.tables import Document, DocumentEvent


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is known of a document when it enters."""

    service_id: int
    site_id: int
    """Where it will be collected."""
    proof: str
    """What whoever asks must know: the last three digits of the owner's ID, or the year of birth (four digits)."""
    owner_id: int | None = None
    """The owner's row of `people`, where an identity is known."""
    contact_id: int | None = None
    """The owner's phone; given here, it counts as confirmed."""
    tracking_number: str | None = None
    """Printed on the card already; None makes a new one."""


def register(db: Session, people: Register, new: NewDocument, *, origin: str, now: datetime) -> Document:
    """Enter a document that has been applied for.

    `people` makes the proof's index; `origin` says which file or request it came from.

    Raises:
        sqlalchemy.exc.NoResultFound: the given tracking number is in use.
    """
    document_id = None
    while document_id is None:
        number = new.tracking_number or new_reference()
        entered = (
            insert(Document)
            .values(
                tracking_number=number,
                service_id=new.service_id,
                site_id=new.site_id,
                stage=Stage.APPLIED,
                stage_since=now,
                owner_id=new.owner_id,
                proof_index=people.proof_index(number, new.proof),
                contact_id=new.contact_id,
                contact_confirmed_at=now if new.contact_id else None,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(Document.id)
        )
        document_id = db.scalar(entered) if new.tracking_number is None else db.execute(entered).scalar_one()
    db.add(DocumentEvent(document_id=document_id, stage=Stage.APPLIED, at=now, site_id=new.site_id, origin=origin))
    return db.get_one(Document, document_id)


def move(
    db: Session, document: Document, stage: Stage, *, origin: str, now: datetime, site_id: int | None = None
) -> None:
    """Take a document one step further; `site_id` where it is then to be collected elsewhere.

    Raises:
        IllegalMove: it cannot go from its stage to this one.
    """
    locked = db.scalars(
        sa.select(Document)
        .where(Document.id == document.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    check_move(Stage(locked.stage), stage)
    locked.stage = stage
    locked.stage_since = now
    if site_id is not None:
        locked.site_id = site_id
    db.add(DocumentEvent(document_id=locked.id, stage=stage, at=now, site_id=locked.site_id, origin=origin))
    db.flush()
