"""A small catalogue with places to take, and callers who take them."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.booking import closing, commands, waitlist
from core.booking.availability import day_begins
from core.booking.beneficiaries import Beneficiary
from core.booking.capacity import write_wanted
from core.booking.outcomes import Booked
from core.booking.seats import limit
from core.booking.tables import Appointment, Booking, Counted, Hold, WaitlistEntry, WaitlistOffer, Window
from core.catalogue import tables as rows
from core.catalogue.snapshot import Catalogue, Names, Offering, Period, Service, Site
from core.catalogue.tables import Trust
from core.catalogue.version import catalogue_version
from core.clock import at_local, local_date
from core.db import transactions
from core.people.audit import Actor, Intent
from core.people.register import Register

ALWAYS = date(2020, 1, 1)
PERIOD = ("weekday", "opens", "closes", "valid_from", "valid_until", "trust")
NOBODY = Names(short={}, full={})
TUESDAY = date(2026, 11, 24)
NO_CLOSED_DAYS: frozenset[date] = frozenset()


def an_hour(hour: int, minute: int = 0, day: date = TUESDAY) -> datetime:
    return at_local(day, time(hour, minute))


def a_service(**details: Any) -> Service:
    standard: dict[str, Any] = {
        "id": 1,
        "code": "IDR",
        "category": "identity",
        "agency_id": 1,
        "agency": NOBODY,
        "names": NOBODY,
        "appointment": "needed",
        "elsewhere": False,
        "identity": "national_id",
        "common_rank": None,
        "requirements": {},
        "requirements_trust": Trust.ESTIMATE,
        "fees": (),
    }
    return Service(**(standard | details))


def a_site(**details: Any) -> Site:
    standard: dict[str, Any] = {
        "id": 1,
        "code": "GPO",
        "kind": "centre",
        "area": "nairobi",
        "names": NOBODY,
        "town": "Nairobi",
        "town_trust": Trust.VERIFIED,
        "town_rank": None,
        "address": "",
        "address_trust": Trust.ESTIMATE,
        "latitude": None,
        "longitude": None,
        "window_minutes": 30,
        "window_cap": None,
        "opens_on": None,
        "closes_on": None,
        "hours": (),
        "closures": (),
    }
    return Site(**(standard | details))


def hours(weekday: int, opens: time, closes: time, **details: Any) -> Period:
    standard: dict[str, Any] = {"valid_from": ALWAYS, "valid_until": None, "trust": Trust.VERIFIED}
    return Period(weekday=weekday, opens=opens, closes=closes, **(standard | details))


WEEKDAYS = tuple(hours(weekday, time(8), time(17)) for weekday in range(5))


def an_offering(**details: Any) -> Offering:
    standard: dict[str, Any] = {
        "id": 1,
        "counters": 4,
        "minutes": 30,
        "daily_quota": None,
        "lead_minutes": 60,
        "horizon_days": 30,
        "hours": WEEKDAYS,
        "closures": (),
    }
    return Offering(**(standard | details))


@dataclass
class World:
    """The rows and snapshots of a small catalogue, and what its callers do."""

    engine: sa.Engine
    now: datetime
    register: Register = field(default_factory=lambda: Register("test"))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    services: dict[str, Service] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    offerings: list[Offering] = field(default_factory=list)

    def transaction(self) -> Any:
        return transactions(self.engine)()

    def service(self, code: str, identity: str = "national_id") -> Service:
        if code not in self.services:
            with self.transaction() as db:
                agency = rows.Agency(code=f"agency-{code}")
                category = rows.Category(code=f"category-{code}", position=1)
                db.add_all([agency, category])
                db.flush()
                row = rows.Service(
                    code=code,
                    agency_id=agency.id,
                    category_id=category.id,
                    appointment="needed",
                    identity=identity,
                    minutes=15,
                    source="test",
                )
                db.add(row)
                db.flush()
                self.services[code] = a_service(id=row.id, code=code, category=category.code, identity=identity)
        return self.services[code]

    def site(self, code: str, **details: Any) -> Site:
        if code not in self.sites:
            with self.transaction() as db:
                area = rows.Area(code=f"area-{code}", kind="county", source="test")
                db.add(area)
                db.flush()
                row = rows.Site(
                    code=code,
                    area_id=area.id,
                    town="Town",
                    town_trust="estimate",
                    address="",
                    address_trust="estimate",
                    window_cap=details.get("window_cap"),
                    source="test",
                )
                db.add(row)
                db.flush()
                self.sites[code] = a_site(id=row.id, code=code, **details)
        return self.sites[code]

    def offering(
        self, service: str = "IDR", site: str = "GPO", *, seats: int = 4, window_cap: int | None = None, **details: Any
    ) -> Offering:
        """Thirty-minute windows of so many places, on weekdays from 8:00 until 17:00."""
        the_service, the_site = self.service(service), self.site(site, window_cap=window_cap)
        with self.transaction() as db:
            row = rows.Offering(
                service_id=the_service.id,
                site_id=the_site.id,
                counters=seats,
                minutes=30,
                daily_quota=details.get("daily_quota"),
                source="test",
                trust="verified",
                open=True,
            )
            db.add(row)
            db.flush()
            offering = an_offering(id=row.id, service=the_service, site=the_site, counters=seats, **details)
            hours_ = [
                {"offering_id": row.id, "source": "test"} | {name: getattr(period, name) for name in PERIOD}
                for period in offering.hours
            ]
            if hours_:
                db.execute(sa.insert(rows.OfferingHours), hours_)
            self.offerings.append(offering)
            return offering

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(
            version=1,
            categories={},
            areas={},
            services=self.services,
            sites=self.sites,
            offerings=tuple(self.offerings),
            closed_days=NO_CLOSED_DAYS,
        )

    def fresh(self, db: Session) -> Catalogue:
        """The catalogue as somebody has it who has just read it."""
        return replace(self.catalogue, version=catalogue_version(db))

    def phone(self) -> int:
        """A new contact's id."""
        with self.transaction() as db:
            return self.register.contact(db, f"+2547{next(self.numbers):08d}", now=self.now).id

    def person(self, number: str = "") -> Beneficiary:
        """Somebody with an ID number; a new one unless it is given."""
        with self.transaction() as db:
            number = number or str(10_000_000 + next(self.numbers))
            return Beneficiary(self.register.identity(db, "national_id", number, now=self.now).id)

    def intent(self, contact_id: int, request_key: str = "") -> Intent:
        """What a phone wants now, under a request key of its own unless it is given."""
        key = request_key or f"test-{next(self.numbers)}"
        return Intent(contact_id, key, Actor("ussd", contact_id), "en", self.now)

    def does(self, command: Callable[..., Any], contact_id: int, request_key: str = "", **arguments: Any) -> Any:
        """One command in a transaction of its own."""
        if command in (commands.hold, commands.confirm, commands.move):
            arguments.setdefault("closed_days", NO_CLOSED_DAYS)
        with self.transaction() as db:
            return command(db, self.intent(contact_id, request_key), **arguments)

    def holds(self, contact_id: int, offering: Offering, starts_at: datetime, **more: Any) -> Any:
        return self.does(commands.hold, contact_id, offering=offering, starts_at=starts_at, **more)

    def releases(self, contact_id: int, offering: Offering, starts_at: datetime, **more: Any) -> Any:
        return self.does(commands.release, contact_id, offering=offering, starts_at=starts_at, **more)

    def confirms(
        self,
        contact_id: int,
        offering: Offering,
        starts_at: datetime,
        beneficiary: Beneficiary | None = None,
        **more: Any,
    ) -> Any:
        return self.does(
            commands.confirm,
            contact_id,
            offering=offering,
            starts_at=starts_at,
            beneficiary=beneficiary or Beneficiary(),
            **more,
        )

    def gives_up(self, contact_id: int, booked: Booked, **more: Any) -> Any:
        return self.does(commands.give_up, contact_id, reference=booked.reference, **more)

    def waits(
        self,
        contact_id: int,
        offering: Offering,
        beneficiary: Beneficiary | None = None,
        booking: str | None = None,
        **span: Any,
    ) -> Any:
        """Join the waitlist of an offering, for today and tomorrow unless other days are given."""
        wanted: dict[str, Any] = {"first_day": local_date(self.now), "last_day": TUESDAY} | span
        return self.does(
            waitlist.join,
            contact_id,
            service=offering.service,
            sites=wanted.pop("sites", [offering.site]),
            beneficiary=beneficiary or Beneficiary(),
            booking=booking,
            **wanted,
        )

    def accepts(self, contact_id: int, offer_id: int, **more: Any) -> Any:
        return self.does(waitlist.accept, contact_id, offer_id=offer_id, catalogue=self.catalogue, **more)

    def declines(self, contact_id: int, offer_id: int, **more: Any) -> Any:
        return self.does(waitlist.decline, contact_id, offer_id=offer_id, **more)

    def tends(self, limit: int = 100) -> int:
        """The clock's round: one thing a transaction, until nothing is left. How many things it did."""
        done = 0
        while True:
            with self.transaction() as db:
                now_done = waitlist.tend(db, self.catalogue, now=self.now, limit=limit)
            if not now_done:
                return done
            done += now_done

    def closes(
        self,
        what: closing.What,
        starts_at: datetime,
        ends_at: datetime,
        *,
        asking: bool = False,
        request_key: str = "",
        reason: str = "no power",
    ) -> int:
        """Its id; nobody has been moved yet."""
        with self.transaction() as db:
            return closing.close(
                db,
                what=what,
                starts_at=starts_at,
                ends_at=ends_at,
                reason=reason,
                asking=asking,
                actor=Actor("desk", who="manager"),
                request_key=request_key or f"test-{next(self.numbers)}",
                now=self.now,
            )

    def lifts(self, closure_id: int, what: closing.What) -> None:
        with self.transaction() as db:
            closing.lift(
                db,
                closure_id=closure_id,
                site_id=what.site.id,
                actor=Actor("desk", who="manager"),
                request_key=f"test-{next(self.numbers)}",
                now=self.now,
            )

    def clears(self, limit: int = 10) -> int:
        """The clock's round: a batch a transaction, until nobody is left. How many it dealt with."""
        done = 0
        while True:
            with self.transaction() as db:
                now_done = closing.clear(db, self.fresh(db), now=self.now, limit=limit)
            if not now_done:
                return done
            done += now_done

    def offers(self) -> Sequence[Any]:
        """Open offers in the order in which they were made."""
        return self.scalars(sa.select(WaitlistOffer).where(WaitlistOffer.outcome.is_(None)).order_by(WaitlistOffer.id))

    def offered(self) -> list[int]:
        """To which phones places are on offer, in the order in which they were offered."""
        with self.transaction() as db:
            return list(
                db.scalars(
                    sa.select(WaitlistEntry.contact_id)
                    .join(WaitlistOffer, WaitlistOffer.entry_id == WaitlistEntry.id)
                    .where(WaitlistOffer.outcome.is_(None))
                    .order_by(WaitlistOffer.id)
                )
            )

    def later(self, **span: int) -> None:
        self.now += timedelta(**span)

    def scalars(self, statement: sa.Select[Any]) -> Sequence[Any]:
        with self.transaction() as db:
            return db.scalars(statement).all()

    def taken(self, counted: Counted, owner_id: int, starts_at: datetime) -> int:
        found = self.scalars(
            sa.select(Window.taken).where(
                Window.kind == counted.value, Window.owner_id == owner_id, Window.starts_at == starts_at
            )
        )
        return found[0] if found else 0


