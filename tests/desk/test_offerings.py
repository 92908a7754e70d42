"""Services switched on and off at a centre: one by one, several at once, all of them."""

from datetime import date, time

import sqlalchemy as sa

from core.booking.seats import Exchange
from core.catalogue.assembly import read_catalogue
from core.catalogue.tables import Offering, OfferingHours, Service, Site, SiteHours
from core.catalogue.version import bump_version
from core.clock import at_local
from core.people.tables import Event
from tests.desk.edited import app, edited_app  # noqa: F401 - fixtures in place of others
from tests.desk.pages import fill, seen, unseen

HERE = "/desk/offerings/centre/NYR"


def row(transaction, service, site):
    with transaction() as db:
        return db.scalar(
            sa.select(Offering)
            .join(Service, Service.id == Offering.service_id)
            .join(Site, Site.id == Offering.site_id)
            .where(Service.code == service, Site.code == site)
        )


def hours(transaction, table, owner_id):
    with transaction() as db:
        key = table.offering_id if table is OfferingHours else table.site_id
        return db.scalar(sa.select(sa.func.count()).where(key == owner_id))


def test_a_manager_closes_a_service_of_the_own_centre_and_opens_it_again(desk, transaction):
    manager = desk("manager")
    assert manager.get("/desk/offerings").location == "/desk/offerings/centre/GPO"
    assert "open 2 10" in seen(manager.get("/desk/offerings/centre/GPO?q=lost id").text)
    address = "/desk/offerings/IDR/GPO"
    assert "Type a reason." in seen(fill(manager, address, do="close", note="").text)
    assert fill(manager, address, do="close", note="The only officer has left").status_code == 303
    assert not row(transaction, "IDR", "GPO").open
    assert "closed" in seen(manager.get("/desk/offerings/centre/GPO?q=lost id").text)

    refused = fill(manager, address, do="open", counters="0", minutes="soon", note="")
    for sentence in ("The least is 1.", "Type a whole number, such as 15.", "Say where this is written"):
        assert refused.text.count(sentence) == 2  # in the summary, and beside the field
    assert 'value="soon"' in refused.text
    assert "Mon-Fri" in seen(refused.text)
    fill(manager, address, do="open", counters="3", minutes="20", note="A new officer has come")
    opened = row(transaction, "IDR", "GPO")
    assert (opened.open, opened.counters, opened.minutes) == (True, 3, 20)
    assert opened.source == f"desk:{manager.officer.username}: A new officer has come"
    assert hours(transaction, OfferingHours, opened.id) == hours(transaction, SiteHours, opened.site_id)
    with transaction() as db:
        named = sa.select(Event.name).where(Event.subject == f"offering:{opened.id}").order_by(Event.id)
        assert db.scalars(named).all() == ["offering.closed", "offering.opened"]


def test_a_service_with_bookings_hands_over_to_closures_instead_of_leaving_them(desk, transaction):
    manager = desk("manager")
    with transaction() as db:
        exchange = Exchange()
        offering = read_catalogue(db, today=date(2026, 11, 23)).offering("IDN", "GPO")
        exchange.take(offering, at_local(date(2026, 11, 24), time(9)))
        exchange.settle(db)
    page = manager.get("/desk/offerings/IDN/GPO")
    assert "Places still taken: 1." in seen(page.text)
    assert "/desk/closures/new?centre=GPO" in page.text
    refused = manager.post("/desk/offerings/IDN/GPO", data=unseen(page.text) | {"do": "close", "note": "no officer"})
    assert "Places still taken: 1." in seen(refused.text)
    assert 'value="no officer"' in refused.text
    assert row(transaction, "IDN", "GPO").open


def test_pressed_twice_it_is_switched_once(desk, transaction):
    manager = desk("manager", site="WJR")
    address = "/desk/offerings/IDR/WJR"
    values = unseen(manager.get(address).text) | {"do": "close", "note": "no officer"}
    assert [manager.post(address, data=values).status_code for _ in range(2)] == [303, 303]
    fill(manager, address, do="open", counters="1", minutes="20", note="by letter")
    manager.post(address, data=values)
    assert row(transaction, "IDR", "WJR").open


