"""Every evening the clock saves tomorrow's list of every centre, once."""

from datetime import timedelta

import sqlalchemy as sa

from core.catalogue.tables import Site
from core.clock import local_date
from core.visits.tables import DayList
from tests.support import NOW
from workers.clock import save_day_lists

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
