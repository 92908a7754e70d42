"""The practice centre: a day full of made-up people, on any day, made once."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.booking.tables import Booking
from core.catalogue.assembly import read_catalogue
from core.clock import local_date
from core.db import Session, Transaction
from core.people.register import Register
from core.tracking.tables import Document
from core.visits.expected import State, counts
from core.visits.practice import CODE, COMING, PEOPLE, SHELVED, make_practice_day
from tests.support import NOW

SUNDAY = NOW + timedelta(days=6)


class _Undo(Exception):
    pass


@pytest.fixture
def db(transaction: Transaction) -> Iterator[Session]:
    """Undone afterwards: the town has no practice centre."""
    with contextlib.suppress(_Undo), transaction() as session:
        yield session
        raise _Undo


@pytest.mark.parametrize("now", [NOW, SUNDAY], ids=["Monday", "Sunday"])
def test_people_are_expected_and_documents_lie_there(db: Session, register: Register, now: datetime) -> None:
    make_practice_day(db, register, now=now)
    site = read_catalogue(db, today=local_date(now)).sites[CODE]
    assert counts(db, site_id=site.id, day=local_date(now))[State.EXPECTED] == PEOPLE
    stages = db.scalars(sa.select(Document.stage).where(Document.site_id == site.id)).all()
    assert sorted(stages) == ["received"] * SHELVED + ["sent_to_centre"] * COMING


def test_run_again_it_changes_nothing_and_the_next_day_has_its_own_people(db: Session, register: Register) -> None:
    def booked() -> int:
        return db.scalar(sa.select(sa.func.count()).select_from(Booking)) or 0

    for _time in range(2):
        make_practice_day(db, register, now=NOW)
    assert booked() == PEOPLE
    db.execute(sa.delete(Booking))
    make_practice_day(db, register, now=NOW + timedelta(days=1))
    assert booked() == PEOPLE