def test_another_centre_is_not_there_for_a_manager_and_all_are_for_the_secretariat(desk):
    manager, secretary = desk("manager"), desk("secretariat")
    centre = "/desk/offerings/centre/WJR"
    there = (centre, f"{centre}/open", f"{centre}/close", "/desk/offerings/IDR/WJR", "/desk/offerings/IDR/NOSUCH")
    for address in (*there, "/desk/offerings/service/NOSUCH/open"):
        assert manager.get(address).status_code == 404
    assert manager.get("/desk/offerings/NOSUCH/GPO").status_code == 404
    assert manager.get("/desk/offerings/service/IDR").text.count("/desk/offerings/IDR/") == 1
    assert secretary.get("/desk/offerings/service/IDR").text.count("/desk/offerings/IDR/") > 50
    assert "Services open" in seen(secretary.get("/desk/offerings").text)
    assert desk("counter").get("/desk/offerings").status_code == 403


def leaves_open(transaction, site, *services):
    """All others are closed there. There are 50, which would take a while."""
    chosen = sa.select(Service.id).where(Service.code.in_(services))
    with transaction() as db:
        at = sa.update(Offering).where(Offering.site_id.in_(sa.select(Site.id).where(Site.code == site)))
        db.execute(at.values(open=Offering.service_id.in_(chosen)))
        bump_version(db)


def open_at(transaction, site):
    """Codes of the services that are open there."""
    with transaction() as db:
        found = sa.select(Service.code).join(Offering).join(Site, Site.id == Offering.site_id)
        return set(db.scalars(found.where(Site.code == site, Offering.open)))


def test_a_whole_centre_goes_off_and_is_opened_again_in_one_go(desk, transaction):
    secretary = desk("secretariat")
    assert f"{HERE}/open" not in secretary.get(HERE).text  # all of it is open already
    assert secretary.get(f"{HERE}/open").location == HERE
    leaves_open(transaction, "NYR", "IDN", "IDR", "PCC")
    assert "on Services open: 3" in seen(secretary.get(HERE).text)
    assert "Services open: 3. Places taken, still to come: 0." in seen(secretary.get(f"{HERE}/close").text)
    assert "Type a reason." in fill(secretary, f"{HERE}/close", note="").text

    sent = unseen(secretary.get(f"{HERE}/close").text) | {"note": "It has moved to Karatina"}
    for _ in range(2):
        assert secretary.post(f"{HERE}/close", data=sent).location == HERE
        assert "Nothing can be booked here now. Services closed: 3." in seen(secretary.get(HERE).text)
    assert open_at(transaction, "NYR") == set()
    assert "off Nothing can be booked." in seen(secretary.get(HERE).text)
    assert "off Nothing can be booked." in seen(secretary.get("/desk/offerings").text)
    assert secretary.get(f"{HERE}/close").location == HERE

    chosen = {"open_IDR": "y", "counters_IDR": "3", "minutes_IDR": "20"}
    chosen |= {"open_PPN": "y", "counters_PPN": "1", "minutes_PPN": "15"}
    sent = unseen(secretary.get(f"{HERE}/open").text) | chosen | {"note": "by letter"}
    for _ in range(2):
        assert secretary.post(f"{HERE}/open", data=sent).location == HERE
        assert "Open for booking now: 2." in seen(secretary.get(HERE).text)
    assert open_at(transaction, "NYR") == {"IDR", "PPN"}
    opened = row(transaction, "IDR", "NYR")
    assert (opened.counters, opened.minutes) == (3, 20)
    assert opened.source.endswith(": by letter")


