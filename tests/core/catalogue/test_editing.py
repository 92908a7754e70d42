"""Changing the catalogue by hand: each change with its source, refused in words, and kept when the files are loaded."""

import threading
from contextlib import suppress
from datetime import date, time

import pytest
import sqlalchemy as sa

from core.booking.errors import SlotFull
from core.booking.given import places_taken
from core.booking.opening import Opening, close_offering, open_offering
from core.booking.seats import Exchange
from core.booking.site_days import days_taken, set_days
from core.catalogue.assembly import read_catalogue
from core.catalogue.editing import fees, holidays, hours, naming, services, sites
from core.catalogue.editing.edit import Edit, mark_of, thing
from core.catalogue.errors import (
    BadSpan,
    BookedOutside,
    CatalogueRefused,
    NoSuchEntry,
    Outdated,
    Overlapping,
    StillBooked,
    Unfit,
    Unsourced,
)
from core.catalogue.importer import load_catalogue
from core.catalogue.tables import Fee, Named, Offering, Part, SiteHours, Trust
from core.catalogue.version import catalogue_version
from core.clock import at_local, local_date
from core.db import transactions
from core.people.audit import Actor
from core.people.tables import Event

TODAY = date(2026, 11, 23)
JANUARY = date(2027, 1, 1)
NAMES = {"short": {"en": "Lost ID card", "sw": "ID iliyopotea"}, "full": {"en": "Lost ID card", "sw": "Kitambulisho"}}


@pytest.fixture
def edit(now):
    keys = iter(range(1000))

    def make(note="Gazette Notice 12 of 2026", key=None, who="amina", **more):
        return Edit(Actor("desk", who=who), note, key or f"desk:{next(keys)}", now, **more)

    return make


@pytest.fixture
def seeded(db, now):
    load_catalogue(db, now=now)
    return db


def fee_on(db, day, service="IDR"):
    return read_catalogue(db, today=TODAY).services[service].fee_on(day)


def last_event(db):
    return db.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()


def test_a_name_is_changed_with_its_source_and_what_it_was(seeded, edit):
    before = catalogue_version(seeded)
    assert naming.rename(seeded, Named.SERVICE, "IDR", **NAMES, edit=edit())
    assert read_catalogue(seeded, today=TODAY).services["IDR"].names.short["en"] == "Lost ID card"
    assert catalogue_version(seeded) == before + 1
    event = last_event(seeded)
    assert (event.name, event.subject, event.who) == ("catalogue.changed", "service:IDR", "amina")
    assert (event.details["old"]["short_en"], event.details["new"]["short_en"]) == ("Lost ID", "Lost ID card")
    assert event.details["source"] == "Gazette Notice 12 of 2026"


@pytest.mark.parametrize(
    ("kind", "code", "short", "sentence"),
    [
        (Named.SERVICE, "IDR", "Lost identity card again", "This is 2 too long: 22"),
        (Named.SITE, "GPO", "Nairobi main post office", "This is 8 too long: 16"),
        (Named.SERVICE, "IDR", "Lost €€€€€€€€€ ID card", "This is 9 too long: 22"),
        (Named.SERVICE, "IDR", "Lost \N{EN DASH} ID", "A plain phone cannot show this: \N{EN DASH}"),
        (Named.SERVICE, "IDR", " ", "This cannot be empty."),
        (Named.SERVICE, "IDR", "First ID", "Something else has this name already."),
    ],
)
def test_a_name_that_no_phone_can_show_is_refused_in_words(seeded, edit, kind, code, short, sentence):
    version = catalogue_version(seeded)
    full = {"en": "Something", "sw": "Kitu"}
    with pytest.raises(Unfit, match=sentence) as refused:
        naming.rename(seeded, kind, code, short={"en": short, "sw": "Jina jipya"}, full=full, edit=edit())
    assert refused.value.field == "short_en"
    assert catalogue_version(seeded) == version


