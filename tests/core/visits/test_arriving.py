"""Checking in: once, kindly, and also who comes on another day or to another centre."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.closing import What
from core.booking.errors import NoSuchBooking, NotOffered, SlotFull
from core.booking.serving import NOTHING
from core.booking.tables import Booking, Counted
from core.booking.upkeep import archive_past
from core.catalogue.snapshot import Shut
from core.messaging.tables import Message, Status
from core.partners import news
from core.visits.arriving import CheckedIn
from core.visits.errors import AlreadyOver, AnotherCentre, AnotherDay, NotYet
from core.visits.serving import end_visit
from tests.core.booking.world import TUESDAY, an_hour, at_once
from tests.core.visits.centre import Centre

WEDNESDAY = TUESDAY + timedelta(days=1)


def test_who_comes_is_checked_in_and_the_record_says_by_whom(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(8, 5)
    arrival = centre.checks_in(booked)
    assert (arrival.came_at, arrival.already, arrival.starts_at) == (an_hour(8, 5), False, an_hour(8))
    [row] = centre.scalars(sa.select(Booking))
    assert row.came_at == an_hour(8, 5)
    [event] = centre.events("booking.checked_in")
    assert (event.subject, event.who) == (f"booking:{booked.id}", "asha")


def test_a_second_check_in_says_when_the_first_was_and_changes_nothing(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(8, 5)
    centre.checks_in(booked)
    centre.later(minutes=20)
    again = centre.checks_in(booked)
    assert (again.already, again.came_at) == (True, an_hour(8, 5))
    assert len(centre.events("booking.checked_in")) == 1


def test_a_repeated_request_gets_the_first_answer(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(8, 5)
    first = centre.checks_in(booked, key="a form")
    centre.later(minutes=1)
    assert centre.checks_in(booked, key="a form") == first
    assert not first.already


@pytest.mark.parametrize("hour", [7, 12, 18])
def test_early_and_late_on_the_day_are_as_welcome(centre: Centre, hour: int) -> None:
    booked = centre.expects(hour=9)
    centre.now = an_hour(hour)
    assert not centre.checks_in(booked).already


def test_two_officers_check_the_same_person_in_at_once_and_it_counts_once(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(8, 5)
    arrivals = at_once([partial(centre.checks_in, booked)] * 5)
    assert sorted(arrival.already for arrival in arrivals) == [False, True, True, True, True]
    assert len(centre.events("booking.checked_in")) == 1


def test_a_later_day_and_another_centre_are_told_and_nothing_is_changed(centre: Centre) -> None:
    here, there = centre.gpo(), centre.offering(site="MAK")
    tomorrow = an_hour(10, day=TUESDAY + timedelta(days=1))
    later, elsewhere = centre.expects(here, at=tomorrow), centre.expects(there)
    centre.now = an_hour(8)
    with pytest.raises(AnotherDay) as other_day:
        centre.checks_in(later)
    with pytest.raises(AnotherCentre) as other_centre:
        centre.checks_in(elsewhere)
    assert other_day.value.starts_at == tomorrow
    assert (other_centre.value.site_id, other_centre.value.starts_at) == (there.site.id, an_hour(8))
    assert not any(row.came_at for row in centre.scalars(sa.select(Booking)))


def test_what_is_over_says_how_it_ended_and_only_to_its_own_centre(centre: Centre) -> None:
    here, there = centre.gpo(), centre.offering(site="MAK")
    phone = centre.phone()
    mine, theirs = (centre.confirms(phone, offering, an_hour(8), centre.person()) for offering in (here, there))
    for booked in (mine, theirs):
        centre.does(commands.give_up, phone, reference=booked.reference)
    with pytest.raises(AlreadyOver) as over:
        centre.checks_in(mine)
    assert over.value.outcome == "given_up"
    with pytest.raises(NoSuchBooking):
        centre.checks_in(theirs)


def test_somebody_expected_on_another_day_is_served_today_and_their_later_place_is_free(centre: Centre) -> None:
    offering = centre.gpo(seats=1)
    centre.expects(offering, at=an_hour(8))
    tomorrow = an_hour(10, day=TUESDAY + timedelta(days=1))
    booked = centre.expects(offering, at=tomorrow)
    centre.now = an_hour(8, 10)
    arrival = centre.receives(booked, offering, key="once")
    assert (arrival.starts_at, arrival.came_at, arrival.already) == (an_hour(8), centre.now, False)
    assert centre.receives(booked, offering, key="once") == arrival
    assert centre.taken(Counted.OFFERING, offering.id, tomorrow) == 0
    assert centre.taken(Counted.OFFERING, offering.id, an_hour(8)) == 2
    assert centre.receives(booked, offering).already
    assert len(centre.events("booking.moved")) == 1


def test_somebody_expected_at_another_centre_is_served_here_and_is_not_reminded_of_the_other(centre: Centre) -> None:
    here, there = centre.gpo(), centre.offering(site="MAK")
    booked = centre.expects(there)
    centre.now = an_hour(8, 40)
    assert centre.receives(booked, here).starts_at == an_hour(8, 30)
    [row] = centre.scalars(sa.select(Booking))
    assert row.offering_id == here.id
    messages = centre.scalars(sa.select(Message.status))
    assert set(messages) == {Status.WITHHELD}


@pytest.mark.parametrize("counters", [None, 1])
def test_who_stands_at_the_counter_is_served_also_where_the_window_is_shut(
    centre: Centre, counters: int | None
) -> None:
    """A clerk's copy of the catalogue may or may not know that it is."""
    offering = centre.gpo(seats=1)
    tomorrow = an_hour(10, day=TUESDAY + timedelta(days=1))
    booked, other = (centre.expects(offering, at=tomorrow + n * timedelta(minutes=30)) for n in (0, 1))
    centre.now = an_hour(8, 10)
    span = (an_hour(0), an_hour(0, day=TUESDAY + timedelta(days=1)))
    centre.closes(What(offering.site, offering, counters), *span)
    centre.later(minutes=1)
    assert centre.clears() == 0
    assert centre.receives(booked, offering).starts_at == an_hour(8)
    knowing = replace(offering, closures=(Shut(*span),))
    assert centre.receives(other, knowing).starts_at == an_hour(8)
    assert centre.taken(Counted.OFFERING, offering.id, an_hour(8)) == 2
    assert centre.clears() == 0
    with pytest.raises(SlotFull):
        centre.confirms(centre.phone(), offering, an_hour(10), centre.person())


