"""The catalogue at the desk: what is known, how sure, and changing it with its source."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from core.catalogue.assembly import read_catalogue
from core.catalogue.importer import load_catalogue
from core.catalogue.tables import Closure, Trust
from core.clock import local_date
from core.people.tables import Event
from core.wording import dates
from tests.desk.bookers import Books, clears, times
from tests.desk.edited import app, edited_app  # noqa: F401 - fixtures in place of others
from tests.desk.pages import fill, seen, token, unseen
from tests.support import NOW

TODAY = date(2026, 11, 23)
NOTE = {"note": "Gazette Notice 12 of 2026"}
SURE = NOTE | {"trust": "verified"}
NAMES = {
    "short_en": "Lost card",
    "short_sw": "Kadi iliyopotea",
    "full_en": "Replace a lost card",
    "full_sw": "Kadi mpya badala ya iliyopotea",
}


@pytest.fixture
def secretary(desk):
    return desk("secretariat")


@pytest.fixture
def known(transaction):
    """The catalogue as it now is."""

    def read():
        with transaction() as db:
            return read_catalogue(db, today=TODAY)

    return read


def confirms(client, address, at=None, **values):
    """Open the page (or have it open already) and press: it is right as it stands."""
    page = at or client.get(address).text
    return client.post(address, data=unseen(page) | {"seen": token(page, "seen")} | NOTE | values)


def test_names_are_shown_as_a_phone_shows_them_before_they_are_saved(secretary, known):
    address = "/desk/catalogue/service/IDR/names"
    shown = fill(secretary, address, do="check", **NAMES, note="a letter")
    page = seen(shown.text)
    assert "Lost card" in page
    assert "Replace a lost card" in page
    assert "of 160" in page
    assert known().services["IDR"].names.short["en"] == "Lost ID"
    assert fill(secretary, address, **NAMES, **NOTE).status_code == 303
    assert known().services["IDR"].names.short["en"] == "Lost card"
    page = seen(secretary.get("/desk/catalogue/service/IDR").text)
    assert f"Set by {secretary.officer.username}, Mon 23 Nov 9:00am: Gazette Notice 12 of 2026" in page


def test_a_name_that_is_too_long_says_by_how_much_beside_it_and_stays_as_typed(secretary):
    address = "/desk/catalogue/centre/GPO/names"
    names = NAMES | {"short_sw": "Nairobi main post office"}
    refused = fill(secretary, address, **names, note="")
    assert refused.text.count("Say where this is written") == 2
    refused = fill(secretary, address, **names, **NOTE)
    assert refused.text.count("This is 8 too long: 16 is the most") == 2
    assert 'value="Nairobi main post office"' in refused.text


def test_a_fee_is_verified_replaced_and_taken_away(secretary, known):
    page = secretary.get("/desk/catalogue/service/IDR").text
    assert "reported, not confirmed" in seen(page)
    held = known().services["IDR"].fee_on(TODAY)
    verify = f"/desk/catalogue/service/IDR/fee/{held.valid_from}/verify"
    assert verify in page
    assert f"KES {held.amount_kes:,}" in seen(secretary.get(verify).text)
    assert confirms(secretary, verify).status_code == 303
    assert known().services["IDR"].fee_on(TODAY).trust is Trust.VERIFIED

    fee = {"amount_kes": "1,200", "valid_from": "01/01/2027"} | SURE
    fill(secretary, "/desk/catalogue/service/IDR/fee", **fee)
    assert known().services["IDR"].fee_on(date(2027, 1, 1)).amount_kes == 1200
    refused = fill(secretary, "/desk/catalogue/service/IDR/fee", **(fee | {"valid_from": "01/12/2026"}))
    assert refused.text.count("Something else is planned from 1 Jan 2027") == 2
    assert 'value="1,200"' in refused.text
    drop = "/desk/catalogue/service/IDR/fee/2027-01-01/drop"
    values = unseen(secretary.get(drop).text) | NOTE
    pressed = [secretary.post(drop, data=values) for _ in range(2)]
    assert [answer.location for answer in pressed] == ["/desk/catalogue/service/IDR"] * 2
    assert secretary.get(drop).status_code == 404
    assert known().services["IDR"].fee_on(date(2027, 1, 1)).amount_kes == held.amount_kes


def test_what_a_colleague_has_changed_since_the_page_was_opened_is_not_confirmed(secretary, known):
    day = known().services["IDR"].fee_on(TODAY).valid_from
    address = f"/desk/catalogue/service/IDR/fee/{day}/verify"
    page = secretary.get(address).text
    fee = {"amount_kes": "777", "valid_from": f"{day:%d/%m/%Y}", "note": "a rumour", "trust": "sourced"}
    assert fill(secretary, "/desk/catalogue/service/IDR/fee", **fee).status_code == 303
    refused = confirms(secretary, address, at=page)
    assert "It has changed since you looked. Look again." in seen(refused.text)
    assert "KES 777" in seen(refused.text)
    assert known().services["IDR"].fee_on(TODAY).trust is Trust.SOURCED
    assert fill(secretary, address, **NOTE).status_code == 422, "nothing was shown to whoever sends no mark"
    assert confirms(secretary, address, at=refused.text).status_code == 303
    assert known().services["IDR"].fee_on(TODAY).trust is Trust.VERIFIED


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"amount_kes": "a lot"}, "Type a whole number, such as 15."),
        ({"valid_from": "tomorrow"}, "Type a day like 24/11/2026."),
        ({"valid_from": ""}, "Type the day."),
        ({"trust": "estimate"}, "Choose one."),
        ({"valid_until": "01/12/2026"}, "The last day is before the first."),
    ],
)
def test_what_is_wrong_with_a_fee_is_said_beside_it(secretary, values, sentence):
    good = {"amount_kes": "50", "valid_from": "01/01/2028"} | SURE
    assert seen(fill(secretary, "/desk/catalogue/service/IDN/fee", **(good | values)).text).count(sentence) >= 1


def test_an_estimate_is_marked_and_what_to_bring_is_written_in_both_languages(secretary, known):
    code = next(s.code for s in known().services.values() if s.requirements_trust is Trust.ESTIMATE)
    address = f"/desk/catalogue/service/{code}"
    assert "estimate, never told to citizens" in seen(secretary.get(address).text)
    lists = {"en": "Old card\nPolice abstract", "sw": "Kadi ya zamani"}
    assert "the same things" in seen(fill(secretary, f"{address}/bring", **lists, **SURE).text)
    lists["sw"] += "\r\nRipoti ya polisi"
    fill(secretary, f"{address}/bring", **lists, **(SURE | {"trust": "sourced"}))
    assert known().services[code].requirements["sw"] == ("Kadi ya zamani", "Ripoti ya polisi")
    assert "Old card; Police abstract" in seen(secretary.get(f"{address}/bring/verify").text)
    confirms(secretary, f"{address}/bring/verify")
    assert known().services[code].requirements_trust is Trust.VERIFIED


def test_a_centre_gets_its_address_and_its_hours(secretary, known):
    address = "/desk/catalogue/centre/GPO"
    fill(secretary, f"{address}/address", address="Kenyatta Avenue, GPO building", **SURE)
    form = secretary.get(f"{address}/hours")
    assert 'value="7:00am"' in form.text
    half = {"opens_0": "09:00", "closes_0": "", "valid_from": "01/01/2027"}
    assert "Type both times, or none." in seen(fill(secretary, f"{address}/hours", **half, **SURE).text)
    backwards = half | {"closes_0": "08:00"}
    assert fill(secretary, f"{address}/hours", **backwards, **SURE).text.count("It closes before it opens.") == 2
    fill(secretary, f"{address}/hours", **(half | {"closes_0": "15:00"}), **SURE)
    site = known().sites["GPO"]
    assert (site.address, site.address_trust) == ("Kenyatta Avenue, GPO building", Trust.VERIFIED)
    assert {p.weekday for p in site.hours if p.valid_until is None} == {0}
    assert "from 1 Jan 2027" in seen(secretary.get(address).text)


def test_the_other_parts_of_a_service_and_a_centre(secretary, known, transaction):
    service, centre = "/desk/catalogue/service/PSN", "/desk/catalogue/centre/CTS"
    service = service if secretary.get(service).status_code == 200 else "/desk/catalogue/service/IDN"
    fill(secretary, f"{service}/minutes", minutes="44", **NOTE)
    fill(secretary, f"{service}/appointment", appointment="optional", **NOTE)
    refused = fill(secretary, "/desk/catalogue/service/IDR/appointment", appointment="walk_in", **NOTE)
    assert "Centres where it is open for booking: " in seen(refused.text)
    page = seen(secretary.get(service).text)
    assert "One may book, or walk in" in page
    assert "Minutes at the counter 44" in page
    fill(secretary, f"{centre}/town", town="Nairobi", **SURE)
    assert "Mon, from 5 Dec 2022: 7:00am - 7:00pm" in seen(secretary.get(f"{centre}/hours/verify").text)
    for part in ("hours", "town"):
        assert confirms(secretary, f"{centre}/{part}/verify").status_code == 303
    assert {p.trust for p in known().sites["CTS"].hours} == {Trust.VERIFIED}
    category = next(iter(known().categories))
    names = {"short_en": "Papers", "short_sw": "Karatasi", "full_en": "Papers of all kinds", "full_sw": "Karatasi zote"}
    fill(secretary, f"/desk/catalogue/category/{category}/names", **names, **NOTE)
    assert known().categories[category].names.short["en"] == "Papers"
    with transaction() as db:
        assert db.scalars(sa.select(Event.who).where(Event.name == "catalogue.changed")).all()


def test_an_outreach_is_added(secretary, known):
    new = {
        "kind": "outreach",
        "code": "OUT1",
        "short_en": "Kibra days",
        "short_sw": "Kibra",
        "full_en": "Outreach in Kibra days",
        "full_sw": "Huduma Mashinani Kibra",
        "county": known().sites["GPO"].area,
        "town": "Nairobi",
        "hours_of": "GPO",
    } | SURE
    assert "Type the last day of the outreach." in seen(fill(secretary, "/desk/catalogue/new-centre", **new).text)
    new |= {"closes_on": "05/12/2026", "short_sw": "Kibra siku"}
    values = unseen(secretary.get("/desk/catalogue/new-centre").text) | new
    made = [secretary.post("/desk/catalogue/new-centre", data=values) for _ in range(2)]
    assert [answer.location for answer in made] == ["/desk/catalogue/centre/OUT1"] * 2
    assert known().sites["OUT1"].closes_on == date(2026, 12, 5)


def test_a_centre_stays_longer_or_goes_once_nobody_is_left_there(secretary, known, transaction, register, ledger):
    address = "/desk/catalogue/centre/GPO"
    assert "Nobody has a place there from today on." in seen(secretary.get(f"{address}/days").text)
    Books(transaction, register, ledger)()
    day = local_date(times(transaction)[0])
    page = secretary.get(f"{address}/days").text
    said = f"{dates.month_day(day)} 2026"
    assert f"People have places there from {said} to {said}." in seen(page)
    assert "/desk/closures/new?centre=GPO" in page
    refused = fill(secretary, f"{address}/days", opens_on=f"{day + timedelta(days=1):%d/%m/%Y}", **NOTE)
    assert "Places taken on days that would be left out: 1. Close the centre on those days first" in seen(refused.text)
    assert known().sites["GPO"].opens_on is None
    last = TODAY + timedelta(days=known().offering("IDR", "GPO").horizon_days)
    assert fill(secretary, f"{address}/days", closes_on=f"{last:%d/%m/%Y}", **NOTE).status_code == 303
    assert known().sites["GPO"].closes_on == last
    assert f"Last day {dates.month_day(last)} {last.year} Set by" in seen(secretary.get(address).text)


def test_what_is_changed_is_called_as_the_officer_speaks(desk, known):
    client = desk("secretariat", language="sw")
    client.get("/language/sw")
    name = known().services["IDN"].names.full["sw"]
    day = known().services["IDN"].fee_on(TODAY).valid_from
    for part in ("names", "fee", f"fee/{day}/verify"):
        assert f"{name} (IDN)" in seen(client.get(f"/desk/catalogue/service/IDN/{part}").text)


def test_a_service_is_added_after_one_has_seen_it_as_a_phone_shows_it(secretary, known):
    address = "/desk/catalogue/new-service"
    new = NOTE | {
        "code": "TVA",
        "agency": "KRA",
        "category": "tax",
        "short_en": "Waiver of taxes",
        "short_sw": "Msamaha wa kodi",
        "full_en": "Apply for a tax waiver",
        "full_sw": "Kuomba msamaha wa kodi",
        "appointment": "needed",
        "identity": "national_id",
        "minutes": "20",
    }
    shown = seen(fill(secretary, address, do="check", **new).text)
    assert "Apply for a tax waiver Booking is not open yet" in shown
    assert shown.count("of 160") >= 4
    refused = fill(secretary, address, **(new | {"code": "IDR", "short_sw": "Msamaha wa kodi zote zote"})).text
    assert refused.count("Another service has this code.") == 2
    assert 'value="Msamaha wa kodi zote zote"' in refused
    values = unseen(secretary.get(address).text) | new
    made = [secretary.post(address, data=values) for _ in range(2)]
    assert [answer.location for answer in made] == ["/desk/catalogue/service/TVA"] * 2

    page = seen(secretary.get("/desk/catalogue/service/TVA").text)
    assert "Citizens do not find it yet. Open it at a centre" in page
    assert "Gazette Notice 12 of 2026 estimate" in page
    assert "TVA" not in [service.code for service in known().public_services]


def test_a_day_is_closed_after_one_has_seen_who_is_booked_and_they_are_moved(
    secretary, known, transaction, register, ledger
):
    for phone in (1, 2):
        Books(transaction, register, ledger)(phone=phone)
    day = local_date(times(transaction)[0])
    address, said = "/desk/catalogue/holidays", {"closed": "closed", "reason": "Mourning"} | NOTE
    said["day"] = f"{day:%d/%m/%Y}"
    check = fill(secretary, address, **said)
    name = known().sites["GPO"].names.full["en"]
    assert "Bookings: 2. Appointments of agencies: 0." in seen(check.text)
    assert f"{name} 2 0" in seen(check.text)
    assert day not in known().closed_days
    assert 'value="Mourning"' in secretary.post(address, data=unseen(check.text) | said | {"do": "change"}).text

    pressed = [secretary.post(address, data=unseen(check.text) | said | {"do": "it"}) for _ in range(2)]
    assert [answer.location for answer in pressed] == [address] * 2
    assert f"{dates.month_day(day)} 2026: closed (Mourning)" in seen(secretary.get(address).text)
    clears(transaction, known())
    assert all(local_date(at) > day for at in times(transaction))
    ledger.is_balanced()
    assert "Mourning" in seen(secretary.get("/desk/closures?centre=GPO").text)

    assert fill(secretary, f"{address}/{day}/drop", **NOTE).status_code == 303
    assert day not in known().closed_days
    with transaction() as db:
        assert not db.scalars(sa.select(Closure).where(Closure.lifted_at.is_(None))).all()


def test_what_is_wrong_with_a_day_is_said_before_anybody_is_counted(secretary):
    said = {"day": "22/11/2026", "closed": "closed", "reason": "Mourning"} | NOTE
    refused = fill(secretary, "/desk/catalogue/holidays", **said).text
    assert "That is past." in seen(refused)
    assert 'value="22/11/2026"' in refused


def test_everything_set_at_the_desk_is_left_when_the_files_are_loaded(transaction):
    with transaction() as db:
        changes = load_catalogue(db, now=NOW)
    assert [str(change) for change in changes if change.applied] == []


def test_the_catalogue_is_found_by_name_and_is_the_secretariats(secretary, desk):
    page = seen(secretary.get("/desk/catalogue?q=wajir").text)
    assert "(WJR)" in page
    assert "(GPO)" not in page
    for address in ("", "/service/IDR", "/service/IDR/fee", "/holidays", "/new-centre", "/new-service"):
        assert desk("manager").get(f"/desk/catalogue{address}").status_code == 403
    for address in ("service/NOSUCH", "service/IDR/nosuch", "service/NOSUCH/names", "service/IDR/fee/2026-99-99/drop"):
        assert secretary.get(f"/desk/catalogue/{address}").status_code == 404
