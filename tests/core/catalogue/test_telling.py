"""What a citizen is told: verified as a fact, sourced as reported, an estimate not at all."""

import dataclasses
from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.catalogue.importer import load_catalogue
from core.catalogue.live import read_catalogue
from core.catalogue.snapshot import Fee, Names, Period, Service, Shut, Site
from core.catalogue.tables import Trust
from core.catalogue.telling import address_line, bring_list, fee_line, hours_line, open_now
from core.clock import local_date
from core.gsm7 import septets
from core.wording import speaking

TODAY = date(2026, 11, 23)
ALWAYS = date(2000, 1, 1)
NAMES = Names({"en": "X", "sw": "X"}, {"en": "X", "sw": "X"})
SURE, REPORTED, GUESS = Trust.VERIFIED, Trust.SOURCED, Trust.ESTIMATE


def service(**values) -> Service:
    defaults = {
        "id": 1,
        "code": "X",
        "category": "x",
        "agency_id": 1,
        "agency": NAMES,
        "names": NAMES,
        "appointment": "needed",
        "elsewhere": False,
        "identity": "none",
        "common_rank": None,
        "requirements": {"en": ("ID copy",), "sw": ("Nakala ya ID",)},
        "requirements_trust": SURE,
        "fees": (),
    }
    return Service(**(defaults | values))


def week(opens: int, closes: int, trust: Trust, days=range(5)) -> tuple[Period, ...]:
    return tuple(Period(day, time(opens), time(closes), ALWAYS, None, trust) for day in days)


def site(**values) -> Site:
    defaults = {
        "id": 1,
        "code": "X",
        "kind": "centre",
        "area": "47",
        "names": NAMES,
        "town": "Kisumu",
        "town_trust": REPORTED,
        "town_rank": None,
        "address": "Prosperity House",
        "address_trust": REPORTED,
        "latitude": None,
        "longitude": None,
        "window_minutes": 30,
        "window_cap": None,
        "opens_on": None,
        "closes_on": None,
        "hours": week(8, 17, SURE),
        "closures": (),
    }
    return Site(**(defaults | values))


@pytest.fixture
def catalogue(db, now):
    load_catalogue(db, now=now)
    return read_catalogue(db, today=local_date(now))


@pytest.mark.parametrize(
    ("amount", "trust", "line"),
    [
        (1050, SURE, "Fee KES 1,050"),
        (0, SURE, "No fee"),
        (1050, REPORTED, "Fee KES 1,050 (not confirmed)"),
        (0, REPORTED, "Free (not confirmed)"),
        (1050, GUESS, "Fee: ask at the centre"),
        (0, GUESS, "Fee: ask at the centre"),
        (None, SURE, "Fee: ask at the centre"),
        (None, REPORTED, "Fee: ask at the centre"),
    ],
)
def test_a_fee_is_told_as_far_as_it_can_be_trusted(amount, trust, line):
    assert fee_line(service(fees=(Fee(amount, ALWAYS, None, trust),)), TODAY) == line


def test_a_fee_holds_from_its_first_day_to_its_last():
    fees = (Fee(0, date(2026, 5, 1), date(2026, 10, 30), SURE), Fee(1050, date(2026, 11, 1), None, SURE))
    told = [fee_line(service(fees=fees), date(2026, month, day)) for month, day in ((4, 30), (5, 1), (10, 30), (11, 1))]
    assert told == ["Fee: ask at the centre", "No fee", "No fee", "Fee KES 1,050"]
    assert fee_line(service(fees=fees), date(2026, 10, 31)) == "Fee: ask at the centre"


def test_a_list_that_nobody_knows_is_not_told():
    assert bring_list(service(requirements_trust=GUESS)) is None
    assert bring_list(service()) == ("ID copy",)
    with speaking("sw"):
        assert bring_list(service(requirements_trust=REPORTED)) == ("Nakala ya ID",)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"address_trust": SURE}, "Prosperity House, Kisumu"),
        ({}, "Prosperity House, Kisumu (not confirmed)"),
        ({"address": "Kisumu Post Office"}, "Kisumu Post Office (not confirmed)"),
        ({"town_trust": GUESS}, "Prosperity House (not confirmed)"),
        ({"address_trust": GUESS}, "Kisumu (not confirmed)"),
        ({"address": "", "town_trust": SURE}, "Kisumu"),
        ({"address_trust": GUESS, "town_trust": GUESS}, None),
    ],
)
def test_an_address_is_told_as_far_as_it_can_be_trusted(values, line):
    assert address_line(site(**values)) == line


