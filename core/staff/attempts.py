"""Wrong passwords and codes: five of them, and the account is locked for a quarter of an hour.

A try is counted before it is looked at, so that many at once are no more than
five; one that was right is taken back. Passwords and codes count together, and
only a whole sign-in sets the count to nothing: whoever knows a password cannot
go on guessing codes.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from core.db import Session
from core.people.audit import Actor, record_event
from core.staff.tables import Staff

MOST = 5
LOCKED = timedelta(minutes=15)


def begin(db: Session, staff_id: int, *, now: datetime) -> bool:
    """Count a try. False: the account is locked, and the try must not be looked at."""
    nth = sa.case((Staff.locked_until.is_not(None), 1), else_=Staff.failures + 1)
    statement = (
        sa.update(Staff)
        .where(Staff.id == staff_id, sa.or_(Staff.locked_until.is_(None), Staff.locked_until <= now))
        .values(failures=nth, locked_until=sa.case((nth >= MOST, now + LOCKED), else_=sa.null()))
        .returning(Staff.id)
    )
    return db.scalar(statement) is not None


def was_right(db: Session, staff_id: int) -> None:
    """Take the last try back: it was no failure."""
    db.execute(
        sa.update(Staff)
        .where(Staff.id == staff_id)
        .values(failures=sa.func.greatest(Staff.failures - 1, 0), locked_until=sa.null())
    )


def was_wrong(db: Session, staff_id: int, *, actor: Actor, now: datetime) -> None:
    """Leave it counted. The one that locks the account is kept in the record."""
    if db.scalar(sa.select(Staff.locked_until).where(Staff.id == staff_id)):
        record_event(db, "staff.locked", f"staff:{staff_id}", actor=actor, now=now)
