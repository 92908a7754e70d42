"""The list on paper: complete, saved every evening, and with nothing on it that would tell who people are."""

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.booking.tables import Booking
from core.people.tables import Person
from core.visits import day_lists
from core.visits.day_lists import Saved, forget_lists, saved_list, sites_to_save
from core.visits.expected import bookings_where, ending_in, phone_end
from core.visits.tables import DayList
from tests.core.booking.world import TUESDAY, an_hour
from tests.core.visits.centre import Centre

MONDAY = TUESDAY - timedelta(days=1)


def saves(centre: Centre) -> Saved:
    with centre.transaction() as db:
        return day_lists.save_list(db, centre.register, site_id=centre.sites["GPO"].id, day=TUESDAY, now=centre.now)


def test_the_list_holds_times_services_references_and_three_digits_and_nobodys_number(centre: Centre) -> None:
    booked = centre.expects(hour=9, number="12345678")
    saved = saves(centre)
    [line] = saved.lines
    assert (line.at, line.service, line.reference, line.last_digits) == (an_hour(9), "IDR", booked.reference, "678")
    with centre.transaction() as db:
        assert saved_list(db, site_id=centre.sites["GPO"].id, day=TUESDAY) == saved
    [rows] = centre.scalars(sa.select(DayList.rows))
    assert "12345678" not in json.dumps(rows)
    assert "254" not in json.dumps(rows).replace(booked.reference, "")


def test_saving_again_takes_the_place_of_the_first(centre: Centre) -> None:
    offering = centre.gpo(seats=9)
    centre.expects(offering)
    saves(centre)
    centre.expects(offering)
    centre.later(hours=1)
    saved = saves(centre)
    assert (len(saved.lines), saved.saved_at) == (2, centre.now)
    assert len(centre.scalars(sa.select(DayList))) == 1


def test_a_number_that_cannot_be_opened_is_unknown_and_stops_nobody(centre: Centre) -> None:
    centre.expects(hour=9, number="12345678")
    known = centre.expects(hour=10, number="23456789")
    with centre.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == _whose(9)).values(identity_sealed=b"damaged"))
        db.execute(sa.update(Person).where(Person.id == _whose(9, Booking.contact_id)).values(phone_sealed=b"damaged"))
    assert [line.last_digits for line in saves(centre).lines] == [None, "789"]
    with centre.transaction() as db:
        site_id = centre.sites["GPO"].id
        found = ending_in(db, centre.register, site_id=site_id, day=TUESDAY, last_four="6789")
        [unknown] = bookings_where(db, centre.register, site_id, starts_at=an_hour(9))
        assert phone_end(db, centre.register, unknown) is None
    assert [row.reference for row in found] == [known.reference]


def _whose(hour: int, column: Any = Booking.beneficiary_id) -> Any:
    return sa.select(column).where(Booking.starts_at == an_hour(hour)).scalar_subquery()


def to_save(centre: Centre) -> list[int]:
    with centre.transaction() as db:
        return list(sites_to_save(db, now=centre.now, limit=10))


def test_every_centre_is_due_in_the_evening_until_its_list_is_saved(centre: Centre) -> None:
    centre.gpo()
    centre.site("MAK")
    gpo, mak = centre.sites["GPO"].id, centre.sites["MAK"].id
    centre.now = an_hour(17, 59, day=MONDAY)
    assert to_save(centre) == []
    saves(centre)
    centre.now = an_hour(18, day=MONDAY)
    assert to_save(centre) == [gpo, mak]
    saves(centre)
    assert to_save(centre) == [mak]


def test_old_lists_are_forgotten(centre: Centre) -> None:
    centre.expects()
    saves(centre)
    centre.later(days=30)
    with centre.transaction() as db:
        assert forget_lists(db, now=centre.now, limit=10) == 0
    centre.later(days=2)
    with centre.transaction() as db:
        assert forget_lists(db, now=centre.now, limit=10) == 1
