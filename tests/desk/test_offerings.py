"""Services switched on and off at a centre, one by one."""

from datetime import date, time

import sqlalchemy as sa

from core.booking.seats import Exchange
from core.catalogue.assembly import read_catalogue
from core.catalogue.tables import Offering, OfferingHours, Service, Site, SiteHours
from core.clock import at_local
from core.people.tables import Event
from tests.desk.edited import app, edited_app  # noqa: F401 - fixtures in place of others
from tests.desk.pages import fill, seen, unseen


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
    for address in ("/desk/offerings/centre/WJR", "/desk/offerings/IDR/WJR", "/desk/offerings/IDR/NOSUCH"):
        assert manager.get(address).status_code == 404
    assert manager.get("/desk/offerings/NOSUCH/GPO").status_code == 404
    assert manager.get("/desk/offerings/service/IDR").text.count("/desk/offerings/IDR/") == 1
    assert secretary.get("/desk/offerings/service/IDR").text.count("/desk/offerings/IDR/") > 50
    assert "Services open" in seen(secretary.get("/desk/offerings").text)
    assert desk("counter").get("/desk/offerings").status_code == 403
