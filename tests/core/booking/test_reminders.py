"""Reminders: the day before, and that morning."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.reminders import remind_bookings
from core.booking.tables import Booking
from core.messaging.tables import Message, Question
from tests.core.booking.world import TUESDAY, World, an_hour, at_once

MONDAY = TUESDAY - timedelta(days=1)
FRIDAY_BEFORE = TUESDAY - timedelta(days=4)


def remind(world: World, limit: int = 100) -> int:
    with world.transaction() as db:
        return remind_bookings(db, now=world.now, limit=limit)


def booked(world: World, starts_at, made_at):
    phone = world.phone()
    world.now = made_at
    return phone, world.confirms(phone, world.offerings[0] if world.offerings else world.offering(seats=9), starts_at)


@pytest.mark.parametrize(
    ("case", "made_at", "now", "reminded"),
    [
        ("the day before, too early", an_hour(9, day=FRIDAY_BEFORE), an_hour(15, 59, day=MONDAY), 0),
        ("the day before, from four", an_hour(9, day=FRIDAY_BEFORE), an_hour(16, day=MONDAY), 1),
        ("the day before, when notices rest", an_hour(9, day=FRIDAY_BEFORE), an_hour(20, day=MONDAY), 0),
        ("booked this morning", an_hour(9, day=MONDAY), an_hour(16, day=MONDAY), 0),
        ("booked twelve hours ago", an_hour(4, day=MONDAY), an_hour(16, day=MONDAY), 1),
        ("two days before", an_hour(9, day=FRIDAY_BEFORE), an_hour(16, day=MONDAY - timedelta(days=1)), 0),
        ("that day, in the night", an_hour(9, day=FRIDAY_BEFORE), an_hour(6, 59), 0),
        ("that morning", an_hour(9, day=FRIDAY_BEFORE), an_hour(7), 1),
        ("that morning, booked the evening before", an_hour(21, day=MONDAY), an_hour(7), 1),
        ("that morning, booked that night", an_hour(5), an_hour(7), 0),
        ("half an hour ahead", an_hour(9, day=FRIDAY_BEFORE), an_hour(9, 30), 1),
        ("on the way", an_hour(9, day=FRIDAY_BEFORE), an_hour(9, 31), 0),
    ],
)
def test_who_is_reminded_when(world: World, case, made_at, now, reminded) -> None:
    booked(world, an_hour(10), made_at)
    world.now = now
    assert remind(world) == reminded


def test_each_of_the_two_is_said_once(world: World) -> None:
    booked(world, an_hour(10), an_hour(9, day=FRIDAY_BEFORE))
    world.now = an_hour(16, day=MONDAY)
    assert [remind(world), remind(world)] == [1, 0]
    world.now = an_hour(7)
    assert [remind(world), remind(world)] == [1, 0]


def test_who_is_there_already_is_not_reminded(world: World) -> None:
    booked(world, an_hour(10), an_hour(9, day=FRIDAY_BEFORE))
    with world.transaction() as db:
        db.execute(sa.update(Booking).values(came_at=an_hour(7)))
    world.now = an_hour(7)
    assert remind(world) == 0


def test_yesterdays_that_could_not_leave_does_not_arrive_with_this_mornings(world: World) -> None:
    booked(world, an_hour(10), an_hour(9, day=TUESDAY - timedelta(days=3)))
    world.now = an_hour(16, day=TUESDAY - timedelta(days=1))
    assert remind(world) == 1
    world.now = an_hour(7)
    assert remind(world) == 1
    said = sa.select(Message.template, Message.status).order_by(Message.id)
    with world.transaction() as db:
        assert [tuple(row) for row in db.execute(said)] == [
            ("booking_confirmed", "pending"),
            ("booking_reminder", "withheld"),
            ("booking_reminder", "pending"),
        ]


def test_a_reminder_asks_and_is_of_use_until_the_place_begins(world: World) -> None:
    phone, booking = booked(world, an_hour(10), an_hour(9, day=FRIDAY_BEFORE))
    world.now = an_hour(16, day=MONDAY)
    remind(world)
    [told] = world.scalars(sa.select(Message).where(Message.template == "booking_reminder"))
    assert (told.person_id, told.lane, told.asked_for, told.valid_until) == (phone, "notice", False, an_hour(10))
    assert told.subject == f"booking:{booking.id}"
    [asked] = world.scalars(sa.select(Question))
    assert (asked.kind, asked.expires_at, asked.message_id) == ("appointment", an_hour(10), told.id)
    assert asked.arguments["reference"] == booking.reference


def test_two_clocks_remind_once(world: World) -> None:
    for _ in range(6):
        booked(world, an_hour(10), an_hour(9, day=FRIDAY_BEFORE))
    world.now = an_hour(16, day=MONDAY)
    assert sum(at_once([partial(remind, world, 4)] * 4)) == 6
    assert remind(world) == 0


@pytest.mark.parametrize("change", ["moved", "given up"])
def test_what_has_changed_is_reminded_of_as_it_is_now(world: World, change: str) -> None:
    phone, booking = booked(world, an_hour(10), an_hour(9, day=FRIDAY_BEFORE))
    world.now = an_hour(16, day=MONDAY)
    remind(world)
    if change == "moved":
        goal = {"offering": world.offerings[0], "starts_at": an_hour(11, day=TUESDAY + timedelta(days=1))}
        world.does(commands.move, phone, reference=booking.reference, **goal)
        assert world.scalars(sa.select(Booking.reminded_at)) == [None]
    else:
        world.gives_up(phone, booking)
    [told] = world.scalars(sa.select(Message).where(Message.template == "booking_reminder"))
    assert (told.status, told.error) == ("withheld", "no_longer_true")
    world.now = an_hour(16)
    assert remind(world) == (change == "moved")