def test_who_needs_what_the_centre_does_not_give_is_not_taken_in(centre: Centre) -> None:
    other, booked = centre.offering("IDN"), centre.expects(centre.offering("IDR", "MAK"))
    centre.now = an_hour(8, 40)
    with pytest.raises(NotOffered):
        centre.receives(booked, other)
    centre.now = an_hour(9, day=TUESDAY + timedelta(days=5))
    with pytest.raises(NoSuchBooking):
        centre.receives(booked, other)


def test_who_has_not_come_is_marked_when_their_time_has_passed(centre: Centre) -> None:
    booked, other = centre.expects(hour=9), centre.expects(hour=9)
    centre.now = an_hour(8)
    with pytest.raises(NotYet):
        centre.misses(booked)
    centre.now = an_hour(16)
    centre.checks_in(other)
    with pytest.raises(NotYet):
        centre.misses(other)
    centre.misses(booked, key="once")
    centre.misses(booked, key="once")
    [past] = centre.history()
    assert (past.reference, past.outcome) == (booked.reference, "not_come")
    with pytest.raises(AlreadyOver):
        centre.misses(booked)


def test_who_is_noted_as_not_come_and_comes_late_is_served_and_counts_as_come(centre: Centre) -> None:
    """Their place has gone to somebody who stood there, and their window has been shut meanwhile."""
    offering, _there = centre.gpo(seats=1), centre.offering(site="MAK")
    booked, other = centre.expects(offering, hour=9), centre.expects(offering, hour=10)
    centre.now = an_hour(9, 20)
    centre.misses(booked)
    centre.receives(centre.expects(offering, at=an_hour(9, day=WEDNESDAY)), offering)
    assert centre.taken(Counted.OFFERING, offering.id, an_hour(9)) == 1
    centre.closes(What(offering.site, offering), an_hour(0), an_hour(0, day=WEDNESDAY))
    centre.now = an_hour(11)
    arrivals = at_once([partial(centre.checks_in, booked)] * 3)
    assert sorted(arrival.already for arrival in arrivals) == [False, True, True]
    assert centre.taken(Counted.OFFERING, offering.id, an_hour(9)) == 2
    assert (centre.counts(), centre.history()) == ({"came": 2, "expected": 1}, [])
    centre.acts(end_visit, reference=booked.reference, site_id=offering.site.id, paid=NOTHING)
    with centre.transaction() as db:
        told = news.read(db, news.Record.EVENTS, news.Place(0, 0), below=news.settled_before(db), limit=100).news
    assert [one.name for one in told if one.data["reference"] == booked.reference] == [
        "booking.confirmed",
        "booking.not_come",
        "booking.checked_in",
        "booking.served",
    ]
    assert centre.counts() == {"came": 1, "expected": 1, "served": 1}
    centre.misses(other)
    with pytest.raises(NoSuchBooking):
        centre.checks_in(other, site="MAK")
    centre.now = an_hour(8, day=WEDNESDAY)
    with pytest.raises(AlreadyOver):
        centre.checks_in(other)


