"""What agencies are told of: the records of what was done, read on from where the last look ended.

Zamu keeps two records, the events and the steps of documents. Both are read in
the order of their transactions, and only up to the oldest transaction that is
still under way. An id alone would not do: ids are given out when a row is
written, not when it is committed. A reader who has seen 42 and goes on from
there never sees 41, whose transaction took a little longer. Of the transactions
before `pg_snapshot_xmin` none is under way any more, so nothing can turn up
behind a reader who stays below it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from core.clock import local, local_date
from core.db import Session
from core.tracking.stages import Stage

TEST: Final = "webhook.test"
EVENTS = (
    "booking.confirmed",
    "booking.moved",
    "booking.given_up",
    "booking.checked_in",
    "booking.check_in_undone",
    "booking.served",
    "booking.turned_away",
    "booking.not_come",
    "booking.closed",
    "appointment.booked",
    "appointment.moved",
    "appointment.given_up",
    "appointment.checked_in",
    "appointment.check_in_undone",
    "appointment.served",
    "appointment.turned_away",
    "appointment.closed",
)
NAMES = (*EVENTS, *(f"document.{stage}" for stage in Stage))
"""All that an agency can be told of its own services."""


class Record(StrEnum):
    """A record that is read."""

    EVENTS = "events"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a record has been read."""

    transaction_id: int
    row_id: int


@dataclass(frozen=True, slots=True)
class News:
    """One thing that an agency may be told."""

    id: str
    """Such as event-42: the same however often it is told."""
    name: str
    at: datetime
    agency_id: int
    data: Mapping[str, Any]

    def payload(self) -> dict[str, Any]:
        """As it is sent."""
        return {"type": self.name, "timestamp": local(self.at).isoformat(), "data": dict(self.data)}


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a record."""

    news: Sequence[News]
    ends_at: Place
    full: bool
    """There may be more behind it."""


def settled_before(db: Session) -> int:
    """No transaction below this one is under way any more."""
    return int(db.execute(sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")).scalar_one())


def copied_up_to(db: Session, record: Record) -> int:
    """The last row of a record that no transaction of this server has written: it counts anew, and is not there yet.

    Ids go on where they were, so what is written from now on has a higher one. 0: all is this server's own.
    """
    return int(db.execute(_COPIED[record]).scalar_one())


def read(db: Session, record: Record, after: Place, *, below: int, limit: int, above_id: int = 0) -> Page:
    """At most `limit` rows of a record behind a place, of transactions below one that `settled_before` has named.

    `above_id`: rows up to this one are passed over (`copied_up_to`).
    """
    asked: dict[str, int] = {
        "transaction": after.transaction_id,
        "row": after.row_id,
        "below": below,
        "floor": above_id,
        "most": limit,
    }
    rows = db.execute(_READ[record], asked).all()
    last = Place(rows[-1].transaction_id, rows[-1].id) if rows else after
    return Page(_TOLD[record](db, rows), last, full=len(rows) == limit)


def next_at(db: Session, record: Record, after: Place, *, below: int, above_id: int = 0) -> datetime | None:
    """When the first row was written that `read` would give; None if there is none. Most rows are no news."""
    asked = {
        "transaction": after.transaction_id,
        "row": after.row_id,
        "below": below,
        "floor": above_id,
        "most": 1,
    }
    row = db.execute(_READ[record], asked).one_or_none()
    return None if row is None else row.at


def _of_steps(db: Session, rows: Iterable[sa.Row[Any]]) -> list[News]:
    told = []
    for row in rows:
        data = {"tracking_number": row.tracking_number, "service": row.service, "centre": row.site, "stage": row.stage}
        if row.stage == Stage.NEEDS_CORRECTION:
            data["correction"] = row.reason
        told.append(News(f"step-{row.id}", f"document.{row.stage}", row.at, row.agency_id, data))
    return told


def _of_events(db: Session, rows: Iterable[sa.Row[Any]]) -> list[News]:
    heard = [row for row in rows if row.name in EVENTS]
    if not heard:
        return []
    subjects = _subjects(db, heard)
    wheres = [_where(row, subjects) for row in heard]
    places = _places(db, {offering_id for _, offering_id, _ in filter(None, wheres)})
    told = []
    for row, where in zip(heard, wheres, strict=True):
        if where is None or where[1] not in places:
            continue
        reference, offering_id, starts_at = where
        service, site, agency_id = places[offering_id]
        data = {"reference": reference, "service": service, "centre": site, "starts_at": local(starts_at).isoformat()}
        told.append(News(f"event-{row.id}", row.name, row.at, agency_id, data))
    return told


_Where = tuple[str, int, datetime]
"""Reference, offering, and start."""


def _where(row: sa.Row[Any], subjects: Mapping[str, _Where]) -> _Where | None:
    """As it was then, where the event says so: it may have been moved since. None if nobody knows it any more."""
    if row.subject not in subjects:
        return None
    reference, offering_id, starts_at = subjects[row.subject]
    then = row.details.get("starts_at")
    return reference, row.details.get("offering_id", offering_id), datetime.fromisoformat(then) if then else starts_at


def _subjects(db: Session, rows: Sequence[sa.Row[Any]]) -> dict[str, _Where]:
    ids: dict[str, list[int]] = {"booking": [], "appointment": []}
    for row in rows:
        kind, _, number = row.subject.partition(":")
        if kind in ids and number.isdecimal():
            ids[kind].append(int(number))
    # A booking ends on the day of its last event, or later.
    since = min(local_date(row.at) for row in rows)
    found = db.execute(_SUBJECTS, {"bookings": ids["booking"], "appointments": ids["appointment"], "since": since})
    return {row.subject: (row.reference, row.offering_id, row.starts_at) for row in found}


def _places(db: Session, offering_ids: Iterable[int]) -> dict[int, tuple[str, str, int]]:
    """Codes of service and site, and the agency, by offering."""
    rows = db.execute(_PLACES, {"offerings": list(offering_ids)})
    return {row.id: (row.service, row.site, row.agency_id) for row in rows}


_BEHIND = """
    (it.transaction_id, it.id) > (:transaction, :row) AND it.transaction_id < :below AND it.id > :floor
    ORDER BY it.transaction_id, it.id
    LIMIT :most
