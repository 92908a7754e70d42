"""The waitlist while everybody acts at once, in threads and transactions of their own, against a real PostgreSQL.

After each test the places are counted (conftest.world): no place has two owners,
and none is lost.
"""

import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import commands, waitlist
from core.booking.errors import BookingRefused, HoldExpired, OfferOver, SlotFull
from core.booking.outcomes import Booked
from core.booking.tables import Booking, WaitlistEntry, WaitlistOffer
from core.booking.upkeep import free_expired_holds
from core.catalogue.snapshot import Offering
from core.messaging.tables import Message, Question
from tests.core.booking.world import TUESDAY, World, an_hour, at_once

AT = an_hour(8)
THURSDAY = TUESDAY + timedelta(days=2)


def in_line(world: World, offering: Offering, count: int) -> list[int]:
    phones = [world.phone() for _ in range(count)]
    for phone in phones:
        world.waits(phone, offering)
        world.later(milliseconds=1)
    return phones


def booked_by(world: World, offering: Offering, count: int) -> list[tuple[int, Booked]]:
    return [(phone := world.phone(), world.confirms(phone, offering, AT)) for _ in range(count)]


def tend(world: World) -> int:
    with world.transaction() as db:
        return waitlist.tend(db, world.catalogue, now=world.now, limit=3)


def sweep(world: World) -> int:
    with world.transaction() as db:
        return free_expired_holds(db, now=world.now, limit=3)


def assert_nothing_broke(outcomes: list[Any]) -> None:
    broken = [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, BookingRefused)]
    assert not broken, broken


def test_places_given_up_at_once_go_to_the_first_in_line_and_to_each_once(world: World) -> None:
    offering = world.offering(seats=10)
    owners = booked_by(world, offering, 10)
    line = in_line(world, offering, 25)
    assert_nothing_broke(at_once([partial(world.gives_up, *owner) for owner in owners]))
    assert sorted(world.offered()) == line[:10]


def test_nobody_snipes_a_place_that_is_being_given_up(world: World) -> None:
    """As many places as are in line: of thirty who come in the same moment, none gets one."""
    offering = world.offering(seats=5)
    owners = booked_by(world, offering, 5)
    line = in_line(world, offering, 5)
    snipers = [partial(world.confirms, world.phone(), offering, AT) for _ in range(30)]
    outcomes = at_once([*snipers[:15], *[partial(world.gives_up, *owner) for owner in owners], *snipers[15:]])
    assert_nothing_broke(outcomes)
    assert sum(isinstance(o, HoldExpired) for o in outcomes) == 30
    assert sorted(world.offered()) == line


def test_nobody_snipes_a_place_whose_hold_has_run_out(world: World) -> None:
    offering = world.offering(seats=3)
    for _ in range(3):
        world.holds(world.phone(), offering, AT)
    line = in_line(world, offering, 3)
    world.later(minutes=6)
    snipers = [partial(world.holds, world.phone(), offering, AT) for _ in range(12)]
    outcomes = at_once([*snipers, *[partial(sweep, world)] * 3])
    assert_nothing_broke(outcomes)
    assert sum(isinstance(o, SlotFull) for o in outcomes) == 12
    sweep(world)
    assert sorted(world.offered()) == line


def test_yes_no_and_the_clock_at_once_settle_an_offer_one_way(world: World) -> None:
    offering = world.offering(seats=1)
    for _ in range(5):
        [(owner, booked)] = booked_by(world, offering, 1)
        [phone] = in_line(world, offering, 1)
        world.gives_up(owner, booked)
        [offer] = world.offers()
        world.now = offer.expires_at - timedelta(seconds=1)
        answers = [partial(world.accepts, phone, offer.id)] * 3 + [partial(world.declines, phone, offer.id)] * 3
        late = world.now + timedelta(minutes=1)

        def clock(late: Any = late) -> int:
            with world.transaction() as db:
                return waitlist.tend(db, world.catalogue, now=late, limit=10)

        outcomes = at_once([*answers, clock, clock])
        assert_nothing_broke(outcomes)
        assert sum(isinstance(o, Booked) for o in outcomes) <= 1
        assert world.scalars(sa.select(WaitlistOffer.outcome).where(WaitlistOffer.id == offer.id))[0] is not None
        for booking in world.scalars(sa.select(Booking)):
            world.does(commands.give_up, booking.contact_id, reference=booking.reference)
        for waits in world.scalars(sa.select(WaitlistEntry).where(WaitlistEntry.ended_at.is_(None))):
            world.does(waitlist.leave, waits.contact_id, entry_id=waits.id)
        world.now = an_hour(9, day=TUESDAY - timedelta(days=1))


