"""Whatever callers, sweeps and managers do, in any order: places taken are bookings, holds and offers, always."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.booking import commands, priority, waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import BookingRefused
from core.booking.tables import Booking, Counted, Hold, WaitlistEntry, WaitlistOffer
from core.booking.upkeep import archive_past, delete_past_windows, free_expired_holds
from core.catalogue.snapshot import Offering
from core.db import Session
from core.idempotency import once
from core.people.audit import Actor, Intent
from tests.core.booking.world import TUESDAY, World, an_hour, assert_counted_right, change_capacity

PHONES = st.integers(0, 2)
OFFERINGS = st.integers(0, 2)
TIMES = st.sampled_from(
    [an_hour(8), an_hour(8, 30), an_hour(9), an_hour(8, day=TUESDAY + timedelta(days=1)), an_hour(3)]
)
PEOPLE = st.integers(0, 2)


def _squeezed(db: Session, intent: Intent, **wanted: Any) -> Any:
    return once(db, intent.request_key, lambda: priority.squeeze_in(db, intent, **wanted).as_outcome(), now=intent.now)


class BookingMachine(RuleBasedStateMachine):
    """Three phones, three people, three offerings at two sites, few places; one transaction that is rolled back."""

    world: World
    offerings: list[Offering]

    def __init__(self) -> None:
        super().__init__()
        self.db = Session(self.world.engine, expire_on_commit=False)
        self.now = self.world.now
        self.requests = 0
        self.done: list[tuple[Any, Intent, dict[str, Any], Any]] = []
        self.phones = [self.world.register.contact(self.db, f"+25471100000{n}", now=self.now).id for n in range(3)]
        self.people = [Beneficiary()] + [
            Beneficiary(self.world.register.identity(self.db, "national_id", f"1234567{n}", now=self.now).id)
            for n in range(2)
        ]
        self.db.flush()

    def teardown(self) -> None:
        self.db.rollback()
        self.db.close()

    def does(self, command: Any, phone: int, **arguments: Any) -> None:
        """Carry out a command, or be refused and leave everything as it was."""
        contact_id = self.phones[phone]
        self.requests += 1
        intent = Intent(contact_id, f"request-{self.requests}", Actor("ussd", contact_id), "sw", self.now)
        before = self.counters()
        try:
            outcome = command(self.db, intent, **arguments)
        except BookingRefused:
            assert self.counters() == before
        else:
            self.done.append((command, intent, arguments, outcome))

    def counters(self) -> list[Any]:
        return list(self.db.execute(sa.text("SELECT * FROM windows ORDER BY 1, 2, 3")))

    def slot(self, offering: int, starts_at: Any) -> dict[str, Any]:
        return {"offering": self.offerings[offering], "starts_at": starts_at, "closed_days": frozenset()}

    def reference(self, phone: int) -> str:
        found = self.db.scalars(
            sa.select(Booking.reference).where(Booking.contact_id == self.phones[phone]).order_by(Booking.id)
        )
        return next(iter(found), "48217092")

    @rule(phone=PHONES, offering=OFFERINGS, starts_at=TIMES)
    def hold(self, phone: int, offering: int, starts_at: Any) -> None:
        self.does(commands.hold, phone, **self.slot(offering, starts_at))

    @rule(phone=PHONES)
    def release(self, phone: int) -> None:
        """What the phone holds, live or expired; else what nobody holds."""
        held = sa.select(Hold.offering_id, Hold.starts_at).where(Hold.contact_id == self.phones[phone])
        offering_id, starts_at = self.db.execute(held).one_or_none() or (self.offerings[0].id, an_hour(8))
        offering = next(o for o in self.offerings if o.id == offering_id)
        self.does(commands.release, phone, offering=offering, starts_at=starts_at)

    @rule(phone=PHONES, offering=OFFERINGS, starts_at=TIMES, person=PEOPLE)
    def confirm(self, phone: int, offering: int, starts_at: Any, person: int) -> None:
        slot = self.slot(offering, starts_at)
        self.does(commands.confirm, phone, **slot, beneficiary=self.people[person])

    @rule(phone=PHONES, offering=OFFERINGS, starts_at=TIMES)
    def move(self, phone: int, offering: int, starts_at: Any) -> None:
        slot = self.slot(offering, starts_at)
        self.does(commands.move, phone, reference=self.reference(phone), **slot)

    @rule(phone=PHONES, offering=OFFERINGS, starts_at=TIMES)
    def squeeze_in(self, phone: int, offering: int, starts_at: Any) -> None:
        """Who came and could not be served gets a place also where it is full."""
        self.does(_squeezed, phone, reference=self.reference(phone), **self.slot(offering, starts_at))

    @rule(phone=PHONES)
    def give_up(self, phone: int) -> None:
        self.does(commands.give_up, phone, reference=self.reference(phone))

    @rule(phone=PHONES, offering=OFFERINGS, person=PEOPLE, beside=st.booleans())
    def wait(self, phone: int, offering: int, person: int, beside: bool) -> None:
        wanted = self.offerings[offering]
        self.does(
            waitlist.join,
            phone,
            service=wanted.service,
            sites=[wanted.site],
            first_day=TUESDAY - timedelta(days=1),
            last_day=TUESDAY + timedelta(days=1),
            beneficiary=self.people[person],
            booking=self.reference(phone) if beside else None,
        )

    def mine(self, phone: int, column: Any, nth: int) -> int:
        """One of the phone's own entries or offers, the newest first; 0 if it has none."""
        found = self.db.scalars(
            sa.select(column)
            .select_from(WaitlistEntry)
            .outerjoin(WaitlistOffer, WaitlistOffer.entry_id == WaitlistEntry.id)
            .where(WaitlistEntry.contact_id == self.phones[phone], column.is_not(None))
            .order_by(column.desc())
        ).all()
        return found[nth % len(found)] if found else 0

    @rule(phone=PHONES, nth=st.integers(0, 1))
    def leave(self, phone: int, nth: int) -> None:
        self.does(waitlist.leave, phone, entry_id=self.mine(phone, WaitlistEntry.id, nth))

    @rule(phone=PHONES, nth=st.integers(0, 1))
    def accept(self, phone: int, nth: int) -> None:
        offer_id = self.mine(phone, WaitlistOffer.id, nth)
        self.does(waitlist.accept, phone, offer_id=offer_id, catalogue=self.world.catalogue)

    @rule(phone=PHONES, nth=st.integers(0, 1))
    def decline(self, phone: int, nth: int) -> None:
        self.does(waitlist.decline, phone, offer_id=self.mine(phone, WaitlistOffer.id, nth))

    @rule(limit=st.integers(1, 3))
    def tend(self, limit: int) -> None:
        waitlist.tend(self.db, self.world.catalogue, now=self.now, limit=limit)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        command, intent, arguments, outcome = data.draw(st.sampled_from(self.done))
        before = self.counters()
        assert command(self.db, replace(intent, now=self.now), **arguments) == outcome
        assert self.counters() == before

    @rule(minutes=st.sampled_from([1, 4, 6, 60, 60 * 24]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(limit=st.integers(1, 3))
    def sweep(self, limit: int) -> None:
        free_expired_holds(self.db, now=self.now, limit=limit)
        archive_past(self.db, now=self.now, limit=limit)
        delete_past_windows(self.db, now=self.now, limit=limit)

    @rule(counted=st.sampled_from(Counted), owner=OFFERINGS, places=st.sampled_from([0, 1, 2, 3, None]))
    def change_capacity(self, counted: Counted, owner: int, places: int | None) -> None:
        offering = self.offerings[owner]
        owner_id = offering.site.id if counted is Counted.SITE else offering.id
        change_capacity(self.db, counted=counted, owner_id=owner_id, places=places, now=self.now)

    @invariant()
    def seats_taken_equal_live_bookings_and_holds(self) -> None:
        assert_counted_right(self.db)


def test_seats_taken_equal_live_bookings_and_holds_always(world: World) -> None:
    offerings = [
        world.offering("IDR", "GPO", seats=1, window_cap=2, daily_quota=3),
        world.offering("IDN", "GPO", seats=2),
        world.offering("IDR", "MAK", seats=2),
    ]
    machine = type("Machine", (BookingMachine,), {"world": world, "offerings": offerings})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck)),
    )