"""
_READ = {
    Record.EVENTS: sa.text(f"""
        SELECT it.id, it.transaction_id, it.at, it.name, it.subject, it.details
        FROM events it
        WHERE {_BEHIND}
    """),
    Record.STEPS: sa.text(f"""
        SELECT it.id, it.transaction_id, it.at, it.stage, it.reason, document.tracking_number,
               service.code AS service, service.agency_id, site.code AS site
        FROM document_events it
        JOIN documents document ON document.id = it.document_id
        JOIN services service ON service.id = document.service_id
        JOIN sites site ON site.id = coalesce(it.site_id, document.site_id)
        WHERE {_BEHIND}
    """),
}
_COPIED = {
    record: sa.text(f"""
        SELECT coalesce(max(id), 0) FROM {table}
        WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    """)
    for record, table in ((Record.EVENTS, "events"), (Record.STEPS, "document_events"))
}
_TOLD: Mapping[Record, Callable[[Session, Iterable[sa.Row[Any]]], list[News]]] = {
    Record.EVENTS: _of_events,
    Record.STEPS: _of_steps,
}
_SUBJECTS = sa.text("""
    SELECT 'booking:' || id AS subject, reference, offering_id, starts_at
    FROM bookings WHERE id = ANY (CAST(:bookings AS bigint[]))
    UNION ALL
    SELECT 'booking:' || id, reference, offering_id, starts_at
    FROM booking_history WHERE ended_on >= :since AND id = ANY (CAST(:bookings AS bigint[]))
    UNION ALL
    SELECT 'appointment:' || id, reference, offering_id, starts_at
    FROM appointments WHERE id = ANY (CAST(:appointments AS bigint[]))
""")
_PLACES = sa.text("""
    SELECT offering.id, service.code AS service, site.code AS site, service.agency_id
    FROM offerings offering
    JOIN services service ON service.id = offering.service_id
    JOIN sites site ON site.id = offering.site_id
    WHERE offering.id = ANY (CAST(:offerings AS int[]))
""")
