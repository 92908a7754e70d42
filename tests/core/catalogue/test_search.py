"""What callers type, and what they find."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalogue.importer import load_catalogue
from core.catalogue.live import read_catalogue
from core.catalogue.search import common_towns, counties, find_places, find_services, nearest_sites
from core.clock import local_date
from core.wording import speaking

_read = []


@pytest.fixture
def catalogue(db, now):
    """Read once: it never changes."""
    if not _read:
        load_catalogue(db, now=now)
        _read.append(read_catalogue(db, today=local_date(now)))
    return _read[0]


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("lost id", ["IDR"]),
        ("LOST-ID!", ["IDR"]),
        ("lostid", ["IDR"]),
        ("lost my id", ["IDR"]),
        ("kitambulisho kilichopotea", ["IDR"]),
        ("iliyopotea", ["IDR", "DLD", "LBD", "PPL"]),
        ("tabia", ["PCC"]),
        ("taabia njema", ["PCC"]),
        ("passport", ["PPN", "PPR", "PPL"]),
        ("pasport", ["PPN", "PPR", "PPL"]),
        ("pasipoti", ["PPN", "PPL", "PPR"]),
        ("leseni", ["DLS", "DLD", "DLP", "DLR"]),
        ("driving license", ["DLS", "DLR", "DLD", "DLP"]),
        ("zzz", []),
        ("", []),
        (" *#", []),
        ("\U0001f642", []),
    ],
)
def test_services_are_found_in_either_language(catalogue, typed, codes):
    found = [service.code for service in find_services(catalogue, typed)]
    assert found == codes


def test_common_services_come_first_of_equals(catalogue):
    assert [service.code for service in find_services(catalogue, "id")][:2] == ["IDR", "IDN"]


def test_a_name_that_begins_so_comes_before_one_that_goes_on_so(catalogue):
    found = [service.code for service in find_services(catalogue, "birth")]
    assert found[0] == "BCN"
    assert set(found) == {"BCN", "BCA", "BCL", "BCR", "BCC"}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("nairobi", ["Nairobi"]),
        ("nairbi", ["Nairobi"]),
        ("gpo", ["GPO"]),
        ("Nairobi GPO", ["GPO"]),
        ("muranga", ["Murang'a"]),
        ("homabay", ["Homa Bay"]),
        ("kisuum", ["Kisumu"]),
        ("waj", ["Wajir"]),
        ("Wajir town", ["Wajir"]),
        ("huduma centre kwale", ["Kwale"]),
        ("kaunti ya Kwale", ["Kwale"]),
        ("kis", ["Kisumu", "Kisii", "Kisauni"]),
        ("malindi", ["Malindi"]),
        ("rumuruti", ["Rumuruti"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_places_are_found(catalogue, typed, names):
    assert [place.name for place in find_places(catalogue, typed)] == names


@pytest.mark.parametrize(
    ("typed", "sites"),
    [
        ("nairobi", {"GPO", "CTS", "MAK", "EAS", "KIB"}),
        ("langata", {"GPO", "CTS", "MAK", "EAS", "KIB"}),
        ("kibra", {"KIB"}),
        ("baringo", {"BRG", "MGT"}),
        ("mogotio", {"MGT"}),
        ("laikipia", {"LKP", "MKT"}),
        ("malindi", {"KLF"}),
    ],
)
def test_a_place_means_its_centres(catalogue, typed, sites):
    assert {site.code for site in find_places(catalogue, typed)[0].sites} == sites


@pytest.mark.parametrize("typed", ["hola", "wundanyi", "ngong", "mbale", "nanyuki", "lodwar"])
def test_a_guessed_town_finds_its_centre_and_is_not_shown(catalogue, typed):
    (place,) = find_places(catalogue, typed)
    shown = place.name.casefold() == typed
    assert shown == (typed == "lodwar")


def test_each_centre_is_found_by_its_name_and_each_place_means_other_centres(catalogue):
    for site in catalogue.sites.values():
        found = find_places(catalogue, site.names.short["en"])
        assert site in found[0].sites, site.code
        meanings = [frozenset(s.code for s in place.sites) for place in found]
        assert len(set(meanings)) == len(meanings)
        assert len({place.name for place in found}) == len(found)


def test_each_service_is_found_by_each_of_its_names(catalogue):
    for service in catalogue.services.values():
        for name in (*service.names.short.values(), *service.names.full.values()):
            assert service in find_services(catalogue, name)[:3], name


def test_each_county_is_found_by_its_name(catalogue):
    assert len(counties(catalogue)) == 47
    for county in counties(catalogue):
        assert county.sites
        assert all(site in find_places(catalogue, county.name)[0].sites for site in county.sites)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=90))
def test_anything_may_be_typed(catalogue, typed):
    find_services(catalogue, typed)
    find_places(catalogue, typed)


def test_the_order_does_not_depend_on_the_language(catalogue):
    for typed in ("id", "birth", "kuzaliwa", "n", "pasport"):
        found = []
        for language in ("en", "sw"):
            with speaking(language):
                found.append((find_services(catalogue, typed), find_places(catalogue, typed)))
        assert found[0] == found[1]


def test_common_towns_in_their_order(catalogue):
    towns = common_towns(catalogue)
    assert [town.name for town in towns] == ["Nairobi", "Mombasa", "Kisumu", "Nakuru", "Eldoret"]
    assert [len(town.sites) for town in towns] == [5, 1, 1, 1, 1]


def test_the_nearest_centres_come_first_and_those_nobody_has_placed_last(catalogue):
    everywhere = list(catalogue.sites.values())
    near = nearest_sites(catalogue.sites["THK"], everywhere)
    assert catalogue.sites["THK"] not in near
    assert len(near) == 53
    assert {"EAS", "MRG"} <= {site.code for site in near[:3]}
    assert near[-1].code == "MKT"
    assert nearest_sites(catalogue.sites["MKT"], everywhere)[0].code == "LKP"
    assert [s.code for s in nearest_sites(catalogue.sites["MSA"], everywhere)][:2] == ["KWL", "KLF"]
