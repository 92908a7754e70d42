"""`zamu verify-menus`: prove the menus on the real catalogue, in a database of its own that is gone afterwards."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

import menus
from core import wording
from core.booking import availability, commands, waitlist
from core.booking.beneficiaries import MAX_LIVE_A_PHONE, Beneficiary
from core.booking.outcomes import Booked
from core.booking.seats import Exchange
from core.booking.tables import Booking, Counted, WaitlistOffer, Window
from core.booking.waitlist.line import OFFER_MINUTES
from core.catalogue import snapshot
from core.catalogue.assembly import read_catalogue
from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Offering, Service, Site
from core.clock import local_date
from core.db import make_engine
from core.people.audit import Actor, Intent
from core.people.identities import Identity
from core.people.register import Register, set_language
from core.people.sealing import Sealer
from core.settings import Settings
from core.tracking.consents import ask_consent
from core.tracking.corrections import Correction
from core.tracking.documents import NewDocument, register
from core.tracking.stages import Stage
from core.tracking.tables import Document
from menus.proof import NOT_OFFERING, Stock, examples
from migrations import migrate
from ussd.hop import Hop
from ussd.proof import Proof, TurnFactory, flowcharts, prove
from ussd.replies import screen_name
from ussd.turn import Turn
from web.local.scratch import scratch_servers
from web.seeding import seed_database

NOW = datetime(2026, 9, 2, 6, 0, tzinfo=UTC)
"""A fixed morning, so that the proof is the same every day; September has a long name in Kiswahili."""
KNOWN, STRANGER = "+254711000001", "+254711000009"
SECRET_KEY = "only for the proof, nothing of it is kept"
FIRST_ID = 12345678
TRACKING_NUMBER, PROOF = "48217092", "678"

HEADING = """# The flow of the menus

