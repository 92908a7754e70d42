"""Six digits by SMS: who types them has the phone in hand. The web asks for them, since nobody signs in there.

The digits are made from the phone's row and the number of the code
(Register.phone_code). They are put into words when the SMS leaves, and stored
nowhere.
"""

import hmac
from datetime import UTC, datetime, timedelta
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
from core.people.tables import Event, Person, PhoneCode
from core.phones import is_abroad

LASTS = timedelta(minutes=10)
KEPT = timedelta(days=1)
"""After it is over, a code is known for so long."""
NUMBERED_FROM = datetime(2020, 1, 1, tzinfo=UTC)
"""A code's number is at least the seconds since then, and higher than any that its phone has had: so the digits of one
that has been forgotten do not come again."""
MAX_TRIES = 5
"""Of one code: with three codes an hour (core.messaging.limits), fifteen of a million are guessed at."""
MAX_A_DAY = 10
"""Codes of one phone: whoever is not its owner neither guesses on for days nor wears its owner down."""
PRESSED_TWICE = timedelta(minutes=2)
"""Within which the same request is the same press."""
MAX_ABROAD_AN_HOUR = 1
MAX_ABROAD_A_DAY = 50
"""Codes to all phones outside Kenya together: an SMS there costs much, and some networks pay those who cause it."""
ABROAD = "codes:abroad"
"""The subject under which each of them is noted once more."""
ABROAD_LOCK = 0x5A414D55
"""Of PostgreSQL's advisory locks: one code to a phone abroad at a time."""


class TooManyAbroad(TooManySms):
    """Phones outside Kenya can have no more codes for now, or this one cannot."""


class Answer(StrEnum):
    """What became of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """None can be right any more: too old, used, or guessed at too often. Another must be sent."""


def send(db: Session, people: Register, intent: Intent, *, about: str = "", told: bool = True) -> None:
    """Send a phone a code; asked for again while one is good, the same digits go out again.

    A late SMS is then still right.

    `about` is for a door that must not show whether it knows the phone: what
    was given with it. `told=False` then sends no SMS, and all else is the same:
    what is refused depends on how often this phone was given with just this,
    never on the codes that its owner has had. Those have limits of their own,
    and are not used up by anybody who asks without being told.

    Raises:
        TooManySms: MAX_SMS_AN_HOUR or MAX_A_DAY.
        TooManyAbroad: a phone outside Kenya, and MAX_ABROAD_AN_HOUR or MAX_ABROAD_A_DAY.
    """
    assert told or about

    def work() -> Outcome:
        _lock_phone(db, intent.contact_id)
        abroad = is_abroad(people.phone_of(db.get_one(Person, intent.contact_id)))
        if abroad:
            _refuse_many_abroad(db, intent)
        if about:
            subject = f"code:{intent.contact_id}:{about}"
            _refuse_too_many(db, intent, "phone.code_asked", subject, abroad=abroad)
            record_event(db, "phone.code_asked", subject, actor=intent.actor, now=intent.now)
        nth = _next(db, intent, about)
        if not told:
            return {"nth": nth}
        try:
            _refuse_too_many(db, intent, "phone.code_sent", _subject(intent.contact_id), abroad=abroad)
        except TooManySms:
            if not about:
                raise
            return {"nth": nth}
        record_event(db, "phone.code_sent", _subject(intent.contact_id), actor=intent.actor, now=intent.now, nth=nth)
        if abroad:
            record_event(db, "phone.code_sent", ABROAD, actor=intent.actor, now=intent.now)
        _write(db, intent, about, nth)
        return {"nth": nth}

    once(db, intent.request_key, work, now=intent.now)


def check(db: Session, people: Register, intent: Intent, *, digits: str, about: str = "") -> Answer:
    """Whether these are the digits last sent to the phone. A wrong one is counted, so the caller commits.

    A code is right once. The same request sent twice, at a double press, gets the same answer.
    """
    _lock_phone(db, intent.contact_id)
    key = f"phone-code:{intent.contact_id}:{about}:{intent.request_key}"
    code = db.scalar(
        sa.select(PhoneCode)
        .where(PhoneCode.contact_id == intent.contact_id, PhoneCode.about == about)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if code is None:
        return Answer.OVER
    right = hmac.compare_digest(digits.encode(), people.phone_code(code.contact_id, code.nth).encode())
    if code.used_at:
        # Whoever chooses the key chooses one that was right before: it opens nothing but what it has just opened.
        same = right and code.used_at > intent.now - PRESSED_TWICE and recorded(db, key) == {"nth": code.nth}
        return Answer.RIGHT if same else Answer.OVER
    if code.expires_at <= intent.now or code.tries >= MAX_TRIES:
        return Answer.OVER
    if not right:
        code.tries += 1
        db.flush()
        return Answer.WRONG if code.tries < MAX_TRIES else Answer.OVER
    code.used_at = intent.now
    db.flush()
    if recorded(db, key) is None:
        once(db, key, lambda: {"nth": code.nth}, now=intent.now)
    record_event(db, "phone.proven", _subject(intent.contact_id), actor=intent.actor, now=intent.now, nth=code.nth)
    return Answer.RIGHT


def forget(db: Session, *, now: datetime, limit: int) -> int:
    """Delete at most `limit` codes that have long been over. Returns how many.

    Most were asked for with a number and a phone that do not belong together.
    What the limits count are events, which stay.
    """
    over = (
        sa.select(PhoneCode.contact_id, PhoneCode.about)
        .where(PhoneCode.expires_at < now - KEPT)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("over")
    )
    gone = (
        sa.delete(PhoneCode)
        .where(PhoneCode.contact_id == over.c.contact_id, PhoneCode.about == over.c.about)
        .returning(PhoneCode.contact_id)
        .execution_options(synchronize_session=False)
    )
    return len(db.execute(gone).all())


def _subject(contact_id: int) -> str:
    return f"person:{contact_id}"


def _lock_phone(db: Session, contact_id: int) -> None:
    """One code of a phone at a time: the next one's number is counted from all that it has. Before any other lock."""
    db.execute(sa.select(Person.id).where(Person.id == contact_id).with_for_update(key_share=True))