def test_nothing_is_changed_without_a_source_or_where_nothing_is(seeded, edit):
    with pytest.raises(Unsourced):
        naming.rename(seeded, Named.SERVICE, "IDR", **NAMES, edit=edit(note=" "))
    with pytest.raises(NoSuchEntry):
        naming.rename(seeded, Named.SERVICE, "NOSUCH", **NAMES, edit=edit())


def test_the_same_request_changes_once(seeded, edit):
    one = edit(key="desk:one")
    assert naming.rename(seeded, Named.SERVICE, "IDR", **NAMES, edit=one)
    version = catalogue_version(seeded)
    assert naming.rename(seeded, Named.SERVICE, "IDR", **NAMES, edit=one)
    assert catalogue_version(seeded) == version


def test_a_new_fee_ends_the_one_before_the_day_it_begins(seeded, edit):
    held = fee_on(seeded, date(2026, 12, 31))
    fees.set_fee(seeded, "IDR", amount_kes=1200, valid_from=JANUARY, valid_until=None, edit=edit())
    assert fee_on(seeded, date(2026, 12, 31)).amount_kes == held.amount_kes
    new = fee_on(seeded, JANUARY)
    assert (new.amount_kes, new.trust) == (1200, Trust.VERIFIED)
    row = seeded.scalars(sa.select(Fee).where(Fee.amount_kes == 1200)).one()
    assert row.source == "desk:amina: Gazette Notice 12 of 2026"

    fees.set_fee(seeded, "IDR", amount_kes=None, valid_from=JANUARY, valid_until=None, edit=edit())
    assert fee_on(seeded, JANUARY).amount_kes is None
    fees.drop_fee(seeded, "IDR", valid_from=JANUARY, edit=edit())
    assert fee_on(seeded, JANUARY).amount_kes == held.amount_kes


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"valid_from": date(2026, 12, 1)}, Overlapping),
        ({"valid_from": date(2026, 12, 1), "valid_until": JANUARY}, Overlapping),
        ({"valid_from": JANUARY, "valid_until": TODAY}, BadSpan),
        ({"valid_from": date(2020, 1, 1)}, BadSpan),
        ({"valid_from": JANUARY, "amount_kes": -1}, Unfit),
    ],
)
def test_fees_that_overlap_or_cannot_be_are_refused(seeded, edit, changes, refusal):
    fees.set_fee(seeded, "IDR", amount_kes=1200, valid_from=JANUARY, valid_until=None, edit=edit())
    with pytest.raises(refusal):
        fees.set_fee(seeded, "IDR", **({"amount_kes": 1300, "valid_until": None} | changes), edit=edit())
    assert fee_on(seeded, JANUARY).amount_kes == 1200


def test_a_fee_that_has_begun_is_not_taken_away(seeded, edit):
    fees.set_fee(seeded, "IDR", amount_kes=1200, valid_from=TODAY, valid_until=None, edit=edit())
    with pytest.raises(BadSpan):
        fees.drop_fee(seeded, "IDR", valid_from=TODAY, edit=edit())
    with pytest.raises(NoSuchEntry):
        fees.drop_fee(seeded, "IDR", valid_from=JANUARY, edit=edit())


def test_an_amount_is_confirmed_as_it_stands(seeded, edit):
    held = fee_on(seeded, TODAY)
    assert held.trust is Trust.SOURCED
    day, seen = held.valid_from, mark_of(fees.fees_of(seeded, thing(seeded, Named.SERVICE, "IDR"))[-1])
    assert fees.verify_fee(seeded, "IDR", valid_from=day, seen=seen, edit=edit())
    assert not fees.verify_fee(seeded, "IDR", valid_from=day, seen=seen, edit=edit()), (
        "a colleague has confirmed it too"
    )
    assert (fee_on(seeded, TODAY).amount_kes, fee_on(seeded, TODAY).trust) == (held.amount_kes, Trust.VERIFIED)


