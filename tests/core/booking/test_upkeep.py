"""Sweeps, and capacities that change under those who have a place."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.errors import SlotFull
from core.booking.tables import BookingHistory, Counted, Hold, Window
from core.booking.upkeep import archive_past, delete_past_windows, free_expired_holds
from tests.core.booking.world import TUESDAY, World, an_hour, change_capacity


def test_expired_holds_are_freed_the_oldest_first(world: World) -> None:
    offering = world.offering()
    for hour in (8, 9, 10):
        world.holds(world.phone(), offering, an_hour(hour))
        world.later(minutes=1)
    world.later(minutes=6)
    live = world.phone()
    wednesday = an_hour(8, day=TUESDAY + timedelta(days=1))
    world.holds(live, offering, wednesday)
    with world.transaction() as db:
        assert free_expired_holds(db, now=world.now, limit=2) == 2
    assert set(world.scalars(sa.select(Hold.starts_at))) == {an_hour(10), wednesday}
    with world.transaction() as db:
        assert free_expired_holds(db, now=world.now, limit=100) == 1
        assert free_expired_holds(db, now=world.now, limit=100) == 0
    assert world.scalars(sa.select(Hold.contact_id)) == [live]


def test_bookings_are_filed_away_when_their_day_is_over_in_nairobi(world: World) -> None:
    world.confirms(world.phone(), world.offering(), an_hour(8))
    for now, filed in ((an_hour(23, 59), 0), (an_hour(0) + timedelta(days=1), 1)):
        with world.transaction() as db:
            assert archive_past(db, now=now, limit=100) == filed
    [past] = world.scalars(sa.select(BookingHistory))
    assert past.outcome == "past"


def test_past_windows_are_deleted_once_they_count_nobody(world: World) -> None:
    world.confirms(world.phone(), world.offering(), an_hour(8))
    later = world.now + timedelta(days=2)
    with world.transaction() as db:
        assert delete_past_windows(db, now=later, limit=100) == 0
        archive_past(db, now=later, limit=100)
        assert delete_past_windows(db, now=world.now, limit=100) == 0
        assert delete_past_windows(db, now=later, limit=100) == 3


@pytest.mark.parametrize("counted", Counted)
def test_a_capacity_below_what_is_taken_loses_nobody_and_is_reached_by_give_backs(
    world: World, counted: Counted
) -> None:
    offering = world.offering(seats=4)
    phones = [world.phone() for _ in range(4)]
    references = [world.confirms(phone, offering, an_hour(8)).reference for phone in phones]
    owner_id = offering.site.id if counted is Counted.SITE else offering.id

    def capacity() -> int:
        [row] = world.scalars(sa.select(Window.capacity).where(Window.kind == counted.value))
        return row

    with world.transaction() as db:
        assert change_capacity(db, counted=counted, owner_id=owner_id, places=2, now=world.now) == 1
    for nth, still_taken in ((0, 3), (1, 2), (2, 2)):
        assert capacity() == max(2, 4 - nth)
        world.does(commands.give_up, phones[nth], reference=references[nth])
        assert capacity() == still_taken
    world.confirms(phones[0], offering, an_hour(8))
    with pytest.raises(SlotFull):
        world.confirms(phones[1], offering, an_hour(8))


def test_a_raised_capacity_is_open_at_once(world: World) -> None:
    offering = world.offering(seats=1)
    world.confirms(world.phone(), offering, an_hour(8))
    with world.transaction() as db:
        change_capacity(db, counted=Counted.OFFERING, owner_id=offering.id, places=2, now=world.now)
    world.confirms(world.phone(), offering, an_hour(8))


def test_a_limit_set_later_counts_those_who_came_before_it(world: World) -> None:
    offering = world.offering(seats=4)
    world.confirms(world.phone(), offering, an_hour(8))
    with world.transaction() as db:
        change_capacity(db, counted=Counted.SITE, owner_id=offering.site.id, places=1, now=world.now)
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(8))


def test_past_windows_keep_their_capacity(world: World) -> None:
    offering = world.offering(seats=4)
    world.confirms(world.phone(), offering, an_hour(8))
    with world.transaction() as db:
        assert change_capacity(db, counted=Counted.OFFERING, owner_id=offering.id, places=1, now=an_hour(9)) == 0
        assert change_capacity(db, counted=Counted.DAY, owner_id=offering.id, places=1, now=an_hour(9)) == 1


def test_an_expired_hold_in_a_lowered_window_does_not_pass_to_another(world: World) -> None:
    """Two booked and one held where one is wanted now: the place of the hold is given back, not handed on."""
    offering = world.offering(seats=3)
    for _ in range(2):
        world.confirms(world.phone(), offering, an_hour(8))
    world.holds(world.phone(), offering, an_hour(8))
    with world.transaction() as db:
        change_capacity(db, counted=Counted.OFFERING, owner_id=offering.id, places=1, now=world.now)
    world.later(minutes=6)
    with pytest.raises(SlotFull):
        world.holds(world.phone(), offering, an_hour(8))
