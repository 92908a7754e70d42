"""Somebody came and could not be served: the times they are offered, and what the counters say afterwards."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.errors import NoSuchBooking, NotOffered, SlotFull
from core.booking.outcomes import Booked
from core.booking.tables import Booking, Counted, Window
from core.messaging.tables import Message
from core.visits import turning_away
from core.visits.turning_away import Reason
from tests.core.booking.world import TUESDAY, an_hour, at_once
from tests.core.visits.centre import Centre

WEDNESDAY = TUESDAY + timedelta(days=1)


def counter(centre: Centre, kind: Counted, owner_id: int, starts_at: object) -> tuple[int, int, int]:
    """Wanted, capacity, taken."""
    [row] = centre.scalars(
        sa.select(Window).where(Window.kind == kind.value, Window.owner_id == owner_id, Window.starts_at == starts_at)
    )
    return row.wanted, row.capacity, row.taken


def test_a_priority_place_is_offered_today_and_also_where_the_window_is_full(centre: Centre) -> None:
    offering = centre.gpo(seats=1)
    centre.expects(offering, 9)
    centre.now = an_hour(8, 10)
    assert centre.times(offering)[:3] == [an_hour(8, 30), an_hour(9), an_hour(9, 30)]
    assert centre.times(offering, Reason.PAPERS_MISSING)[:2] == [an_hour(9, 30), an_hour(10)]


@pytest.mark.parametrize("reason", Reason)
def test_who_comes_first_next_time_is_whoever_the_centre_could_not_serve(centre: Centre, reason: Reason) -> None:
    theirs = reason in (Reason.PAPERS_MISSING, Reason.WRONG_SERVICE)
    offering = centre.gpo(seats=1)
    centre.expects(offering, 9)
    turned = centre.turned(centre.expects(offering, 8), reason)
    centre.now = an_hour(8, 10)
    assert (an_hour(9) in centre.times(offering, reason)) != theirs
    centre.brings_back(turned, offering, an_hour(9, 30))
    assert [row.priority for row in centre.scalars(sa.select(Booking).order_by(Booking.starts_at))] == [
        False,
        not theirs,
    ]


def test_late_in_the_day_the_next_days_are_offered(centre: Centre) -> None:
    offering = centre.gpo()
    centre.now = an_hour(16, 20)
    assert centre.times(offering)[:2] == [an_hour(16, 30), an_hour(8, day=WEDNESDAY)]


def test_a_full_window_takes_one_more_and_its_capacity_follows_and_falls_again(centre: Centre) -> None:
    offering = centre.gpo(seats=1, window_cap=1, daily_quota=2)
    centre.expects(offering, 9)
    turned = centre.expects(offering, 8)
    centre.now = an_hour(8, 10)
    centre.checks_in(turned)
    moved = centre.brings_back(centre.turned(turned), offering, an_hour(9))
    assert (moved.reference, moved.starts_at) == (turned.reference, an_hour(9))
    assert counter(centre, Counted.OFFERING, offering.id, an_hour(9)) == (1, 2, 2)
    assert counter(centre, Counted.SITE, offering.site.id, an_hour(9)) == (1, 2, 2)
    row = centre.scalars(sa.select(Booking).where(Booking.reference == turned.reference))[0]
    assert (row.priority, row.came_at, row.reminded_at) == (True, None, None)
    centre.does(commands.give_up, row.contact_id, reference=row.reference)
    assert counter(centre, Counted.OFFERING, offering.id, an_hour(9)) == (1, 1, 1)


def test_a_day_whose_quota_is_full_takes_them_too(centre: Centre) -> None:
    offering = centre.gpo(seats=2, daily_quota=1)
    centre.expects(offering, at=an_hour(9, day=WEDNESDAY))
    turned = centre.expects(offering, 8)
    centre.now = an_hour(8, 10)
    centre.brings_back(centre.turned(turned), offering, an_hour(10, day=WEDNESDAY))
    assert counter(centre, Counted.DAY, offering.id, an_hour(0, day=WEDNESDAY)) == (1, 2, 2)
    assert counter(centre, Counted.OFFERING, offering.id, an_hour(10, day=WEDNESDAY)) == (2, 2, 1)


def test_there_is_one_place_more_and_no_second(centre: Centre) -> None:
    offering = centre.gpo(seats=2)
    for _ in range(2):
        centre.expects(offering, 9)
    first, second = centre.expects(offering, 8), centre.expects(offering, 8)
    centre.now = an_hour(8, 10)
    outcomes = at_once(
        [partial(centre.brings_back, centre.turned(booked), offering, an_hour(9)) for booked in (first, second)]
    )
    assert {type(outcome) for outcome in outcomes} == {Booked, SlotFull}
    assert counter(centre, Counted.OFFERING, offering.id, an_hour(9)) == (2, 3, 3)
    assert an_hour(9) not in centre.times(offering)
    assert len(centre.events("booking.turned_away")) == 1


def test_a_window_that_is_over_its_lowered_capacity_takes_nobody(centre: Centre) -> None:
    offering = centre.gpo(seats=2)
    for _ in range(2):
        centre.expects(offering, 9)
    turned = centre.expects(offering, 8)
    with centre.transaction() as db:
        db.execute(sa.text("UPDATE windows SET wanted = 1, capacity = greatest(taken, 1) WHERE kind = 'offering'"))
    centre.now = an_hour(8, 10)
    assert an_hour(9) not in centre.times(offering)
    with pytest.raises(SlotFull):
        centre.brings_back(centre.turned(turned), offering, an_hour(9))


def test_a_window_that_is_shut_takes_nobody(centre: Centre) -> None:
    offering, turned = centre.gpo(seats=2), centre.expects()
    with centre.transaction() as db:
        db.add(Window(kind="offering", owner_id=offering.id, starts_at=an_hour(9), wanted=0, capacity=0, taken=0))
    centre.now = an_hour(8, 10)
    assert an_hour(9) not in centre.times(offering)
    with pytest.raises(SlotFull):
        centre.brings_back(centre.turned(turned), offering, an_hour(9))


def test_the_phone_is_told_once_and_the_record_says_why(centre: Centre) -> None:
    offering, turned = centre.gpo(), centre.expects()
    centre.now = an_hour(8, 10)
    for _ in range(2):
        centre.brings_back(centre.turned(turned), offering, an_hour(9), key="a form")
    told = centre.scalars(sa.select(Message).where(Message.template == "booking_priority"))
    assert [message.arguments["starts_at"] for message in told] == [an_hour(9).isoformat()]
    [event] = centre.events("booking.turned_away")
    assert (event.subject, event.details["reason"]) == (f"booking:{turned.id}", "system_down")


def test_missing_papers_give_another_time_as_anybody_gets_one(centre: Centre) -> None:
    offering = centre.gpo(seats=1)
    centre.expects(offering, 10)
    turned = centre.turned(centre.expects(offering, 8), Reason.PAPERS_MISSING)
    centre.now = an_hour(8, 10)
    with pytest.raises(SlotFull):
        centre.brings_back(turned, offering, an_hour(10))
    centre.brings_back(turned, offering, an_hour(9, 30))
    assert [b.priority for b in centre.scalars(sa.select(Booking))] == [False, False]
    assert len(centre.scalars(sa.select(Message).where(Message.template == "booking_moved"))) == 1


@pytest.mark.parametrize("at", [an_hour(8), an_hour(8, 45), an_hour(17), an_hour(9, day=TUESDAY + timedelta(days=40))])
def test_a_time_that_is_no_window_ahead_is_refused(centre: Centre, at: object) -> None:
    offering, turned = centre.gpo(), centre.expects()
    centre.now = an_hour(8, 10)
    with pytest.raises(NotOffered):
        centre.brings_back(centre.turned(turned), offering, at)


def test_who_wants_no_other_time_is_in_history_with_the_reason(centre: Centre) -> None:
    turned = centre.expects()
    centre.now = an_hour(8, 10)
    centre.lets_go(centre.turned(turned, Reason.OFFICER_ABSENT), key="a form")
    centre.lets_go(centre.turned(turned, Reason.OFFICER_ABSENT), key="a form")
    [past] = centre.history()
    assert (past.outcome, past.reason, past.came_at) == ("not_served", "officer_absent", centre.now)


def test_who_had_no_booking_is_counted_once_on_the_day_with_service_and_reason(centre: Centre) -> None:
    offering, other = centre.gpo(), centre.offering(site="MAK")
    centre.lets_go(centre.turned(centre.expects(offering), Reason.SYSTEM_DOWN))
    notes = partial(centre.acts, turning_away.note_walk_in, service_id=offering.service.id)
    for _ in range(2):
        notes("a form", site_id=offering.site.id, reason=Reason.PAPERS_MISSING)
    centre.now = an_hour(23, 59)
    notes(site_id=offering.site.id, reason=Reason.SYSTEM_DOWN)
    notes(site_id=other.site.id, reason=Reason.SYSTEM_DOWN)
    centre.later(minutes=1)
    notes(site_id=offering.site.id, reason=Reason.SYSTEM_DOWN)
    assert centre.not_served() == {"system_down": 2}
    [first, *_rest] = centre.events("visit.turned_away")
    assert (first.subject, first.who) == (f"site:{offering.site.id}", "asha")
    assert first.details == {"service_id": offering.service.id, "reason": "papers_missing"}


def test_who_comes_again_is_counted_by_reason_on_the_day_they_came_for_nothing(centre: Centre) -> None:
    here, there = centre.gpo(), centre.offering(site="MAK")
    mine, other, theirs = centre.expects(here), centre.expects(here), centre.expects(there)
    centre.now = an_hour(8, 10)
    centre.brings_back(centre.turned(mine, Reason.SYSTEM_DOWN), here, an_hour(9, day=WEDNESDAY))
    centre.brings_back(centre.turned(other, Reason.PAPERS_MISSING), here, an_hour(9, 30))
    centre.brings_back(centre.turned(theirs, Reason.SYSTEM_DOWN, "MAK"), there, an_hour(9))
    assert centre.not_served() == {"system_down": 1, "papers_missing": 1}
    centre.now = an_hour(9, 10)
    centre.lets_go(centre.turned(other, Reason.OFFICER_ABSENT))
    assert centre.not_served() == {"system_down": 1, "papers_missing": 1, "officer_absent": 1}
    centre.now = an_hour(9, 10, day=WEDNESDAY)
    centre.lets_go(centre.turned(mine, Reason.SYSTEM_DOWN))
    assert centre.not_served() == {"system_down": 1, "papers_missing": 1, "officer_absent": 1}


def test_another_centres_booking_is_not_turned_away_here(centre: Centre) -> None:
    here, elsewhere = centre.gpo(), centre.expects(centre.offering(site="MAK"))
    centre.now = an_hour(8, 10)
    with pytest.raises(NoSuchBooking):
        centre.lets_go(centre.turned(elsewhere))
    with pytest.raises(NoSuchBooking):
        centre.brings_back(centre.turned(elsewhere), here, an_hour(9))
