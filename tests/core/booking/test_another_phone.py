"""A booking is put on another phone: whose it is then, what each phone is told, and what waits beside it."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import waitlist
from core.booking.another_phone import WrongNumber, change_phone
from core.booking.beneficiaries import MAX_LIVE_A_PHONE, Beneficiary
from core.booking.errors import (
    NoSuchBooking,
    OfferOver,
    OtherPerson,
    SamePhone,
    TooManyBookings,
    TooManyNumbers,
)
from core.booking.outcomes import Booked
from core.booking.reminders import remind_bookings
from core.booking.tables import Booking, WaitlistEntry
from core.messaging.tables import Message, Status
from core.people.tables import Event
from tests.core.booking.world import TUESDAY, World, an_hour, at_once

THURSDAY = an_hour(10, day=TUESDAY + timedelta(days=2))


def changes(world: World, booked: Booked, old: int, new: int, person: Beneficiary | None = None, key: str = "") -> Any:
    shown = [person.person_id] if person else None
    with world.transaction() as db:
        intent = world.intent(old, key)
        return change_phone(db, world.register, intent, reference=booked.reference, contact_id=new, shown=shown)


def told(world: World, phone: int, status: Status = Status.PENDING) -> Sequence[str]:
    mine = (Message.person_id == phone, Message.status == status)
    return world.scalars(sa.select(Message.template).where(*mine).order_by(Message.id))


def reminds(world: World) -> int:
    with world.transaction() as db:
        return remind_bookings(db, now=world.now, limit=10)


def test_the_booking_is_the_other_phones_and_both_are_told_once(world: World) -> None:
    offering, old, new, person = world.offering(), world.phone(), world.phone(), world.person()
    booked = world.confirms(old, offering, THURSDAY, person)
    for _ in range(2):
        assert changes(world, booked, old, new, person, key="a form") == booked
    [row] = world.scalars(sa.select(Booking))
    assert (row.contact_id, row.reference, row.starts_at) == (new, booked.reference, THURSDAY)
    assert told(world, new) == ["booking_confirmed"]
    assert told(world, old) == ["booking_phone_changed"]
    assert told(world, old, Status.WITHHELD) == ["booking_confirmed"]
    [event] = world.scalars(sa.select(Event).where(Event.name == "booking.phone_changed"))
    assert (event.details["from_contact_id"], event.details["contact_id"]) == (old, new)
    with pytest.raises(NoSuchBooking):
        world.gives_up(old, booked)
    world.gives_up(new, booked)
    assert told(world, old) == ["booking_phone_changed"]


def test_a_reminder_that_waited_for_the_old_phone_comes_to_the_other(world: World) -> None:
    offering, old, new = world.offering(), world.phone(), world.phone()
    booked = world.confirms(old, offering, THURSDAY)
    world.now = THURSDAY - timedelta(hours=17)
    assert reminds(world) == 1
    changes(world, booked, old, new)
    assert "booking_reminder" in told(world, old, Status.WITHHELD)
    assert reminds(world) == 1
    assert told(world, new) == ["booking_confirmed", "booking_reminder"]


def test_it_is_refused_where_booking_with_that_phone_would_be(world: World) -> None:
    offering, old, full, person = world.offering(seats=9), world.phone(), world.phone(), world.person()
    booked = world.confirms(old, offering, THURSDAY, person)
    for _ in range(MAX_LIVE_A_PHONE):
        world.confirms(full, offering, THURSDAY, world.person())
    with pytest.raises(TooManyBookings):
        changes(world, booked, old, full, person)
    with pytest.raises(OtherPerson):
        changes(world, booked, old, world.phone())
    with pytest.raises(SamePhone):
        changes(world, booked, old, old, person)
    with pytest.raises(NoSuchBooking):
        changes(world, booked, full, world.phone(), person)
    assert told(world, old) == ["booking_confirmed"]


def test_after_five_wrong_numbers_in_an_hour_not_even_the_right_one_is_taken(world: World) -> None:
    offering, old, new, person = world.offering(seats=9), world.phone(), world.phone(), world.person()
    booked, other = (world.confirms(old, offering, THURSDAY, one) for one in (person, world.person()))
    tries = [partial(changes, world, booked, old, new, world.person(), f"{nth}") for nth in range(7)]
    left = at_once(tries)
    assert sorted(one.tries_left for one in left if isinstance(one, WrongNumber)) == [0, 1, 2, 3, 4]
    assert sum(isinstance(one, TooManyNumbers) for one in left) == 2
    with pytest.raises(TooManyNumbers):
        changes(world, booked, old, new, person)
    assert isinstance(changes(world, other, old, new, person), WrongNumber), "another booking has tries of its own"
    wrong = world.scalars(sa.select(Event.subject).where(Event.name == "booking.wrong_number").order_by(Event.id))
    assert wrong == [f"booking:{booked.id}"] * 5 + [f"booking:{other.id}"]
    world.later(hours=1)
    assert isinstance(changes(world, booked, old, new, person), Booked)


def test_a_wrong_number_that_is_sent_twice_is_one_try(world: World) -> None:
    old, new, wrong = world.phone(), world.phone(), world.person()
    booked = world.confirms(old, world.offering(), THURSDAY, world.person())
    assert [changes(world, booked, old, new, wrong, key="a form") for _twice in range(2)] == [WrongNumber(4)] * 2


def test_who_is_known_by_no_id_is_one_more_of_the_other_phone(world: World) -> None:
    offering, old, new = world.offering(), world.phone(), world.phone()
    mine = world.confirms(old, offering, THURSDAY)
    world.confirms(new, offering, THURSDAY)
    changes(world, mine, old, new)
    assert world.scalars(sa.select(Booking.beneficiary_no).order_by(Booking.beneficiary_no)) == [1, 2]


def test_waiting_goes_along_and_a_place_on_offer_is_offered_anew(world: World) -> None:
    offering, owner, old, new, person = (
        world.offering(seats=1),
        world.phone(),
        world.phone(),
        world.phone(),
        world.person(),
    )
    earlier = world.confirms(owner, offering, an_hour(16))
    booked = world.confirms(old, offering, THURSDAY, person)
    world.waits(old, offering, booking=booked.reference)
    world.gives_up(owner, earlier)
    [offer] = world.offers()
    changes(world, booked, old, new, person)
    assert world.offered() == [new]
    with pytest.raises(OfferOver):
        world.accepts(old, offer.id)
    assert told(world, old) == ["booking_phone_changed"]
    world.accepts(new, world.offers()[0].id)
    assert world.scalars(sa.select(Booking.starts_at)) == [an_hour(16)]


def test_where_the_other_phone_waits_for_the_same_person_one_wait_is_left(world: World) -> None:
    offering, old, new, person = world.offering(), world.phone(), world.phone(), world.person()
    for phone in (old, new):
        world.waits(phone, offering, person)
    booked = world.confirms(old, offering, THURSDAY, person)
    changes(world, booked, old, new, person)
    live = sa.select(WaitlistEntry.contact_id).where(WaitlistEntry.ended_at.is_(None))
    assert world.scalars(live) == [new]
    with world.transaction() as db:
        assert len(waitlist.queries.waits_of(db, old)) == 0


def test_crossing_and_clashing_at_once_nobody_waits_in_a_circle(world: World) -> None:
    offering, one, other, third = world.offering(), world.phone(), world.phone(), world.phone()
    mine, theirs = (world.confirms(phone, offering, THURSDAY) for phone in (one, other))
    crossed = at_once([partial(changes, world, mine, one, other), partial(changes, world, theirs, other, one)] * 3)
    assert sum(isinstance(outcome, Booked) for outcome in crossed) == 2
    assert sum(isinstance(outcome, NoSuchBooking) for outcome in crossed) == 4
    clash = at_once([partial(changes, world, mine, other, phone) for phone in (one, third)])
    assert {type(outcome) for outcome in clash} == {Booked, NoSuchBooking}
