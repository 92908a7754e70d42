"""What the data files say, checked as a whole: codes exist, names fit and differ, spans do not overlap."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from core.catalogue.reading import BadData, Reader, Row
from core.catalogue.records import (
    AreaRow,
    Content,
    FeeRow,
    HoursRow,
    NamedRow,
    RequirementRow,
    ServiceRow,
    SiteRow,
)
from core.catalogue.tables import Trust

FOLDER = Path(__file__).parent / "data"

SHORT_SERVICE = 22
"""Septets of a service's short name: with its number and a line break, five of them leave room for a question."""
SHORT_SITE = 16
"""Septets of a site's short name: a confirmation holds service, site, day and time on one line."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def read_content(folder: Path = FOLDER) -> Content:
    """Read and check every file.

    Raises:
        BadData: naming file, line and reason of everything that is wrong.
    """
    reader = Reader(folder)
    reader.read_sources()
    agencies = _agencies(reader)
    categories = _categories(reader)
    areas = _areas(reader)
    sites = _sites(reader, {area.code for area in areas if area.kind == "county"})
    hours = _hours(reader, {site.code for site in sites})
    services = _services(reader, {a.code for a in agencies}, {c.code for c in categories})
    codes = {service.code for service in services}
    content = Content(
        agencies=tuple(agencies),
        categories=tuple(categories),
        areas=tuple(areas),
        sites=tuple(sites),
        hours=tuple(hours),
        services=tuple(services),
        requirements=tuple(_requirements(reader, codes)),
        fees=tuple(_fees(reader, codes)),
    )
    if reader.problems:
        raise BadData(reader.problems)
    return content


class _Taken:
    """Values that may be there only once, by what they are."""

    def __init__(self) -> None:
        self._values: dict[str, set[str]] = {}

    def text(self, reader: Reader, row: Row, column: str, *, most: int | None = None) -> str:
        values = self._values.setdefault(column, set())
        value = reader.text(row, column, most=most, taken=values)
        values.add(value)
        return value


def _agencies(reader: Reader) -> Iterable[NamedRow]:
    taken = _Taken()
    rows = []
    for row in reader.rows("agencies.csv", "code short name"):
        short, name = taken.text(reader, row, "short", most=SHORT_SITE), reader.text(row, "name")
        # Agencies are called by their own names in both languages.
        rows.append(
            NamedRow(taken.text(reader, row, "code"), {"en": short, "sw": short}, {"en": name, "sw": name}),
        )
    return rows


def _categories(reader: Reader) -> list[NamedRow]:
    taken = _Taken()
    return [
        NamedRow(
            code=taken.text(reader, row, "code"),
            short={lang: taken.text(reader, row, f"short_{lang}", most=SHORT_SERVICE) for lang in ("en", "sw")},
            full={lang: reader.text(row, f"full_{lang}") for lang in ("en", "sw")},
        )
        for row in reader.rows("categories.csv", "code short_en short_sw full_en full_sw")
    ]


def _areas(reader: Reader) -> list[AreaRow]:
    taken = _Taken()
    areas: list[AreaRow] = []
    for row in reader.rows("areas.csv", "code kind parent name source"):
        kind = reader.choice(row, "kind", ("county", "sub_county", "town"))
        parents = {area.code for area in areas if area.kind == "county"} if kind != "county" else {""}
        areas.append(
            AreaRow(
                code=taken.text(reader, row, "code"),
                kind=kind,
                parent=reader.known(row, "parent", parents) or None,
                name=reader.text(row, "name"),
                source=reader.source(row, "source")[0],
            )
        )
    return areas


def _sites(reader: Reader, counties: set[str]) -> list[SiteRow]:
    taken = _Taken()
    sites = []
    for row in reader.rows(
        "centres.csv",
        "code short name county town town_rank address latitude longitude"
        " name_source town_source address_source coordinates_source remark",
    ):
        name_source, _ = reader.source(row, "name_source")
        town_source, town_trust = reader.source(row, "town_source")
        address_source, address_trust = reader.source(row, "address_source")
        coordinates_source, _ = reader.source(row, "coordinates_source")
        sites.append(
            SiteRow(
                code=taken.text(reader, row, "code"),
                short=taken.text(reader, row, "short", most=SHORT_SITE),
                name=taken.text(reader, row, "name"),
                county=reader.known(row, "county", counties),
                town=reader.text(row, "town"),
                town_trust=town_trust,
                town_rank=reader.whole(row, "town_rank"),
                address=reader.optional(row, "address"),
                address_trust=address_trust,
                latitude=reader.degrees(row, "latitude"),
                longitude=reader.degrees(row, "longitude"),
                source=f"name:{name_source};town:{town_source};address:{address_source};geo:{coordinates_source}",
            )
        )
    return sites


def _hours(reader: Reader, sites: set[str]) -> list[HoursRow]:
    hours: list[HoursRow] = []
    for row in reader.rows("centre_hours.csv", "centre days valid_from valid_until opens closes source remark"):
        site = reader.known(row, "centre", sites)
        first, last = reader.span(row)
        opens, closes = reader.opening(row)
        source, trust = reader.source(row, "source")
        weekdays = _weekdays(reader, row)
        clash = [h for h in hours if h.site == site and h.weekday in weekdays]
        if any(overlap((first, last), (h.valid_from, h.valid_until)) for h in clash):
            reader.refuse(row, f"hours of {site} overlap another row of the same days")
        hours += [HoursRow(site, day, first, last, opens, closes, source, trust) for day in weekdays]
    return hours


def _weekdays(reader: Reader, row: Row) -> range:
    """The column days: Mon-Fri → range(0, 5), Sat → range(5, 6)."""
    first, _, last = row.values["days"].partition("-")
    last = last or first
    if first not in _DAYS or last not in _DAYS[_DAYS.index(first) :]:
        reader.refuse(row, f"days {row.values['days']!r} must be like Mon-Fri or Sat")
        return range(0)
    return range(_DAYS.index(first), _DAYS.index(last) + 1)


def _services(reader: Reader, agencies: set[str], categories: set[str]) -> list[ServiceRow]:
    taken = _Taken()
    services = []
    for row in reader.rows(
        "services.csv",
        "code agency category short_en short_sw full_en full_sw appointment elsewhere identity document"
        " common_rank minutes turnaround_days listed_source appointment_source elsewhere_source document_source"
        " minutes_source turnaround_source remark",
    ):
        parts = ("listed", "appointment", "elsewhere", "document", "minutes", "turnaround")
        sources = {part: reader.source(row, f"{part}_source")[0] for part in parts}
        elsewhere = reader.choice(row, "elsewhere", ("no", "yes")) == "yes"
        if elsewhere and not sources["elsewhere"]:
            reader.refuse(row, "elsewhere needs a source")
        reader.whole(row, "turnaround_days")
        code = taken.text(reader, row, "code")
        minutes = reader.whole(row, "minutes")
        if not minutes:
            reader.refuse(row, "minutes must be 1 or more")
        services.append(
            ServiceRow(
                code=code,
                agency=reader.known(row, "agency", agencies),
                category=reader.known(row, "category", categories),
                short={lang: taken.text(reader, row, f"short_{lang}", most=SHORT_SERVICE) for lang in ("en", "sw")},
                full={lang: taken.text(reader, row, f"full_{lang}") for lang in ("en", "sw")},
                appointment=reader.choice(row, "appointment", ("needed", "optional", "walk_in")),
                elsewhere=elsewhere,
                identity=reader.choice(row, "identity", ("national_id", "document", "none")),
                common_rank=reader.whole(row, "common_rank"),
                minutes=minutes or 1,
                source=";".join(f"{part}:{source}" for part, source in sources.items() if source),
            )
        )
    return services


def _requirements(reader: Reader, services: set[str]) -> list[RequirementRow]:
    taken = _Taken()
    items = {
        taken.text(reader, row, "code"): {lang: taken.text(reader, row, lang) for lang in ("en", "sw")}
        for row in reader.rows("requirement_items.csv", "code en sw")
    }
    requirements = []
    for row in reader.rows("requirements.csv", "service items source"):
        service = taken.text(reader, row, "service")
        reader.known(row, "service", services)
        codes = row.values["items"].split()
        unknown = [code for code in codes if code not in items]
        if unknown:
            reader.refuse(row, f"items {', '.join(unknown)} are not in requirement_items.csv")
            continue
        _, trust = reader.source(row, "source")
        requirements += [
            RequirementRow(service, lang, tuple(items[code][lang] for code in codes), trust) for lang in ("en", "sw")
        ]
    return requirements


def _fees(reader: Reader, services: set[str]) -> list[FeeRow]:
    fees: list[FeeRow] = []
    for row in reader.rows("fees.csv", "service valid_from valid_until amount_kes source remark"):
        service = reader.known(row, "service", services)
        first, last = reader.span(row)
        amount = reader.whole(row, "amount_kes")
        source, trust = reader.source(row, "source")
        if amount is not None and trust is Trust.ESTIMATE:
            reader.refuse(row, f"the amount {amount} rests on an estimate: leave it empty (ask at the centre)")
        if any(f.service == service and overlap((first, last), (f.valid_from, f.valid_until)) for f in fees):
            reader.refuse(row, f"fees of {service} overlap an earlier row")
        fees.append(FeeRow(service, first, last, amount, source, trust))
    return fees


def overlap(one: tuple[date, date | None], other: tuple[date, date | None]) -> bool:
    """Whether two spans share a day; None is no end."""
    return (one[1] is None or other[0] <= one[1]) and (other[1] is None or one[0] <= other[1])
