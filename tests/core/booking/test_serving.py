"""A counter ends a booking as served."""

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.errors import NoSuchBooking
from core.booking.serving import Served, serve
from core.booking.tables import Booking, BookingHistory
from core.people.audit import Actor
from core.people.tables import Event
from tests.core.booking.world import World, an_hour, at_once


def serves(world: World, reference: str) -> Served:
    with world.transaction() as db:
        return serve(db, Actor("desk", who="asha"), reference=reference, now=world.now)


def test_a_served_booking_is_history_and_says_whom_it_was_for(world: World) -> None:
    offering, phone, person = world.offering(), world.phone(), world.person()
    booked = world.confirms(phone, offering, an_hour(8), person)
    world.now = an_hour(8, 10)
    served = serves(world, booked.reference)
    assert served == Served(booked.id, offering.service.id, offering.site.id, phone, person.person_id, None)
    assert world.scalars(sa.select(Booking)) == []
    [past] = world.scalars(sa.select(BookingHistory))
    assert (past.id, past.outcome) == (booked.id, "served")
    [event] = world.scalars(sa.select(Event).where(Event.name == "booking.served"))
    assert (event.subject, event.who, event.channel) == (f"booking:{booked.id}", "asha", "desk")


def test_what_is_no_live_booking_cannot_be_served(world: World) -> None:
    phone = world.phone()
    booked = world.confirms(phone, world.offering(), an_hour(8))
    with pytest.raises(NoSuchBooking):
        serves(world, "00000000")
    world.later(days=9)
    with pytest.raises(NoSuchBooking):
        serves(world, booked.reference)


def test_served_and_given_up_at_once_ends_it_one_way(world: World) -> None:
    phone = world.phone()
    booked = world.confirms(phone, world.offering(), an_hour(8))
    outcomes = at_once(
        [
            lambda: serves(world, booked.reference),
            lambda: serves(world, booked.reference),
            lambda: world.does(commands.give_up, phone, reference=booked.reference),
        ]
    )
    assert sum(isinstance(o, NoSuchBooking) for o in outcomes) == 2
    assert len(world.scalars(sa.select(BookingHistory))) == 1
