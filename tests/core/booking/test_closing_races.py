"""Closures while everybody acts at once, in threads and transactions of their own, against a real PostgreSQL.

Nobody's catalogue knows of the closure: all snapshots are old. After each test
the places are counted (conftest.world).
"""

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import closing, commands, waitlist
from core.booking.closing import What
from core.booking.errors import BookingRefused
from core.booking.tables import Booking, Counted, Hold, WaitlistEntry, WaitlistOffer, Window
from core.booking.upkeep import free_expired_holds
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Closure
from tests.core.booking.world import TUESDAY, World, an_hour, at_once, hours

WEDNESDAY = TUESDAY + timedelta(days=1)
ALL_TUESDAY = (an_hour(0), an_hour(0, day=WEDNESDAY))
TIMES = [an_hour(9), an_hour(9, 30), an_hour(10), an_hour(9, day=WEDNESDAY)]


def assert_nothing_broke(outcomes: list[Any]) -> None:
    broken = [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, BookingRefused)]
    assert not broken, broken


def clear_once(world: World) -> int:
    with world.transaction() as db:
        return closing.clear(db, world.fresh(db), now=world.now, limit=3)


def assert_nobody_is_left(world: World, closure_id: int) -> None:
    """No booking, hold or open offer begins within the closed span."""
    on_tuesday: Callable[[Any], Any] = lambda row: row.starts_at.between(*ALL_TUESDAY)  # noqa: E731
    assert not world.scalars(sa.select(Booking).where(on_tuesday(Booking)))
    assert not world.scalars(sa.select(Hold).where(on_tuesday(Hold)))
    assert not world.scalars(sa.select(WaitlistOffer).where(on_tuesday(WaitlistOffer), WaitlistOffer.outcome.is_(None)))
    assert world.scalars(sa.select(Closure.cleared_at).where(Closure.id == closure_id))[0] is not None


def a_lively_day(world: World, offering: Offering) -> list[Callable[[], Any]]:
    """Bookings, holds and waits there are, and what their phones do in the same moment."""
    actions: list[Callable[[], Any]] = []
    for nth in range(24):
        phone, at = world.phone(), TIMES[nth % 4]
        match nth % 6:
            case 0:
                world.holds(phone, offering, at)
                actions.append(partial(world.confirms, phone, offering, at))
            case 1:
                booked = world.confirms(phone, offering, at)
                actions.append(partial(world.gives_up, phone, booked))
            case 2:
                booked = world.confirms(phone, offering, at)
                move = partial(world.does, commands.move, phone, reference=booked.reference, offering=offering)
                actions.append(partial(move, starts_at=TIMES[(nth + 1) % 3]))
            case 3:
                world.waits(phone, offering)
                actions.append(partial(world.holds, phone, offering, at))
            case 4:
                world.confirms(phone, offering, at)
                actions.append(partial(world.waits, world.phone(), offering))
            case _:
                actions.append(partial(world.confirms, phone, offering, at))
    return actions


def close_and_clear(world: World, what: What) -> int:
    closure_id = world.closes(what, *ALL_TUESDAY)
    for _ in range(3):
        clear_once(world)
    return closure_id


@pytest.mark.parametrize("of_all", [True, False], ids=["the centre", "one service"])
@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_left_whatever_happens_while_it_is_closed(world: World, seed: int, of_all: bool) -> None:
    offering = world.offering(seats=10, window_cap=9)
    what = What(offering.site, None if of_all else offering)
    actions = a_lively_day(world, offering)
    actions += [partial(close_and_clear, world, what), partial(_sweep, world), partial(world.tends)]
    random.Random(seed).shuffle(actions)
    assert_nothing_broke(at_once(actions))
    world.clears()
    [closure_id] = world.scalars(sa.select(Closure.id))
    assert_nobody_is_left(world, closure_id)


def _sweep(world: World) -> int:
    with world.transaction() as db:
        return free_expired_holds(db, now=world.now + timedelta(minutes=6), limit=5)


def test_several_who_clear_at_once_move_each_person_once(world: World) -> None:
    offering = world.offering(seats=10)
    bookings = [world.confirms(world.phone(), offering, an_hour(9)) for _ in range(10)]
    closure_id = world.closes(What(offering.site, offering), *ALL_TUESDAY)
    outcomes = at_once([partial(clear_once, world)] * 8)
    assert_nothing_broke(outcomes)
    world.clears()
    assert_nobody_is_left(world, closure_id)
    [closure] = world.scalars(sa.select(Closure))
    assert (closure.moved, closure.ended) == (len(bookings), 0)
    with world.transaction() as db:
        moved = db.scalar(sa.text("SELECT count(*) FROM events WHERE name = 'booking.moved'"))
    assert moved == len(bookings)


