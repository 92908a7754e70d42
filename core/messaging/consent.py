"""Who wants no messages: `people.opted_out_at` is how it stands, `consents` is how it came about.

From a STOP on nothing leaves that its reader has not asked for: what waits is
withheld here, and what is written later is withheld when it is claimed. What
answers or confirms something a citizen has just done is always sent.

A block is another thing: the network refuses to deliver (`people.blocked_at`),
and only the citizen can change that.
"""

from datetime import datetime

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Consent, Message, Status
from core.people.tables import Person

OPTED_OUT = "opted_out"
"""Why a message is withheld."""
REFUSED, REPORTED = "blocked", "user_in_blacklist"
"""The error of a message that the phone does not let through: as the gateway refuses it, and as a report tells it."""


def opt_out(db: Session, person_id: int, *, channel: str, now: datetime) -> bool:
    """Record that a contact wants no more messages, and withhold what waits for it unasked.

    False if that was known: a repeat leaves no second trace.
    """
    turned = _turn(db, person_id, given=False, channel=channel, now=now)
    # An earlier place that is offered tomorrow morning: what is never to leave at once confirms nothing of today.
    not_yet = sa.and_(Message.attempts == 0, Message.not_before > now)
    db.execute(
        sa.update(Message)
        .where(Message.person_id == person_id, Message.status == Status.PENDING, ~Message.asked_for | not_yet)
        .values(status=Status.WITHHELD, error=OPTED_OUT, status_at=now)
        .execution_options(synchronize_session=False)
    )
    return turned


def opt_in(db: Session, person_id: int, *, channel: str, now: datetime) -> bool:
    """Record that a contact wants messages again. False if nothing had been stopped.

    Whether the phone still blocks us is found out by the next message.
    """
    db.execute(sa.update(Person).where(Person.id == person_id, Person.blocked_at.is_not(None)).values(blocked_at=None))
    return _turn(db, person_id, given=True, channel=channel, now=now)


def blocked_sender(db: Session, person_id: int) -> str | None:
    """Under which short code or name the last message left that the phone's network would not deliver."""
    return db.scalar(
        sa.select(Message.sender)
        .where(Message.person_id == person_id, Message.error.in_([REFUSED, REPORTED]), Message.sender.is_not(None))
        .order_by(Message.id.desc())
        .limit(1)
    )


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