def test_who_comes_late_and_has_booked_anew_meanwhile_keeps_the_new_booking(centre: Centre) -> None:
    offering, person, phone = centre.gpo(), centre.person(), centre.phone()
    missed = centre.confirms(phone, offering, an_hour(9), person)
    centre.now = an_hour(9, 20)
    centre.misses(missed)
    anew = centre.confirms(phone, offering, an_hour(9, day=WEDNESDAY), person)
    with pytest.raises(AlreadyOver):
        centre.checks_in(missed)
    assert centre.scalars(sa.select(Booking.id)) == [anew.id]
    assert [past.outcome for past in centre.history()] == ["not_come"]


def test_who_has_no_id_and_comes_late_has_the_next_free_number_where_theirs_was_given_again(centre: Centre) -> None:
    offering, phone = centre.gpo(), centre.phone()
    missed = centre.confirms(phone, offering, an_hour(9))
    centre.now = an_hour(9, 20)
    centre.misses(missed)
    centre.confirms(phone, offering, an_hour(9, day=WEDNESDAY))
    assert not centre.checks_in(missed).already
    numbers = sa.select(Booking.beneficiary_no).order_by(Booking.starts_at)
    assert (centre.scalars(numbers), centre.history()) == ([2, 1], [])


def test_checked_in_and_missed_at_once_is_one_of_them(centre: Centre) -> None:
    booked = centre.expects(hour=9)
    centre.now = an_hour(16)
    came, missed = at_once([partial(centre.checks_in, booked), partial(centre.misses, booked)])
    assert isinstance(came, CheckedIn), "also after they had been noted as not come"
    assert isinstance(missed, NotYet) or len(centre.events("booking.not_come")) == 1
    assert centre.counts() == {"came": 1}


