"""Waiting and offers end: what was offered is free, and what was said about it is no longer true."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.booking.seats import Seat
from core.booking.tables import WaitlistEntry, WaitlistOffer
from core.booking.waitlist.line import entry_subject, offer_subject
from core.catalogue.tables import Offering
from core.db import Session
from core.messaging import outbox


def end_offers(db: Session, *condition: sa.ColumnElement[bool], outcome: str, now: datetime) -> list[Seat]:
    """End open offers whose entries are locked; their seats are the caller's, to pass on or to use.

    What has not been said of them by then is never said.
    """
    rows = db.execute(
        sa.update(WaitlistOffer)
        .where(WaitlistOffer.outcome.is_(None), Offering.id == WaitlistOffer.offering_id, *condition)
        .values(outcome=outcome, ended_at=now)
        .returning(WaitlistOffer.id, WaitlistOffer.offering_id, Offering.site_id, WaitlistOffer.starts_at)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        outbox.withdraw(db, *(offer_subject(row.id) for row in rows), now=now)
    return [Seat(*row[1:]) for row in rows]


def end_entry(db: Session, entry_id: int, *, outcome: str, now: datetime) -> None:
    """Of a locked entry. What has not been said of it by then is never said."""
    _end(db, WaitlistEntry.id == entry_id, outcome=outcome, now=now)


def end_waits_of(db: Session, booking_id: int, *, now: datetime) -> list[Seat]:
    """A booking of a locked contact ends: nothing earlier is wanted for it. The seats that were on offer are free."""
    mine = _waits_of(db, booking_id)
    if not mine:
        return []
    _end(db, WaitlistEntry.id.in_(mine), outcome="booking_over", now=now)
    return end_offers(db, WaitlistOffer.entry_id.in_(mine), outcome="withdrawn", now=now)


def withdraw_later_offers(db: Session, booking_id: int, *, starts_at: datetime, now: datetime) -> list[Seat]:
    """A booking of a locked contact has moved: an open offer that is no longer earlier is of no use."""
    mine = _waits_of(db, booking_id)
    if not mine:
        return []
    later = (WaitlistOffer.entry_id.in_(mine), WaitlistOffer.starts_at >= starts_at)
    return end_offers(db, *later, outcome="withdrawn", now=now)


def _waits_of(db: Session, booking_id: int) -> Sequence[int]:
    waits = (WaitlistEntry.booking_id == booking_id, WaitlistEntry.ended_at.is_(None))
    return db.scalars(sa.select(WaitlistEntry.id).where(*waits).order_by(WaitlistEntry.id).with_for_update()).all()


def _end(db: Session, *condition: sa.ColumnElement[bool], outcome: str, now: datetime) -> None:
    ended = db.scalars(
        sa.update(WaitlistEntry)
        .where(*condition)
        .values(outcome=outcome, ended_at=now)
        .returning(WaitlistEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    outbox.withdraw(db, *(entry_subject(entry_id) for entry_id in ended), now=now)