def test_a_chain_of_moves_to_earlier_places_loses_none(world: World) -> None:
    """Each who takes an earlier place frees a later one, which somebody else takes in the same moment."""
    offering = world.offering(seats=1)
    times = [an_hour(hour) for hour in range(8, 16)]
    phones = [world.phone() for _ in times]
    bookings = [world.confirms(p, offering, t, world.person()) for p, t in zip(phones, times, strict=True)]
    thursday = [world.phone() for _ in times]
    for nth, phone in enumerate(thursday):
        later = world.confirms(phone, offering, an_hour(8 + nth, day=THURSDAY), world.person())
        world.waits(phone, offering, booking=later.reference, last_day=THURSDAY)
        world.later(milliseconds=1)
    at_once([partial(world.gives_up, p, b) for p, b in zip(phones, bookings, strict=True)])
    assert sorted(world.offered()) == thursday
    answers = [
        partial(world.accepts, phone, offer.id) for phone, offer in zip(world.offered(), world.offers(), strict=True)
    ]
    outcomes = at_once([*answers, *answers, *[partial(tend, world)] * 2])
    assert_nothing_broke(outcomes)
    assert sum(isinstance(o, Booked) for o in outcomes) == 8
    assert sum(isinstance(o, OfferOver) for o in outcomes) == 8
    assert sorted(world.scalars(sa.select(Booking.starts_at))) == times


def test_moves_within_a_day_pass_places_on_without_a_deadlock(world: World) -> None:
    """The day's counter does not change for who moves within it, but does for who gets the place."""
    offering = world.offering(seats=8)
    owners = booked_by(world, offering, 8)
    line = in_line(world, offering, 8)
    moves = [
        partial(world.does, commands.move, p, reference=b.reference, offering=offering, starts_at=an_hour(9))
        for p, b in owners
    ]
    comers = [partial(world.confirms, world.phone(), offering, an_hour(8, 30 * (nth % 2))) for nth in range(16)]
    outcomes = at_once([deed for pair in zip(comers, [*moves, *moves], strict=True) for deed in pair])
    assert_nothing_broke(outcomes)
    assert sorted(world.offered()) == line


def test_two_clocks_offer_a_place_once(world: World) -> None:
    offering = world.offering(seats=1, daily_quota=3)
    line = in_line(world, offering, 6)
    assert_nothing_broke(at_once([partial(tend, world)] * 6))
    world.tends()
    assert sorted(world.offered()) == line[:6][: len(world.offered())]
    told = world.scalars(sa.select(Message.subject).where(Message.template == "waitlist_offer"))
    assert len(told) == len(set(told)) == len(world.offers())


@pytest.mark.parametrize("seed", range(2))
def test_everything_at_once_again_and_again(world: World, seed: int) -> None:
    """Few places, many phones, everything that frees, takes, offers and answers, beside the clock."""
    pick = random.Random(seed)
    offerings = [
        world.offering("IDR", "GPO", seats=2, window_cap=3, daily_quota=6),
        world.offering("IDN", "GPO", seats=2),
        world.offering("IDR", "MAK", seats=1),
    ]
    times = [an_hour(8), an_hour(9), an_hour(10), an_hour(8, day=THURSDAY)]
    phones = [world.phone() for _ in range(24)]

    def one_thing(phone: int) -> Any:
        offering, at = pick.choice(offerings), pick.choice(times)
        mine = world.scalars(sa.select(Booking).where(Booking.contact_id == phone))
        offers = world.scalars(
            sa.select(WaitlistOffer.id)
            .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
            .where(WaitlistEntry.contact_id == phone)
        )
        deeds = [partial(world.holds, phone, offering, at), partial(world.confirms, phone, offering, at)]
        deeds += [partial(world.waits, phone, offering, last_day=THURSDAY)]
        for booking in mine:
            deeds.append(partial(world.gives_up, phone, booking))
            goal = {"offering": offering, "starts_at": at}
            deeds.append(partial(world.does, commands.move, phone, reference=booking.reference, **goal))
            deeds.append(partial(world.waits, phone, offering, booking=booking.reference, last_day=THURSDAY))
        for offer_id in offers[-2:]:
            deeds += [partial(world.accepts, phone, offer_id), partial(world.declines, phone, offer_id)]
        return pick.choice(deeds)

    for _ in range(8):
        deeds = [one_thing(phone) for phone in phones]
        clocks = [partial(tend, world), partial(tend, world), partial(sweep, world)]
        assert_nothing_broke(at_once([*deeds, *clocks]))
        world.later(minutes=pick.choice([0, 1, 6, 31]))
    offers = world.scalars(sa.select(WaitlistOffer))
    assert offers, "nothing was offered: the storm was too mild"
    assert any(o.outcome == "taken" for o in offers), "nobody took an offer: the storm was too mild"
    assert len(world.scalars(sa.select(Question.id))) == len(offers)


def test_in_the_order_of_joining_whoever_frees_and_whoever_answers(world: World) -> None:
    """Places come free round after round while offers are declined: who joined earlier is offered earlier."""
    offering = world.offering(seats=4)
    line = in_line(world, offering, 12)
    for hour in (8, 9, 10):
        owners = [(p := world.phone(), world.confirms(p, offering, an_hour(hour))) for _ in range(4)]
        outcomes = at_once([partial(world.gives_up, *owner) for owner in owners])
        assert_nothing_broke(outcomes)
    firsts: dict[int, int] = {}
    with world.transaction() as db:
        made = db.execute(
            sa.select(WaitlistEntry.contact_id, WaitlistOffer.id)
            .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
            .order_by(WaitlistOffer.id)
        )
        for contact_id, _offer_id in made:
            firsts.setdefault(contact_id, len(firsts))
    assert sorted(firsts) == line
    rounds = [sorted(list(firsts)[n : n + 4]) for n in range(0, 12, 4)]
    assert rounds == [line[n : n + 4] for n in range(0, 12, 4)]