def test_two_absences_that_are_cleared_at_once_move_no_more_than_are_too_many(world: World) -> None:
    offering = world.offering(seats=5)
    for _ in range(5):
        world.confirms(world.phone(), offering, an_hour(9))
    for _ in range(2):
        world.closes(What(offering.site, offering, 1), *ALL_TUESDAY)
    world.later(minutes=1)
    assert_nothing_broke(at_once([partial(clear_once, world)] * 6))
    world.clears()
    assert _count(world, an_hour(9)) == 3


def test_a_place_given_up_while_somebody_is_about_to_be_moved_lets_them_stay(world: World) -> None:
    offering = world.offering(seats=2)
    owner = world.phone()
    first = world.confirms(owner, offering, an_hour(9))
    world.later(seconds=1)
    world.confirms(world.phone(), offering, an_hour(9))
    world.closes(What(offering.site, offering, 1), *ALL_TUESDAY)
    world.later(minutes=1)
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            commands.give_up(db, world.intent(owner), reference=first.reference)
            clearing = pool.submit(clear_once, world)
            until_it_waits(world, clearing)
        assert clearing.result() == 0
    assert world.clears() == 0
    assert _count(world, an_hour(9)) == 1


def test_who_ends_in_a_line_that_somebody_is_tending_waits_without_keeping_a_place_from_it(world: World) -> None:
    """Whoever tends the line has the entry, and wants counters that the closure changes."""
    offering = world.offering(hours=(hours(TUESDAY.weekday(), time(8), time(8, 30), valid_until=TUESDAY),))
    phone, person = world.phone(), world.person()
    world.waits(phone, offering, person)
    world.confirms(phone, offering, an_hour(8), person)
    world.closes(What(offering.site), *ALL_TUESDAY)
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            db.execute(sa.select(WaitlistEntry.id).with_for_update())
            clearing = pool.submit(clear_once, world)
            until_it_waits(world, clearing)
            db.execute(sa.update(Window).values(taken=Window.taken))
        assert clearing.result() == 1
    assert not world.scalars(sa.select(Booking))


def until_it_waits(world: World, work: Future[int]) -> None:
    """For a lock that somebody else has, or until it is done."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
    while not work.done():
        with world.transaction() as db:
            if db.scalar(waiting):
                return


def _count(world: World, at: datetime) -> int:
    return len(world.scalars(sa.select(Booking).where(Booking.starts_at == at)))


def test_lifting_while_people_are_moved_and_book_breaks_nothing(world: World) -> None:
    offering = world.offering(seats=8)
    what = What(offering.site, offering)
    for _ in range(8):
        world.confirms(world.phone(), offering, an_hour(9))
    closure_id = world.closes(what, *ALL_TUESDAY)
    comers = [partial(world.confirms, world.phone(), offering, an_hour(9)) for _ in range(8)]
    outcomes = at_once([*comers, partial(world.lifts, closure_id, what), *[partial(clear_once, world)] * 4])
    assert_nothing_broke(outcomes)
    assert world.clears() == 0
    [window] = world.scalars(
        sa.select(Window).where(Window.kind == Counted.OFFERING.value, Window.starts_at == an_hour(9))
    )
    assert window.wanted == 8
    assert _count(world, an_hour(9)) <= 8


def test_two_who_close_the_same_in_one_moment_both_count(world: World) -> None:
    offering = world.offering(seats=4)
    what = What(offering.site, offering, 1)
    at_once([partial(world.closes, what, *ALL_TUESDAY) for _ in range(3)])
    wanted = world.scalars(sa.select(Window.wanted).where(Window.starts_at == an_hour(9)))
    assert wanted == [1]


def test_an_offer_that_is_accepted_while_the_centre_closes_leaves_nobody_there(world: World) -> None:
    offering = world.offering(seats=1)
    owner = world.phone()
    booked = world.confirms(owner, offering, an_hour(15))
    waiting = world.phone()
    world.waits(waiting, offering, first_day=TUESDAY)
    world.gives_up(owner, booked)
    [offer] = world.offers()
    outcomes = at_once(
        [
            partial(world.accepts, waiting, offer.id),
            partial(close_and_clear, world, What(offering.site)),
            partial(world.does, waitlist.leave, world.phone(), entry_id=offer.entry_id),
        ]
    )
    assert_nothing_broke(outcomes)
    world.clears()
    [closure_id] = world.scalars(sa.select(Closure.id))
    assert_nobody_is_left(world, closure_id)
