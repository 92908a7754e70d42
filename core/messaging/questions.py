"""What messages ask their readers. A YES, a NO or a number answers what was asked last."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.db import Session
from core.messaging.tables import Message, Question, Status

YES, NO = "yes", "no"
"""Answers; to a MOVE it is the number chosen."""
NEVER_ASKED = (Status.PENDING, Status.WITHHELD, Status.EXPIRED, Status.FAILED)
"""Of the message that asks: nobody can answer what was never sent."""


class Kind(StrEnum):
    """What is asked. Each kind's arguments are all that its answer needs."""

    APPOINTMENT = "appointment"
    """Will you come? YES keeps the place, NO gives it up. `reference`, `starts_at`."""
    WAITLIST_OFFER = "waitlist_offer"
    """Do you take this earlier place? `offer_id`."""
    COLLECTION = "collection"
    """May this person collect your document? `consent_id`."""
    MOVE = "move"
    """Which of these times? A number. `reference`, `options`: a list of {service, site, starts_at}."""


def ask(db: Session, message: Message, kind: Kind, *, expires_at: datetime, **arguments: Any) -> Question:
    """Let a message ask something, in the transaction that writes it."""
    db.flush()
    question = Question(
        person_id=message.person_id, message_id=message.id, kind=kind, arguments=arguments, expires_at=expires_at
    )
    db.add(question)
    return question


def last_asked(db: Session, person_id: int, now: datetime) -> Question | None:
    """The question that an answer of this person answers, locked; None if nothing is open.

    It is the one asked last of those that have been handed over, are not over
    and have no answer. The caller has locked the contact.
    """
    return db.scalars(
        _asked(person_id)
        .where(Question.answer.is_(None), Question.expires_at > now)
        .limit(1)
        .with_for_update(of=Question)
        .execution_options(populate_existing=True)
    ).one_or_none()


def newest(db: Session, person_id: int) -> Question | None:
    """The question this person was asked last, locked: open, answered, or over."""
    return db.scalars(
        _asked(person_id).limit(1).with_for_update(of=Question).execution_options(populate_existing=True)
    ).one_or_none()


def asked_with(db: Session, question: Question, now: datetime) -> list[Question]:
    """The other open questions of its kind that were written in one go with it: none of them was asked last."""
    written_at = sa.select(Message.created_at).where(Message.id == question.message_id).scalar_subquery()
    return list(
        db.scalars(
            _asked(question.person_id).where(
                Question.id != question.id,
                Question.kind == question.kind,
                Question.answer.is_(None),
                Question.expires_at > now,
                Message.created_at == written_at,
            )
        )
    )


def answer(db: Session, question: Question, given: str, *, now: datetime) -> None:
    """Keep the answer to a question that is locked."""
    question.answer, question.answered_at = given, now
    db.flush()


def _asked(person_id: int) -> sa.Select[Question]:
    """In the order in which they were put: some wait for the morning, and others overtake them."""
    return (
        sa.select(Question)
        .join(Message, Message.id == Question.message_id)
        .where(Question.person_id == person_id, Message.status.not_in(NEVER_ASKED))
        .order_by(Message.claimed_at.desc().nulls_last(), Question.id.desc())
    )
