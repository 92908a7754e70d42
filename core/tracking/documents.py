"""Documents and their steps: the intake and the centre's desk write them, citizens look them up.

A document is locked before anything about it is written; several are locked in
the order of their ids. Messages and notices about it come after it, so nobody
waits in a circle.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.messaging import outbox
from core.messaging.tables import Lane
from core.people.audit import Actor
from core.people.register import Register
from core.references import new_reference
from core.tracking.corrections import check_correction
from core.tracking.errors import NoSuchDocument
from core.tracking.letters import ABOUT, PROMISE, post
from core.tracking.stages import AWAITED, READY, Stage, check_move
from core.tracking.tables import Document, DocumentEvent

_TELL = {
    Stage.NEEDS_CORRECTION: "document_correction",
    Stage.REJECTED: "document_rejected",
    Stage.TRANSFERRED: "document_transferred",
    Stage.RETURNED: "document_returned",
}
"""What its owner is told of at once: nobody waits seven months for a photo that was bad, nor travels for nothing."""
_TELL_FOR = timedelta(days=7)


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
    contact_problem: str | None = None
    """Why there is no phone: no_phone or bad_phone. The desk mends it."""
    tracking_number: str | None = None
    """Printed on the card already; None makes a new one."""
    promised_on: date | None = None


def register(
    db: Session,
    people: Register,
    new: NewDocument,
    *,
    actor: Actor,
    origin: str,
    now: datetime,
    done_at: datetime | None = None,
) -> Document:
    """Enter a document that has been applied for.

    `people` makes the proof's index; `origin` says which file or request it came from.
    `done_at`: when it was applied for, where that is keyed in later. Its step says so;
    the document itself is known from `now` on, and those who read on from where they
    were (core.partners.reading) find it behind them otherwise.

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
                contact_problem=new.contact_problem,
                promised_on=new.promised_on,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(Document.id)
        )
        document_id = db.scalar(entered) if new.tracking_number is None else db.execute(entered).scalar_one()
    document = db.get_one(Document, document_id)
    add_events(db, [document], Stage.APPLIED, actor=actor, origin=origin, now=done_at or now)
    return document


def find(db: Session, tracking_number: str) -> Document:
    """For the desk, which has the card or the document before it (citizens: core.tracking.lookup).

    Raises:
        NoSuchDocument: no document has this number.
    """
    document = db.scalar(sa.select(Document).where(Document.tracking_number == tracking_number))
    if document is None:
        raise NoSuchDocument
    return document


def with_ids(db: Session, document_ids: Collection[int]) -> dict[int, Document]:
    """By id, those of them that there are."""
    if not document_ids:
        return {}
    return {document.id: document for document in db.scalars(sa.select(Document).where(Document.id.in_(document_ids)))}


def lock_number(db: Session, tracking_number: str) -> Document:
    """`find` and `lock` in one statement.

    Raises:
        NoSuchDocument: no document has this number.
    """
    numbered = sa.select(Document).where(Document.tracking_number == tracking_number)
    document = db.scalar(numbered.with_for_update().execution_options(populate_existing=True))
    if document is None:
        raise NoSuchDocument
    return document


def lock(db: Session, document_id: int) -> Document:
    """The document as it is now; nobody else moves it until the transaction ends."""
    [document] = lock_all(db, [document_id])
    return document


def lock_all(db: Session, document_ids: Collection[int]) -> list[Document]:
    """The same for many, in the order of their ids."""
    return list(
        db.scalars(
            sa.select(Document)
            .where(Document.id.in_(document_ids))
            .order_by(Document.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def move(
    db: Session,
    document: Document,
    stage: Stage,
    *,
    actor: Actor,
    origin: str,
    now: datetime,
    site_id: int | None = None,
    reason: str | None = None,
) -> None:
    """Take a document one step further; `site_id` where it is then to be collected elsewhere.

    What waits to be sent about it and is no longer true is withdrawn. Of a
    correction (then `reason` names the `corrections.Correction`), of a
    rejection, and that it has left its centre, its owner is told. A centre that acknowledges documents uses
    `receiving.acknowledge`, which tells their owners too.

    Raises:
        IllegalMove: it cannot go from its stage to this one.
        NothingToCorrect: it is to wait for a correction, and `reason` does not say which.
    """
    locked = [lock(db, document.id)]
    move_all(db, locked, stage, actor=actor, origin=origin, now=now, site_id=site_id, reason=reason)


def move_all(
    db: Session,
    documents: Sequence[Document],
    stage: Stage,
    *,
    actor: Actor,
    origin: str,
    now: datetime,
    site_id: int | None = None,
    reason: str | None = None,
) -> None:
    """`move` for many that the caller has locked (`lock_all`): all of them, or none and a refusal.

    Raises:
        IllegalMove: one of them cannot go to this stage.
        NothingToCorrect: see `move`.
    """
    for document in documents:
        check_move(Stage(document.stage), stage)
    correction = check_correction(reason) if stage is Stage.NEEDS_CORRECTION else None
    _withdraw(db, documents, stage, now=now)
    for document in documents:
        document.stage = stage
        document.stage_since = now
        document.correction = correction
        document.site_id = site_id or document.site_id
        if stage is Stage.RECEIVED:
            document.arrivals += 1
            document.received_at = now
            document.reminders = 0
    add_events(db, documents, stage, actor=actor, origin=origin, now=now, reason=reason)
    if stage in _TELL:
        _tell(db, documents, _TELL[stage], now=now)


def add_events(
    db: Session,
    documents: Collection[Document],
    stage: Stage,
    *,
    actor: Actor,
    origin: str,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Write the step that each of these documents has just taken."""
    step: dict[str, Any] = {
        "stage": stage,
        "at": now,
        "origin": origin,
        "channel": actor.channel,
        "actor_id": actor.person_id,
        "who": actor.who,
        "reason": reason,
    }
    db.flush()
    if documents:
        rows = [{"document_id": document.id, "site_id": document.site_id} | step for document in documents]
        db.execute(sa.insert(DocumentEvent), rows)


def _withdraw(db: Session, documents: Collection[Document], stage: Stage, *, now: datetime) -> None:
    """What was to be said of the stage that is over. READY stays READY, however often its owner has been told."""
    over = [document.id for document in documents if not (document.stage in READY and stage in READY)]
    subjects = [f"{ABOUT}{document_id}" for document_id in over]
    if stage not in AWAITED:
        subjects += [f"{PROMISE}{document_id}" for document_id in over]
    outbox.withdraw(db, *subjects, now=now)


def _tell(db: Session, documents: Collection[Document], template: str, *, now: datetime) -> None:
    chosen = Document.id.in_([document.id for document in documents])
    post(db, chosen, template=template, lane=Lane.NOTICE, now=now, valid_for=_TELL_FOR)
