"""The list of a centre's day on paper: saved every evening, so that a day without a network can still be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.catalogue.tables import Service, Site
from core.clock import at_local, local_date
from core.db import Session
from core.people.register import Register
from core.visits.expected import PAGE, Expected, State, list_day
from core.visits.tables import DayList

SAVED_FROM = time(18)
"""In Nairobi. Whoever books later than that is on the list of whoever saves it again."""
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """One person on the paper: no phone, and three digits of the ID."""

    at: datetime
    service: str
    """Its code."""
    reference: str
    last_digits: str | None
    priority: bool
    is_appointment: bool

    def as_row(self) -> dict[str, Any]:
        known = {
            "at": self.at.isoformat(),
            "service": self.service,
            "reference": self.reference,
            "last_digits": self.last_digits,
            "priority": self.priority,
            "is_appointment": self.is_appointment,
        }
        return {name: value for name, value in known.items() if value}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Line":
        return cls(
            at=datetime.fromisoformat(row["at"]),
            service=row["service"],
            reference=row["reference"],
            last_digits=row.get("last_digits"),
            priority=row.get("priority", False),
            is_appointment=row.get("is_appointment", False),
        )


@dataclass(frozen=True, slots=True)
class Saved:
    lines: list[Line]
    saved_at: datetime


def save_list(db: Session, register: Register, *, site_id: int, day: date, now: datetime) -> Saved:
    """Save who is expected at a centre on a day as of now, in place of what was saved before."""
    saved = Saved(lines(db, register, site_id=site_id, day=day), now)
    rows = [line.as_row() for line in saved.lines]
    statement = insert(DayList).values(site_id=site_id, day=day, saved_at=now, rows=rows)
    db.execute(
        statement.on_conflict_do_update(
            index_elements=[DayList.site_id, DayList.day],
            set_={"saved_at": statement.excluded.saved_at, "rows": statement.excluded.rows},
        )
    )
    return saved


def saved_list(db: Session, *, site_id: int, day: date) -> Saved | None:
    """The list of a centre's day as it was last saved."""
    row = db.execute(
        sa.select(DayList.rows, DayList.saved_at).where(DayList.site_id == site_id, DayList.day == day)
    ).one_or_none()
    return None if row is None else Saved([Line.from_row(line) for line in row.rows], row.saved_at)


def sites_to_save(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Centres whose list of tomorrow has not been saved this evening; none before SAVED_FROM."""
    evening = at_local(local_date(now), SAVED_FROM)
    if now < evening:
        return []
    tomorrow = local_date(now) + timedelta(days=1)
    done = sa.select(DayList.site_id).where(DayList.day == tomorrow, DayList.saved_at >= evening)
    standing = sa.or_(Site.closes_on.is_(None), Site.closes_on >= tomorrow)
    return db.scalars(sa.select(Site.id).where(Site.id.not_in(done), standing).order_by(Site.id).limit(limit)).all()


def forget_lists(db: Session, *, now: datetime, limit: int) -> int:
    """Delete at most `limit` lists of days longer ago than KEPT. Returns how many."""
    old = sa.select(DayList.site_id, DayList.day).where(DayList.day < local_date(now - KEPT)).limit(limit)
    key = sa.tuple_(DayList.site_id, DayList.day)
    return len(db.execute(sa.delete(DayList).where(key.in_(old)).returning(DayList.site_id)).all())


def lines(db: Session, register: Register, *, site_id: int, day: date) -> list[Line]:
    """Who is expected at a centre on a day, as of now."""
    codes = {row.id: row.code for row in db.execute(sa.select(Service.id, Service.code))}
    found: list[Line] = []
    after = None
    while True:
        page = list_day(
            db, register, site_id=site_id, day=day, states=[State.EXPECTED, State.CAME], after=after, limit=PAGE * 10
        )
        found += [_line(row, codes[row.service_id]) for row in page.rows]
        after = page.next
        if after is None:
            return found


def _line(row: Expected, service: str) -> Line:
    return Line(row.starts_at, service, row.reference, row.last_digits, row.priority, row.is_appointment)
