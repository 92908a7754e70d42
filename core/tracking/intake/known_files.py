"""A file as a whole: whether it was taken in before, and what came of its rows in the end."""

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.people.audit import Actor, record_event
from core.staff.tables import Staff
from core.tracking.intake.outcomes import UNBOUNDED, Bounds
from core.tracking.stages import Stage
from core.tracking.tables import IntakeFile


def begin(
    db: Session,
    *,
    digest: bytes,
    name: str,
    stage: Stage,
    actor: Actor,
    now: datetime,
    bounds: Bounds = UNBOUNDED,
) -> IntakeFile:
    """Note that a file is being taken in, or find it: one that is finished has `finished_at`, and one that was broken
    off, or is being taken in by somebody else at this moment, has not. `digest` is the SHA-256 of its bytes.

    The same file from another centre or agency is another file: within its own bounds it says something else, and who
    gave it elsewhere is not theirs to know.
    """
    digest = _digest_of(digest, bounds)
    new = db.scalar(
        insert(IntakeFile)
        .values(digest=digest, stage=stage, name=name, who=actor.who or actor.channel, started_at=now)
        .on_conflict_do_nothing()
        .returning(IntakeFile.id)
    )
    if new is not None:
        record_event(db, "intake.begun", f"intake:{new}", actor=actor, now=now, stage=stage)
    return db.scalars(sa.select(IntakeFile).where(IntakeFile.digest == digest, IntakeFile.stage == stage)).one()


def _digest_of(digest: bytes, bounds: Bounds) -> bytes:
    """By which the file of this centre or agency is known. Without bounds it is that of its bytes."""
    if bounds.site_id is None and bounds.agency_id is None:
        return digest
    return hashlib.sha256(digest + f":site={bounds.site_id}:agency={bounds.agency_id}".encode()).digest()


def add_taken(db: Session, file_id: int, rows: int) -> None:
    """Count rows taken, in the transaction that takes them."""
    if rows:
        db.execute(sa.update(IntakeFile).where(IntakeFile.id == file_id).values(taken=IntakeFile.taken + rows))


def finish(db: Session, file_id: int, *, rows: int, refused: int, actor: Actor, now: datetime) -> IntakeFile:
    """Note that every row has had its outcome: `rows` in all, of which `refused` in this last go.

    What an earlier go took, this one found unchanged: it counts as taken.
    """
    file = db.get_one(IntakeFile, file_id, with_for_update=True, populate_existing=True)
    file.refused = refused
    file.unchanged = max(0, rows - refused - file.taken)
    file.finished_at = now
    counts = {"taken": file.taken, "unchanged": file.unchanged, "refused": refused}
    record_event(db, "intake.finished", f"intake:{file_id}", actor=actor, now=now, **counts)
    db.flush()
    return file


def listed(
    db: Session, *, site_id: int | None, agency_id: int | None, limit: int, after: int | None = None
) -> list[IntakeFile]:
    """Files, the newest first: of whoever belongs to this centre or agency, or all of them if neither is given.

    `after` is the id of the last one of the page before.
    """
    chosen = sa.select(IntakeFile)
    if site_id is not None or agency_id is not None:
        ours = Staff.site_id == site_id if site_id is not None else Staff.agency_id == agency_id
        chosen = chosen.where(IntakeFile.who.in_(sa.select(Staff.username).where(ours)))
    if after is not None:
        chosen = chosen.where(IntakeFile.id < after)
    return list(db.scalars(chosen.order_by(IntakeFile.id.desc()).limit(limit)))