@pytest.mark.parametrize(
    ("hours", "line"),
    [
        (week(8, 17, SURE), "Mon-Fri 8:00am-5:00pm"),
        (week(7, 19, REPORTED), "Hours (not confirmed): Mon-Fri 7:00am-7:00pm"),
        (week(8, 17, SURE) + week(8, 13, SURE, [5]), "Mon-Fri 8:00am-5:00pm, Sat 8:00am-1:00pm"),
        (week(8, 17, SURE, [0, 2]), "Mon 8:00am-5:00pm, Wed 8:00am-5:00pm"),
        (week(8, 12, SURE, [0]) + week(14, 17, SURE, [0]), "Mon 8:00am-12:00pm 2:00pm-5:00pm"),
        (week(8, 17, GUESS), None),
        ((), None),
    ],
)
def test_hours_are_told_as_far_as_they_can_be_trusted(hours, line):
    assert hours_line(site(hours=hours), TODAY) == line


def test_hours_of_another_time_are_not_told():
    old = tuple(dataclasses.replace(p, valid_until=date(2025, 12, 31)) for p in week(7, 19, SURE))
    new = tuple(dataclasses.replace(p, valid_from=date(2026, 1, 1)) for p in week(8, 17, SURE))
    assert hours_line(site(hours=old + new), TODAY) == "Mon-Fri 8:00am-5:00pm"


MONDAY_NINE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "after", "is_open"),
    [
        ({}, timedelta(), True),
        ({}, timedelta(hours=7, minutes=59), True),
        ({}, timedelta(hours=8), False),
        ({}, timedelta(hours=-2), False),
        ({}, timedelta(days=-1), False),
        ({"hours": week(8, 17, GUESS)}, timedelta(), None),
        ({"hours": ()}, timedelta(), None),
        ({"closures": (Shut(MONDAY_NINE, MONDAY_NINE + timedelta(hours=1)),)}, timedelta(), False),
        ({"closures": (Shut(MONDAY_NINE, MONDAY_NINE + timedelta(hours=1)),)}, timedelta(hours=1), True),
        ({"closes_on": date(2026, 11, 22)}, timedelta(), False),
        ({"opens_on": date(2026, 11, 24)}, timedelta(), False),
        ({}, timedelta(days=32), False),  # Christmas Day
    ],
)
def test_open_now(catalogue, values, after, is_open):
    assert open_now(site(**values), MONDAY_NINE + after, catalogue) is is_open


@pytest.mark.parametrize("language", ["en", "sw"])
def test_no_estimate_of_the_real_data_is_told(catalogue, language):
    """Over every service and centre: nothing is told as a fact, and an estimate is not told at all."""
    with speaking(language):
        ask = fee_line(service(), TODAY)
        for found in catalogue.services.values():
            fee, told = found.fee_on(TODAY), fee_line(found, TODAY)
            assert "KES" not in told or (fee.trust is REPORTED and fee.amount_kes)
            if fee is None or fee.amount_kes is None or fee.trust is GUESS:
                assert told == ask
            else:
                assert told not in (ask, f"Fee KES {fee.amount_kes:,}", "No fee")
            assert (bring_list(found) is None) == (found.requirements_trust is GUESS)
            assert septets(told) is not None
        for place in catalogue.sites.values():
            told = address_line(place) or ""
            if place.address and place.address_trust is GUESS:
                assert place.address not in told
            if place.town_trust is GUESS:
                assert place.town not in told or place.town in place.address
            assert told != place.address or not told
            assert septets(told) is not None
            assert septets(hours_line(place, TODAY) or "") is not None