def test_what_has_changed_since_it_was_seen_is_not_confirmed(seeded, edit):
    service, site = thing(seeded, Named.SERVICE, "IDR"), thing(seeded, Named.SITE, "GPO")
    address = read_catalogue(seeded, today=TODAY).sites["GPO"].address
    fee = fees.fees_of(seeded, service)[-1]
    day = date.fromisoformat(fee["from"])
    seen = [mark_of(one) for one in (fee, services.list_of(seeded, service), hours.hours_of(seeded, site), address)]

    def rumour():
        return {"edit": edit(note="a rumour", trust=Trust.SOURCED)}

    fees.set_fee(seeded, "IDR", amount_kes=777, valid_from=day, valid_until=None, **rumour())
    services.set_list(seeded, "IDR", texts={"en": ["A goat"], "sw": ["Mbuzi"]}, **rumour())
    hours.set_hours(seeded, "GPO", week={0: (time(9), time(15))}, valid_from=JANUARY, valid_until=None, **rumour())
    sites.set_address(seeded, "GPO", address="Somewhere else", **rumour())
    attempts = (
        lambda: fees.verify_fee(seeded, "IDR", valid_from=day, seen=seen[0], edit=edit()),
        lambda: services.verify_list(seeded, "IDR", seen=seen[1], edit=edit()),
        lambda: hours.verify_hours(seeded, "GPO", seen=seen[2], edit=edit()),
        lambda: sites.verify(seeded, "GPO", Part.ADDRESS, seen=seen[3], edit=edit()),
    )
    for attempt in attempts:
        with pytest.raises(Outdated):
            attempt()
    catalogue = read_catalogue(seeded, today=TODAY)
    assert catalogue.services["IDR"].fee_on(TODAY).trust is Trust.SOURCED
    assert catalogue.services["IDR"].requirements_trust is Trust.SOURCED
    assert catalogue.sites["GPO"].address_trust is Trust.SOURCED


def test_nobody_is_told_to_walk_in_where_the_service_is_still_booked(seeded, edit):
    for site in ("GPO", "MAK"):
        open_offering(seeded, Opening("IDR", site, counters=2, minutes=15), edit=edit())
    with pytest.raises(Unfit, match="open for booking: 2") as refused:
        services.set_appointment(seeded, "IDR", appointment="walk_in", edit=edit())
    assert refused.value.field == "appointment"
    for site in ("GPO", "MAK"):
        close_offering(seeded, service="IDR", site=site, edit=edit())
    assert services.set_appointment(seeded, "IDR", appointment="walk_in", edit=edit())
    with pytest.raises(Unfit):
        open_offering(seeded, Opening("IDR", "GPO", counters=2, minutes=15), edit=edit())


def test_hours_for_a_time_give_way_to_those_before_again(seeded, edit):
    week = {day: (time(9), time(15)) for day in range(5)}
    until = date(2027, 1, 31)
    hours.set_hours(seeded, "GPO", week=week, valid_from=JANUARY, valid_until=until, edit=edit())
    seen = {day: _opening(seeded, day) for day in (date(2026, 12, 31), date(2027, 1, 4), date(2027, 2, 1))}
    assert seen[date(2027, 1, 4)] == (time(9), time(15))
    assert seen[date(2026, 12, 31)] == seen[date(2027, 2, 1)] != (time(9), time(15))


def test_a_weekday_without_hours_is_closed_from_that_day(seeded, edit):
    hours.set_hours(seeded, "GPO", week={0: (time(8), time(17))}, valid_from=JANUARY, valid_until=None, edit=edit())
    assert _opening(seeded, date(2027, 1, 5)) is None
    assert _opening(seeded, date(2026, 12, 29)) is not None


def test_hours_that_cannot_be_are_refused_beside_the_day(seeded, edit):
    with pytest.raises(BadSpan) as refused:
        hours.set_hours(seeded, "GPO", week={2: (time(17), time(8))}, valid_from=TODAY, valid_until=None, edit=edit())
    assert refused.value.field == "closes_2"
    with pytest.raises(BadSpan):
        hours.set_hours(seeded, "GPO", week={}, valid_from=TODAY, valid_until=None, edit=edit())


