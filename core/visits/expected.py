"""Who is expected at a centre on a day, who has come, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.tables import Appointment, Booking, BookingHistory
from core.catalogue.tables import Offering
from core.db import Session
from core.people.register import Register
from core.people.sealing import Unsealable
from core.people.tables import Person

PAGE = 50
Key = tuple[datetime, int, int, int]
"""Where one stands in the list: time, priority first, bookings before appointments, number."""


class State(StrEnum):
    EXPECTED = "expected"
    CAME = "came"
    """Checked in, and not served yet."""
    SERVED = "served"
    NOT_SERVED = "not_served"
    NOT_COME = "not_come"
    PAST = "past"
    """The day has gone by, and nobody said what became of them."""
    GIVEN_UP = "given_up"
    CLOSED = "closed"
    """The centre was shut, and there was no other time."""


OF_THE_DAY = frozenset(State) - {State.GIVEN_UP, State.CLOSED}
"""Those who were to come."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One person of a centre's day."""

    id: int
    is_appointment: bool
    """An agency's own: `reference` is the agency's, and nobody here knows whose it is."""
    reference: str
    starts_at: datetime
    offering_id: int
    service_id: int
    state: State
    last_digits: str | None
    """The last three of the ID, where one is known."""
    came_at: datetime | None
    priority: bool
    ended_at: datetime | None
    reason: str | None
    """Why they could not be served: a `turning_away.Reason`."""

    @property
    def key(self) -> Key:
        return (self.starts_at, 0 if self.priority else 1, int(self.is_appointment), self.id)


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Expected]
    next: Key | None
    """Hand it to the same function to go on; None: that was all."""


def list_day(
    db: Session,
    register: Register,
    *,
    site_id: int,
    day: date,
    states: Collection[State] = OF_THE_DAY,
    after: Key | None = None,
    limit: int = PAGE,
) -> Page:
    """The day in the order of time, those with a priority place first in their window."""
    found = _of_day(site_id, day)
    chosen = sa.select(found).where(found.c.state.in_([state.value for state in states]))
    keys = (found.c.starts_at, found.c.turn, found.c.kind, found.c.id)
    if after is not None:
        chosen = chosen.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, after)))
    rows = [_expected(row, register) for row in db.execute(chosen.order_by(*keys).limit(limit + 1))]
    return Page(rows[:limit], rows[limit - 1].key if len(rows) > limit else None)


def counts(db: Session, *, site_id: int, day: date) -> dict[State, int]:
    """How many of the day are in each state; a state in which nobody is has 0."""
    found = _of_day(site_id, day)
    rows = db.execute(sa.select(found.c.state, sa.func.count()).group_by(found.c.state))
    return dict.fromkeys(State, 0) | {State(state): number for state, number in rows}


def offerings_expecting(db: Session, *, site_id: int, day: date) -> set[int]:
    """The ids of the centre's offerings at which somebody is still to come on a day, or has come and waits."""
    begins, ends = day_begins(day), day_begins(day + timedelta(days=1))
    booked = sa.select(Booking.offering_id).where(Booking.starts_at >= begins, Booking.starts_at < ends)
    sent = sa.select(Appointment.offering_id).where(
        Appointment.starts_at >= begins, Appointment.starts_at < ends, Appointment.ended_at.is_(None)
    )
    here = sa.select(Offering.id).where(Offering.site_id == site_id, Offering.id.in_(booked.union(sent)))
    return set(db.scalars(here))


def visit_of(db: Session, register: Register, *, site_id: int, reference: str) -> Expected | None:
    """A booking of this centre, on whatever day, live or over."""
    return next(iter(bookings_where(db, register, site_id, reference=reference)), None)


def appointments_where(
    db: Session, register: Register, site_id: int, *condition: sa.ColumnElement[bool]
) -> list[Expected]:
    """Agencies' own appointments at this centre, the latest first."""
    found = sa.union_all(_bookings(site_id, sa.false()), _appointments(site_id, *condition)).subquery()
    rows = db.execute(sa.select(found).order_by(found.c.starts_at.desc(), found.c.id.desc()).limit(PAGE))
    return [_expected(row, register) for row in rows]


def bookings_where(db: Session, register: Register, site_id: int, **wanted: Any) -> list[Expected]:
    """Bookings of this centre, the latest first, by columns that live and past ones have: reference, contact_id."""
    live = [getattr(Booking, name) == value for name, value in wanted.items()]
    over = [getattr(BookingHistory, name) == value for name, value in wanted.items()]
    found = sa.union_all(_bookings(site_id, *live), _history(site_id, *over)).subquery()
    rows = db.execute(sa.select(found).order_by(found.c.starts_at.desc(), found.c.id.desc()).limit(PAGE))
    return [_expected(row, register) for row in rows]


