"""Reading the record of who saw and did what: searched by who, what, about what and when, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.db import Session
from core.people.tables import Event
from core.staff.tables import Staff

Position = tuple[datetime, int]
"""Where a page ended: the moment and the id of its last event."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; what is empty is not asked."""

    since: datetime
    until: datetime
    who: str = ""
    """A staff number."""
    name: str = ""
    """An event's, such as booking.served."""
    subject: str = ""
    """Such as booking:42."""
    everybody: bool = False
    """Also what citizens and Zamu itself did, not only members of staff."""
    site_id: int | None = None
    """Only what members of staff of this centre did, and what was done to their accounts."""


def events(db: Session, asked: Asked, *, after: Position | None = None, limit: int) -> list[Event]:
    """The newest first: up to `limit` older than `after`."""
    if asked.site_id is None:
        conditions = _conditions(asked, after)
        if not (asked.everybody or asked.subject):
            conditions.append(Event.who.is_not(None))
        found = sa.select(Event).where(*conditions)
        return list(db.scalars(found.order_by(Event.at.desc(), Event.id.desc()).limit(limit)))
    ids = sa.union(*_of_centre(asked, asked.site_id, after, limit)).subquery()
    found = sa.select(Event).where(Event.id.in_(sa.select(ids.c.id)))
    return list(db.scalars(found.order_by(Event.at.desc(), Event.id.desc()).limit(limit)))


def _of_centre(asked: Asked, site_id: int, after: Position | None, limit: int) -> Iterator[sa.Select[tuple[int]]]:
    """The last ones of each colleague, found by the index on each: a centre has few."""
    colleague = sa.select(Staff.id, Staff.username).where(Staff.site_id == site_id).subquery()
    theirs = (Event.who == colleague.c.username, Event.subject == sa.func.concat("staff:", colleague.c.id))
    for condition in theirs:
        newest = sa.select(Event.id).where(condition, *_conditions(asked, after))
        newest = newest.order_by(Event.at.desc(), Event.id.desc()).limit(limit).correlate(colleague)
        last = newest.lateral()
        yield sa.select(last.c.id).select_from(colleague.join(last, sa.true()))


def _conditions(asked: Asked, after: Position | None) -> list[sa.ColumnElement[bool]]:
    wanted = [Event.at >= asked.since, Event.at < asked.until]
    wanted += [Event.who == asked.who] if asked.who else []
    wanted += [Event.name == asked.name] if asked.name else []
    wanted += [Event.subject == asked.subject] if asked.subject else []
    if after is not None:
        at, event_id = after
        wanted.append(sa.tuple_(Event.at, Event.id) < (at, event_id))
    return wanted
