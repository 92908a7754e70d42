"""Several services are opened together or not at all, and a whole centre is closed while nobody has a place there."""

from collections.abc import Callable, Sequence
from datetime import time
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking.errors import SlotFull
from core.booking.opening import Opening, close_all, open_offerings
from core.booking.tables import Window
from core.catalogue import tables as rows
from core.catalogue.editing.edit import Edit
from core.catalogue.errors import CannotOpen, NoSuchEntry, StillBooked, Unfit, Unsourced
from core.catalogue.version import catalogue_version
from core.people.audit import Actor
from core.people.tables import Event
from tests.core.booking.world import ALWAYS, World, an_hour

NINE = an_hour(9)


def edit(world: World, key: str = "", note: str = "by letter") -> Edit:
    return Edit(Actor("desk", who="amina"), note, key or f"desk:{next(world.numbers)}", world.now)


def has_hours(world: World, site: str = "GPO") -> None:
    """The centre is there on weekdays from 8:00 until 17:00."""
    site_id = world.site(site).id
    with world.transaction() as db:
        for weekday in range(5):
            span = {"weekday": weekday, "opens": time(8), "closes": time(17), "valid_from": ALWAYS}
            db.add(rows.SiteHours(site_id=site_id, source="test", trust="verified", **span))


def at_gpo(world: World, *services: str) -> list[Opening]:
    return [Opening(world.service(code).code, "GPO", counters=1, minutes=15) for code in services]


def opens(world: World, openings: Sequence[Opening], **more: Any) -> list[int]:
    with world.transaction() as db:
        return open_offerings(db, openings, edit=edit(world, **more))


def closes_all(world: World, site: str = "GPO", **more: Any) -> int:
    with world.transaction() as db:
        return close_all(db, site=site, edit=edit(world, **more))


def standing(world: World) -> set[tuple[str, str]]:
    """What is open: codes of services and centres."""
    found = sa.select(rows.Service.code, rows.Site.code).join_from(rows.Offering, rows.Service).join(rows.Site)
    with world.transaction() as db:
        return {(row[0], row[1]) for row in db.execute(found.where(rows.Offering.open))}


def done(world: World) -> list[tuple[str, str]]:
    with world.transaction() as db:
        return [(row.name, row.subject) for row in db.execute(sa.select(Event).order_by(Event.id)).scalars()]


def test_several_are_opened_at_once_and_pressed_twice_they_are_opened_once(world: World) -> None:
    has_hours(world)
    openings = at_gpo(world, "IDR", "PPN", "GCC")
    made = opens(world, openings[::-1], key="desk:first")
    assert standing(world) == {("IDR", "GPO"), ("PPN", "GPO"), ("GCC", "GPO")}
    assert done(world) == [("offering.opened", f"offering:{number}") for number in made]
    services = world.scalars(sa.select(rows.Offering.service_id).order_by(rows.Offering.id))
    assert services == sorted(services), "in an order of their own, whatever the form's is"
    # In each there are places at once, of the centre's hours.
    wanted = sa.select(Window.wanted).where(Window.kind == "offering", Window.starts_at == NINE)
    assert world.scalars(wanted.order_by(Window.owner_id)) == [2, 2, 2]
    closes_all(world)
    assert opens(world, openings, key="desk:first") == made
    assert standing(world) == set()


def test_one_that_cannot_be_opened_keeps_all_shut_and_each_is_told_why(world: World) -> None:
    has_hours(world)
    openings = [*at_gpo(world, "IDR", "PPN", "GCC"), Opening("IDR", world.site("MAK").code, 1, 15)]
    openings += [Opening("DLR", "GPO", 1, 15), Opening(world.service("TCC").code, "GPO", 0, 15)]
    with world.transaction() as db:
        db.execute(sa.update(rows.Service).where(rows.Service.code == "PPN").values(appointment="walk_in"))
        before = catalogue_version(db)
    with pytest.raises(CannotOpen) as refused:
        opens(world, openings, key="desk:first")
    assert {pair: (type(why), why.field) for pair, why in refused.value.why.items()} == {
        ("PPN", "GPO"): (Unfit, ""),
        ("IDR", "MAK"): (Unfit, ""),
        ("DLR", "GPO"): (NoSuchEntry, ""),
        ("TCC", "GPO"): (Unfit, "counters"),
    }
    assert "people walk in" in str(refused.value.why["PPN", "GPO"])
    assert "Nobody knows the hours" in str(refused.value.why["IDR", "MAK"])
    with pytest.raises(Unsourced):
        opens(world, at_gpo(world, "IDR"), note=" ")
    assert standing(world) == set()
    with world.transaction() as db:
        assert catalogue_version(db) == before
    # What was refused may be tried again under the same key.
    opens(world, at_gpo(world, "IDR", "GCC"), key="desk:first")
    assert standing(world) == {("IDR", "GPO"), ("GCC", "GPO")}


def test_what_is_open_already_stays_as_it_is(world: World) -> None:
    has_hours(world)
    offering = world.offering(seats=4)
    made = opens(world, at_gpo(world, "IDR", "PPN"))
    assert offering.id in made
    with world.transaction() as db:
        assert db.get_one(rows.Offering, offering.id).counters == 4
    assert len(done(world)) == 1


def test_a_whole_centre_is_closed_once_nobody_has_a_place_there(world: World) -> None:
    there = [world.offering(code) for code in ("IDR", "PPN", "GCC")]
    elsewhere = world.offering(site="MAK")
    phone = world.phone()
    booked = world.confirms(phone, there[2], NINE)
    world.confirms(world.phone(), elsewhere, NINE)
    with pytest.raises(StillBooked) as refused:
        closes_all(world)
    assert refused.value.places == 1
    assert len(standing(world)) == 4
    world.gives_up(phone, booked)
    assert closes_all(world, key="desk:first") == 3
    assert standing(world) == {("IDR", "MAK")}
    assert [name for name, _subject in done(world)].count("offering.closed") == 3
    for offering in there:
        with pytest.raises(SlotFull):
            world.confirms(world.phone(), offering, NINE)
    has_hours(world)
    opens(world, at_gpo(world, "IDR"))
    assert closes_all(world, key="desk:first") == 3
    assert ("IDR", "GPO") in standing(world)


def statements(world: World, work: Callable[[], Any]) -> int:
    """How many it takes."""
    seen: list[str] = []

    def note(*call: Any) -> None:
        seen.append(call[2])

    sa.event.listen(world.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        sa.event.remove(world.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_whole_centre_is_switched_in_hardly_more_statements_than_a_few_services(world: World) -> None:
    """Nobody else can change the catalogue while they run."""
    has_hours(world)
    counted = []
    for codes in (["FEA", "FEB"], [f"MA{letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]):
        opening = partial(opens, world, at_gpo(world, *codes))
        closing = partial(closes_all, world)
        counted.append([statements(world, work) for work in (opening, closing, opening, closing)])
    # 11,000 windows take two more to be written than a thousand.
    assert all(many <= few + 4 for few, many in zip(*counted, strict=True)), counted
    made = [name for name, _subject in done(world)]
    assert (made.count("offering.opened"), made.count("offering.closed")) == (44, 44)