def phone_end(db: Session, register: Register, visit: Expected) -> str | None:
    """The last three digits of the phone that booked: enough to ask whether it is still theirs."""
    table = Booking if visit.state in (State.EXPECTED, State.CAME) else BookingHistory
    sealed = db.scalar(
        sa.select(Person.phone_sealed).join(table, table.contact_id == Person.id).where(table.id == visit.id)
    )
    return _phone(register, sealed)[-3:] or None


def ending_in(db: Session, register: Register, *, site_id: int, day: date, last_four: str) -> list[Expected]:
    """Those of the day whose phone or ID ends in these four characters.

    Both are sealed, so those of one day at one centre are opened, and no others.
    """
    found = _of_day(site_id, day)
    contact = sa.orm.aliased(Person)
    rows = db.execute(
        sa.select(found, contact.phone_sealed)
        .outerjoin(contact, contact.id == found.c.contact_id)
        .order_by(found.c.starts_at, found.c.id)
    )
    return [_expected(row, register) for row in rows if _ends_in(row, register, last_four.upper())]


def _ends_in(row: sa.Row[Any], register: Register, last_four: str) -> bool:
    ends = (_digits(register, row.identity_sealed, 4), _phone(register, row.phone_sealed)[-len(last_four) :])
    return last_four in ends


def _digits(register: Register, identity_sealed: bytes | None, count: int = 3) -> str | None:
    """None: nobody knows it. A number that cannot be opened is one of those: a day must not stop at one row."""
    try:
        return register.last_digits(identity_sealed, count) if identity_sealed else None
    except Unsealable:
        return None


def _phone(register: Register, sealed: bytes | None) -> str:
    """Empty, where there is none or it cannot be opened."""
    try:
        return register.open_phone(sealed) if sealed else ""
    except Unsealable:
        return ""


def _of_day(site_id: int, day: date) -> sa.Subquery:
    begins, ends = day_begins(day), day_begins(day + timedelta(days=1))
    parts = [
        _bookings(site_id, Booking.starts_at >= begins, Booking.starts_at < ends),
        _history(site_id, BookingHistory.starts_at >= begins, BookingHistory.starts_at < ends),
        _appointments(site_id, Appointment.starts_at >= begins, Appointment.starts_at < ends),
    ]
    return sa.union_all(*parts).subquery("day")


def _bookings(site_id: int, *condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    nothing = (sa.null().cast(sa.String), sa.null().cast(sa.DateTime(timezone=True)), sa.null().cast(sa.String))
    return _booked(Booking, site_id, nothing, *condition)


def _history(site_id: int, *condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    end = (BookingHistory.outcome, BookingHistory.ended_at, BookingHistory.reason)
    return _booked(BookingHistory, site_id, end, *condition)


def _booked(
    table: type[Booking] | type[BookingHistory], site_id: int, end: Sequence[Any], *condition: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    outcome, ended_at, reason = end
    return (
        sa.select(
            table.starts_at.label("starts_at"),
            sa.case((table.priority, 0), else_=1).label("turn"),
            sa.literal(0).label("kind"),
            table.id.label("id"),
            table.reference.label("reference"),
            table.offering_id.label("offering_id"),
            table.service_id.label("service_id"),
            _state(outcome, table.came_at),
            table.came_at.label("came_at"),
            ended_at.label("ended_at"),
            reason.label("reason"),
            table.contact_id.label("contact_id"),
            Person.identity_sealed.label("identity_sealed"),
        )
        .join(Offering, Offering.id == table.offering_id)
        .outerjoin(Person, Person.id == table.beneficiary_id)
        .where(Offering.site_id == site_id, *condition)
    )


def _appointments(site_id: int, *condition: sa.ColumnElement[bool]) -> Any:
    return (
        sa.select(
            Appointment.starts_at,
            sa.literal(1),
            sa.literal(1),
            Appointment.id,
            Appointment.reference,
            Appointment.offering_id,
            Offering.service_id,
            _state(Appointment.outcome, Appointment.came_at),
            Appointment.came_at,
            Appointment.ended_at,
            Appointment.reason,
            sa.null().cast(sa.BigInteger),
            sa.null().cast(sa.LargeBinary),
        )
        .join(Offering, Offering.id == Appointment.offering_id)
        .where(Offering.site_id == site_id, *condition)
    )


def _state(outcome: Any, came_at: Any) -> sa.Label[str]:
    so_far = sa.case((came_at.is_(None), State.EXPECTED.value), else_=State.CAME.value)
    return sa.func.coalesce(outcome, so_far).label("state")


def _expected(row: sa.Row[Any], register: Register) -> Expected:
    return Expected(
        id=row.id,
        is_appointment=row.kind == 1,
        reference=row.reference,
        starts_at=row.starts_at,
        offering_id=row.offering_id,
        service_id=row.service_id,
        state=State(row.state),
        last_digits=_digits(register, row.identity_sealed),
        came_at=row.came_at,
        priority=row.turn == 0,
        ended_at=row.ended_at,
        reason=row.reason,
    )
