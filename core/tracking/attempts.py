"""How often something may be tried in an hour, so that it cannot be guessed through."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.tracking.tables import LookupAttempt


def count(db: Session, subjects: Collection[bytes], *, most: int, now: datetime) -> bool:
    """Count one more try of each subject. False if one of them has had `most` this hour.

    The others have then been counted: the caller refuses, which undoes it.
    """
    rows = [{"subject": subject, "window": hour(now), "attempts": 1} for subject in sorted(subjects)]
    counted = db.execute(
        insert(LookupAttempt)
        .values(rows)
        .on_conflict_do_update(
            index_elements=[LookupAttempt.subject, LookupAttempt.window],
            set_={"attempts": LookupAttempt.attempts + 1},
            where=LookupAttempt.attempts < most,
        )
        .returning(LookupAttempt.attempts)
    ).all()
    return len(counted) == len(rows)


def made(db: Session, subject: bytes, *, now: datetime) -> int:
    """Tries of a subject in this hour."""
    found = sa.select(LookupAttempt.attempts).where(LookupAttempt.subject == subject, LookupAttempt.window == hour(now))
    return db.scalar(found) or 0


def hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