def test_what_to_bring_is_the_same_list_in_both_languages(seeded, edit):
    texts = {"en": ["Police abstract", " Old ID  copy "], "sw": ["Ripoti ya polisi", "Nakala ya ID"]}
    services.set_list(seeded, "IDR", texts=texts, edit=edit(trust=Trust.SOURCED))
    found = read_catalogue(seeded, today=TODAY).services["IDR"]
    assert found.requirements["en"] == ("Police abstract", "Old ID copy")
    assert found.requirements_trust is Trust.SOURCED
    with pytest.raises(Unfit, match="the same things"):
        services.set_list(seeded, "IDR", texts={"en": ["One"], "sw": ["Moja", "Mbili"]}, edit=edit())
    with pytest.raises(Unfit, match="at least one"):
        services.set_list(seeded, "IDR", texts={"en": [], "sw": []}, edit=edit())


def test_an_outreach_has_an_end_and_the_hours_of_a_centre(seeded, edit):
    new = {
        "code": "OUT1",
        "kind": "outreach",
        "county": "047",
        "short": {"en": "Kibra days", "sw": "Kibra days"},
        "full": {"en": "Kibra outreach", "sw": "Huduma Mashinani Kibra"},
        "town": "Nairobi",
        "address": "",
        "opens_on": JANUARY,
        "closes_on": None,
        "hours_of": "GPO",
    }
    county = read_catalogue(seeded, today=TODAY).sites["GPO"].area
    new["county"] = county
    with pytest.raises(BadSpan):
        sites.add_site(seeded, sites.NewSite(**new), edit=edit())
    one = edit()
    for _again in range(2):
        sites.add_site(seeded, sites.NewSite(**new | {"closes_on": date(2027, 1, 9)}), edit=one)
    catalogue = read_catalogue(seeded, today=TODAY)
    added = catalogue.sites["OUT1"]
    assert (added.kind, added.area, added.closes_on) == ("outreach", county, date(2027, 1, 9))
    assert len(added.hours) == len(catalogue.sites["GPO"].hours)
    with pytest.raises(Unfit) as refused:
        sites.add_site(seeded, sites.NewSite(**new | {"closes_on": date(2027, 1, 9)}), edit=edit())
    assert refused.value.field == "code"


def test_a_day_by_decree_closes_all_offices_until_it_is_taken_back(seeded, edit):
    day = date(2026, 12, 9)
    holidays.set_day(seeded, day, closed=True, reason="Day of mourning", edit=edit())
    assert day in read_catalogue(seeded, today=TODAY).closed_days
    holidays.drop_day(seeded, day, edit=edit())
    with pytest.raises(BadSpan):
        holidays.set_day(seeded, date(2026, 11, 1), closed=True, reason="Late", edit=edit())


