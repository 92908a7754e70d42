"""Every evening the clock saves tomorrow's list of every centre, once."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from core.catalogue.tables import Site
from core.clock import local_date
from core.people.register import Register
from core.visits.tables import DayList
from tests.desk.day import Day, day
from tests.support import NOW, SECRET_KEY
from workers.clock import save_day_lists

__all__ = ["day"]

EVENING = NOW + timedelta(hours=9)
"""18:00 in Nairobi."""


def test_tomorrows_lists_are_saved_in_the_evening(context):
    save_day_lists(context, EVENING - timedelta(minutes=1))
    with context.transaction() as db:
        assert db.scalars(sa.select(DayList.day)).all() == []
    for minutes in (0, 10):
        save_day_lists(context, EVENING + timedelta(minutes=minutes))
    with context.transaction() as db:
        days = db.execute(sa.select(DayList.day, DayList.saved_at).distinct()).all()
        assert [tuple(row) for row in days] == [(local_date(NOW) + timedelta(days=1), EVENING)]
        sites = sa.select(sa.func.count()).select_from(Site)
        assert db.scalar(sa.select(sa.func.count()).select_from(DayList)) == db.scalar(sites)


class Broken(Register):
    """Whatever one row may hold that nobody has thought of."""

    def last_digits(self, identity_sealed: bytes, count: int = 3) -> str:
        raise RuntimeError("a row like no other")


def test_a_centre_whose_list_fails_takes_no_other_centres_list_away(context, day: Day):
    day.books(day.times(days=1)[0])
    save_day_lists(replace(context, register=Broken(SECRET_KEY)), EVENING)
    with context.transaction() as db:
        sites = sa.select(sa.func.count()).select_from(Site)
        saved = set(db.scalars(sa.select(DayList.site_id)))
        assert len(saved) == db.scalar(sites) - 1
        assert day.offering().site.id not in saved
    save_day_lists(context, EVENING + timedelta(minutes=10))
    with context.transaction() as db:
        assert db.scalar(sa.select(DayList.site_id).where(DayList.site_id == day.offering().site.id))
