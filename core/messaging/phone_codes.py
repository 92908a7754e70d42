"""Six digits by SMS: who types them has the phone in hand. The web asks for them, since nobody signs in there.

The digits are made from the phone's row and the number of codes it has had
(Register.phone_code). They are put into words when the SMS leaves, and stored
nowhere.
"""

import hmac
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.db import Session
from core.idempotency import Outcome, once, recorded
from core.messaging import outbox
from core.messaging.limits import TooManySms, refuse_too_many
from core.messaging.tables import Lane
from core.people.audit import Intent, record_event
from core.people.register import Register
from core.people.tables import Event, PhoneCode

LASTS = timedelta(minutes=10)
MAX_TRIES = 5
"""Of one code: with three codes an hour (core.messaging.limits), fifteen of a million are guessed at."""
MAX_A_DAY = 10
"""Codes of one phone: whoever is not its owner neither guesses on for days nor wears its owner down."""


class Answer(StrEnum):
    """What became of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """None can be right any more: too old, used, or guessed at too often. Another must be sent."""


def send(db: Session, intent: Intent, *, told: bool = True) -> None:
    """Send a phone a code; asked for again while one is good, the same digits go out again.

    A late SMS is then still right. `told=False` does and counts the same and
    sends no SMS: for a door that must not show whether it knows the phone.

    Raises:
        TooManySms: MAX_SMS_AN_HOUR or MAX_A_DAY.
    """
    subject = _subject(intent.contact_id)

    def work() -> Outcome:
        nth = _next(db, intent)
        refuse_too_many(db, intent, "phone.code_sent", subject)
        _refuse_too_many_a_day(db, intent, subject)
        record_event(db, "phone.code_sent", subject, actor=intent.actor, now=intent.now, nth=nth, told=told)
        if told:
            _write(db, intent, nth)
        return {"nth": nth}

    once(db, intent.request_key, work, now=intent.now)


def check(db: Session, people: Register, intent: Intent, *, digits: str) -> Answer:
    """Whether these are the digits last sent to the phone. A wrong one is counted, so the caller commits.

    A code is right once. The same request sent twice gets the same answer.
    """
    key = f"phone-code:{intent.contact_id}:{intent.request_key}"
    code = db.scalar(
        sa.select(PhoneCode)
        .where(PhoneCode.contact_id == intent.contact_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if recorded(db, key) is not None:
        return Answer.RIGHT
    if code is None or code.used_at or code.expires_at <= intent.now or code.tries >= MAX_TRIES:
        return Answer.OVER
    if not hmac.compare_digest(digits.encode(), people.phone_code(code.contact_id, code.nth).encode()):
        code.tries += 1
        db.flush()
        return Answer.WRONG if code.tries < MAX_TRIES else Answer.OVER
    code.used_at = intent.now
    db.flush()
    once(db, key, lambda: {"nth": code.nth}, now=intent.now)
    record_event(db, "phone.proven", _subject(intent.contact_id), actor=intent.actor, now=intent.now, nth=code.nth)
    return Answer.RIGHT


def _subject(contact_id: int) -> str:
    return f"person:{contact_id}"


def _next(db: Session, intent: Intent) -> int:
    """The number of the code that is good from now on; locks the phone's row."""
    good = sa.and_(PhoneCode.used_at.is_(None), PhoneCode.expires_at > intent.now, PhoneCode.tries < MAX_TRIES)
    fresh = {"sent_at": intent.now, "expires_at": intent.now + LASTS}
    nth: int = db.execute(
        insert(PhoneCode)
        .values(contact_id=intent.contact_id, nth=1, **fresh)
        .on_conflict_do_update(
            index_elements=[PhoneCode.contact_id],
            set_=fresh
            | {
                "nth": sa.case((good, PhoneCode.nth), else_=PhoneCode.nth + 1),
                "tries": sa.case((good, PhoneCode.tries), else_=0),
                "used_at": None,
            },
        )
        .returning(PhoneCode.nth)
    ).scalar_one()
    return nth


def _refuse_too_many_a_day(db: Session, intent: Intent, subject: str) -> None:
    sent = db.scalar(
        sa.select(sa.func.count()).where(
            Event.subject == subject, Event.name == "phone.code_sent", Event.at > intent.now - timedelta(days=1)
        )
    )
    if (sent or 0) >= MAX_A_DAY:
        raise TooManySms


def _write(db: Session, intent: Intent, nth: int) -> None:
    about = f"code:{intent.contact_id}"
    outbox.withdraw(db, about, now=intent.now)
    outbox.write(
        db,
        person_id=intent.contact_id,
        lane=Lane.INTERACTIVE,
        template="phone_code",
        arguments={"person": intent.contact_id, "nth": nth},
        language=intent.language,
        subject=about,
        valid_until=intent.now + LASTS,
        now=intent.now,
        asked_for=True,
    )
