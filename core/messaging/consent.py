"""Who wants no messages: `people.opted_out_at` is how it stands, `consents` is how it came about.

Nothing reads it yet. It will bind campaigns and reminders, when there are any;
what answers something a caller just did (a booking, a status) is always sent.
"""

from datetime import datetime

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Consent
from core.people.tables import Person


def opt_out(db: Session, person_id: int, *, channel: str, now: datetime) -> bool:
    """Record that a contact wants no more messages. False if that was known: a repeat leaves no second trace."""
    return _turn(db, person_id, given=False, channel=channel, now=now)


def opt_in(db: Session, person_id: int, *, channel: str, now: datetime) -> bool:
    """Record that a contact wants messages again. False if nothing had been stopped."""
    return _turn(db, person_id, given=True, channel=channel, now=now)


def _turn(db: Session, person_id: int, *, given: bool, channel: str, now: datetime) -> bool:
    standing = Person.opted_out_at.is_not(None) if given else Person.opted_out_at.is_(None)
    turned = db.scalar(
        sa.update(Person)
        .where(Person.id == person_id, standing)
        .values(opted_out_at=None if given else now)
        .returning(Person.id)
    )
    if turned is None:
        return False
    db.add(Consent(person_id=person_id, given=given, channel=channel, at=now))
    return True