def test_who_was_checked_in_by_mistake_is_expected_as_before_and_the_record_and_agencies_know(centre: Centre) -> None:
    booked = centre.expects(hour=9)
    centre.now = an_hour(9, 5)
    centre.checks_in(booked)
    centre.later(minutes=1)
    for key in ("a form", "a form", "another"):
        centre.takes_back(booked, key=key)
    assert centre.counts() == {"expected": 1}
    [event] = centre.events("booking.check_in_undone")
    assert (event.who, datetime.fromisoformat(event.details["came_at"])) == ("asha", an_hour(9, 5))
    with centre.transaction() as db:
        told = news.read(db, news.Record.EVENTS, news.Place(0, 0), below=news.settled_before(db), limit=100).news
    assert [one.name for one in told][-2:] == ["booking.checked_in", "booking.check_in_undone"]
    centre.misses(booked)
    with pytest.raises(AlreadyOver):
        centre.takes_back(booked)


def test_who_was_received_by_mistake_is_expected_where_and_when_they_had_booked(centre: Centre) -> None:
    """Also where their place was taken meanwhile, and shut."""
    here, there = centre.gpo(), centre.offering(site="MAK", seats=1)
    ten = an_hour(10, day=WEDNESDAY)
    booked = centre.expects(there, at=ten)
    centre.now = an_hour(8, 40)
    centre.receives(booked, here)
    with pytest.raises(AnotherCentre):
        centre.takes_back(booked, site="MAK")
    centre.expects(there, at=ten)
    centre.closes(What(there.site, there, 1), an_hour(0, day=WEDNESDAY), an_hour(0, day=WEDNESDAY + timedelta(days=1)))
    for _ in range(2):
        assert centre.takes_back(booked, key="once") == (there.site.id, ten)
    [row] = centre.scalars(sa.select(Booking).where(Booking.id == booked.id))
    assert (row.offering_id, row.starts_at, row.came_at) == (there.id, ten, None)
    assert centre.taken(Counted.OFFERING, here.id, an_hour(8, 30)) == 0
    assert centre.taken(Counted.OFFERING, there.id, ten) == 2
    assert [event.details["offering_id"] for event in centre.events("booking.moved")] == [here.id, there.id]


def test_a_check_in_taken_back_on_the_day_moves_nothing_that_was_moved_back_before(centre: Centre) -> None:
    here, there = centre.gpo(), centre.offering(site="MAK")
    booked = centre.expects(there, at=an_hour(10, day=WEDNESDAY))
    centre.now = an_hour(8, 40)
    centre.receives(booked, here)
    centre.takes_back(booked)
    centre.now = an_hour(9, day=WEDNESDAY)
    centre.checks_in(booked, site="MAK")
    centre.takes_back(booked, site="MAK")
    [row] = centre.scalars(sa.select(Booking))
    assert (row.offering_id, row.starts_at) == (there.id, an_hour(10, day=WEDNESDAY))


def test_a_check_in_taken_back_is_no_sign_that_the_centre_checks_people_in(centre: Centre) -> None:
    booked = centre.expects(hour=9)
    centre.now = an_hour(9)
    centre.checks_in(booked)
    centre.takes_back(booked)
    centre.now = an_hour(0, 10, day=TUESDAY + timedelta(days=1))
    assert archives(centre) == 1
    assert [past.outcome for past in centre.history()] == ["past"]


def archives(centre: Centre, limit: int = 100) -> int:
    with centre.transaction() as db:
        return archive_past(db, now=centre.now, limit=limit)


def test_at_the_end_of_the_day_who_did_not_come_is_known_where_anybody_was_checked_in(centre: Centre) -> None:
    kept, silent = centre.gpo(), centre.offering(site="MAK")
    came, missing, unknown = centre.expects(kept, 9), centre.expects(kept, 15), centre.expects(silent)
    other_day = centre.expects(kept, at=an_hour(9, day=TUESDAY + timedelta(days=1)))
    centre.now = an_hour(9)
    centre.checks_in(came)
    centre.now = an_hour(0, 10, day=TUESDAY + timedelta(days=2))
    while archives(centre, limit=1):
        pass
    outcomes = {past.reference: past.outcome for past in centre.history()}
    assert outcomes == {
        came.reference: "past",
        missing.reference: "not_come",
        unknown.reference: "past",
        other_day.reference: "past",
    }
