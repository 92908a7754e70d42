"""What the proof of the menus tries: every screen, with the longest that the real catalogue can give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.booking import availability
from core.catalogue.snapshot import Catalogue, Names, Offering, Service, Site
from core.gsm7 import septets
from core.wording import LANGUAGES, dates, speaking
from ussd.replies import Target

KINDS = ("national_id", "passport", "alien_id", "birth_entry")
TYPED = ("", "a", "k", "national", "nai", "westlands", "zzzzz", "4821", "\N{GRINNING FACE}")
ANSWERS = ("", "1", "12345678", "A1234567", "1990", "678", "98", "not a number at all", "\N{GRINNING FACE}")
NOT_OFFERING = "WJR"
"""A centre that does not give IDR in the proof."""
LONGEST = 4
"""Of each language: how many of the longest names are tried in combination."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What stands in the database for the proof."""

    references: tuple[str, ...]
    """Bookings of the known caller: as many as a phone may have."""
    booked: dict[str, str]
    """Service, site and time of the first of them."""
    identity: str
    """The ID number it was made for."""
    offers: tuple[int, ...]
    """Places on offer to the known caller, one with the longest names."""
    waits: tuple[int, ...]
    """Lines that they stand in without a booking."""
    documents: tuple[int, ...]
    """One in each stage."""
    tracking_number: str
    proof: str
    consent: int = 0
    """Asked of the known caller; 0 is none."""


def examples(catalogue: Catalogue, stock: Stock, now: datetime) -> Mapping[str, Iterable[Target]]:
    """Arguments for each screen, by its name."""
    services = list(catalogue.services)
    slots = list(_slots(catalogue, now))
    given: dict[str, list[dict[str, Any]]] = {
        "home.home": [{}],
        "home.speak": [
            {"language": language, "then": then}
            for language in LANGUAGES
            for then in ("", "book", "document", "booking", "more")
        ],
        **_services_and_places(catalogue, services),
        **_times_and_bookings(catalogue, slots, stock),
        **_waitlist(slots, stock),
        **_documents(stock),
        "more.more": [{}],
        "more.find_centre": [{}],
        "more.find": [{"typed": typed} for typed in TYPED],
        "more.centres": [{"sites": _nairobi(catalogue)}, {"sites": ["GPO"]}, {"sites": _longest_sites(catalogue)}],
        "more.centre": [{"site": site} for site in catalogue.sites],
        "more.languages": [{}],
        "more.ask_help": [{}],
    }
    return {name: [Target(name, args) for args in many] for name, many in given.items()}


def _services_and_places(catalogue: Catalogue, services: list[str]) -> dict[str, list[dict[str, Any]]]:
    bookable = [s for s in services if catalogue.offerings_of(s)]
    purposes = ("book", "info")
    return {
        "services.choose": [{"purpose": p} for p in purposes],
        "services.find": [{"purpose": p, "typed": typed} for p in purposes for typed in TYPED],
        "services.categories": [{"purpose": p} for p in purposes],
        "services.category": [{"purpose": p, "code": code} for p in purposes for code in catalogue.categories],
        "services.chosen": [{"purpose": p, "service": s} for p in purposes for s in services],
        "services.info": [{"service": s} for s in services],
        "places.choose": [{"service": s, "elsewhere": away} for s in bookable for away in (True, False)],
        "places.ask": [{"service": "IDR"}],
        "places.find_answer": [{"service": "IDR", "answer": typed} for typed in TYPED],
        "places.find": [{"service": "IDR", "typed": typed} for typed in TYPED],
        "places.centres": [
            {"service": s, "sites": sites, "where": "Elgeyo Marakwet"}
            for s in ("IDR", "IDN")
            for sites in (_nairobi(catalogue), ["GPO"], [NOT_OFFERING], _longest_sites(catalogue))
        ],
        "places.nearest": [{"service": "IDR", "site": site} for site in catalogue.sites],
    }


