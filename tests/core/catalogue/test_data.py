"""The real data files: complete, fit for a phone, and never more sure than their sources."""

import csv
from collections import Counter
from datetime import date

import pytest

from core.catalogue.content import FOLDER, SHORT_SERVICE, SHORT_SITE, read_content
from core.catalogue.records import Content
from core.catalogue.tables import Trust
from core.gsm7 import septets

CONTENT = read_content()
ESTIMATES = {"estimate", "estimate-low", "visualfoodie2026", "flairng"}


@pytest.fixture(scope="module")
def content() -> Content:
    return CONTENT


def lines(file: str) -> list[dict[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def fee(service: str, day: date):
    (found,) = (
        f
        for f in CONTENT.fees
        if f.service == service and f.valid_from <= day and (f.valid_until is None or day <= f.valid_until)
    )
    return found


def test_all_of_the_catalogue_is_there(content):
    assert len(content.sites) == 54
    assert len(content.services) == 90
    assert sum(area.kind == "county" for area in content.areas) == 47
    assert {site.county for site in content.sites} == {area.code for area in content.areas if area.kind == "county"}
    assert {f.service for f in content.fees} == {s.code for s in content.services}
    assert {r.service for r in content.requirements} == {s.code for s in content.services}
    assert {(h.site, h.weekday) for h in content.hours} == {(s.code, d) for s in content.sites for d in range(5)}


@pytest.mark.parametrize("language", ["en", "sw"])
def test_short_names_fit_the_screen_and_differ(content, language):
    services = [service.short[language] for service in content.services]
    assert [name for name in services if (septets(name) or 99) > SHORT_SERVICE] == []
    assert [name for name, times in Counter(services).items() if times > 1] == []
    sites = [site.short for site in content.sites]
    assert [name for name in sites if (septets(name) or 99) > SHORT_SITE] == []
    assert len(set(sites)) == len(sites)


def test_every_text_is_in_the_alphabet_of_every_phone(content):
    texts = [
        *(
            name
            for row in (*content.services, *content.categories)
            for name in (*row.short.values(), *row.full.values())
        ),
        *(text for row in content.requirements for text in row.texts),
        *(text for site in content.sites for text in (site.short, site.name, site.town, site.address)),
        *(area.name for area in content.areas),
    ]
    assert [text for text in texts if septets(text) is None] == []


@pytest.mark.parametrize(
    ("file", "column"),
    [("fees.csv", "source"), ("requirements.csv", "source"), ("centre_hours.csv", "source")],
)
def test_every_value_has_a_source(file, column):
    assert [line for line in lines(file) if not line[column]] == []


def test_no_fee_rests_on_an_estimate():
    """Whatever the amount: a fee with an estimate among its sources has none."""
    for line, fee_row in zip(lines("fees.csv"), CONTENT.fees, strict=True):
        estimated = bool(ESTIMATES & set(line["source"].split("+")))
        assert (fee_row.trust is Trust.ESTIMATE) == estimated
        assert not (estimated and line["amount_kes"]), line


def test_nothing_in_the_files_is_verified(content):
    trusts = {row.trust for row in (*content.fees, *content.hours, *content.requirements)}
    assert trusts <= {Trust.ESTIMATE, Trust.SOURCED}


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("SBP", "varies by county"),
        ("LRT", "varies"),
        ("PRK", "varies"),
        ("GRN", "not found"),
        ("JNC", "assessed by the court"),
        ("JCP", "assessed"),
        ("JPF", "assessed"),
        ("KNR", "an estimate of nothing is not free"),
        ("EAC", "an estimate of nothing is not free"),
        ("BCL", "sources disagree"),
        ("HLC", "sources disagree"),
        ("DLR", "one year and three years cost different sums"),
        ("MRN", "a source of low trust"),
        ("MRC", "a source of low trust"),
    ],
)
def test_a_fee_that_nobody_can_say_has_no_amount(service, reason):
    assert fee(service, date(2026, 11, 23)).amount_kes is None, reason


@pytest.mark.parametrize("service", ["IDN", "PAB", "PAC", "COL", "KPN", "KTC", "HLN"])
def test_a_service_is_free_where_a_source_says_so(service):
    found = fee(service, date(2026, 11, 23))
    assert (found.amount_kes, found.trust) == (0, Trust.SOURCED)


@pytest.mark.parametrize("service", ["IDR", "IDD", "IDC"])
@pytest.mark.parametrize(
    ("day", "free"),
    [
        (date(2025, 10, 30), False),
        (date(2025, 10, 31), True),
        (date(2026, 4, 30), True),
        (date(2026, 5, 1), True),
        (date(2026, 10, 30), True),
        (date(2026, 10, 31), False),
    ],
)
def test_the_id_waiver_holds_from_its_first_day_to_its_last(service, day, free):
    assert (fee(service, day).amount_kes == 0) == free
    assert fee(service, day).trust is Trust.SOURCED


def test_correcting_a_birth_certificate_is_done_elsewhere(content):
    assert [service.code for service in content.services if service.elsewhere] == ["BCC"]


def test_those_without_a_number_are_not_asked_for_one(content):
    identity = {service.code: service.identity for service in content.services}
    assert {identity[code] for code in ("IDN", "BCN", "BCL")} == {"none"}
    assert identity["IDR"] == "national_id"
    assert identity["PPR"] == "document"


def test_common_services_and_towns_are_ranked(content):
    ranked = sorted((s.common_rank, s.code) for s in content.services if s.common_rank)
    assert [code for _rank, code in ranked] == ["IDR", "IDN", "BCN", "PCC", "DLS", "PPN"]
    towns = {site.town_rank: site.town for site in content.sites if site.town_rank}
    assert towns == {1: "Nairobi", 2: "Mombasa", 3: "Kisumu", 4: "Nakuru", 5: "Eldoret"}
    assert sum(site.town_rank == 1 for site in content.sites) == 5
