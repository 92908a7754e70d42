"""What is written down about somebody's own sign-in: that it happened, and what they changed of it."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.db import Session
from core.people.audit import Actor, record_event
from core.staff.secrets import Secrets
from core.staff.tables import Staff

LONGEST = timedelta(hours=12)
"""No session lasts longer: what is known of one is worth nothing afterwards."""


def signed_in(db: Session, staff_id: int, *, actor: Actor, now: datetime) -> None:
    """Everything that was asked for has been given."""
    db.execute(
        sa.update(Staff).where(Staff.id == staff_id).values(failures=0, locked_until=sa.null(), signed_in_at=now)
    )
    record_event(db, "staff.signed_in", f"staff:{staff_id}", actor=actor, now=now)


def signed_out(db: Session, staff_id: int, began: int, *, actor: Actor, now: datetime) -> None:
    """They left: `end_session`, and the record says so. Again it does nothing."""
    if end_session(db, staff_id, began, now=now):
        record_event(db, "staff.signed_out", f"staff:{staff_id}", actor=actor, now=now)


def end_session(db: Session, staff_id: int, began: int, *, now: datetime) -> bool:
    """End the session that began at this moment (seconds since 1970), in whatever browser a copy of its cookie is.

    Their sessions at other computers go on. False where it was over already.
    """
    ended = db.scalar(sa.select(Staff.ended_sessions).where(Staff.id == staff_id).with_for_update())
    if ended is None or began in ended:
        return False
    oldest = (now - LONGEST).timestamp()
    kept = [moment for moment in ended if moment >= oldest]
    db.execute(sa.update(Staff).where(Staff.id == staff_id).values(ended_sessions=[*kept, began]))
    return True


def choose_language(db: Session, staff_id: int, language: str, *, actor: Actor, now: datetime) -> None:
    """The desk speaks this language (a key of core.wording.LANGUAGES) with them from now on, at every computer."""
    changed = sa.update(Staff).where(Staff.id == staff_id, Staff.language != language).values(language=language)
    if db.scalar(changed.returning(Staff.id)) is not None:
        record_event(db, "staff.language_chosen", f"staff:{staff_id}", actor=actor, now=now, language=language)


def use_time_code(db: Session, staff_id: int, step: int) -> bool:
    """Use up the code of a half minute. False where it, or a later one, has been used."""
    statement = (
        sa.update(Staff)
        .where(Staff.id == staff_id, sa.or_(Staff.last_code.is_(None), Staff.last_code < step))
        .values(last_code=step)
        .returning(Staff.id)
    )
    return db.scalar(statement) is not None


def use_printed_code(db: Session, staff_id: int, code: str, *, secrets: Secrets) -> bool:
    """Use up a printed code. False where it is none of theirs, or has been used."""
    index = secrets.code_index(staff_id, code)
    statement = (
        sa.update(Staff)
        .where(Staff.id == staff_id, Staff.mf_recovery_codes.contains([index]))
        .values(mf_recovery_codes=sa.func.array_remove(Staff.mf_recovery_codes, index, type_=ARRAY(sa.String)))
        .returning(Staff.id)
    )
    return db.scalar(statement) is not None


def keep_codes(db: Session, staff_id: int, codes: list[str], *, secrets: Secrets) -> None:
    """These printed codes are good from now on, and no other ones."""
    kept = [secrets.code_index(staff_id, code) for code in codes]
    db.execute(sa.update(Staff).where(Staff.id == staff_id).values(mf_recovery_codes=kept))


def noted(db: Session, what: str, staff_id: int, *, actor: Actor, now: datetime) -> None:
    """They changed something of their own sign-in: `staff.password_changed`, `staff.phone_set` and the like."""
    record_event(db, what, f"staff:{staff_id}", actor=actor, now=now)