def change_capacity(db: Session, *, counted: Counted, owner_id: int, places: int | None, now: datetime) -> int:
    """Let each window (or day) that has been used have so many places from now on, without a word to the catalogue.

    None is no limit. Returns how many there are.
    """
    first = day_begins(local_date(now)) if counted is Counted.DAY else now
    used = db.scalars(
        sa.select(Window.starts_at).where(
            Window.kind == counted.value, Window.owner_id == owner_id, Window.starts_at >= first
        )
    ).all()
    write_wanted(db, {(counted.value, owner_id, start): limit(places) for start in used})
    return len(used)


def assert_counted_right(db: Session) -> None:
    """Seats taken are bookings, holds, open offers and agencies' appointments; capacities are in order."""
    expected: Counter[tuple[str, int, datetime]] = Counter()
    seated = (
        (Booking, sa.true()),
        (Hold, sa.true()),
        (WaitlistOffer, WaitlistOffer.outcome.is_(None)),
        (Appointment, Appointment.ended_at.is_(None)),
    )
    for table, condition in seated:
        placed = (
            sa.select(table.offering_id, rows.Offering.site_id, table.starts_at)
            .join(rows.Offering, rows.Offering.id == table.offering_id)
            .where(condition)
        )
        for offering_id, site_id, starts_at in db.execute(placed):
            expected[Counted.OFFERING, offering_id, starts_at] += 1
            expected[Counted.SITE, site_id, starts_at] += 1
            expected[Counted.DAY, offering_id, day_begins(local_date(starts_at))] += 1
    windows = db.execute(sa.select(Window.__table__)).all()
    assert {(w.kind, w.owner_id, w.starts_at): w.taken for w in windows if w.taken} == dict(expected)
    assert all(w.capacity == max(w.wanted, w.taken) for w in windows)


def at_once(actions: Sequence[Callable[[], Any]], timeout: float = 30) -> list[Any]:
    """Run the actions in threads that start together; what each returned or raised, in order."""
    start = threading.Barrier(len(actions))
    outcomes: list[Any] = [None] * len(actions)

    def run(nth: int) -> None:
        start.wait(timeout)
        try:
            outcomes[nth] = actions[nth]()
        except Exception as error:
            outcomes[nth] = error

    threads = [threading.Thread(target=run, args=(nth,), daemon=True) for nth in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
        assert not thread.is_alive(), "a thread waits for ever"
    return outcomes
