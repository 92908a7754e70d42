"""Callers who come at once, in threads and transactions of their own, against a real PostgreSQL."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.errors import AlreadyBooked, HoldExpired, SlotFull
from core.booking.outcomes import Booked, Held
from core.booking.tables import Booking, Counted, Hold
from core.booking.upkeep import archive_past, free_expired_holds
from core.catalogue.snapshot import Offering
from core.db import Session
from tests.core.booking.world import World, an_hour, at_once, change_capacity

CALLERS = 40


def kinds(outcomes: list[Any]) -> dict[type, int]:
    """How many of each; anything that nobody expected shows itself."""
    return {kind: sum(type(o) is kind for o in outcomes) for kind in {type(o) for o in outcomes}}


def test_forty_callers_on_a_window_of_four_seats_make_four_bookings(world: World) -> None:
    offering = world.offering(seats=4)
    outcomes = at_once([partial(world.confirms, world.phone(), offering, an_hour(8)) for _ in range(CALLERS)])
    assert kinds(outcomes) == {Booked: 4, HoldExpired: CALLERS - 4}
    assert len(world.scalars(sa.select(Booking))) == 4


def test_forty_callers_on_a_window_of_four_seats_hold_four(world: World) -> None:
    offering = world.offering(seats=4)
    outcomes = at_once([partial(world.holds, world.phone(), offering, an_hour(8)) for _ in range(CALLERS)])
    assert kinds(outcomes) == {Held: 4, SlotFull: CALLERS - 4}


def test_a_site_cap_and_a_daily_quota_hold_under_callers_of_many_windows(world: World) -> None:
    first = world.offering("IDR", seats=9, daily_quota=7, window_cap=3)
    second = world.offering("IDN", seats=9)
    callers = [
        partial(world.confirms, world.phone(), offering, an_hour(hour))
        for offering in (first, second)
        for hour in (8, 9, 10, 11)
        for _ in range(5)
    ]
    outcomes = at_once(callers)
    assert set(kinds(outcomes)) == {Booked, HoldExpired}
    assert world.taken(Counted.DAY, first.id, an_hour(0)) <= 7
    for hour in (8, 9, 10, 11):
        assert world.taken(Counted.SITE, first.site.id, an_hour(hour)) == 3


def test_moves_that_cross_neither_wait_for_ever_nor_lose_a_seat(world: World) -> None:
    """A to B while B to A, among phones that each have room to go to."""
    offering, elsewhere = world.offering(seats=20), world.offering(site="MAK", seats=20)
    here, there = (offering, an_hour(8)), (elsewhere, an_hour(9))
    moves = []
    for start, goal in ((here, there), (there, here)):
        for _ in range(10):
            phone = world.phone()
            reference = world.confirms(phone, *start).reference
            moves.append(move_of(world, phone, reference, goal))
    assert kinds(at_once(moves)) == {Booked: 20}
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 10
    assert world.taken(Counted.OFFERING, elsewhere.id, an_hour(9)) == 10


def test_moves_into_each_others_full_windows_are_refused_or_done_but_never_doubled(world: World) -> None:
    offering = world.offering(seats=1)
    hours = [an_hour(8), an_hour(9), an_hour(10)]
    phones = [world.phone() for _ in hours]
    references = [world.confirms(phone, offering, hour).reference for phone, hour in zip(phones, hours, strict=True)]
    goals = [*hours[1:], hours[0]]
    moves = [
        move_of(world, phone, reference, (offering, goal))
        for phone, reference, goal in zip(phones, references, goals, strict=True)
    ]
    assert kinds(at_once(moves)) == {SlotFull: 3}


def move_of(world: World, phone: int, reference: str, goal: tuple[Offering, Any]) -> Callable[[], Any]:
    return partial(world.does, commands.move, phone, reference=reference, offering=goal[0], starts_at=goal[1])


def test_one_person_gets_one_booking_from_ten_phones(world: World) -> None:
    offering, person = world.offering(seats=20), world.person()
    elsewhere = world.offering(site="MAK", seats=20)
    callers = [
        partial(world.confirms, world.phone(), where, an_hour(8 + nth), person)
        for nth, where in enumerate([offering, elsewhere] * 4)
    ]
    assert kinds(at_once(callers)) == {Booked: 1, AlreadyBooked: 7}


def test_one_phone_in_ten_sessions_holds_one_place(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    callers = [partial(world.holds, phone, offering, an_hour(8 + nth % 5)) for nth in range(10)]
    assert kinds(at_once(callers)) == {Held: 10}
    assert len(world.scalars(sa.select(Hold))) == 1


def test_children_booked_at_once_get_numbers_of_their_own(world: World) -> None:
    offering, mother = world.offering(seats=9), world.phone()
    at_once([partial(world.confirms, mother, offering, an_hour(8)) for _ in range(4)])
    assert sorted(world.scalars(sa.select(Booking.beneficiary_no))) == [1, 2, 3, 4]


def test_takers_who_free_the_same_expired_holds_give_each_back_once(world: World) -> None:
    offering = world.offering(seats=4)
    owners = [world.phone() for _ in range(4)]
    for owner in owners:
        world.holds(owner, offering, an_hour(8))
    world.later(minutes=6)
    newcomers = [partial(world.holds, world.phone(), offering, an_hour(8)) for _ in range(8)]
    returning = [partial(world.holds, owner, offering, an_hour(8)) for owner in owners]
    sweeps = [partial(sweep, world, free_expired_holds) for _ in range(2)]
    outcomes = at_once([*newcomers, *returning, *sweeps])
    found = kinds(outcomes)
    assert set(found) <= {Held, SlotFull, int}
    assert found[Held] <= 4
    assert len(world.scalars(sa.select(Hold))) == found[Held]


def test_owners_of_expired_holds_who_return_at_once_all_have_a_place(world: World) -> None:
    """Each frees the holds of the others, and is freed by them."""
    offering = world.offering(seats=20)
    owners = [world.phone() for _ in range(20)]
    for nth, owner in enumerate(owners):
        world.holds(owner, offering, an_hour(8 + nth % 4))
    world.later(minutes=6)
    returning = [partial(world.holds, owner, offering, an_hour(8 + nth % 4)) for nth, owner in enumerate(owners)]
    assert kinds(at_once(returning)) == {Held: 20}


def sweep(world: World, job: Callable[..., int]) -> int:
    with world.transaction() as db:
        return job(db, now=world.now, limit=10)


def test_sweeps_beside_callers_who_change_what_they_sweep(world: World) -> None:
    offering, phones = world.offering(seats=20), [world.phone() for _ in range(8)]
    references = [world.confirms(phone, offering, an_hour(8)).reference for phone in phones]
    tomorrow = an_hour(12, day=an_hour(8).date().replace(day=25))
    late = [
        partial(world.does, commands.give_up, phone, reference=reference)
        for phone, reference in zip(phones, references, strict=True)
    ]

    def archive() -> int:
        with world.transaction() as db:
            return archive_past(db, now=tomorrow, limit=3)

    outcomes = at_once([*late, *[archive] * 4])
    assert not [o for o in outcomes if isinstance(o, sa.exc.SQLAlchemyError)]


def test_a_capacity_lowered_among_takers_and_givers_stays_in_order(world: World) -> None:
    offering = world.offering(seats=10)
    phones = [world.phone() for _ in range(10)]
    references = [world.confirms(phone, offering, an_hour(8)).reference for phone in phones]

    def lower() -> int:
        with world.transaction() as db:
            return change_capacity(db, counted=Counted.OFFERING, owner_id=offering.id, places=3, now=world.now)

    givers = [
        partial(world.does, commands.give_up, phone, reference=reference)
        for phone, reference in zip(phones, references, strict=True)
    ]
    takers = [partial(world.holds, world.phone(), offering, an_hour(8)) for _ in range(10)]
    outcomes = at_once([*givers, lower, *takers])
    assert set(kinds(outcomes)) <= {Booked, Held, SlotFull, int}
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) <= 10


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "rolled back"])
def test_a_command_is_the_callers_to_commit(world: World, db: Session, committed: bool) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    commands.hold(db, world.intent(phone), offering=offering, starts_at=an_hour(8), closed_days=frozenset())
    assert world.scalars(sa.select(Hold)) == []
    if committed:
        db.commit()
    else:
        db.rollback()
    assert len(world.scalars(sa.select(Hold))) == committed
