"""The shelf of a centre: what lies there and for how long, what is on its way there, and what goes back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa

from core.db import Session
from core.errors import Malformed
from core.idempotency import Outcome, once
from core.people.audit import Actor, record_event
from core.tracking.documents import move_all
from core.tracking.letters import about
from core.tracking.stages import READY, Stage
from core.tracking.tables import Document
from core.wording import gettext as _

LONGEST_SHELF = 20
AGES = (7, 30, 90)
"""Days: the bands by which a shelf is counted. What has lain for longer than the last is one more."""
COMING = (Stage.SENT_TO_CENTRE, Stage.TRANSFERRED)
RETURNED_AT_ONCE = 200
"""Documents in one transaction: each is locked while it lasts."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which documents of a shelf."""

    site_id: int
    service_ids: Collection[int] | None = None
    """Only of these services: an agency's own."""
    shelf: str | None = None
    """Only what lies in this bin; an empty one: what lies in none."""
    before: datetime | None = None
    """Only those that arrived before."""
    untold: bool = False
    """Only those without a phone, whose owners nobody can tell."""


Position = tuple[datetime, int]
"""Where a page ends: hand it to the same function to go on."""


@dataclass(frozen=True, slots=True)
class Page:
    documents: list[Document]
    """The oldest first."""
    next: Position | None
    """None: that was all."""


def parse_shelf(text: str) -> str:
    """` a 12 ` → `A 12`: one shelf has one name.

    Raises:
        Malformed: nothing, or longer than a label.
    """
    shelf = " ".join(text.split()).upper()
    if not shelf or len(shelf) > LONGEST_SHELF or not shelf.isprintable():
        raise Malformed(_("Name the shelf or bin, such as A12: at most {most} characters.").format(most=LONGEST_SHELF))
    return shelf


def on_shelf(db: Session, chosen: Chosen, *, limit: int, after: Position | None = None) -> Page:
    """What lies there, the oldest arrival first."""
    return _page(db, sa.select(Document).where(*_which(chosen)), Document.received_at, limit=limit, after=after)


def coming(db: Session, chosen: Chosen, *, limit: int, after: Position | None = None) -> Page:
    """What an agency or another centre has sent there, the one that has been on its way for longest first."""
    where = [Document.stage.in_(COMING), *_whose(chosen)]
    return _page(db, sa.select(Document).where(*where), Document.stage_since, limit=limit, after=after)


def count(db: Session, chosen: Chosen) -> int:
    return db.scalar(sa.select(sa.func.count()).where(*_which(chosen))) or 0


def count_ages(db: Session, chosen: Chosen, *, now: datetime) -> list[int]:
    """How many have lain there for up to AGES[0] days, for up to AGES[1], ..., and for longer."""
    ends = [now - timedelta(days=days) for days in AGES]
    since = Document.received_at
    bands = [since >= ends[0], *(sa.and_(since < a, since >= b) for a, b in pairwise(ends))]
    counts = [sa.func.count().filter(band) for band in [*bands, since < ends[-1]]]
    return list(db.execute(sa.select(*counts).where(*_which(chosen))).one())


def count_shelves(db: Session, chosen: Chosen) -> list[tuple[str | None, int]]:
    """How many lie in each bin, by its name; those in none come last."""
    grouped = sa.select(Document.shelf, sa.func.count()).where(*_which(chosen)).group_by(Document.shelf)
    return [(shelf, number) for shelf, number in db.execute(grouped.order_by(Document.shelf.nulls_last()))]


def return_old(db: Session, chosen: Chosen, *, actor: Actor, request_key: str, now: datetime) -> int:
    """Return up to RETURNED_AT_ONCE of these to their agency, in one transaction. Returns how many were.

    Whoever calls it again, with another key, until it returns 0, has returned
    them all. What is being handed over at this moment is waited for, and left
    out: fewer than RETURNED_AT_ONCE need not be the last.
    """

    def work() -> Outcome:
        ids = db.scalars(
            sa.select(Document.id).where(*_which(chosen)).order_by(Document.received_at).limit(RETURNED_AT_ONCE)
        ).all()
        # Asked again of what is locked: somebody may have been handing one over.
        still = sa.select(Document).where(Document.id.in_(ids), *_which(chosen)).order_by(Document.id)
        documents = list(db.scalars(still.with_for_update().execution_options(populate_existing=True)))
        move_all(db, documents, Stage.RETURNED, actor=actor, origin=request_key, now=now)
        for document in documents:
            record_event(db, "document.returned", about(document.id), actor=actor, now=now, site=chosen.site_id)
        return {"returned": len(documents)}

    return int(once(db, request_key, work, now=now)["returned"])


def _which(chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    which = [Document.stage.in_(READY), *_whose(chosen)]
    if chosen.shelf is not None:
        which.append(Document.shelf == chosen.shelf if chosen.shelf else Document.shelf.is_(None))
    if chosen.before is not None:
        which.append(Document.received_at < chosen.before)
    if chosen.untold:
        which.append(Document.contact_id.is_(None))
    return which


def _whose(chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    services = [Document.service_id.in_(chosen.service_ids)] if chosen.service_ids is not None else []
    return [Document.site_id == chosen.site_id, *services]


def _page(
    db: Session,
    found: sa.Select[Document],
    since: sa.orm.InstrumentedAttribute[datetime] | sa.orm.InstrumentedAttribute[datetime | None],
    *,
    limit: int,
    after: Position | None,
) -> Page:
    if after is not None:
        found = found.where(sa.tuple_(since, Document.id) > after)
    documents = list(db.scalars(found.order_by(since, Document.id).limit(limit + 1)))
    last = documents[limit - 1] if len(documents) > limit else None
    ends_at: datetime | None = getattr(last, since.key) if last else None
    return Page(documents[:limit], (ends_at, last.id) if last and ends_at else None)
