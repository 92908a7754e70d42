"""Closures: who is hit, where they go, what they are told, and that nobody is left on a closed place."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import closing, commands, upkeep
from core.booking.another_phone import change_phone
from core.booking.beneficiaries import Beneficiary
from core.booking.capacity import hours_of
from core.booking.closing import What
from core.booking.closing.errors import CannotClose, NoSuchClosure
from core.booking.ending import end_bookings
from core.booking.errors import HoldExpired, SlotFull
from core.booking.hours import change_hours, told
from core.booking.outcomes import Booked
from core.booking.seats import Exchange
from core.booking.tables import (
    Appointment,
    Booking,
    BookingHistory,
    Counted,
    Hold,
    WaitlistEntry,
    WaitlistOffer,
    Window,
)
from core.booking.waitlist.line import pass_on
from core.catalogue.editing.edit import mark_of
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Closure
from core.catalogue.version import hold_version
from core.clock import local_date
from core.messaging.tables import Message, Question
from core.people.audit import Actor
from core.people.tables import Event, Person
from tests.core.booking.world import TUESDAY, World, an_hour, hours

WEDNESDAY = TUESDAY + timedelta(days=1)
ALL_TUESDAY = (an_hour(0), an_hour(0, day=WEDNESDAY))
MORNING = (an_hour(8), an_hour(12))
NINE = an_hour(9)


def booked(world: World, offering: Offering, count: int = 1, at: datetime = NINE) -> list[Booked]:
    bookings = []
    for _ in range(count):
        bookings.append(world.confirms(world.phone(), offering, at))
        world.later(milliseconds=1)
    return bookings


def whole(offering: Offering) -> What:
    return What(offering.site, offering)


def counters(offering: Offering, count: int = 1) -> What:
    return What(offering.site, offering, count)


def times(world: World) -> list[datetime]:
    return list(world.scalars(sa.select(Booking.starts_at).order_by(Booking.id)))


def messages(world: World, template: str) -> list[Any]:
    return list(world.scalars(sa.select(Message).where(Message.template == template).order_by(Message.id)))


def closure(world: World, closure_id: int) -> Closure:
    [found] = world.scalars(sa.select(Closure).where(Closure.id == closure_id))
    return found


# Where they go.


def test_a_closed_day_moves_its_bookings_to_the_same_half_of_the_next(world: World) -> None:
    offering = world.offering(seats=4)
    for at in (an_hour(9, 30), an_hour(15)):
        booked(world, offering, at=at)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    assert times(world) == [an_hour(9, 30), an_hour(15)]
    assert world.clears() == 2
    assert times(world) == [an_hour(9, 30, WEDNESDAY), an_hour(15, day=WEDNESDAY)]
    found = closure(world, closure_id)
    assert (found.moved, found.ended, found.cleared_at) == (2, 0, world.now)


def test_who_can_still_come_later_in_the_same_half_of_the_day_does(world: World) -> None:
    offering = world.offering()
    booked(world, offering, at=an_hour(8))
    world.closes(whole(offering), an_hour(7), an_hour(10))
    world.clears()
    assert times(world) == [an_hour(10)]


def test_nobody_is_moved_to_a_sooner_time(world: World) -> None:
    offering = world.offering()
    booked(world, offering, at=an_hour(15))
    world.closes(whole(offering), an_hour(12), an_hour(0, day=WEDNESDAY))
    world.clears()
    assert times(world) == [an_hour(15, day=WEDNESDAY)]


def test_a_full_week_of_mornings_leads_to_an_afternoon(world: World) -> None:
    offering = world.offering(seats=1)
    booked(world, offering, at=an_hour(11, 30))
    for ahead in range(1, 8):
        day = TUESDAY + timedelta(days=ahead)
        if day.weekday() < 5:
            for nth in range(8):
                booked(world, offering, at=an_hour(8, day=day) + nth * timedelta(minutes=30))
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    assert times(world)[0] == an_hour(12, day=WEDNESDAY)


def test_where_two_weeks_are_full_the_nearest_centre_in_reach_takes_them(world: World) -> None:
    world.site("GPO", latitude=-1.286, longitude=36.817)
    world.site("MAK", latitude=-1.3, longitude=36.8, area="elsewhere")
    world.site("FAR", latitude=-4.0, longitude=39.6, area="coast")
    few = (hours(TUESDAY.weekday(), time(8), time(9)),)
    here = world.offering(site="GPO", seats=1, hours=few)
    world.offering(site="FAR")
    there = world.offering(site="MAK")
    booked(world, here, at=an_hour(8))
    for ahead in (7, 14):
        for half in (0, 30):
            booked(world, here, at=an_hour(8, half, TUESDAY + timedelta(days=ahead)))
    world.closes(whole(here), *ALL_TUESDAY)
    world.clears()
    [moved] = world.scalars(sa.select(Booking).order_by(Booking.id).limit(1))
    assert (moved.offering_id, moved.starts_at) == (there.id, an_hour(8))
    assert messages(world, "closure_moved")[0].arguments["site"] == "MAK"


def test_many_at_once_share_out_what_is_free(world: World) -> None:
    """More than the next mornings hold: each window is filled to its last place and no further (conftest)."""
    offering = world.offering(seats=2, window_cap=3)
    other = world.offering("IDN", seats=2)
    for nth in range(8):
        booked(world, offering, 2, at=an_hour(8) + nth * timedelta(minutes=30))
        booked(world, other, 1, at=an_hour(8, day=WEDNESDAY) + nth * timedelta(minutes=30))
    world.closes(whole(offering), *ALL_TUESDAY)
    assert world.clears(limit=7) == 16
    assert min(times(world)[::3]) >= an_hour(8, day=WEDNESDAY)


# What remains true.


def test_nobody_can_take_a_closed_place_however_old_their_catalogue_is(world: World) -> None:
    offering = world.offering()
    other = world.offering("IDN")
    [own] = booked(world, offering, at=an_hour(8, day=WEDNESDAY))
    world.closes(What(offering.site), *ALL_TUESDAY)
    for its in (offering, other):
        with pytest.raises(SlotFull):
            world.confirms(world.phone(), its, an_hour(9))
    with pytest.raises(SlotFull):
        world.does(
            commands.move, _contact(world, own), reference=own.reference, offering=offering, starts_at=an_hour(9)
        )
    world.clears()
    assert times(world) == [an_hour(8, day=WEDNESDAY)]


def _contact(world: World, own: Booked) -> int:
    [contact_id] = world.scalars(sa.select(Booking.contact_id).where(Booking.id == own.id))
    return int(contact_id)


def test_holds_and_places_on_offer_end_with_the_closure(world: World) -> None:
    offering = world.offering(seats=1)
    [own] = booked(world, offering, at=an_hour(15))
    waiting, deciding = world.phone(), world.phone()
    world.waits(waiting, offering)
    world.gives_up(_contact(world, own), own)
    world.holds(deciding, offering, an_hour(9))
    assert world.offered() == [waiting]
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    assert world.scalars(sa.select(Hold)) == []
    assert world.offers() == []
    assert world.scalars(sa.select(WaitlistOffer.outcome)) == ["withdrawn"]
    assert world.scalars(sa.select(WaitlistEntry).where(WaitlistEntry.ended_at.is_(None))), "they wait on"
    with pytest.raises(HoldExpired):
        world.confirms(deciding, offering, an_hour(9))


def test_a_second_look_changes_nothing(world: World) -> None:
    offering = world.offering()
    booked(world, offering, 3)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY, request_key="once")
    assert world.closes(whole(offering), *ALL_TUESDAY, request_key="once") == closure_id
    assert (world.clears(), world.clears()) == (3, 0)
    assert len(messages(world, "closure_moved")) == 3
    assert len(world.scalars(sa.select(Closure))) == 1


def test_closures_that_overlap_move_people_off_both(world: World) -> None:
    offering = world.offering()
    booked(world, offering)
    world.closes(whole(offering), *ALL_TUESDAY)
    world.closes(What(offering.site), an_hour(0, day=WEDNESDAY), an_hour(0, day=WEDNESDAY + timedelta(days=1)))
    world.clears()
    assert times(world) == [an_hour(9, day=WEDNESDAY + timedelta(days=1))]


def test_a_day_that_is_over_is_left_alone(world: World) -> None:
    offering = world.offering()
    booked(world, offering)
    world.now = an_hour(10, day=WEDNESDAY)
    world.closes(whole(offering), an_hour(8), an_hour(17, day=WEDNESDAY))
    assert world.clears() == 0
    assert times(world) == [an_hour(9)]


def test_a_catalogue_that_is_older_than_a_change_moves_nobody(world: World) -> None:
    """It might send them where there is nothing any more. The next look, with a new one, moves them."""
    offering = world.offering()
    booked(world, offering)
    with world.transaction() as db:
        stale = world.fresh(db)
    world.closes(whole(offering), *ALL_TUESDAY)
    with world.transaction() as db:
        assert closing.clear(db, stale, now=world.now, limit=10) == 0
    assert times(world) == [NINE]
    assert world.clears() == 1


def test_nobody_is_moved_while_the_catalogue_is_being_changed(world: World) -> None:
    offering = world.offering()
    booked(world, offering)
    world.closes(whole(offering), *ALL_TUESDAY)
    with world.transaction() as changing:
        hold_version(changing)
        assert world.clears() == 0
    assert world.clears() == 1


def test_what_cannot_be_done_for_one_is_still_done_for_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    offering, later = _nowhere_else(world, seats=3), world.offering("IDN")
    broken, *_ = booked(world, offering, 3, at=an_hour(8))
    booked(world, later)
    _break(world, broken)
    world.closes(whole(offering), *ALL_TUESDAY)
    world.closes(whole(later), *MORNING)
    assert world.clears() == 3
    assert times(world) == [an_hour(8), an_hour(9, day=WEDNESDAY)]
    assert f"booking:{broken.id}" in caplog.text
    assert broken.reference not in caplog.text


def _break(world: World, own: Booked) -> None:
    """It cannot end: there is a row in its history already."""
    with world.transaction() as db:
        row = db.execute(sa.select(Booking.__table__).where(Booking.id == own.id)).one()
        names = BookingHistory.__table__.c.keys() & row._mapping.keys()
        over = {"ended_on": local_date(world.now), "ended_at": world.now, "outcome": "served"}
        db.execute(sa.insert(BookingHistory), [{name: row._mapping[name] for name in names} | over])


# What they are told.


def test_each_is_told_once_and_the_older_messages_about_it_do_not_leave(world: World) -> None:
    offering = world.offering()
    [own] = booked(world, offering, at=an_hour(15))
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    [told] = messages(world, "closure_moved")
    assert datetime.fromisoformat(told.arguments["starts_at"]) == an_hour(15, day=WEDNESDAY)
    assert told.arguments["reference"] == own.reference
    assert (told.asked_for, told.lane, told.subject) == (True, "notice", f"booking:{own.id}")
    assert [m.status for m in messages(world, "booking_confirmed")] == ["withheld"]
    assert not world.scalars(sa.select(Question))


def test_who_is_expected_within_a_day_is_told_at_any_hour(world: World) -> None:
    offering = world.offering()
    booked(world, offering)
    world.now = an_hour(21, day=TUESDAY - timedelta(days=1))
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    assert [m.lane for m in messages(world, "closure_moved")] == ["interactive"]


def test_asking_asks_whether_the_new_time_is_kept(world: World) -> None:
    offering = world.offering()
    [own] = booked(world, offering)
    world.closes(whole(offering), *ALL_TUESDAY, asking=True)
    world.clears()
    [question] = world.scalars(sa.select(Question))
    assert question.kind == "appointment"
    assert question.arguments["reference"] == own.reference
    assert question.expires_at == an_hour(9, day=WEDNESDAY)
    assert len(messages(world, "closure_asked")) == 1


def test_where_there_is_no_time_at_all_the_booking_ends_and_its_person_is_first_in_line(world: World) -> None:
    few = (hours(TUESDAY.weekday(), time(8), time(8, 30), valid_until=TUESDAY),)
    offering = world.offering(seats=2, hours=few)
    [own] = booked(world, offering, at=an_hour(8))
    earlier = world.phone()
    world.later(minutes=1)
    world.waits(earlier, offering)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    assert times(world) == []
    [over] = world.scalars(sa.select(BookingHistory))
    assert (over.outcome, over.reference, over.closure_id) == ("closed", own.reference, closure_id)
    assert len(messages(world, "closure_ended")) == 1
    line = world.scalars(sa.select(WaitlistEntry.contact_id).order_by(WaitlistEntry.created_at))
    assert line == [over.contact_id, earlier]
    assert closure(world, closure_id).ended == 1


@pytest.mark.parametrize("outcome", ["", "served", "not_come", "not_served", "given_up"])
@pytest.mark.parametrize("identified", [True, False])
def test_who_has_booked_anew_need_not_hear_of_it_also_when_that_is_over(
    world: World, outcome: str, identified: bool
) -> None:
    """Given up, they have nothing again."""
    few = (hours(TUESDAY.weekday(), time(8), time(8, 30), valid_until=TUESDAY),)
    offering, phone = world.offering(hours=few), world.phone()
    person = world.person() if identified else Beneficiary()
    world.confirms(phone, offering, an_hour(8), person)
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    assert len(lost(world, phone)) == 1
    world.later(minutes=1)
    elsewhere = world.offering(site="MAK")
    anew = world.confirms(phone, elsewhere, NINE, person)
    if outcome:
        with world.transaction() as db:
            pass_on(db, end_bookings(db, Booking.id == anew.id, outcome=outcome, now=world.now), now=world.now)
    assert len(lost(world, phone)) == (outcome == "given_up")


def test_who_has_booked_anew_and_put_it_on_another_phone_need_not_hear_of_it_on_either(world: World) -> None:
    few = (hours(TUESDAY.weekday(), time(8), time(8, 30), valid_until=TUESDAY),)
    offering, old, new, person = world.offering(hours=few), world.phone(), world.phone(), world.person()
    world.confirms(old, offering, an_hour(8), person)
    world.confirms(old, offering, an_hour(8))
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    world.later(minutes=1)
    elsewhere = world.offering(site="MAK")
    anew = world.confirms(old, elsewhere, NINE, person)
    shown = [person.person_id] if person.person_id else []
    with world.transaction() as db:
        change_phone(db, world.register, world.intent(old), reference=anew.reference, contact_id=new, shown=shown)
    [left] = lost(world, old)
    assert left.beneficiary_id is None, "whoever had no ID has not booked anew"


def lost(world: World, phone: int) -> list[BookingHistory]:
    with world.transaction() as db:
        return closing.lost_by_closure(db, phone, now=world.now)


def _nowhere_else(world: World, site: str = "GPO", seats: int = 4) -> Offering:
    """There is no other time than 8:00 that Tuesday."""
    only = (hours(TUESDAY.weekday(), time(8), time(8, 30), valid_until=TUESDAY),)
    return world.offering(site=site, hours=only, seats=seats)


def test_who_said_stop_after_booking_is_told_that_they_are_in_line_and_is_offered_what_comes(world: World) -> None:
    offering = _nowhere_else(world)
    [own] = booked(world, offering, at=an_hour(8))
    contact = _contact(world, own)
    world.later(minutes=1)
    with world.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == contact).values(opted_out_at=world.now))
    world.later(minutes=1)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    assert len(messages(world, "waitlist_joined")) == 1
    world.lifts(closure_id, whole(offering))
    world.tends()
    assert world.offered() == [contact]


def test_two_people_of_a_phone_who_cannot_be_told_apart_are_not_both_told_that_they_are_in_line(world: World) -> None:
    """One entry is one place."""
    world.site("MAK", area="elsewhere")
    here, there = _nowhere_else(world), _nowhere_else(world, "MAK")
    phone = world.phone()
    for offering in (here, there):
        world.confirms(phone, offering, an_hour(8))
    for offering in (here, there):
        world.closes(What(offering.site), *ALL_TUESDAY)
    world.clears()
    assert len(messages(world, "closure_ended")) == 2
    assert len(messages(world, "waitlist_joined")) == 1
    assert len(world.scalars(sa.select(WaitlistEntry))) == 1


def test_the_booking_knows_that_the_centre_moved_it_until_its_person_moves_it(world: World) -> None:
    offering = world.offering()
    [own] = booked(world, offering)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    with world.transaction() as db:
        found = closing.moved_by_closure(db, own.id)
    assert found == closing.Moved(closure_id, an_hour(9), offering.id)
    thursday = an_hour(9, day=WEDNESDAY + timedelta(days=1))
    world.does(commands.move, _contact(world, own), reference=own.reference, offering=offering, starts_at=thursday)
    with world.transaction() as db:
        assert closing.moved_by_closure(db, own.id) is None


def test_who_had_come_already_is_called_first_next_time(world: World) -> None:
    offering = world.offering()
    booked(world, offering)
    with world.transaction() as db:
        db.execute(sa.update(Booking).values(came_at=world.now))
    world.closes(whole(offering), *ALL_TUESDAY)
    world.clears()
    [found] = world.scalars(sa.select(Booking))
    assert (found.priority, found.came_at) == (True, None)


def test_an_agencys_appointment_moves_and_its_agency_can_read_of_it(world: World) -> None:
    offering = world.offering()
    with world.transaction() as db:
        appointment = _appointment(db, offering, world.now)
    world.closes(What(offering.site), *ALL_TUESDAY)
    world.clears()
    [found] = world.scalars(sa.select(Appointment))
    assert found.starts_at == an_hour(9, day=WEDNESDAY)
    [event] = world.scalars(sa.select(Event).where(Event.subject == f"appointment:{appointment}"))
    assert event.name == "appointment.moved"
    assert datetime.fromisoformat(event.details["was_at"]) == an_hour(9)


def _appointment(db: Any, offering: Offering, now: datetime) -> int:
    exchange = Exchange()
    exchange.take(offering, an_hour(9))
    exchange.settle(db)
    row = Appointment(agency_id=1, reference="A-1", offering_id=offering.id, starts_at=an_hour(9), created_at=now)
    db.add(row)
    db.flush()
    return int(row.id)


# Before it is done.


def test_what_it_would_do_is_known_before(world: World) -> None:
    offering, other = world.offering(seats=2), world.offering("IDN")
    booked(world, offering, 2)
    booked(world, other, 1, at=an_hour(9, day=WEDNESDAY))
    with world.transaction() as db:
        _appointment(db, other, world.now)
        thursday = an_hour(0, day=WEDNESDAY + timedelta(days=1))
        what = What(offering.site)
        impact = closing.preview(db, world.catalogue, what=what, starts_at=an_hour(0), ends_at=thursday, now=world.now)
    assert (impact.bookings, impact.appointments, impact.tried, impact.movable) == (3, 1, 4, 4)
    assert impact.by_day == [
        (TUESDAY, offering.service.id, 2),
        (TUESDAY, other.service.id, 1),
        (WEDNESDAY, other.service.id, 1),
    ]
    assert times(world) == [an_hour(9)] * 2 + [an_hour(9, day=WEDNESDAY)]
    assert not world.scalars(sa.select(Closure))


@pytest.mark.parametrize(
    ("span", "count", "why"),
    [
        ((an_hour(9), an_hour(9)), None, "order"),
        ((an_hour(7, day=TUESDAY - timedelta(days=9)), an_hour(7, day=TUESDAY - timedelta(days=8))), None, "past"),
        ((an_hour(9), an_hour(9) + timedelta(days=400)), None, "long"),
        (MORNING, 5, "counters"),
        (MORNING, 0, "counters"),
    ],
)
def test_what_makes_no_sense_is_refused(
    world: World, span: tuple[datetime, datetime], count: int | None, why: str
) -> None:
    offering = world.offering(seats=4)
    with pytest.raises(CannotClose) as refused:
        world.closes(What(offering.site, offering, count), *span)
    assert refused.value.why == why


# Some counters.


def test_an_absent_officer_takes_away_only_who_is_too_many_the_latest_first(world: World) -> None:
    offering = world.offering(seats=3)
    bookings = booked(world, offering, 3)
    booked(world, offering, 1, at=an_hour(10))
    world.closes(counters(offering), *ALL_TUESDAY)
    world.later(seconds=31)
    assert world.clears() == 1
    assert times(world) == [an_hour(9), an_hour(9), an_hour(9, 30), an_hour(10)]
    assert world.scalars(sa.select(Booking.id).where(Booking.starts_at == an_hour(9, 30))) == [bookings[-1].id]
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(9))
    for _ in range(2):
        world.confirms(world.phone(), offering, an_hour(11))
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(11))


def test_for_half_a_minute_an_absence_can_be_taken_back(world: World) -> None:
    offering = world.offering(seats=2)
    booked(world, offering, 2)
    closure_id = world.closes(counters(offering), *ALL_TUESDAY)
    world.later(seconds=20)
    assert world.clears() == 0
    world.lifts(closure_id, counters(offering))
    world.later(seconds=20)
    assert world.clears() == 0
    assert times(world) == [an_hour(9)] * 2
    assert not messages(world, "closure_moved")


def test_a_place_being_held_gives_way_before_a_booking(world: World) -> None:
    offering = world.offering(seats=2)
    booked(world, offering, 1)
    world.holds(world.phone(), offering, an_hour(9))
    world.closes(counters(offering), *ALL_TUESDAY)
    world.later(seconds=31)
    world.clears()
    assert times(world) == [an_hour(9)]
    assert not world.scalars(sa.select(Hold))


def test_two_absences_add_up_and_each_is_lifted_alone(world: World) -> None:
    offering = world.offering(seats=3)
    first = world.closes(counters(offering), *ALL_TUESDAY)
    world.closes(counters(offering), *MORNING)
    assert (_wanted(world, offering, 9), _wanted(world, offering, 15)) == (1, 2)
    world.lifts(first, counters(offering))
    assert (_wanted(world, offering, 9), _wanted(world, offering, 15)) == (2, 3)


def test_whoever_is_there_already_stays_before_those_who_are_still_to_come(world: World) -> None:
    offering = world.offering(seats=4)
    _, first, second, third = booked(world, offering, 4)
    with world.transaction() as db:
        db.execute(sa.update(Booking).where(Booking.id.in_([second.id, third.id])).values(came_at=world.now))
        db.execute(sa.update(Booking).where(Booking.id == first.id).values(priority=True))
    world.closes(counters(offering), *ALL_TUESDAY)
    world.closes(counters(offering, 2), *ALL_TUESDAY)
    world.later(seconds=31)
    assert world.clears() == 3
    [stays] = world.scalars(sa.select(Booking.id).where(Booking.starts_at == NINE))
    assert stays == second.id


def test_an_agencys_people_who_are_still_to_come_go_before_those_who_are_there(world: World) -> None:
    offering = world.offering(seats=3)
    there, _ = booked(world, offering, 2)
    with world.transaction() as db:
        _appointment(db, offering, world.now)
        db.execute(sa.update(Booking).where(Booking.id == there.id).values(came_at=world.now))
    world.closes(counters(offering, 2), *ALL_TUESDAY)
    world.later(seconds=31)
    assert world.clears() == 2
    assert world.scalars(sa.select(Booking.id).where(Booking.starts_at == NINE)) == [there.id]
    assert world.scalars(sa.select(Appointment.starts_at)) != [NINE]


def test_an_appointment_whose_person_is_there_is_the_last_to_go(world: World) -> None:
    offering = world.offering(seats=2)
    with world.transaction() as db:
        _appointment(db, offering, world.now)
        db.execute(sa.update(Appointment).values(came_at=world.now))
    booked(world, offering)
    with world.transaction() as db:
        db.execute(sa.update(Booking).values(came_at=world.now))
    world.closes(counters(offering), *ALL_TUESDAY)
    world.later(seconds=31)
    assert world.clears() == 1
    assert world.scalars(sa.select(Appointment.starts_at)) == [NINE]


def _wanted(world: World, offering: Offering, hour: int) -> int:
    [found] = world.scalars(
        sa.select(Window.wanted).where(
            Window.kind == Counted.OFFERING.value,
            Window.owner_id == offering.id,
            Window.starts_at == an_hour(hour),
        )
    )
    return int(found)


# Opened again.


def test_a_closure_that_is_lifted_opens_its_times_and_leaves_people_where_they_are(world: World) -> None:
    offering = world.offering(seats=2)
    booked(world, offering, 2)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    with world.transaction() as db:
        closing.clear(db, world.fresh(db), now=world.now, limit=1)
    world.lifts(closure_id, whole(offering))
    world.clears()
    assert sorted(times(world)) == [an_hour(9), an_hour(9, day=WEDNESDAY)]
    world.confirms(world.phone(), offering, an_hour(9))
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(9))


def test_lifting_serves_whoever_waits(world: World) -> None:
    offering = world.offering(seats=1)
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    waiting = world.phone()
    world.waits(waiting, offering, first_day=TUESDAY)
    assert world.tends() == 0
    world.lifts(closure_id, whole(offering))
    world.tends()
    assert world.offered() == [waiting]


def test_what_is_lifted_does_not_open_what_another_closure_shuts(world: World) -> None:
    offering = world.offering()
    first = world.closes(whole(offering), *ALL_TUESDAY)
    world.closes(whole(offering), *MORNING)
    world.lifts(first, whole(offering))
    world.confirms(world.phone(), offering, an_hour(14))
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(9))


def test_a_change_of_hours_cannot_be_lifted(world: World) -> None:
    """It shuts nothing: what is to hold again is changed back."""
    offering = world.offering()
    booked(world, offering, at=an_hour(15))
    with world.transaction() as db:
        week = {day: (time(8), time(12)) for day in range(5)}
        closure_id = change_hours(
            db,
            offering=offering,
            week=week,
            valid_from=TUESDAY,
            seen=mark_of(told(hours_of(db, offering.id))),
            asking=False,
            actor=Actor("desk", who="manager"),
            request_key="hours",
            now=world.now,
        )
    with pytest.raises(NoSuchClosure):
        world.lifts(closure_id, whole(offering))
    assert closure(world, closure_id).lifted_at is None


def test_another_centres_closure_cannot_be_lifted(world: World) -> None:
    offering = world.offering()
    elsewhere = world.offering(site="MAK")
    closure_id = world.closes(whole(offering), *ALL_TUESDAY)
    with pytest.raises(NoSuchClosure):
        world.lifts(closure_id, whole(elsewhere))


def test_an_expired_hold_on_a_closed_place_is_nobodys_to_take(world: World) -> None:
    """Whoever comes in the same breath as the sweep finds no place."""
    offering = world.offering(seats=1)
    world.holds(world.phone(), offering, an_hour(9))
    world.closes(whole(offering), *ALL_TUESDAY)
    world.later(minutes=6)
    with pytest.raises(SlotFull):
        world.holds(world.phone(), offering, an_hour(9))
    with world.transaction() as db:
        upkeep.free_expired_holds(db, now=world.now, limit=10)
    assert world.clears() == 0
