"""Loading: again and again, saying what it changes, leaving what somebody has verified."""

import csv
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.catalogue.content import FOLDER
from core.catalogue.importer import load_catalogue, open_demo_offerings
from core.catalogue.reading import BadData
from core.catalogue.tables import (
    Area,
    CatalogueVersion,
    Fee,
    Offering,
    OfferingHours,
    Requirement,
    Service,
    Site,
    SiteHours,
    Trust,
)
from core.catalogue.version import catalogue_version
from core.people.tables import Event

Edit = Callable[[dict[str, str]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data that a test may spoil."""
    return Path(shutil.copytree(FOLDER, tmp_path / "data"))


def edit(folder: Path, file: str, matching: dict[str, str], values: dict[str, str]) -> None:
    with (folder / file).open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    touched = [row for row in rows if matching.items() <= row.items()]
    assert touched, matching
    for row in touched:
        row.update(values)
    with (folder / file).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, reader.fieldnames or [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def append(folder: Path, file: str, line: str) -> None:
    with (folder / file).open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")


def words(changes) -> list[str]:
    return [str(change) for change in changes]


def of(db, model, code: str):
    return db.scalars(sa.select(model).where(model.code == code)).one()


def test_everything_is_loaded_once(db, now):
    changes = load_catalogue(db, now=now)
    assert "service IDR: added" in words(changes)
    counts = {model: db.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Site, Service, Offering)}
    assert counts == {Site: 54, Service: 90, Offering: 0}
    assert db.scalar(sa.select(sa.func.count()).where(Area.kind == "county")) == 47

    assert load_catalogue(db, now=now) == []
    assert catalogue_version(db) == 1
    assert db.scalars(sa.select(Event.name)).all() == ["catalogue.loaded"]
    assert db.scalar(sa.select(CatalogueVersion.digest)).keys() >= {"fees.csv", "services.csv"}


def test_a_changed_fee_is_told_in_words(db, now, folder):
    load_catalogue(db, now=now, folder=folder)
    edit(folder, "fees.csv", {"service": "IDR", "valid_from": "2026-10-31"}, {"amount_kes": "1000"})
    assert words(load_catalogue(db, now=now, folder=folder)) == ["service IDR: fee 1050 -> 1000 from 2026-10-31"]
    assert catalogue_version(db) == 2


@pytest.mark.parametrize(
    ("file", "matching", "values", "told"),
    [
        ("services.csv", {"code": "IDR"}, {"identity": "none"}, ["service IDR: identity national_id -> none"]),
        ("services.csv", {"code": "IDR"}, {"short_sw": "ID"}, ["service IDR: name in sw: short ID iliyopotea -> ID"]),
        ("centres.csv", {"code": "KWL"}, {"town": "Ukunda"}, ["site KWL: town Kwale -> Ukunda"]),
        ("centre_hours.csv", {"centre": "KWL"}, {"closes": "16:00"}, ["site KWL: hours 08:00-17:00 -> 08:00-16:00"]),
        (
            "requirements.csv",
            {"service": "VRG"},
            {"items": "id photos-2"},
            [
                "service VRG: what to bring (en) Original ID -> Original ID; 2 passport photos",
                "service VRG: what to bring (sw) ID halisi -> ID halisi; Picha 2 za pasipoti",
            ],
        ),
        (
            "requirements.csv",
            {"service": "CMP"},
            {"items": "id"},
            [
                "service CMP: what to bring (en) Original ID; SMS or reference number -> Original ID",
                "service CMP: what to bring (sw) ID halisi; SMS au reference number -> ID halisi",
            ],
        ),
        (
            "fees.csv",
            {"service": "PCC"},
            {"source": "estimate", "amount_kes": ""},
            ["service PCC: fee 1050 -> none, source rgk2025 -> estimate, trust sourced -> estimate"],
        ),
        (
            "fees.csv",
            {"service": "PCC"},
            {"valid_from": "2026-01-01"},
            ["service PCC: fee 1050 from 2026-01-01 added", "service PCC: fee 1050 removed"],
        ),
    ],
)
def test_each_change_is_told_once(db, now, folder, file, matching, values, told):
    load_catalogue(db, now=now, folder=folder)
    edit(folder, file, matching, values)
    assert words(load_catalogue(db, now=now, folder=folder)) == told
    assert load_catalogue(db, now=now, folder=folder) == []


def test_a_verified_fee_is_left_and_told_about(db, now):
    load_catalogue(db, now=now)
    service = of(db, Service, "PCC")
    verified = db.get(Fee, (service.id, date(2000, 1, 1)))
    verified.amount_kes, verified.trust = 1200, Trust.VERIFIED
    db.flush()
    (left,) = load_catalogue(db, now=now)
    assert str(left) == "service PCC: fee 1200 is verified, left as it is (the data says fee 1050)"
    assert not left.applied
    assert db.get(Fee, (service.id, date(2000, 1, 1))).amount_kes == 1200
    assert catalogue_version(db) == 1


def test_a_verified_fee_of_its_own_dates_keeps_out_what_overlaps_it(db, now):
    load_catalogue(db, now=now)
    service = of(db, Service, "PCC")
    db.delete(db.get(Fee, (service.id, date(2000, 1, 1))))
    db.add(
        Fee(service_id=service.id, valid_from=date(2026, 6, 1), amount_kes=1100, source="desk", trust=Trust.VERIFIED)
    )
    db.flush()
    assert all(not change.applied for change in load_catalogue(db, now=now))
    assert db.scalars(sa.select(Fee.amount_kes).where(Fee.service_id == service.id)).all() == [1100]


def test_verified_hours_lists_towns_and_addresses_are_left(db, now, folder):
    load_catalogue(db, now=now, folder=folder)
    site, service = of(db, Site, "KSM"), of(db, Service, "VRG")
    site.address, site.address_trust = "Wu Yi Plaza", Trust.VERIFIED
    for hours in db.scalars(sa.select(SiteHours).where(SiteHours.site_id == site.id)):
        hours.trust = Trust.VERIFIED
    for line in db.scalars(sa.select(Requirement).where(Requirement.service_id == service.id)):
        line.trust = Trust.VERIFIED
    db.flush()
    edit(folder, "centre_hours.csv", {"centre": "KSM"}, {"closes": "16:00"})
    edit(folder, "requirements.csv", {"service": "VRG"}, {"items": "photos-2"})
    changes = load_catalogue(db, now=now, folder=folder)
    assert {change.applied for change in changes} == {False}
    assert any("address Wu Yi Plaza is verified" in str(change) for change in changes)
    assert any("hours 07:00-19:00 from 2022-12-05 is verified" in str(change) for change in changes)
    assert any("what to bring (sw) ID halisi is verified" in str(change) for change in changes)
    assert of(db, Site, "KSM").address == "Wu Yi Plaza"


def test_what_has_left_the_files_is_left_and_told_about(db, now, folder):
    load_catalogue(db, now=now, folder=folder)
    for file in ("services.csv", "fees.csv", "requirements.csv"):
        lines = (folder / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / file).write_text("".join(line for line in lines if not line.startswith("HCN,")), encoding="utf-8")
    assert words(load_catalogue(db, now=now, folder=folder)) == ["service HCN: is no longer in the data: left as it is"]


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("fees.csv", "IDN,2026-01-01,,300,tuko2025,", "fees of IDN overlap an earlier row"),
        ("fees.csv", "XXX,,,300,tuko2025,", "service 'XXX' is not known"),
        ("fees.csv", "PAB,2031-13-01,,0,tuko2025,", "'2031-13-01' is not a date"),
        ("fees.csv", "XXX,2031-01-02,2031-01-01,0,tuko2025,", "valid_until 2031-01-01 is before"),
        ("fees.csv", "XXX,,,free,tuko2025,", "amount_kes 'free' is not a whole number"),
        ("fees.csv", "XXX,,,300,hearsay,", "source 'hearsay' is not in sources.csv"),
        ("fees.csv", "XXX,,,300,tuko2025+estimate,", "the amount 300 rests on an estimate"),
        ("fees.csv", "XXX,,,300", "too many or too few fields"),
        ("areas.csv", "47,county,,Nairobi,mobipine", "code '47' is there twice"),
        ("areas.csv", "48,county,,Nai€obi ș,mobipine", "outside GSM-7"),
        ("areas.csv", "48/x,sub_county,48,Somewhere,mobipine", "parent '48' is not known"),
        ("agencies.csv", "X,A name that is far too long,X", "longer than 16 septets"),
        ("agencies.csv", "X,,X", "short is empty"),
        ("centre_hours.csv", "GPO,Mon-Fun,,,08:00,17:00,nation2018,", "days 'Mon-Fun' must be like Mon-Fri or Sat"),
        ("centre_hours.csv", "GPO,Sat,,,8,noon,nation2018,", "must be times"),
        ("centre_hours.csv", "GPO,Sat,,,12:00,08:00,nation2018,", "is not before"),
        ("centre_hours.csv", "KWL,Fri,2026-01-01,,08:00,17:00,nation2018,", "hours of KWL overlap"),
        ("requirements.csv", "IDN,a-unicorn,estimate", "items a-unicorn are not in requirement_items.csv"),
        ("sources.csv", "x,https://example.org,verified", "trust 'verified' is none of sourced, estimate"),
    ],
)
def test_a_bad_row_is_named(db, now, folder, file, line, reason):
    append(folder, file, line)
    with pytest.raises(BadData) as refused:
        load_catalogue(db, now=now, folder=folder)
    number = len((folder / file).read_text(encoding="utf-8").splitlines())
    assert any(p.startswith(f"{file} line {number}: ") and reason in p for p in refused.value.problems)
    assert db.scalar(sa.select(sa.func.count()).select_from(Service)) == 0


def test_every_bad_row_is_named_at_once(db, now, folder):
    append(folder, "fees.csv", "XXX,,,free,hearsay,")
    edit(folder, "centres.csv", {"code": "GPO"}, {"latitude": "north"})
    (folder / "categories.csv").unlink()
    edit(folder, "services.csv", {"code": "BCC"}, {"elsewhere_source": "", "minutes": "0"})
    with pytest.raises(BadData) as refused:
        load_catalogue(db, now=now, folder=folder)
    for reason in ("XXX", "free", "hearsay", "latitude 'north'", "categories.csv", "elsewhere needs", "minutes must"):
        assert reason in str(refused.value)


def test_a_file_with_other_columns_is_refused(db, now, folder):
    (folder / "agencies.csv").write_text("code,name\nKRA,KRA\n", encoding="utf-8")
    with pytest.raises(BadData, match="the columns must be code,short,name"):
        load_catalogue(db, now=now, folder=folder)


def test_demo_opens_what_can_be_booked_everywhere_once(db, now):
    load_catalogue(db, now=now)
    changes = open_demo_offerings(db, now=now)
    bookable = db.scalars(
        sa.select(Service.code)
        .where(Service.appointment.in_(["needed", "optional"]), Service.code != "BCC")
        .order_by(Service.id)
    ).all()
    assert words(changes) == [f"service {code}: demo offerings opened at 54 centres" for code in bookable]
    offerings = db.scalars(sa.select(Offering)).all()
    assert len(offerings) == len(bookable) * 54
    assert {(o.open, o.source, o.trust) for o in offerings} == {(True, "demo", "estimate")}
    assert {o.counters for o in offerings} == {1, 2}

    lost_id = of(db, Service, "IDR")
    gpo = of(db, Site, "GPO")
    (offering,) = (o for o in offerings if (o.service_id, o.site_id) == (lost_id.id, gpo.id))
    assert offering.minutes == lost_id.minutes
    hours = db.scalars(sa.select(OfferingHours).where(OfferingHours.offering_id == offering.id)).all()
    assert {(h.weekday, h.opens.hour, h.closes.hour, h.trust) for h in hours} == {
        (day, 7, 19, "estimate") for day in range(5)
    }

    assert open_demo_offerings(db, now=now) == []
    assert load_catalogue(db, now=now) == []
    assert catalogue_version(db) == 2


def test_demo_leaves_offerings_that_somebody_has_made(db, now):
    load_catalogue(db, now=now)
    lost_id, gpo = of(db, Service, "IDR"), of(db, Site, "GPO")
    db.add(Offering(service_id=lost_id.id, site_id=gpo.id, minutes=7, source="desk", trust=Trust.VERIFIED))
    db.flush()
    changes = words(open_demo_offerings(db, now=now))
    assert "service IDR: demo offerings opened at 53 centres" in changes
    offering = db.scalars(sa.select(Offering).where(Offering.source == "desk")).one()
    assert (offering.open, offering.minutes) == (False, 7)
    assert db.scalars(sa.select(OfferingHours).where(OfferingHours.offering_id == offering.id)).all() == []