def test_loading_the_files_again_changes_nothing_that_was_set_by_hand(seeded, edit, now):
    naming.rename(seeded, Named.SERVICE, "IDR", **NAMES, edit=edit())
    names = {"short": {"en": "GPO Nairobi", "sw": "GPO Nairobi"}, "full": {"en": "Nairobi GPO", "sw": "GPO Nairobi"}}
    naming.rename(seeded, Named.SITE, "GPO", **names, edit=edit())
    fees.set_fee(seeded, "IDR", amount_kes=1200, valid_from=JANUARY, valid_until=None, edit=edit(trust=Trust.SOURCED))
    week = {0: (time(9), time(15))}
    hours.set_hours(seeded, "GPO", week=week, valid_from=JANUARY, valid_until=None, edit=edit(trust=Trust.SOURCED))
    texts = {"en": ["Police abstract"], "sw": ["Ripoti ya polisi"]}
    services.set_list(seeded, "IDR", texts=texts, edit=edit(trust=Trust.SOURCED))
    services.set_minutes(seeded, "IDR", minutes=47, edit=edit())
    services.set_appointment(seeded, "IDR", appointment="optional", edit=edit())
    sites.set_address(seeded, "GPO", address="Kenyatta Avenue", edit=edit(trust=Trust.SOURCED))
    new = sites.NewSite(
        code="NEW",
        kind="centre",
        county=read_catalogue(seeded, today=TODAY).sites["GPO"].area,
        short={"en": "New", "sw": "New"},
        full={"en": "New centre", "sw": "Kituo kipya"},
        town="Nairobi",
        address="",
        opens_on=None,
        closes_on=None,
        hours_of="GPO",
    )
    sites.add_site(seeded, new, edit=edit())
    before = read_catalogue(seeded, today=TODAY)

    changes = load_catalogue(seeded, now=now)
    assert [str(change) for change in changes if change.applied] == []
    assert any("fee" in str(change) and "was set by hand" in str(change) for change in changes)
    assert not any("NEW" in change.subject for change in changes)
    after = read_catalogue(seeded, today=TODAY)
    assert after == before
    assert after.services["IDR"].appointment == "optional"


def test_a_service_is_opened_at_a_centre_in_its_hours_and_can_be_booked(seeded, edit, now):
    opening = Opening("IDR", "GPO", counters=2, minutes=15)
    number = open_offering(seeded, opening, edit=edit(note="asked the manager"))
    found = read_catalogue(seeded, today=TODAY).offering("IDR", "GPO")
    assert (found.id, found.counters, found.minutes) == (number, 2, 15)
    assert len(found.hours) == len(found.site.hours)
    row = seeded.get_one(Offering, number)
    assert (row.trust, row.source) == (Trust.VERIFIED, "desk:amina: asked the manager")
    assert last_event(seeded).name == "offering.opened"
    _take(seeded, found, at_local(date(2026, 11, 24), time(9)))
    assert places_taken(seeded, [number], now=now) == {number: 1}
    late = at_local(date(2026, 11, 24), time(16))
    assert places_taken(seeded, [number], now=late) == {number: 1}, "late, and still to be served"
    assert places_taken(seeded, [number], now=at_local(date(2026, 11, 25), time(0))) == {}


@pytest.mark.parametrize(
    ("changes", "field"), [({"counters": 0}, "counters"), ({"minutes": 0}, "minutes"), ({"service": "NHIF"}, None)]
)
def test_what_cannot_be_opened_is_refused(seeded, edit, changes, field):
    with pytest.raises(CatalogueRefused) as refused:
        open_offering(
            seeded, Opening(**{"service": "IDR", "site": "GPO", "counters": 1, "minutes": 15} | changes), edit=edit()
        )
    assert field is None or refused.value.field == field


def test_a_service_with_bookings_is_not_switched_off(seeded, edit, now):
    number = open_offering(seeded, Opening("IDR", "GPO", counters=2, minutes=15), edit=edit())
    found = read_catalogue(seeded, today=TODAY).offering("IDR", "GPO")
    _take(seeded, found, at_local(date(2026, 11, 24), time(9)))
    with pytest.raises(StillBooked, match="Places still taken: 1"):
        close_offering(seeded, service="IDR", site="GPO", edit=edit(note="no officer"))
    assert seeded.get_one(Offering, number, populate_existing=True).open


def test_nobody_takes_a_place_in_a_service_that_has_been_switched_off_whatever_they_believe(seeded, edit):
    open_offering(seeded, Opening("IDR", "GPO", counters=2, minutes=15), edit=edit())
    old = read_catalogue(seeded, today=TODAY).offering("IDR", "GPO")
    assert close_offering(seeded, service="IDR", site="GPO", edit=edit(note="no officer"))
    assert read_catalogue(seeded, today=TODAY).offering("IDR", "GPO") is None
    with pytest.raises(SlotFull), seeded.begin_nested():
        _take(seeded, old, at_local(date(2026, 11, 24), time(9)))
    open_offering(seeded, Opening("IDR", "GPO", counters=1, minutes=15), edit=edit())
    _take(seeded, old, at_local(date(2026, 11, 24), time(9)))


