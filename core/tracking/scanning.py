"""What a clerk does with one document by scanning it. Scanned again, it changes nothing, and says when it was done.

A document of another centre is one that this clerk does not know, unless it
may come in: it is on its way from its agency, to whichever centre, or it left
from here and never arrived.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from core.db import Session
from core.errors import Malformed
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.people.tables import Event
from core.tracking import receiving
from core.tracking.documents import lock_number, move_all
from core.tracking.errors import NoSuchDocument, NotOnShelf
from core.tracking.letters import about
from core.tracking.shelves import parse_shelf
from core.tracking.stages import AWAITED, READY, SAID, Stage
from core.tracking.tables import Document, DocumentEvent
from core.wording import gettext as _


class Task(StrEnum):
    RECEIVE = "receive"
    """Acknowledge it, and tell its owner."""
    SHELVE = "shelve"
    SEND = "send"
    """On to another centre."""
    RETURN = "return"
    """To the agency."""


EVENTS: Mapping[Task, str] = {
    Task.RECEIVE: "document.received",
    Task.SHELVE: "document.shelved",
    Task.SEND: "document.sent_on",
    Task.RETURN: "document.returned",
}
"""How the record names what was done."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One document, and what is to be done with it."""

    tracking_number: str
    task: Task
    site_id: int
    """The clerk's centre."""
    shelf: str | None = None
    """Where it is put: for SHELVE, and for RECEIVE if it is put there at once."""
    to_site_id: int | None = None
    """For SEND."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What came of it."""

    document_id: int
    already: bool
    """It had been done before, and nothing changed."""
    at: datetime
    """When it was done."""
    who: str | None
    """By which member of staff; None where a file or Zamu itself did it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a document last."""

    stage: Stage
    at: datetime
    who: str | None


def scan(db: Session, order: Scan, *, actor: Actor, request_key: str, now: datetime) -> Scanned:
    """Do it. The same request again gets the first outcome; another scan of it is told that it is done `already`.

    Raises:
        NoSuchDocument: no document that this centre knows has this number.
        IllegalMove, NotOnShelf: it cannot take this step from where it is.
        Malformed: no shelf is named, or it would be sent to where it is.
    """

    def work() -> Outcome:
        document = lock_number(db, order.tracking_number)
        left = _left_from(db, document)
        if not _known_at(order, document, left):
            raise NoSuchDocument
        before = _done_before(db, order, document)
        if before is not None:
            return {"document_id": document.id, "already": True, "at": before[0].isoformat(), "who": before[1]}
        _DO[order.task](db, document, order, actor, now)
        details = {"shelf": document.shelf} if order.shelf else {}
        record_event(db, EVENTS[order.task], about(document.id), actor=actor, now=now, site=order.site_id, **details)
        return {"document_id": document.id, "already": False, "at": now.isoformat(), "who": actor.who}

    outcome = once(db, request_key, work, now=now)
    return Scanned(**outcome | {"at": datetime.fromisoformat(outcome["at"])})


def last_step(db: Session, document_id: int) -> Step:
    """What happened last, for whoever came second."""
    stage, at, who = db.execute(
        sa.select(DocumentEvent.stage, DocumentEvent.at, DocumentEvent.who)
        .where(DocumentEvent.document_id == document_id)
        .order_by(DocumentEvent.id.desc())
        .limit(1)
    ).one()
    return Step(Stage(stage), at, who)


def last_arrival(db: Session, document_id: int) -> tuple[int | None, str | None]:
    """The centre that received it last, and who did; (None, None) before it arrived anywhere."""
    row = db.execute(
        sa.select(DocumentEvent.site_id, DocumentEvent.who)
        .where(DocumentEvent.document_id == document_id, DocumentEvent.stage == Stage.RECEIVED)
        .order_by(DocumentEvent.id.desc())
        .limit(1)
    ).one_or_none()
    return (row.site_id, row.who) if row else (None, None)


def is_known_at(db: Session, document: Document, site_id: int) -> bool:
    """Whether a document is this centre's to see: it lies there, is to come there, or has just left for another."""
    return document.site_id == site_id or _left_from(db, document) == site_id


def _left_from(db: Session, document: Document) -> int | None:
    """The centre that a document on its way to another has left."""
    return last_arrival(db, document.id)[0] if document.stage == Stage.TRANSFERRED else None


def _known_at(order: Scan, document: Document, left: int | None) -> bool:
    coming_in = order.task is Task.RECEIVE and document.stage in AWAITED
    return coming_in or order.site_id in (document.site_id, left)


def _done_before(db: Session, order: Scan, document: Document) -> tuple[datetime, str | None] | None:
    """When, and by whom; None where it is still to be done."""
    here = document.site_id == order.site_id
    if order.task is Task.RECEIVE and here and document.stage in READY and document.received_at:
        return document.received_at, last_arrival(db, document.id)[1]
    if order.task is Task.SHELVE and here and document.stage in READY and document.received_at:
        if document.shelf != parse_shelf(order.shelf or ""):
            return None
        return _shelved(db, document.id, since=document.received_at) or (
            document.received_at,
            last_arrival(db, document.id)[1],
        )
    sent = order.task is Task.SEND and document.stage == Stage.TRANSFERRED and document.site_id == order.to_site_id
    returned = order.task is Task.RETURN and here and document.stage == Stage.RETURNED
    if sent or returned:
        step = last_step(db, document.id)
        return step.at, step.who
    return None


def _shelved(db: Session, document_id: int, *, since: datetime) -> tuple[datetime, str | None] | None:
    row = db.execute(
        sa.select(Event.at, Event.who)
        .where(Event.subject == about(document_id), Event.name == EVENTS[Task.SHELVE], Event.at >= since)
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    return (row.at, row.who) if row else None


def _receive(db: Session, document: Document, order: Scan, actor: Actor, now: datetime) -> None:
    shelf = parse_shelf(order.shelf) if order.shelf else None
    receiving.acknowledge(db, [document], site_id=order.site_id, actor=actor, origin="scan", now=now)
    document.shelf = shelf


def _shelve(db: Session, document: Document, order: Scan, actor: Actor, now: datetime) -> None:
    if document.stage not in READY:
        raise NotOnShelf(_(SAID[Stage(document.stage)]))
    document.shelf = parse_shelf(order.shelf or "")


def _send(db: Session, document: Document, order: Scan, actor: Actor, now: datetime) -> None:
    if order.to_site_id is None or order.to_site_id == order.site_id:
        raise Malformed(_("Choose the centre to which it goes."))
    move_all(db, [document], Stage.TRANSFERRED, actor=actor, origin="scan", now=now, site_id=order.to_site_id)


def _return(db: Session, document: Document, order: Scan, actor: Actor, now: datetime) -> None:
    move_all(db, [document], Stage.RETURNED, actor=actor, origin="scan", now=now)


_DO: Mapping[Task, Callable[[Session, Document, Scan, Actor, datetime], None]] = {
    Task.RECEIVE: _receive,
    Task.SHELVE: _shelve,
    Task.SEND: _send,
    Task.RETURN: _return,
}
