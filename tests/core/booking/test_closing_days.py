"""A day on which all offices are closed: who is booked on it is counted by centre, moved and told."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking.closing import PUBLIC_HOLIDAY, What, days
from core.booking.closing.days import AtCentre
from core.booking.errors import SlotFull
from core.booking.seats import Exchange
from core.booking.tables import Appointment, Booking
from core.catalogue.editing.edit import Edit
from core.catalogue.errors import BadSpan
from core.catalogue.tables import Closure, HolidayOverride
from core.clock import local_date
from core.messaging.tables import Message
from core.people.audit import Actor
from tests.core.booking.world import TUESDAY, World, an_hour, at_once

WEDNESDAY = TUESDAY + timedelta(days=1)
NINE = an_hour(9)
JAMHURI = date(2026, 12, 12)
"""A Saturday, and a public holiday."""


def edit(world: World, key: str = "") -> Edit:
    return Edit(Actor("desk", who="amina"), "Gazette Notice 12", key or f"desk:{next(world.numbers)}", world.now)


def says(world: World, day: date = TUESDAY, *, closed: bool = True, reason: str = "Mourning", key: str = "") -> bool:
    with world.transaction() as db:
        return days.say(db, day, closed=closed, reason=reason, edit=edit(world, key))


def takes_back(world: World, day: date = TUESDAY, key: str = "") -> bool:
    with world.transaction() as db:
        return days.take_back(db, day, edit=edit(world, key))


def standing(world: World) -> list[Any]:
    """Site and reason of the closures that have not been lifted."""
    found = world.scalars(sa.select(Closure).where(Closure.lifted_at.is_(None)).order_by(Closure.site_id))
    return [(one.site_id, one.reason) for one in found]


def test_each_centre_is_closed_and_everybody_is_moved_and_told(world: World) -> None:
    here, there = world.offering(), world.offering(site="MAK")
    for offering in (here, here, there):
        world.confirms(world.phone(), offering, NINE)
    assert says(world)
    assert standing(world) == [(here.site.id, "Mourning"), (there.site.id, "Mourning")]
    for offering in (here, there):
        with pytest.raises(SlotFull):
            world.confirms(world.phone(), offering, an_hour(10))
    assert world.clears() == 3
    assert set(world.scalars(sa.select(Booking.starts_at))) == {an_hour(9, day=WEDNESDAY)}
    assert len(world.scalars(sa.select(Message.id).where(Message.template == "closure_moved"))) == 3
    assert not world.scalars(sa.select(Closure).where(Closure.cleared_at.is_(None)))


def test_who_would_be_moved_is_counted_by_centre_and_with_what_agencies_gave_away(world: World) -> None:
    here, there = world.offering(), world.offering(site="MAK")
    for offering, day in ((here, TUESDAY), (here, TUESDAY), (there, TUESDAY), (here, WEDNESDAY)):
        world.confirms(world.phone(), offering, an_hour(9, day=day))
    with world.transaction() as db:
        exchange = Exchange()
        exchange.take(there, NINE)
        exchange.settle(db)
        db.add(Appointment(agency_id=1, reference="A", offering_id=there.id, starts_at=NINE, created_at=world.now))
    with world.transaction() as db:
        found = days.expected_on(db, TUESDAY, now=world.now)
        later = days.expected_on(db, TUESDAY, now=an_hour(10))
    assert found == [AtCentre(here.site.id, 2, 0), AtCentre(there.site.id, 1, 1)]
    assert later == [], "their time is over"


def test_a_repeated_request_closes_once_and_what_is_said_again_closes_nothing_twice(world: World) -> None:
    here = world.offering()
    assert says(world, key="once")
    assert says(world, key="once")
    assert says(world, reason="Day of mourning")
    assert standing(world) == [(here.site.id, "Day of mourning")]
    there = world.offering(site="MAK")
    says(world, reason="Day of mourning")
    assert [site for site, _reason in standing(world)] == [here.site.id, there.site.id], "a centre that is new"


@pytest.mark.parametrize("how", [takes_back, partial(says, closed=False)])
def test_what_is_taken_back_opens_the_centres_and_leaves_other_closures(world: World, how: Any) -> None:
    offering = world.offering()
    world.offering(site="MAK")
    world.closes(What(offering.site), an_hour(8), an_hour(9), reason="Mourning")
    says(world)
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, NINE)
    how(world, key="once")
    how(world, key="once")
    assert standing(world) == [(offering.site.id, "Mourning")]
    world.confirms(world.phone(), offering, NINE)
    with pytest.raises(SlotFull):
        world.confirms(world.phone(), offering, an_hour(8, 30))


def test_an_open_day_that_is_a_public_holiday_again_moves_who_was_booked(world: World) -> None:
    holiday = next(day for day in (date(2026, 12, 25), date(2026, 12, 26)) if day.weekday() < 5)
    offering = world.offering(horizon_days=60)
    says(world, holiday, closed=False, reason="Offices are open")
    world.confirms(world.phone(), offering, an_hour(9, day=holiday))
    with world.transaction() as db:
        assert days.would_close(db, holiday, said=None)
        assert not days.would_close(db, TUESDAY, said=None)
    takes_back(world, holiday)
    assert standing(world) == [(offering.site.id, PUBLIC_HOLIDAY)]
    world.clears()
    assert local_date(world.scalars(sa.select(Booking.starts_at))[0]) > holiday


def test_a_day_that_is_past_is_refused_and_a_day_without_hours_closes_nothing(world: World) -> None:
    world.offering()
    with pytest.raises(BadSpan):
        says(world, local_date(world.now) - timedelta(days=1))
    says(world, JAMHURI)
    assert standing(world) == []
    world.now = an_hour(12)
    says(world, TUESDAY)
    [closure] = world.scalars(sa.select(Closure))
    assert (closure.starts_at, closure.ends_at) == (an_hour(12), an_hour(0, day=WEDNESDAY))


def test_all_centres_of_the_country_are_closed_in_statements_that_are_short(world: World) -> None:
    """As the application is: none of its statements may take longer than 2.5 seconds."""
    for nth in range(54):
        world.offering(site=f"C{nth:02d}")
    with world.transaction() as db:
        db.execute(sa.text("SET LOCAL statement_timeout = '2.5s'"))
        days.say(db, TUESDAY, closed=True, reason="Mourning", edit=edit(world))
    assert len(standing(world)) == 54
    with world.transaction() as db:
        db.execute(sa.text("SET LOCAL statement_timeout = '2.5s'"))
        days.take_back(db, TUESDAY, edit=edit(world))
    assert standing(world) == []
    assert not world.scalars(sa.select(HolidayOverride))


def test_bookings_made_while_the_day_is_closed_are_moved_or_refused(world: World) -> None:
    offering = world.offering(seats=4)
    there = world.offering(site="MAK", seats=4)
    phones = [world.phone() for _ in range(12)]
    attempts = [partial(world.confirms, phone, (offering, there)[nth % 2], NINE) for nth, phone in enumerate(phones)]
    outcomes = at_once([*attempts[:6], partial(says, world), *attempts[6:], partial(world.clears)])
    broken = [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, SlotFull)]
    assert not broken, broken
    world.clears()
    assert not world.scalars(sa.select(Booking).where(Booking.starts_at < an_hour(0, day=WEDNESDAY)))
