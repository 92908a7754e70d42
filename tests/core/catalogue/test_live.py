"""The catalogue in a process: read once, looked at once a second, served on when the database is down."""

import contextlib
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from core.catalogue import live as live_module
from core.catalogue import tables
from core.catalogue.importer import load_catalogue, open_demo_offerings
from core.catalogue.live import LOOK_AGAIN, LiveCatalogue, read_catalogue
from core.catalogue.tables import Trust
from core.catalogue.version import bump_version
from core.db import DatabaseDown

TODAY = date(2026, 11, 23)


class Clock:
    """Seconds and a date that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.day = TODAY

    def monotonic(self) -> float:
        return self.seconds

    def today(self) -> date:
        return self.day


class Door:
    """Opens transactions on the test's session, counts them, and can be shut."""

    def __init__(self, db) -> None:
        self.db = db
        self.opened = 0
        self.shut = False

    @contextlib.contextmanager
    def __call__(self):
        self.opened += 1
        if self.shut:
            raise sa.exc.OperationalError("select", {}, Exception("the database is down"))
        yield self.db


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(db, now) -> Door:
    load_catalogue(db, now=now)
    return Door(db)


@pytest.fixture
def live(door, clock) -> LiveCatalogue:
    return LiveCatalogue(door, clock.monotonic, clock.today)


def test_the_whole_catalogue_is_read(db, now):
    load_catalogue(db, now=now)
    catalogue = read_catalogue(db, today=TODAY)
    assert (len(catalogue.services), len(catalogue.sites), len(catalogue.categories)) == (90, 54, 21)
    assert catalogue.offerings == ()
    lost_id = catalogue.services["IDR"]
    assert lost_id.names.short == {"en": "Lost ID", "sw": "ID iliyopotea"}
    assert lost_id.agency.short["en"] == "NRB"
    assert catalogue.categories[lost_id.category].names.short["sw"] == "Kitambulisho (ID)"
    assert lost_id.requirements["sw"][1] == "Abstract ya polisi"
    assert lost_id.requirements_trust is Trust.SOURCED
    assert lost_id.fee_on(date(2026, 1, 1)).amount_kes == 0
    assert catalogue.services["BCC"].elsewhere
    gpo = catalogue.sites["GPO"]
    assert catalogue.areas[gpo.area].names.short["en"] == "Nairobi"
    assert catalogue.areas["47/langata"].parent == "47"
    assert [p.weekday for p in gpo.hours] == [0, 1, 2, 3, 4]
    assert catalogue.service_by_id(lost_id.id) is lost_id
    assert catalogue.site_by_id(gpo.id) is gpo