def _next(db: Session, intent: Intent, about: str) -> int:
    """The number of the code that is good from now on; the phone is locked."""
    good = sa.and_(PhoneCode.used_at.is_(None), PhoneCode.expires_at > intent.now, PhoneCode.tries < MAX_TRIES)
    fresh = {"sent_at": intent.now, "expires_at": intent.now + LASTS}
    of_phone = sa.alias(PhoneCode.__table__)
    least = int((intent.now - NUMBERED_FROM).total_seconds())
    another = (
        sa.select(sa.func.greatest(sa.func.max(of_phone.c.nth) + 1, least))
        .where(of_phone.c.contact_id == intent.contact_id)
        .scalar_subquery()
    )
    nth: int = db.execute(
        insert(PhoneCode)
        .values(contact_id=intent.contact_id, about=about, nth=another, **fresh)
        .on_conflict_do_update(
            index_elements=[PhoneCode.contact_id, PhoneCode.about],
            set_=fresh
            | {
                "nth": sa.case((good, PhoneCode.nth), else_=another),
                "tries": sa.case((good, PhoneCode.tries), else_=0),
                "used_at": None,
            },
        )
        .returning(PhoneCode.nth)
    ).scalar_one()
    return nth


def _refuse_too_many(db: Session, intent: Intent, event: str, subject: str, *, abroad: bool) -> None:
    """Raises:
    TooManySms, TooManyAbroad.
    """
    if abroad and _since(db, event, subject, intent.now - timedelta(hours=1)) >= MAX_ABROAD_AN_HOUR:
        raise TooManyAbroad
    refuse_too_many(db, intent, event, subject)
    if _since(db, event, subject, intent.now - timedelta(days=1)) >= MAX_A_DAY:
        raise TooManySms


def _since(db: Session, event: str, subject: str, moment: datetime) -> int:
    counted = sa.select(sa.func.count()).where(Event.subject == subject, Event.name == event, Event.at > moment)
    return db.scalar(counted) or 0


def _refuse_many_abroad(db: Session, intent: Intent) -> None:
    """Look at the last of them only: the record keeps all there ever were. One at a time, so that none slips past."""
    db.execute(sa.select(sa.func.pg_advisory_xact_lock(ABROAD_LOCK)))
    last = sa.select(Event.at).where(Event.subject == ABROAD).order_by(Event.id.desc()).limit(MAX_ABROAD_A_DAY)
    sent = [at for at in db.scalars(last) if at > intent.now - timedelta(days=1)]
    if len(sent) >= MAX_ABROAD_A_DAY:
        raise TooManyAbroad


def _write(db: Session, intent: Intent, about: str, nth: int) -> None:
    subject = f"code:{intent.contact_id}:{about}"
    outbox.withdraw(db, subject, now=intent.now)
    outbox.write(
        db,
        person_id=intent.contact_id,
        lane=Lane.INTERACTIVE,
        template="phone_code",
        arguments={"person": intent.contact_id, "nth": nth},
        language=intent.language,
        subject=subject,
        valid_until=intent.now + LASTS,
        now=intent.now,
        asked_for=True,
    )
