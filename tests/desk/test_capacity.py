"""Capacity and hours at the desk: what a change does is seen before it is saved."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking.tables import Booking, Window
from core.catalogue import tables as rows
from core.catalogue.assembly import read_catalogue
from core.catalogue.version import bump_version
from core.clock import local, local_date
from core.wording.dates import clock, dated
from tests.desk.bookers import Books, clears, times
from tests.desk.pages import hidden, seen
from tests.support import NOW

ADDRESS = "/desk/capacity/GPO/IDR"
CAPACITY = {"counters": "2", "minutes": "15", "daily_quota": "", "lead_minutes": "60", "horizon_days": "30"}


@pytest.fixture(autouse=True)
def _as_it_was(transaction: Any, catalogue: Any) -> Iterator[None]:
    """The town's catalogue is shared: what a test changes is changed back."""
    tables = (rows.Offering, rows.OfferingHours, rows.Site)
    offering, site = catalogue.offering("IDR", "GPO"), catalogue.sites["GPO"]
    mine = {
        rows.Offering: rows.Offering.id == offering.id,
        rows.OfferingHours: rows.OfferingHours.offering_id == offering.id,
        rows.Site: rows.Site.id == site.id,
    }
    with transaction() as db:
        before = {t: [dict(r._mapping) for r in db.execute(sa.select(t.__table__).where(mine[t]))] for t in tables}
    yield
    with transaction() as db:
        db.execute(sa.delete(rows.Closure))
        db.execute(sa.delete(rows.OfferingHours).where(mine[rows.OfferingHours]))
        db.execute(sa.insert(rows.OfferingHours), before[rows.OfferingHours])
        for table in (rows.Offering, rows.Site):
            [values] = before[table]
            del values["id"]
            db.execute(sa.update(table).where(mine[table]).values(values))
        bump_version(db)


@pytest.fixture
def books(transaction: Any, register: Any, ledger: Any) -> Books:
    return Books(transaction, register, ledger)


def fill(client: Any, address: str, **values: str) -> Any:
    """Type this into the form at an address."""
    return client.post(address, data=hidden(client.get(address).text) | values)


def sure(client: Any, address: str, check: Any) -> Any:
    """Press the button of the page that says what a change does."""
    return client.post(address, data=hidden(check.text) | {"do": "it"})


def row(transaction: Any, model: Any, *where: Any) -> Any:
    with transaction() as db:
        return db.scalars(sa.select(model).where(*where)).one()


def test_fewer_counters_are_shown_with_who_is_too_many_and_nobody_is_moved(
    desk: Any,
    books: Books,
    transaction: Any,
    catalogue: Any,
    ledger: Any,
) -> None:
    offering = catalogue.offering("IDR", "GPO")
    for phone in range(offering.capacity):
        books(phone=phone + 1)
    manager = desk("manager")
    check = fill(manager, ADDRESS, **CAPACITY | {"counters": "1"})
    too_many = offering.capacity - 30 // 15
    [at] = set(times(transaction))
    assert f"Too many people for the new capacity: {too_many}." in seen(check.text)
    assert f"Counters that serve it at once: 1, now {offering.counters}." in seen(check.text)
    assert f"{dated(local_date(at))}, {clock(at)}: places 2, booked {offering.capacity}." in seen(check.text)
    assert row(transaction, rows.Offering, rows.Offering.id == offering.id).counters == offering.counters
    assert sure(manager, ADDRESS, check).status_code == 303
    assert sure(manager, ADDRESS, check).status_code == 303
    changed = row(transaction, rows.Offering, rows.Offering.id == offering.id)
    assert (changed.counters, changed.minutes, changed.trust) == (1, 15, "verified")
    assert changed.source == f"desk:{manager.officer.username}"
    assert clears(transaction, catalogue) == 0
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Booking)) == offering.capacity
    ledger.is_balanced()


def test_what_was_saved_is_what_the_next_page_shows(desk: Any) -> None:
    """Whichever process shows it: its catalogue may be a second old."""
    manager = desk("manager")
    manager.get("/desk/capacity")
    answer = sure(manager, ADDRESS, fill(manager, ADDRESS, **CAPACITY | {"daily_quota": "987"}))
    page = manager.get(answer.location).text
    assert "Saved: Replace lost national ID." in seen(page)
    assert ">987</td>" in page
    answer = sure(manager, "/desk/capacity/GPO", fill(manager, "/desk/capacity/GPO", cap="654"))
    assert "over all services: 654." in seen(manager.get(answer.location).text)