def test_switching_off_and_booking_at_once_leaves_nobody_on_a_closed_service(engine, edit, now):
    """Either the booking is seen and nothing is switched off, or there is no place any more."""
    transaction = transactions(engine)
    with transaction() as db:
        load_catalogue(db, now=now)
        number = open_offering(db, Opening("IDR", "GPO", counters=2, minutes=15), edit=edit())
        found = read_catalogue(db, today=local_date(now)).offering("IDR", "GPO")
    for day in (24, 25, 26, 27):
        start, barrier = at_local(date(2026, 11, day), time(9)), threading.Barrier(2)
        closing = edit(note="no officer")
        jobs = (
            lambda db: close_offering(db, service="IDR", site="GPO", edit=closing),  # noqa: B023 - run at once
            lambda db: _take(db, found, start),  # noqa: B023 - run at once
        )

        def run(job, barrier=barrier):
            with suppress(StillBooked, SlotFull), transaction() as db:
                barrier.wait()
                job(db)

        threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with transaction() as db:
            is_open = db.get_one(Offering, number).open
            taken = places_taken(db, [number], now=now)
            assert is_open or not taken
            if not is_open:
                open_offering(db, Opening("IDR", "GPO", counters=2, minutes=15), edit=edit())


def test_a_centre_is_there_on_its_days_whatever_anybody_believes(seeded, edit, now):
    open_offering(seeded, Opening("IDR", "GPO", counters=2, minutes=15), edit=edit())
    old, site = read_catalogue(seeded, today=TODAY).offering("IDR", "GPO"), thing(seeded, Named.SITE, "GPO")
    start = at_local(date(2026, 11, 26), time(9))
    assert days_taken(seeded, site, now=now) is None
    for days in ((None, date(2026, 11, 25)), (date(2026, 11, 27), None)):
        assert set_days(seeded, "GPO", opens_on=days[0], closes_on=days[1], edit=edit())
        with pytest.raises(SlotFull), seeded.begin_nested():
            _take(seeded, old, start)
    assert last_event(seeded).details["old"] == [None, "2026-11-25"]
    assert set_days(seeded, "GPO", opens_on=TODAY, closes_on=date(2026, 11, 26), edit=edit())
    _take(seeded, old, start)
    _take(seeded, old, at_local(date(2026, 11, 25), time(9)))
    assert days_taken(seeded, site, now=now) == (date(2026, 11, 25), date(2026, 11, 26))
    with pytest.raises(BookedOutside, match="left out: 1"), seeded.begin_nested():
        set_days(seeded, "GPO", opens_on=TODAY, closes_on=date(2026, 11, 25), edit=edit())
    assert read_catalogue(seeded, today=TODAY).sites["GPO"].closes_on == date(2026, 11, 26)
    assert not set_days(seeded, "GPO", opens_on=TODAY, closes_on=date(2026, 11, 26), edit=edit()), "it is confirmed"
    with pytest.raises(BadSpan):
        set_days(seeded, "GPO", opens_on=None, closes_on=date(2026, 11, 22), edit=edit())


def _take(db, offering, start):
    exchange = Exchange()
    exchange.take(offering, start)
    exchange.settle(db)


def _opening(db, day):
    rows = db.scalars(sa.select(SiteHours).where(SiteHours.site_id == _site(db), SiteHours.weekday == day.weekday()))
    found = [r for r in rows if r.valid_from <= day and (r.valid_until is None or day <= r.valid_until)]
    return (found[0].opens, found[0].closes) if found else None


def _site(db):
    return read_catalogue(db, today=TODAY).sites["GPO"].id
