"""A centre to practise at, with a day full of made-up people. Only in an installation where nobody is real.

It is open every day, early and late: whoever learns does so on a Sunday, too.
Its people are expected today, some of their documents lie on the shelf, and some
are on their way and wait to be received.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from core.booking.beneficiaries import Beneficiary
from core.booking.commands import confirm
from core.booking.outcomes import booking_subject
from core.booking.queries import is_live
from core.booking.tables import Booking
from core.catalogue.assembly import read_catalogue
from core.catalogue.reading import ALWAYS
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Area, Name, Named, OfferingHours, Service, Site, SiteHours, Trust
from core.catalogue.tables import Offering as OfferingRow
from core.catalogue.version import bump_version
from core.clock import at_local, local_date
from core.db import Session
from core.messaging import outbox
from core.people.audit import Actor, Intent
from core.people.register import Register
from core.tracking import receiving
from core.tracking.documents import NewDocument, lock_all, move, register
from core.tracking.stages import Stage
from core.tracking.tables import Document

CODE = "PRACTICE"
COUNTY = "47"
SOURCE = "practice"
OPENS, CLOSES = time(6), time(22)
SERVICES = 5
"""The most common ones."""
PEOPLE = 30
SHELVED, COMING = 8, 6
"""Documents at the centre, and on their way to it."""
ZAMU = Actor("terminal", who="zamu run")


def make_practice_centre(db: Session) -> None:
    """Add it, with its services open. Run again it changes nothing."""
    if db.scalar(sa.select(Site.id).where(Site.code == CODE)) is not None:
        return
    area = sa.select(Area.id).where(Area.parent_id.is_(None)).order_by(Area.code != COUNTY, Area.id).limit(1)
    site = Site(
        code=CODE,
        kind=SOURCE,
        area_id=db.scalars(area).one(),
        town="",
        town_trust=Trust.ESTIMATE,
        address="",
        address_trust=Trust.ESTIMATE,
        source=SOURCE,
    )
    db.add(site)
    db.flush()
    names = (("en", "Practice", "Practice centre"), ("sw", "Mazoezi", "Kituo cha mazoezi"))
    for language, short, full in names:
        db.add(Name(kind=Named.SITE, owner_id=site.id, language=language, short=short, full=full))
    hours = {"opens": OPENS, "closes": CLOSES, "valid_from": ALWAYS, "source": SOURCE, "trust": Trust.ESTIMATE}
    db.add_all(SiteHours(site_id=site.id, weekday=weekday, **hours) for weekday in range(7))
    common = sa.select(Service).where(Service.common_rank.is_not(None)).order_by(Service.common_rank).limit(SERVICES)
    for service in db.scalars(common):
        offering = OfferingRow(
            service_id=service.id,
            site_id=site.id,
            open=True,
            counters=2,
            minutes=service.minutes,
            source=SOURCE,
            trust=Trust.ESTIMATE,
        )
        db.add(offering)
        db.flush()
        db.add_all(OfferingHours(offering_id=offering.id, weekday=weekday, **hours) for weekday in range(7))
    bump_version(db)


def make_practice_day(db: Session, people: Register, *, now: datetime) -> None:
    """Let made-up people book for today, and have documents there. Once a day; run again it changes nothing."""
    make_practice_centre(db)
    db.flush()
    offerings = [o for o in read_catalogue(db, today=local_date(now)).offerings if o.site.code == CODE]
    here = Booking.offering_id.in_([offering.id for offering in offerings])
    if db.scalar(sa.select(Booking.id).where(here, is_live(now)).limit(1)) is None:
        _book_all(db, people, offerings, now=now)
    if db.scalar(sa.select(Document.id).where(Document.site_id == offerings[0].site.id).limit(1)) is None:
        _make_documents(db, people, offerings, now=now)


def _book_all(db: Session, people: Register, offerings: list[Offering], *, now: datetime) -> None:
    day = local_date(now)
    # They booked yesterday: then all of today was still ahead.
    booked_at = at_local(day - timedelta(days=1), time(10))
    for nth, starts_at in zip(range(PEOPLE), _times(day), strict=False):
        offering = offerings[nth % len(offerings)]
        asked = offering.service.identity != "none"
        person = people.identity(db, "national_id", str(30_000_000 + nth), now=booked_at).id if asked else None
        contact = people.contact(db, f"+254711{100 + nth:06d}", now=booked_at)
        key = f"practice:{day}:{nth}"
        booked = confirm(
            db,
            Intent(contact.id, key, ZAMU, "sw" if nth % 2 else "en", booked_at),
            offering=offering,
            starts_at=starts_at,
            closed_days=(),
            beneficiary=Beneficiary(person),
        )
        # Said yesterday, if anybody had been there to read it.
        outbox.withdraw(db, booking_subject(booked.id), now=now)


def _times(day: date) -> Iterator[datetime]:
    """Every half hour, from the opening on."""
    moment = at_local(day, OPENS)
    while moment < at_local(day, CLOSES):
        yield moment
        moment += timedelta(minutes=30)


def _make_documents(db: Session, people: Register, offerings: list[Offering], *, now: datetime) -> None:
    site_id = offerings[0].site.id
    made = []
    for nth in range(SHELVED + COMING):
        applied = now - timedelta(days=40 + nth)
        new = NewDocument(
            service_id=offerings[nth % len(offerings)].service.id,
            site_id=site_id,
            proof=f"{300 + nth}",
            owner_id=people.identity(db, "national_id", str(31_000_300 + nth), now=applied).id,
            contact_id=people.contact(db, f"+254711{200 + nth:06d}", now=applied).id,
        )
        document = register(db, people, new, actor=ZAMU, origin=SOURCE, now=applied)
        move(db, document, Stage.SENT_TO_CENTRE, actor=ZAMU, origin=SOURCE, now=applied + timedelta(days=20))
        made.append(document.id)
    shelved = lock_all(db, made[:SHELVED])
    receiving.acknowledge(db, shelved, site_id=site_id, actor=ZAMU, origin=SOURCE, now=now)