def _times_and_bookings(
    catalogue: Catalogue, slots: list[dict[str, Any]], stock: Stock
) -> dict[str, list[dict[str, Any]]]:
    places = [{"service": s["service"], "site": s["site"]} for s in slots]
    nobody = {"kind": "", "number": ""}
    moves = [{"reference": r, **slot} for r in (*stock.references, "00000000") for slot in slots[:4]]
    references = [{"reference": r} for r in (*stock.references, "00000000")]
    return {
        "times.choose": [
            {**place, "moving": moving, "again": again}
            for place in places
            for moving, again in (("", False), ("", True), (stock.references[0], False))
        ],
        "times.days": [dict(place) for place in places],
        "times.on_day": [{**p, "day": s["at"][:10]} for p, s in zip(places, slots, strict=True)],
        "times.take": [
            {**slot, **way}
            for slot in slots[:6]
            for way in ({"moving": ""}, {"moving": stock.references[0]}, {"wait": True})
        ],
        "book.again": [
            {**slots[0], "screen": "book.who"},
            {**slots[0], **nobody, "screen": "book.summary"},
            {**slots[0], "kind": "passport", "screen": "book.number"},
            {**stock.booked, "screen": "book.who"},
        ],
        "book.unidentified": [dict(s) for s in slots],
        "book.booked_before": [{**s, "screen": "book.summary", "rest": nobody} for s in slots],
        "book.on": [{**s, "screen": "book.summary", "rest": nobody} for s in slots[:6]],
        "book.who": [dict(s) for s in slots],
        "book.new_person": [dict(s) for s in slots],
        "book.number": [{**s, "kind": kind} for s in slots[:6] for kind in KINDS],
        "book.take_number": [{**slots[0], "kind": "national_id", "answer": answer} for answer in ANSWERS],
        "book.summary": [{**s, "kind": kind, "number": ""} for s in slots for kind in ("", "last")],
        "book.what_to_bring": [{"service": s} for s in catalogue.services],
        "book.confirm": [
            *({**s, **nobody, "wait": wait} for s in slots for wait in (False, True)),
            {**stock.booked, "kind": "national_id", "number": stock.identity},
        ],
        "book.booked_already": [{"service": s, "mine_too": own} for s in catalogue.services for own in (True, False)],
        "book.too_many": [{}],
        "mine.choose": [{}, {"seen": True}],
        "mine.see": references,
        "mine.move_again": [{**m, "screen": "mine.confirm_move"} for m in moves],
        "mine.confirm_move": moves,
        "mine.move": moves,
        "mine.ask_give_up": references,
        "mine.give_up": references,
        "mine.send_again": references,
    }


def _waitlist(slots: list[dict[str, Any]], stock: Stock) -> dict[str, list[dict[str, Any]]]:
    lines = [{"service": s["service"], "site": s["site"], "until": s["at"][:10]} for s in slots]
    offers = [{"offer_id": offer_id} for offer_id in (*stock.offers, 0)]
    entries = [{"entry_id": entry_id} for entry_id in (*stock.waits, 0)]
    nobody = {"kind": "", "number": ""}
    return {
        "waitlist.beside": [{"reference": r} for r in (*stock.references, "00000000")],
        "waitlist.start": lines,
        "waitlist.ask_number": [{**line, "kind": kind} for line in lines[:6] for kind in KINDS],
        "waitlist.take_number": [{**lines[0], "kind": "national_id", "answer": answer} for answer in ANSWERS],
        "waitlist.confirm": [{**line, **nobody} for line in lines],
        "waitlist.join": [{**line, **nobody} for line in lines],
        "waitlist.offered": offers,
        "waitlist.take": offers,
        "waitlist.leave_it": offers,
        "waitlist.waiting": entries,
        "waitlist.stop": entries,
    }


def _documents(stock: Stock) -> dict[str, list[dict[str, Any]]]:
    each = [{"document": d} for d in stock.documents]
    return {
        "documents.mine": [{}],
        "documents.own": [{}],
        "documents.asked": [{}],
        "documents.answer": [{"consent": c, "given": given} for c in (stock.consent, 0) for given in (True, False)],
        "documents.typed_number": [{"typed": t} for t in (stock.tracking_number, *TYPED)],
        "documents.ask_number": [{}],
        "documents.take_number": [{"answer": a} for a in (stock.tracking_number, *ANSWERS)],
        "documents.ask_proof": [{"number": stock.tracking_number}],
        "documents.take_proof": [{"number": stock.tracking_number, "answer": a} for a in (stock.proof, *ANSWERS)],
        "documents.see": each,
        "documents.send": each,
    }


def _slots(catalogue: Catalogue, now: datetime) -> Iterable[dict[str, str]]:
    """Every bookable service at the centres with the longest names, on the day with the longest name."""
    sites = _longest_sites(catalogue)
    for service in catalogue.services:
        for site in sites if service in _longest_services(catalogue) else sites[:1]:
            offering = catalogue.offering(service, site)
            if offering:
                yield {"service": service, "site": site, "at": _longest_time(catalogue, offering, now).isoformat()}


def _longest_time(catalogue: Catalogue, offering: Offering, now: datetime) -> datetime:
    facts: dict[str, Any] = {"full": availability.Fullness(), "now": now, "closed_days": catalogue.closed_days}
    times = [
        t
        for day in availability.days_with_room(offering, **facts)
        for t in availability.free_times(offering, day, **facts)
    ]
    with speaking("sw"):
        return max(times, key=lambda t: len(dates.when(t)))


def _nairobi(catalogue: Catalogue) -> list[str]:
    return [s.code for s in catalogue.sites.values() if s.town_rank == 1]


def _longest_sites(catalogue: Catalogue) -> list[str]:
    return _longest(catalogue.sites.values())


def _longest_services(catalogue: Catalogue) -> list[str]:
    return _longest(s for s in catalogue.services.values() if catalogue.offerings_of(s.code))


def _longest(things: Iterable[Service | Site]) -> list[str]:
    """Codes of those with the longest short names in any language."""
    everything = list(things)
    found: dict[str, None] = {}
    for language in LANGUAGES:
        ranked = sorted(everything, key=lambda thing: -_length(thing.names, language))
        found |= dict.fromkeys(thing.code for thing in ranked[:LONGEST])
    return list(found)


def _length(names: Names, language: str) -> int:
    return septets(names.short[language]) or 0