Drawn by `make flow` from the screens themselves; every arrow was found by rendering them. A chart is a journey, one
module of `menus/`; a box is a screen, a round one is a screen of another journey, and an arrow carries one answer that
leads there. From every screen but home, 0 leads back and 00 leads home.
"""


def verify(flow: Path | None, *, check: bool) -> tuple[list[str], str]:
    """The faults, and a sentence that says how much was proved. Writes the flow, or with `check` compares it.

    Raises:
        StartError: the database of its own does not start.
    """
    with scratch_servers() as servers:
        migrate(servers.database.owner)
        settings = Settings(
            database_url=servers.database.app,
            database_owner_url=servers.database.owner,
            redis_url=servers.redis_url,
            queue_url=servers.redis_url,
            secret_key=SECRET_KEY,
            callback_secrets=(),
        )
        seed_database(settings, demo=True, now=NOW)
        engine = make_engine(settings.database_url)
        try:
            proof = _prove(engine)
        finally:
            engine.dispose()
    faults = [*wording.faults(), *proof.faults]
    if flow is not None:
        charts = [f"## {journey}\n\n```mermaid\n{chart}\n```\n" for journey, chart in flowcharts(proof).items()]
        drawing = "\n".join([HEADING, *charts])
        if not check:
            flow.write_text(drawing)
        elif not flow.exists() or flow.read_text() != drawing:
            faults.append(f"{flow} is not what the menus are now: run `make flow`.")
    languages = " and ".join(wording.LANGUAGES)
    return faults, f"{len({n for e in proof.edges for n in e})} screens hold in {languages}: {proof.screens} tried."


def _prove(engine: sa.Engine) -> Proof:
    people = Register(SECRET_KEY)
    with orm.Session(engine, expire_on_commit=False) as db, db.begin():
        _close(db, service="IDR", site=NOT_OFFERING)
        catalogue = read_catalogue(db, today=local_date(NOW))
        stock = _stock(db, catalogue, people)
    callers = [_caller(engine, catalogue, people, phone) for phone in (KNOWN, STRANGER)]
    return prove(screen_name(menus.home.home), examples(catalogue, stock, NOW), callers)


def _caller(engine: sa.Engine, catalogue: Catalogue, people: Register, phone: str) -> TurnFactory:
    hop = Hop("proof", "a session", phone, "63902", "*191*9#", ())
    sealer = Sealer(SECRET_KEY, "ussd")

    @contextlib.contextmanager
    def turn() -> Iterator[Turn]:
        with orm.Session(engine) as db:
            yield Turn(hop, now=NOW, catalogue=catalogue, register=people, sealer=sealer, open_transaction=lambda: db)
            db.rollback()

    return turn


def _stock(db: orm.Session, catalogue: Catalogue, people: Register) -> Stock:
    """A caller with bookings, one of each longest name; documents in every stage; centres that are full."""
    contact = people.contact(db, KNOWN, now=NOW)
    set_language(db, contact, wording.DEFAULT)
    longest = sorted(catalogue.offerings, key=lambda o: -len(o.service.names.short["sw"] + o.site.names.short["sw"]))
    own = list({o.service.code: o for o in reversed(longest)}.values())[-MAX_LIVE_A_PHONE:]
    booked = [_book(db, catalogue, people, contact.id, offering, nth) for nth, offering in enumerate(own[:-1])]
    booked.append(_book(db, catalogue, people, contact.id, own[-1], len(booked), ahead=timedelta(days=14)))
    # The longest that is said of a booking: that the centre has moved it.
    db.execute(sa.update(Booking).values(closure_id=1))
    db.add_all(_full_days(own[-1], days=14))
    others = [o for o in longest if o.service.code not in {mine.service.code for mine in own} | {"IDN"}]
    for offering in (*catalogue.offerings_of("IDN"), *others[:6]):
        db.add_all(_full_days(offering, days=40 if offering.service.code == "IDN" else 12))
    documents = _documents(db, people, contact.id, longest)
    waits = [_wait(db, contact.id, offering, nth) for nth, offering in enumerate(longest[:2])]
    first = {"service": own[0].service.code, "site": own[0].site.code, "at": booked[0].starts_at.isoformat()}
    return Stock(
        references=tuple(b.reference for b in booked),
        booked=first,
        identity=str(FIRST_ID),
        offers=(_offer(db, waits[0], longest[0]),),
        waits=tuple(waits),
        documents=tuple(document.id for document in documents),
        tracking_number=TRACKING_NUMBER,
        proof=PROOF,
        consent=_ask_consent(db, people, documents),
    )


def _documents(db: orm.Session, people: Register, contact_id: int, longest: list[snapshot.Offering]) -> list[Document]:
    """One in each stage, one for each correction, and two with a day that was promised: to come, and over."""
    told: list[dict[str, Any]] = [
        *({"stage": stage} for stage in Stage),
        *({"stage": Stage.NEEDS_CORRECTION, "correction": correction} for correction in Correction),
        *({"stage": Stage.IN_PROCESS, "promised_on": local_date(NOW + timedelta(days=d))} for d in (-1, 1)),
    ]
    documents = []
    for nth, facts in enumerate(told):
        new = NewDocument(
            service_id=longest[nth % len(Stage)].service.id,
            site_id=longest[0].site.id,
            proof=PROOF,
            contact_id=contact_id,
        )
        document = register(db, people, new, actor=Actor("terminal"), origin="proof", now=NOW - timedelta(days=3))
        for name, fact in facts.items():
            setattr(document, name, fact)
        documents.append(document)
    db.flush()
    return documents


def _ask_consent(db: orm.Session, people: Register, documents: list[Document]) -> int:
    """Somebody stands at the counter for one that is ready."""
    [ready] = [document for document in documents if document.stage == Stage.RECEIVED]
    return ask_consent(
        db,
        people,
        actor=Actor("terminal"),
        document_id=ready.id,
        collector=Identity("national_id", str(FIRST_ID)),
        request_key="proof",
        now=NOW,
    )


def _book(
    db: orm.Session,
    catalogue: Catalogue,
    people: Register,
    contact_id: int,
    offering: snapshot.Offering,
    nth: int,
    ahead: timedelta = timedelta(0),
) -> Booked:
    full = availability.Fullness()
    free = availability.best_times(offering, full=full, now=NOW + ahead, closed_days=catalogue.closed_days)
    beneficiary = people.identity(db, "national_id", str(FIRST_ID + nth), now=NOW)
    return commands.confirm(
        db,
        Intent(contact_id, f"proof:{nth}", Actor("terminal"), wording.DEFAULT, NOW),
        offering=offering,
        starts_at=free[0],
        closed_days=catalogue.closed_days,
        beneficiary=Beneficiary(beneficiary.id),
    )


def _wait(db: orm.Session, contact_id: int, offering: snapshot.Offering, nth: int) -> int:
    """A line that the caller stands in without a booking."""
    waits = waitlist.join(
        db,
        Intent(contact_id, f"proof:wait:{nth}", Actor("terminal"), wording.DEFAULT, NOW),
        service=offering.service,
        sites=[offering.site],
        first_day=local_date(NOW),
        last_day=local_date(NOW) + timedelta(days=30),
        beneficiary=Beneficiary(),
    )
    return waits.entry_id


def _offer(db: orm.Session, entry_id: int, offering: snapshot.Offering) -> int:
    """A place on offer to the caller."""
    starts_at = NOW + timedelta(days=20)
    exchange = Exchange()
    exchange.take(offering, starts_at)
    exchange.settle(db)
    offer = WaitlistOffer(
        entry_id=entry_id,
        offering_id=offering.id,
        starts_at=starts_at,
        offered_at=NOW,
        expires_at=NOW + timedelta(minutes=OFFER_MINUTES),
    )
    db.add(offer)
    db.flush()
    return offer.id


def _close(db: orm.Session, *, service: str, site: str) -> None:
    """Not every centre gives every service: one that does not leads to the nearest that do."""
    offering_id = sa.select(Offering.id).join(Service).join(Site).where(Service.code == service, Site.code == site)
    db.execute(sa.update(Offering).where(Offering.id == offering_id.scalar_subquery()).values(open=False))


def _full_days(offering: snapshot.Offering, days: int) -> Iterator[Window]:
    """Counters with no place left, from today on."""
    today = local_date(NOW)
    for ahead in range(days):
        begins = availability.day_begins(today + timedelta(days=ahead))
        yield Window(kind=Counted.DAY, owner_id=offering.id, starts_at=begins, wanted=1, capacity=1, taken=1)