def test_what_is_wrong_with_a_row_stands_beside_it_and_all_that_was_typed_stays(desk, transaction):
    manager = desk("manager", site="MSA")
    address = "/desk/offerings/centre/MSA"
    leaves_open(transaction, "MSA", "PCC")
    page = manager.get(f"{address}/open").text
    assert "checked" not in page
    assert 'id="open_IDR"' in page
    assert 'id="open_PCC"' not in page  # open

    refused = fill(manager, f"{address}/open", counters_IDR="many", note="")
    assert refused.status_code == 422
    assert refused.text.count("Tick what is opened.") == 2  # in the summary, and at the list
    assert 'href="#open_IDN"' in refused.text  # the first of the list
    assert "Type a whole number" not in refused.text  # of what is not ticked
    assert 'value="many"' in refused.text

    typed = {"open_IDR": "y", "counters_IDR": "many", "minutes_IDR": "15", "note": "by letter"}
    typed |= {"open_PPN": "y", "counters_PPN": "2", "minutes_PPN": "9000", "counters_DLD": "7"}
    refused = fill(manager, f"{address}/open", **typed)
    assert refused.text.count("Type a whole number, such as 15.") == 2
    assert 'href="#counters_IDR"' in refused.text
    for kept in ("many", "9000", "7", "by letter"):
        assert f'value="{kept}"' in refused.text
    assert refused.text.count(" checked") == 2

    with transaction() as db:  # somebody has made a service of it that people walk in to
        db.execute(sa.update(Service).where(Service.code == "DLD").values(appointment="walk_in"))
    typed |= {"counters_IDR": "1", "open_DLD": "y", "minutes_DLD": "15"}
    refused = fill(manager, f"{address}/open", **typed)
    assert refused.text.count("Nobody books this service: people walk in.") == 2
    assert refused.text.count("Type a number of minutes from 1 to 480.") == 2
    assert 'href="#open_DLD"' in refused.text
    assert 'href="#minutes_PPN"' in refused.text
    assert open_at(transaction, "MSA") == {"PCC"}


def test_a_service_is_opened_at_several_centres(desk, transaction):
    manager, secretary = desk("manager", site="KSM"), desk("secretariat")
    for site in ("KSM", "ELD", "NKR"):
        leaves_open(transaction, site)
    with transaction() as db:  # of one of them nobody knows the hours
        db.execute(sa.delete(SiteHours).where(SiteHours.site_id.in_(sa.select(Site.id).where(Site.code == "NKR"))))
    address = "/desk/offerings/service/PCC"
    assert f"{address}/open" not in manager.get(address).text
    assert f"{address}/open" in secretary.get(address).text
    own = manager.get(f"{address}/open").text
    assert "open_KSM" in own
    assert "open_ELD" not in own

    ticked = {f"{name}_{site}": "1" for site in ("KSM", "ELD", "NKR") for name in ("open", "counters", "minutes")}
    refused = fill(secretary, f"{address}/open", note="by letter", **ticked)
    assert "Nobody knows the hours of this centre" in seen(refused.text)
    assert 'href="#open_NKR"' in refused.text
    assert not row(transaction, "PCC", "ELD").open
    del ticked["open_NKR"]
    assert fill(secretary, f"{address}/open", note="by letter", **ticked).location == address
    assert "Open for booking now: 2." in seen(secretary.get(address).text)
    assert row(transaction, "PCC", "ELD").open
    assert row(transaction, "PCC", "KSM").open


def test_a_centre_with_bookings_hands_over_to_closures(desk, transaction):
    manager = desk("manager", site="THK")
    leaves_open(transaction, "THK", "IDN", "PCC")
    with transaction() as db:
        exchange = Exchange()
        exchange.take(
            read_catalogue(db, today=date(2026, 11, 23)).offering("IDN", "THK"), at_local(date(2026, 11, 24), time(9))
        )
        exchange.settle(db)
    address = "/desk/offerings/centre/THK/close"
    page = manager.get(address).text
    assert "Places taken, still to come: 1." in seen(page)
    assert '/desk/closures/new?centre=THK"' in page
    refused = manager.post(address, data=unseen(page) | {"note": "it moves"})
    assert refused.status_code == 422
    assert 'value="it moves"' in refused.text
    assert open_at(transaction, "THK") == {"IDN", "PCC"}