def test_it_costs_the_same_few_queries_however_much_is_open(db, now):
    load_catalogue(db, now=now)
    statements: list[str] = []
    sa.event.listen(db.connection(), "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    read_catalogue(db, today=TODAY)
    few = len(statements)
    open_demo_offerings(db, now=now)
    db.flush()
    statements.clear()
    assert len(read_catalogue(db, today=TODAY).offerings) > 2000
    assert len(statements) == few <= 14


def test_only_open_offerings_are_there_with_their_closures(db, now):
    load_catalogue(db, now=now)
    open_demo_offerings(db, now=now)
    first = db.scalars(sa.select(tables.Offering).order_by(tables.Offering.id)).first()
    second = db.scalars(sa.select(tables.Offering).where(tables.Offering.site_id == first.site_id)).all()[1]
    second.open = False
    moment = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    still = {}
    absent, lifted = {"counters": 1}, {"lifted_at": now}
    for offering_id, days, more in (
        (None, 0, still),
        (first.id, 1, still),
        (None, -30, still),
        (first.id, 2, absent),
        (None, 3, lifted),
    ):
        db.add(
            tables.Closure(
                site_id=first.site_id,
                offering_id=offering_id,
                starts_at=moment + timedelta(days=days),
                ends_at=moment + timedelta(days=days, hours=2),
                reason="water",
                **more,
            )
        )
    db.flush()
    catalogue = read_catalogue(db, today=TODAY)
    assert catalogue.offering_by_id(second.id) is None
    found = catalogue.offering_by_id(first.id)
    assert [shut.starts_at.day for shut in found.closures] == [24, 25]
    assert [shut.starts_at.day for shut in found.site.closures] == [24]
    assert len(found.hours) == 5
    assert found in catalogue.offerings_of(found.service.code)
    assert catalogue.offering(found.service.code, found.site.code) is found


def test_overrides_close_and_open_days(db, now):
    load_catalogue(db, now=now)
    db.add(tables.HolidayOverride(day=date(2026, 11, 30), closed=True, reason="decreed"))
    db.add(tables.HolidayOverride(day=date(2026, 12, 25), closed=False, reason="a test"))
    db.flush()
    closed = read_catalogue(db, today=TODAY).closed_days
    assert date(2026, 11, 30) in closed
    assert date(2026, 12, 25) not in closed
    assert date(2026, 12, 26) in closed


def test_the_version_is_looked_at_once_a_second(live, door, clock):
    first = live.current()
    for _ in range(100):
        clock.seconds += 0.009
        assert live.current() is first
    assert door.opened == 1
    clock.seconds += 0.2
    assert live.current() is first
    assert live.current() is first
    assert door.opened == 2


def test_a_change_is_seen_within_a_second(live, db, clock):
    first = live.current()
    bump_version(db)
    assert live.current() is first
    clock.seconds += 1
    assert live.current().version == first.version + 1


def test_whoever_changes_it_sees_at_once_what_another_process_has_changed(live, door, db):
    first = live.current()
    bump_version(db)
    assert live.current() is first
    live.look()
    assert live.current().version == first.version + 1
    door.shut = True
    opened = door.opened
    live.look()
    live.look()
    assert door.opened == opened + 1, "a database that is away is not asked by every page"
    assert live.current().version == first.version + 1


def test_another_day_is_another_catalogue(live, clock):
    first = live.current()
    clock.day = TODAY + timedelta(days=1)
    clock.seconds += 1
    assert live.current() is not first


def test_the_old_one_is_served_while_the_database_is_down(live, door, clock, db):
    first = live.current()
    bump_version(db)
    door.shut = True
    for _ in range(10):
        clock.seconds += 1
        assert live.current() is first
    # A database that hangs must not cost a caller every second.
    assert door.opened <= 1 + 10 / LOOK_AGAIN + 1
    door.shut = False
    clock.seconds += LOOK_AGAIN
    assert live.current().version == first.version + 1


def test_the_old_one_is_served_while_a_row_cannot_be_read(live, clock, db):
    """Somebody mistyped while opening an offering by hand."""
    first = live.current()
    db.execute(sa.update(tables.SiteHours).values(trust="verifed"))
    bump_version(db)
    clock.seconds += 1
    assert live.current() is first


def test_without_any_catalogue_a_database_that_is_down_is_told(live, door):
    door.shut = True
    with pytest.raises(DatabaseDown):
        live.current()
    door.shut = False
    assert live.current().services


def test_nobody_waits_long_for_a_first_one_that_does_not_come(db, monkeypatch):
    monkeypatch.setattr(live_module, "FIRST_WITHIN", 0.01)
    reading, give_up = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def hanging():
        reading.set()
        assert give_up.wait(10)
        yield db

    live = LiveCatalogue(hanging)
    thread = threading.Thread(target=live.current)
    thread.start()
    assert reading.wait(10)
    with pytest.raises(DatabaseDown):
        live.current()
    give_up.set()
    thread.join(10)


def test_one_thread_looks_and_the_rest_go_on(door, clock, db):
    looking, go_on = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def slow_door():
        if door.opened:
            looking.set()
            assert go_on.wait(10)
        with door() as session:
            yield session

    live = LiveCatalogue(slow_door, clock.monotonic, clock.today)
    first = live.current()
    bump_version(db)
    clock.seconds += 5
    refreshed = []
    thread = threading.Thread(target=lambda: refreshed.append(live.current()))
    thread.start()
    assert looking.wait(10)
    for _ in range(20):
        assert live.current() is first
    go_on.set()
    thread.join(10)
    assert refreshed[0].version == first.version + 1
    assert live.current() is refreshed[0]
    assert door.opened == 2
