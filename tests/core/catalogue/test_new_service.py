"""A service that somebody adds by hand: found by nobody before it is given somewhere, and left by the data files."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from core.booking.opening import Opening, close_offering, open_offering
from core.catalogue.assembly import read_catalogue
from core.catalogue.content import FOLDER, SHORT_SERVICE, read_content
from core.catalogue.editing.edit import LONGEST_FULL, Edit, edits_of, thing
from core.catalogue.editing.new_service import NewService, add_service, agencies
from core.catalogue.editing.services import set_minutes
from core.catalogue.errors import Unfit
from core.catalogue.importer import load_catalogue
from core.catalogue.search import find_services
from core.catalogue.tables import Named, Trust
from core.people.audit import Actor
from core.people.tables import Event

TODAY = date(2026, 11, 23)
NEW = NewService(
    code="TVA",
    agency="KRA",
    category="tax",
    short={"en": "Tax waiver", "sw": "Msamaha wa kodi"},
    full={"en": "Apply for a tax waiver", "sw": "Kuomba msamaha wa kodi"},
    appointment="needed",
    identity="national_id",
    minutes=20,
)


@pytest.fixture
def edit(now):
    keys = iter(range(1000))

    def make(trust=Trust.ESTIMATE, key=None):
        return Edit(Actor("desk", who="amina"), "Letter of KRA, 20 Nov", key or f"desk:{next(keys)}", now, trust)

    return make


@pytest.fixture
def seeded(db, now):
    load_catalogue(db, now=now)
    return db


def found(db):
    """Whether citizens find it: by its name, and among those of its kind."""
    catalogue = read_catalogue(db, today=TODAY)
    typed = "TVA" in [service.code for service in find_services(catalogue, "tax waiver")]
    listed = "TVA" in [service.code for service in catalogue.public_services]
    assert typed == listed
    return listed


def test_it_is_added_once_as_an_estimate_with_its_source(seeded, edit):
    for _again in range(2):
        assert add_service(seeded, NEW, edit=edit(key="desk:one"))
    service = read_catalogue(seeded, today=TODAY).services["TVA"]
    assert (service.names.short["sw"], service.category, service.identity) == ("Msamaha wa kodi", "tax", "national_id")
    assert (service.fees, service.requirements_trust, service.common_rank) == ((), Trust.ESTIMATE, None)
    what = thing(seeded, Named.SERVICE, "TVA")
    edits = edits_of(seeded, what)
    assert {part: row.trust for part, row in edits.items()} == dict.fromkeys(
        ("added", "names", "minutes", "appointment"), "estimate"
    )
    assert edits["added"].source == "Letter of KRA, 20 Nov"
    [event] = seeded.scalars(sa.select(Event).where(Event.subject == "service:TVA"))
    assert (event.name, event.details["new"]["agency"], event.details["trust"]) == (
        "catalogue.added",
        "KRA",
        "estimate",
    )

    set_minutes(seeded, "TVA", minutes=20, edit=edit(Trust.VERIFIED))
    seeded.expire_all()
    assert edits_of(seeded, what)["minutes"].trust == "verified"


def test_citizens_find_it_once_a_centre_has_it_open(seeded, edit):
    add_service(seeded, NEW, edit=edit())
    assert not found(seeded)
    open_offering(seeded, Opening("TVA", "GPO", counters=1, minutes=20), edit=edit())
    assert found(seeded)
    close_offering(seeded, service="TVA", site="GPO", edit=edit())
    assert not found(seeded)
    add_service(seeded, replace(NEW, code="TVB", appointment="walk_in", **_named("Walk in")), edit=edit())
    assert "TVB" in [s.code for s in read_catalogue(seeded, today=TODAY).public_services], "there is nothing to open"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"code": "tva"}, "code", "A code is 3 to 6"),
        ({"code": "IDR"}, "code", "Another service has this code."),
        ({"agency": "NOSUCH"}, "agency", "Choose one."),
        ({"category": "nosuch"}, "category", "Choose one."),
        ({"appointment": "perhaps"}, "appointment", "Choose one."),
        ({"identity": "a face"}, "identity", "Choose one."),
        ({"minutes": 0}, "minutes", "from 1 to 480"),
        ({"short": {"en": "W" * (SHORT_SERVICE + 1), "sw": "W"}}, "short_en", "This is 1 too long"),
        ({"full": {"en": "W", "sw": "W" * (LONGEST_FULL + 1)}}, "full_sw", "This is 1 too long"),
        ({"short": {"en": "Lost ID", "sw": "W"}}, "short_en", "Something else has this name"),
    ],
)
def test_what_no_phone_can_show_or_is_there_already_is_refused_beside_its_field(seeded, edit, changes, field, sentence):
    with pytest.raises(Unfit, match=sentence) as refused:
        add_service(seeded, replace(NEW, **changes), edit=edit())
    assert refused.value.field == field


def test_the_files_leave_it_even_if_they_name_its_code_one_day(seeded, edit, now, monkeypatch):
    add_service(seeded, NEW, edit=edit())
    before = read_catalogue(seeded, today=TODAY)
    assert load_catalogue(seeded, now=now) == [], "nor is it told as missing"
    content = read_content(FOLDER)
    theirs = next(row for row in content.services if row.code == "IDR")
    fee = next(row for row in content.fees if row.service == "IDR")
    bring = next(row for row in content.requirements if row.service == "IDR")
    more = replace(
        content,
        services=(*content.services, replace(theirs, code="TVA", identity="none", **_named("Theirs"))),
        fees=(*content.fees, replace(fee, service="TVA")),
        requirements=(*content.requirements, replace(bring, service="TVA")),
    )
    monkeypatch.setattr("core.catalogue.importer.read_content", lambda folder: more)
    [told] = load_catalogue(seeded, now=now)
    assert (told.subject, told.applied) == ("service TVA", False)
    assert read_catalogue(seeded, today=TODAY) == before


def test_every_agency_can_be_chosen_by_its_name(seeded):
    assert ("KRA", "Kenya Revenue Authority (KRA)") in agencies(seeded, "sw")
    assert len(agencies(seeded, "en")) == len(read_content(FOLDER).agencies)


def _named(name):
    return {size: {"en": name, "sw": name} for size in ("short", "full")}
