"""Agencies' own appointments: they take the same places as citizens' bookings, never more."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from core.booking.errors import NotOffered, SlotFull
from core.booking.outcomes import Booked, Held
from core.booking.tables import Appointment, Counted, WaitlistOffer
from core.partners import appointments
from core.partners.appointments import Known
from core.partners.errors import NoSuchAppointment, ReferenceInUse
from core.people.tables import Event
from tests.core.booking.test_races import kinds
from tests.core.booking.world import NO_CLOSED_DAYS, TUESDAY, an_hour, at_once


@pytest.fixture
def does(world):
    """A command in a savepoint of a transaction of its own, as `once` gives it."""

    def act(command, partner, **arguments):
        if command is not appointments.give_up:
            arguments.setdefault("closed_days", NO_CLOSED_DAYS)
        with world.transaction() as db, db.begin_nested():
            return command(db, partner, now=world.now, **arguments)

    return act


@pytest.fixture
def mine(world, agency):
    """An agency, and its offering of four places a window."""
    return agency(world.offering(seats=4))


def test_an_appointment_takes_a_place_and_gives_it_back(world, does, mine):
    partner, offering = mine
    known = does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(8))
    assert (known.reference, known.starts_at, known.outcome) == ("A", an_hour(8), None)
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 1
    does(appointments.give_up, partner, reference="A")
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 0
    assert world.scalars(sa.select(Appointment.outcome)) == ["given_up"]
    assert world.scalars(sa.select(Event.name).where(Event.name.startswith("appointment")).order_by(Event.id)) == [
        "appointment.booked",
        "appointment.given_up",
    ]


def test_a_moved_appointment_leaves_its_old_place(world, does, mine):
    partner, offering = mine
    does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(8))
    with world.transaction() as db:
        db.execute(sa.update(Appointment).values(came_at=world.now))
    moved = does(appointments.move, partner, reference="A", offering=offering, starts_at=an_hour(9))
    assert (moved.starts_at, moved.came_at) == (an_hour(9), None)
    assert world.scalars(sa.select(Appointment.came_at)) == [None], "not yet, at the new time"
    assert [world.taken(Counted.OFFERING, offering.id, an_hour(hour)) for hour in (8, 9)] == [0, 1]
    assert does(appointments.move, partner, reference="A", offering=offering, starts_at=an_hour(9)) == moved


def test_an_appointment_that_cannot_be_moved_stays(world, does, agency):
    partner, offering = agency(world.offering(seats=1))
    for reference, hour in (("A", 8), ("B", 9)):
        does(appointments.book, partner, reference=reference, offering=offering, starts_at=an_hour(hour))
    with pytest.raises(SlotFull):
        does(appointments.move, partner, reference="A", offering=offering, starts_at=an_hour(9))
    assert world.scalars(sa.select(Appointment.starts_at).order_by(Appointment.id)) == [an_hour(8), an_hour(9)]


def test_another_agencys_service_and_appointments_are_not_there(world, does, agency, mine):
    partner, offering = mine
    other, theirs = agency(world.offering("BCN"))
    does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(8))
    with pytest.raises(NotOffered):
        does(appointments.book, other, reference="A", offering=offering, starts_at=an_hour(8))
    for command in (appointments.give_up, appointments.move):
        where = {} if command is appointments.give_up else {"offering": theirs, "starts_at": an_hour(9)}
        with pytest.raises(NoSuchAppointment):
            does(command, other, reference="A", **where)
    with world.transaction() as db, pytest.raises(NoSuchAppointment):
        appointments.find(db, other, "A")
    does(appointments.book, other, reference="A", offering=theirs, starts_at=an_hour(8))
    with pytest.raises(NotOffered):
        does(appointments.move, partner, reference="A", offering=theirs, starts_at=an_hour(9))


def test_a_reference_is_used_once(does, mine):
    partner, offering = mine
    does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(8))
    with pytest.raises(ReferenceInUse):
        does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(9))
    does(appointments.give_up, partner, reference="A")
    with pytest.raises(ReferenceInUse):
        does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(9))
    with pytest.raises(NoSuchAppointment):
        does(appointments.give_up, partner, reference="A")


def test_a_time_that_cannot_be_booked_is_refused(does, mine):
    partner, offering = mine
    for starts_at in (an_hour(8, 10), an_hour(20), an_hour(8, day=TUESDAY + timedelta(days=90))):
        with pytest.raises(NotOffered):
            does(appointments.book, partner, reference="A", offering=offering, starts_at=starts_at)


def test_a_place_given_back_goes_to_the_first_in_line(world, does, agency):
    partner, offering = agency(world.offering(seats=1))
    does(appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(15))
    world.waits(world.phone(), offering)
    does(appointments.give_up, partner, reference="A")
    assert world.scalars(sa.select(WaitlistOffer.starts_at)) == [an_hour(15)]
    assert world.taken(Counted.OFFERING, offering.id, an_hour(15)) == 1


def test_past_appointments_end_and_take_no_place(world, does, mine):
    partner, offering = mine
    for nth in range(3):
        does(appointments.book, partner, reference=f"A{nth}", offering=offering, starts_at=an_hour(8))
    tomorrow = an_hour(1, day=TUESDAY + timedelta(days=1))
    for expected in (2, 1, 0):
        with world.transaction() as db:
            assert appointments.archive_past(db, now=tomorrow, limit=2) == expected
    assert world.scalars(sa.select(Appointment.outcome)) == ["past"] * 3
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 0


def test_two_agencies_and_citizens_share_one_last_place(world, does, agency):
    """The site lets one person come at a time, whatever for."""
    first, lost_ids = agency(world.offering("IDR", seats=9, window_cap=1))
    second, births = agency(world.offering("BCN", seats=9))
    takers = [
        *[
            partial(does, appointments.book, first, reference=f"F{n}", offering=lost_ids, starts_at=an_hour(8))
            for n in range(8)
        ],
        *[
            partial(does, appointments.book, second, reference=f"S{n}", offering=births, starts_at=an_hour(8))
            for n in range(8)
        ],
        *[partial(world.holds, world.phone(), lost_ids, an_hour(8)) for _ in range(8)],
    ]
    found = kinds(at_once(takers))
    assert found.pop(SlotFull) == 23
    assert sum(found.values()) == 1
    assert set(found) <= {Known, Held}


def test_one_reference_booked_at_once_is_one_appointment(world, does, mine):
    partner, offering = mine
    takers = [
        partial(does, appointments.book, partner, reference="A", offering=offering, starts_at=an_hour(8 + n % 4))
        for n in range(12)
    ]
    assert kinds(at_once(takers)) == {Known: 1, ReferenceInUse: 11}


def test_commands_that_cross_neither_wait_for_ever_nor_lose_a_place(world, does, mine):
    partner, offering = mine
    for nth in range(4):
        does(appointments.book, partner, reference=f"A{nth}", offering=offering, starts_at=an_hour(8))
        does(appointments.book, partner, reference=f"B{nth}", offering=offering, starts_at=an_hour(9))
    phones = [world.phone() for _ in range(4)]
    bookings = [world.confirms(phone, offering, an_hour(10)) for phone in phones]
    tomorrow = an_hour(1, day=TUESDAY + timedelta(days=1))

    def archive():
        with world.transaction() as db:
            return appointments.archive_past(db, now=tomorrow, limit=2)

    actions = []
    for nth in range(4):
        move = partial(does, appointments.move, partner, offering=offering)
        actions += [
            partial(move, reference=f"A{nth}", starts_at=an_hour(9)),
            partial(move, reference=f"B{nth}", starts_at=an_hour(8)),
            partial(does, appointments.give_up, partner, reference=f"A{nth}"),
            partial(world.gives_up, phones[nth], bookings[nth]),
            archive,
        ]
    found = kinds(at_once(actions))
    assert set(found) <= {Known, SlotFull, NoSuchAppointment, Booked, int, type(None)}
