"""Wrong passwords and codes: five of them, and the account is locked for a quarter of an hour.

A try is counted before it is looked at, so that many at once are no more than
five; one that was right is taken back. Passwords and codes count together, and
only a whole sign-in sets the count to nothing: whoever knows a password cannot
go on guessing codes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.db import Session
from core.people.audit import Actor, record_event
from core.staff.tables import Staff

MOST = 5
LOCKED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Try:
    """One that has been counted, and may be looked at."""

    staff_id: int
    locks: bool
    """It is the last one there is: the account is locked unless it was right."""


def begin(db: Session, staff_id: int, *, now: datetime) -> Try | None:
    """Count a try. None: the account is locked, and the try must not be looked at."""
    nth = sa.case((Staff.locked_until.is_not(None), 1), else_=Staff.failures + 1)
    statement = (
        sa.update(Staff)
        .where(Staff.id == staff_id, sa.or_(Staff.locked_until.is_(None), Staff.locked_until <= now))
        .values(failures=nth, locked_until=sa.case((nth >= MOST, now + LOCKED), else_=sa.null()))
        .returning(Staff.locked_until.is_not(None))
    )
    locks = db.scalar(statement)
    return None if locks is None else Try(staff_id, locks)


def was_right(db: Session, one: Try) -> None:
    """Take the try back, and the lock if it was this try's own: another try may have locked the account meanwhile."""
    taken_back = sa.update(Staff).where(Staff.id == one.staff_id)
    taken_back = taken_back.values(failures=sa.func.greatest(Staff.failures - 1, 0))
    db.execute(taken_back.values(locked_until=sa.null()) if one.locks else taken_back)


def was_wrong(db: Session, one: Try, *, actor: Actor, now: datetime) -> None:
    """Leave it counted. The one that locks the account is kept in the record."""
    if one.locks:
        record_event(db, "staff.locked", f"staff:{one.staff_id}", actor=actor, now=now)
