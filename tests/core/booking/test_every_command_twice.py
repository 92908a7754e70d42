"""A repeated request gets the first outcome, one after the other or both at once, whatever has happened since."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import commands, waitlist
from core.booking.errors import SlotFull
from core.booking.tables import Booking
from core.messaging.tables import Message
from core.people.tables import Event
from tests.core.booking.world import World, an_hour, at_once

Command = Callable[[], Any]


def holding(world: World) -> Command:
    return partial(world.holds, world.phone(), world.offering(), an_hour(8), request_key="key")


def releasing(world: World) -> Command:
    offering, phone = world.offering(), world.phone()
    world.holds(phone, offering, an_hour(8))
    return partial(world.releases, phone, offering, an_hour(8), request_key="key")


def confirming(world: World) -> Command:
    offering, phone = world.offering(seats=1), world.phone()
    world.holds(phone, offering, an_hour(8))
    return partial(world.confirms, phone, offering, an_hour(8), world.person(), request_key="key")


def moving(world: World) -> Command:
    offering, phone = world.offering(seats=1), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    return partial(
        world.does,
        commands.move,
        phone,
        reference=booked.reference,
        offering=offering,
        starts_at=an_hour(9),
        request_key="key",
    )


def giving_up(world: World) -> Command:
    phone = world.phone()
    booked = world.confirms(phone, world.offering(), an_hour(8))
    return partial(world.does, commands.give_up, phone, reference=booked.reference, request_key="key")


def sending_again(world: World) -> Command:
    phone = world.phone()
    booked = world.confirms(phone, world.offering(), an_hour(8))
    return partial(world.does, commands.send_again, phone, reference=booked.reference, request_key="key")


def joining(world: World) -> Command:
    return partial(world.waits, world.phone(), world.offering(), request_key="key")


def an_offer(world: World) -> tuple[int, int, int]:
    """A phone, its place in the line, and the place on offer to it."""
    offering, owner, phone = world.offering(seats=1), world.phone(), world.phone()
    booked = world.confirms(owner, offering, an_hour(8))
    waits = world.waits(phone, offering)
    world.gives_up(owner, booked)
    return phone, waits.entry_id, world.offers()[0].id


def leaving(world: World) -> Command:
    phone, entry_id, _offer_id = an_offer(world)
    return partial(world.does, waitlist.leave, phone, entry_id=entry_id, request_key="key")


def declining(world: World) -> Command:
    phone, _entry_id, offer_id = an_offer(world)
    return partial(world.declines, phone, offer_id, request_key="key")


EVERY_COMMAND = pytest.mark.parametrize(
    "prepare", [holding, releasing, confirming, moving, giving_up, sending_again, joining, leaving, declining]
)


def traces(world: World) -> tuple[int, int]:
    return len(world.scalars(sa.select(Event.id))), len(world.scalars(sa.select(Message.id)))


@EVERY_COMMAND
def test_one_after_the_other(world: World, prepare: Callable[[World], Command]) -> None:
    command = prepare(world)
    first = command()
    left = traces(world)
    world.later(hours=3)
    assert command() == first
    assert traces(world) == left


@EVERY_COMMAND
def test_both_at_once(world: World, prepare: Callable[[World], Command]) -> None:
    command = prepare(world)
    before = traces(world)
    first, second = at_once([command, command])
    assert first == second
    assert not isinstance(first, Exception)
    events, messages = traces(world)
    assert events == before[0] + 1
    assert messages <= before[1] + 1


def test_a_confirmation_repeated_after_a_move_tells_of_the_first_time(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    first = world.confirms(phone, offering, an_hour(8), request_key="key")
    world.does(commands.move, phone, reference=first.reference, offering=offering, starts_at=an_hour(9))
    assert world.confirms(phone, offering, an_hour(8), request_key="key") == first
    assert world.scalars(sa.select(Booking.starts_at)) == [an_hour(9)]


def test_a_confirmation_repeated_after_giving_up_books_nothing(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    first = world.confirms(phone, offering, an_hour(8), request_key="key")
    world.does(commands.give_up, phone, reference=first.reference)
    assert world.confirms(phone, offering, an_hour(8), request_key="key") == first
    assert world.scalars(sa.select(Booking)) == []


def test_a_refused_request_may_be_tried_again(world: World) -> None:
    offering, phone, other = world.offering(seats=1), world.phone(), world.phone()
    world.holds(other, offering, an_hour(8))
    with pytest.raises(SlotFull):
        world.holds(phone, offering, an_hour(8), request_key="key")
    world.releases(other, offering, an_hour(8))
    world.holds(phone, offering, an_hour(8), request_key="key")


def test_a_recorded_outcome_is_given_in_a_read_only_transaction(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    first = world.holds(phone, offering, an_hour(8), request_key="key")
    world.later(days=9)
    with world.transaction() as db:
        db.execute(sa.text("SET TRANSACTION READ ONLY"))
        again = commands.hold(
            db, world.intent(phone, "key"), offering=offering, starts_at=an_hour(8), closed_days=frozenset()
        )
    assert again == first
