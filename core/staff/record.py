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
class Search:
    """What is looked for; what is empty is not search."""

    since: datetime
    until: datetime
    who: str = ""
    """A staff number."""
    name: str = ""
    """An event's, such as booking.served."""
    subjects: tuple[str, ...] = ()
    """Any of these, such as booking:42."""
    everybody: bool = False
    """Also what citizens and Zamu itself did, not only members of staff."""
    site_id: int | None = None
    """Only what members of staff did, and what was done to their accounts, while they worked at this centre."""


def events(db: Session, search: Search, *, after: Position | None = None, limit: int) -> list[Event]:
    """The newest first: up to `limit` older than `after`."""
    if search.site_id is None:
        conditions = _conditions(search, after)
        if not (search.everybody or search.subjects):
            conditions.append(Event.who.is_not(None))
        found = sa.select(Event).where(*conditions)
        return list(db.scalars(found.order_by(Event.at.desc(), Event.id.desc()).limit(limit)))
    ids = sa.union(*_of_centre(search, search.site_id, after, limit)).subquery()
    found = sa.select(Event).where(Event.id.in_(sa.select(ids.c.id)))
    return list(db.scalars(found.order_by(Event.at.desc(), Event.id.desc()).limit(limit)))


def _of_centre(search: Search, site_id: int, after: Position | None, limit: int) -> Iterator[sa.Select[tuple[int]]]:
    """The last ones of each colleague, while they worked there, found by the index on each: a centre has few."""
    colleague = _worked_at(site_id)
    there = (
        Event.at >= sa.func.coalesce(colleague.c.since, search.since),
        Event.at <= sa.func.coalesce(colleague.c.until, search.until),
    )
    theirs = (Event.who == colleague.c.username, Event.subject == sa.func.concat("staff:", colleague.c.id))
    for condition in theirs:
        newest = sa.select(Event.id).where(condition, *there, *_conditions(search, after))
        newest = newest.order_by(Event.at.desc(), Event.id.desc()).limit(limit).correlate(colleague)
        last = newest.lateral()
        yield sa.select(last.c.id).select_from(colleague.join(last, sa.true()))


def _worked_at(site_id: int) -> sa.Subquery:
    """Who works at a centre or has, by the record itself: id, username, `since`, `until` (None: always)."""
    site_was = Event.details["site_was"].astext
    before = sa.func.lag(Event.at).over(partition_by=Event.subject, order_by=(Event.at, Event.id))
    moves = (
        sa.select(Event.subject, Event.at, site_was.label("site_was"), before.label("before"))
        .where(Event.name == "staff.changed", Event.who.is_not(None), Event.details.has_key("site_was"))
        .cte("moves")
    )
    moved = moves.c.subject == sa.func.concat("staff:", Staff.id)
    came = sa.select(sa.func.max(moves.c.at)).where(moved).correlate(Staff).scalar_subquery()
    until = sa.null().cast(Event.at.type).label("until")
    now = sa.select(Staff.id, Staff.username, came.label("since"), until).where(Staff.site_id == site_id)
    once = sa.select(Staff.id, Staff.username, moves.c.before, moves.c.at).join(moves, moved)
    return sa.union_all(now, once.where(moves.c.site_was == str(site_id))).subquery()


def _conditions(search: Search, after: Position | None) -> list[sa.ColumnElement[bool]]:
    wanted = [Event.at >= search.since, Event.at < search.until]
    wanted += [Event.who == search.who] if search.who else []
    wanted += [Event.name == search.name] if search.name else []
    wanted += [Event.subject.in_(search.subjects)] if search.subjects else []
    if after is not None:
        at, event_id = after
        wanted.append(sa.tuple_(Event.at, Event.id) < (at, event_id))
    return wanted