def test_hours_are_changed_and_whoever_is_outside_is_moved(
    desk: Any,
    books: Books,
    transaction: Any,
    catalogue: Any,
    ledger: Any,
) -> None:
    books(phone=1, nth=6)
    books(phone=2, nth=16)
    manager = desk("manager")
    week = {f"{what}_{day}": at for day in range(5) for what, at in (("opens", "08:00"), ("closes", "12:00"))}
    asked = {"valid_from": "23/11/2026", "how": "tell", "opens_5": "", "closes_5": "", "opens_6": "", "closes_6": ""}
    check = fill(manager, f"{ADDRESS}/hours", **week | asked)
    assert "People booked outside the new hours: 1. They are moved and told." in seen(check.text)
    answer = sure(manager, f"{ADDRESS}/hours", check)
    assert answer.status_code == 303
    with transaction() as db:
        now_known = read_catalogue(db, today=local_date(NOW))
    clears(transaction, now_known)
    assert "1 moved, 0 without a time, 0 left" in seen(manager.get(answer.location).text)
    assert "The hours were changed" in seen(manager.get(answer.location).text)
    with transaction() as db:
        times = [local(at) for at in db.scalars(sa.select(Booking.starts_at).order_by(Booking.id))]
    assert times[0].date() == local_date(NOW)
    assert all(at.hour < 12 for at in times)
    ledger.is_balanced()


def test_the_cap_of_a_centre(desk: Any, books: Books, transaction: Any) -> None:
    for phone in (1, 2):
        books(phone=phone)
    manager = desk("manager")
    check = fill(manager, "/desk/capacity/GPO", cap="1")
    assert "Too many people for the new capacity: 1" in seen(check.text)
    assert sure(manager, "/desk/capacity/GPO", check).status_code == 303
    assert row(transaction, rows.Site, rows.Site.code == "GPO").window_cap == 1
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.max(Window.capacity)).where(Window.kind == "site")) == 2


MORNINGS = {f"{what}_{day}": at for day in range(5) for what, at in (("opens", "8:00am"), ("closes", "12:00pm"))}
HOURS = MORNINGS | {"valid_from": "23/11/2026", "how": "tell"}


@pytest.mark.parametrize(
    ("address", "theirs", "mine"),
    [
        (ADDRESS, CAPACITY | {"counters": "5"}, CAPACITY | {"minutes": "20"}),
        ("/desk/capacity/GPO", {"cap": "7"}, {"cap": "8"}),
        (f"{ADDRESS}/hours", HOURS, HOURS | {"closes_0": "15:00"}),
    ],
    ids=["capacity", "cap", "hours"],
)
def test_what_two_managers_change_at_once_the_second_looks_at_again(
    desk: Any, transaction: Any, address: str, theirs: dict[str, str], mine: dict[str, str]
) -> None:
    """Neither has seen what the other typed."""
    first, second = desk("manager"), desk("secretariat")
    checks = [fill(manager, address, **values) for manager, values in ((first, theirs), (second, mine))]
    assert sure(first, address, checks[0]).status_code == 303
    answer = sure(second, address, checks[1])
    page = second.get(answer.location).text
    assert answer.location == address
    assert "It has changed since you looked. Look again." in seen(page)
    assert all(f'value="{value}"' in page for value in theirs.values() if value), "what the other has typed"
    assert sure(first, address, checks[0]).status_code == 303, "a second press gets the first answer"
    assert sure(second, address, fill(second, address, **mine)).location != address


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"counters": "0"}, "The least is 1."),
        ({"counters": "two"}, "Type a whole number, such as 15."),
        ({"minutes": "2000"}, "That is more than any centre has, or too little."),
        ({"horizon_days": ""}, "Type a whole number, such as 15."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk: Any, values: dict[str, str], said: str) -> None:
    answer = fill(desk("manager"), ADDRESS, **CAPACITY | {"lead_minutes": "77"} | values)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="77"' in answer.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"closes_0": "07:00"}, "It closes before it opens"),
        ({"closes_0": ""}, "It closes before it opens, or one of the two times is missing."),
        ({"valid_from": "1/1/2020"}, "That is past. Type a day to come."),
        ({"opens_0": "", "closes_0": ""}, "Type the hours of at least one day."),
    ],
)
def test_hours_that_make_no_sense_are_refused(desk: Any, values: dict[str, str], said: str) -> None:
    asked = {"valid_from": "23/11/2026", "how": "tell", "opens_0": "08:00", "closes_0": "12:00"} | values
    answer = fill(desk("manager"), f"{ADDRESS}/hours", **asked)
    assert answer.status_code == 422
    assert said in answer.text


def test_another_centres_capacity_is_nobodys_business(desk: Any) -> None:
    manager = desk("manager", site="MAK")
    for address in (ADDRESS, f"{ADDRESS}/hours", "/desk/capacity/GPO", "/desk/capacity?centre=GPO"):
        assert manager.get(address).status_code == 404, address
    assert desk("counter").get("/desk/capacity").status_code == 403
    assert desk("secretariat").get(ADDRESS).status_code == 200
