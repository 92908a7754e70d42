"""What was done at centres over some days, in sums: nobody's name, phone or number, for those who watch over it.

A few statements for all the centres asked for, each of which reads the days of
these centres once (booking_history_day_idx, bookings_window_idx, documents_*_idx).
A centre at a time would cost more: where its days are much of a table, PostgreSQL
reads all of it for each centre. What a month of all of them takes is in docs/benchmarks.md.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from core.booking.tables import Appointment, Booking, BookingHistory
from core.catalogue.tables import Offering
from core.clock import at_local
from core.db import Session
from core.people.tables import Event
from core.tracking.stages import Stage
from core.tracking.tables import Document
from core.visits.turning_away import TURNED_AWAY, WALK_IN_TURNED_AWAY

MOST_DAYS = 31
"""Days in one sum."""
ON_THE_SHELF = (Stage.RECEIVED, Stage.NOTIFIED, Stage.REMINDED)


@dataclass(slots=True)
class Sums:
    """Of one service at one centre, or of several together."""

    booked: int = 0
    """For these days, and not given up: whether the day is still to come or not."""
    served: int = 0
    not_come: int = 0
    not_served: Counter[str] = field(default_factory=Counter)
    """Came and could not be served, by reason (visits.turning_away.Reason). Also those who were given another time,
    on the day on which they came for nothing; and those without a booking and those whom an agency sent, who are
    counted nowhere else here."""
    given_up: int = 0
    closed: int = 0
    """The centre was shut, and there was no other time."""
    unsaid: int = 0
    """The day went by and nobody said what became of it."""
    received: int = 0
    """Documents whose last arrival was in these days."""
    collected: int = 0
    """Documents handed over in these days."""
    on_the_shelf: int = 0
    """Documents now."""

    def __iadd__(self, other: "Sums") -> "Sums":
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.not_served.update(other.not_served)
        return self


COUNTS = ("booked", "served", "not_come", "given_up", "closed", "unsaid", "received", "collected", "on_the_shelf")
"""What has one number, in the order of the file."""


Found = dict[int, dict[int, Sums]]
"""By site and service id."""


def at_sites(
    db: Session, site_ids: Collection[int], *, first: date, last: date, services: Collection[int] | None = None
) -> Found:
    """By site and service id, what was done at centres from one day to another, both included.

    Services of which there is nothing are left out, as are centres. `services`: only these; None: all.
    """
    assert first <= last < first + timedelta(days=MOST_DAYS)
    span = at_local(first, time()), at_local(last + timedelta(days=1), time())
    found: Found = defaultdict(lambda: defaultdict(Sums))
    given = sa.select(Offering.id, Offering.site_id, Offering.service_id).where(Offering.site_id.in_(site_ids))
    offerings = {row.id: (row.site_id, row.service_id) for row in db.execute(given)}
    _add_history(db, found, offerings, *span)
    _add_bookings(db, found, offerings, *span)
    _add_turned_away(db, found, offerings, site_ids, *span)
    _add_documents(db, found, site_ids, *span)
    return {
        site_id: {id: sums for id, sums in by_service.items() if services is None or id in services}
        for site_id, by_service in found.items()
    }


def _add_history(
    db: Session, found: Found, offerings: Mapping[int, tuple[int, int]], begins: datetime, ends: datetime
) -> None:
    """What is over."""
    kinds = (BookingHistory.offering_id, BookingHistory.outcome, BookingHistory.reason)
    counted = sa.select(*kinds, sa.func.count()).where(
        _any_of(BookingHistory.offering_id, offerings),
        BookingHistory.starts_at >= begins,
        BookingHistory.starts_at < ends,
    )
    for offering_id, outcome, reason, count in db.execute(counted.group_by(*kinds)):
        site_id, service_id = offerings[offering_id]
        sums = found[site_id][service_id]
        if outcome == "not_served":
            sums.not_served[reason or "other"] += count
        elif outcome == "past":
            sums.unsaid += count
        elif outcome in ("served", "not_come", "given_up", "closed"):
            setattr(sums, outcome, getattr(sums, outcome) + count)
        if outcome != "given_up":
            sums.booked += count


def _add_bookings(
    db: Session, found: Found, offerings: Mapping[int, tuple[int, int]], begins: datetime, ends: datetime
) -> None:
    """What is still to come, or has not been ended yet."""
    counted = sa.select(Booking.offering_id, sa.func.count()).where(
        _any_of(Booking.offering_id, offerings), Booking.starts_at >= begins, Booking.starts_at < ends
    )
    for offering_id, count in db.execute(counted.group_by(Booking.offering_id)):
        site_id, service_id = offerings[offering_id]
        found[site_id][service_id].booked += count


def _add_turned_away(
    db: Session,
    found: Found,
    offerings: Mapping[int, tuple[int, int]],
    site_ids: Collection[int],
    begins: datetime,
    ends: datetime,
) -> None:
    """Of those whose booking did not end by it: whom an agency sent, and by events (events_staff_idx) who walked in,
    and who was given another time."""
    sent = sa.select(Appointment.offering_id, Appointment.reason, sa.func.count()).where(
        _any_of(Appointment.offering_id, offerings),
        Appointment.outcome == "not_served",
        Appointment.starts_at >= begins,
        Appointment.starts_at < ends,
    )
    for offering_id, why, count in db.execute(sent.group_by(Appointment.offering_id, Appointment.reason)):
        site_id, service_id = offerings[offering_id]
        found[site_id][service_id].not_served[why or "other"] += count
    subjects = {f"site:{site_id}": site_id for site_id in site_ids}
    service, reason = Event.details["service_id"].as_integer(), Event.details["reason"].as_string()
    people = sa.func.coalesce(Event.details["people"].as_integer(), 1)
    walked_in = sa.select(Event.subject, service, reason, sa.func.sum(people)).where(
        Event.name == WALK_IN_TURNED_AWAY,
        Event.who.is_not(None),
        Event.subject.in_(subjects),
        Event.at >= begins,
        Event.at < ends,
    )
    for subject, service_id, why, count in db.execute(walked_in.group_by(Event.subject, service, reason)):
        found[subjects[subject]][service_id].not_served[why or "other"] += count
    site = Event.details["site_id"].as_integer()
    comes_again = sa.select(site, service, reason, sa.func.count()).where(
        Event.name == TURNED_AWAY,
        Event.who.is_not(None),
        Event.at >= begins,
        Event.at < ends,
        Event.details.has_key("again"),
        _any_of(site, site_ids),
    )
    for site_id, service_id, why, count in db.execute(comes_again.group_by(site, service, reason)):
        found[site_id][service_id].not_served[why or "other"] += count


def _add_documents(db: Session, found: Found, site_ids: Collection[int], begins: datetime, ends: datetime) -> None:
    """All three in one reading: most of what was received is on the shelf or collected by now."""
    # Stages are written out, as in the partial indexes: a parameter would not be known to fit them.
    counts = {
        "received": sa.and_(Document.received_at >= begins, Document.received_at < ends),
        "collected": sa.and_(
            Document.stage == sa.literal_column("'collected'"),
            Document.stage_since >= begins,
            Document.stage_since < ends,
        ),
        "on_the_shelf": Document.stage.in_([sa.literal_column(f"'{stage}'") for stage in ON_THE_SHELF]),
    }
    counted = sa.select(
        Document.site_id,
        Document.service_id,
        *(sa.func.count().filter(condition).label(name) for name, condition in counts.items()),
    ).where(_any_of(Document.site_id, site_ids), sa.or_(*counts.values()))
    for row in db.execute(counted.group_by(Document.site_id, Document.service_id)):
        sums = found[row.site_id][row.service_id]
        for name in counts:
            setattr(sums, name, getattr(row, name))


def _any_of(column: sa.orm.InstrumentedAttribute[int], ids: Collection[int]) -> sa.ColumnElement[bool]:
    """One array, and not a parameter for each of thousands of offerings."""
    return column == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.Integer)))
