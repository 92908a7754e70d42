"""Whom a correction goes to: exactly those whom the earlier campaign reached, each once."""

from collections import Counter

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Message, Status
from core.people.tables import Person

REACHED = (Status.SENT, Status.DELIVERED, Status.UNKNOWN)
"""They have what was wrong, or may have it."""
_OPEN = (Status.PENDING, Status.SENDING)


def reached(campaign_id: int) -> sa.ColumnElement[bool]:
    """A condition on `messages`."""
    return sa.and_(Message.campaign_id == campaign_id, Message.status.in_(REACHED))


def people_by_language(db: Session, campaign_id: int) -> tuple[Counter[str], int]:
    """Persons who will be told, by the language in which they were told before; and how many have opted out."""
    persons = (
        sa.select(Message.person_id, Message.language)
        .where(reached(campaign_id))
        .order_by(Message.person_id, Message.id)
        .ext(sa.dialects.postgresql.distinct_on(Message.person_id))
        .subquery()
    )
    out = Person.opted_out_at.is_not(None)
    counted = db.execute(
        sa.select(out, persons.c.language, sa.func.count())
        .join(Person, Person.id == persons.c.person_id)
        .group_by(out, persons.c.language)
    ).all()
    told = Counter({language: count for opted_out, language, count in counted if not opted_out})
    return told, sum(count for opted_out, _, count in counted if opted_out)


def first_open(db: Session, campaign_id: int) -> int | None:
    """The first message of a campaign that may still leave, or is leaving: nobody knows yet whom it reaches."""
    return db.scalar(
        sa.select(sa.func.min(Message.id)).where(Message.campaign_id == campaign_id, Message.status.in_(_OPEN))
    )


def span(db: Session, campaign_id: int) -> tuple[int, int]:
    """The first and the last id of those reached; (0, 0) if there are none."""
    first, last = db.execute(
        sa.select(sa.func.min(Message.id), sa.func.max(Message.id)).where(reached(campaign_id))
    ).one()
    return first or 0, last or 0
