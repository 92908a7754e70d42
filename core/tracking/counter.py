"""The end of a service at a counter, which is the beginning of a document: one step for both."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.exc import NoResultFound

from core.booking.serving import NOTHING, Paid, keyed, serve
from core.db import Session
from core.errors import Malformed
from core.idempotency import Outcome, once
from core.messaging.tables import Lane
from core.people.audit import Actor, record_event
from core.people.identities import Identity
from core.people.register import Register
from core.references import parse_reference
from core.tracking.documents import NewDocument, register
from core.tracking.errors import NumberInUse
from core.tracking.letters import APPLICATION, about, post
from core.tracking.tables import Document
from core.wording import gettext as _

_TELL_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Application:
    """What the clerk knows of an application that has just been made."""

    proof: str
    """The last three digits of the owner's ID, or the year of birth of an owner without one."""
    promised_on: date | None = None
    owner: Identity | None = None
    """None where the booking says it, or nobody knows."""
    phone: str | None = None
    """E.164, as confirmed at the counter; None is the phone that booked."""
    tracking_number: str | None = None
    """Of the waiting card, where one is printed already."""
    paid: Paid = NOTHING


@dataclass(frozen=True, slots=True)
class Registered:
    document_id: int
    tracking_number: str


def end_service(
    db: Session,
    people: Register,
    application: Application,
    *,
    actor: Actor,
    reference: str,
    request_key: str,
    now: datetime,
    site_id: int | None = None,
    done_at: datetime | None = None,
) -> Registered:
    """End a booking as served, and register the application that was made; the citizen gets its number by SMS.

    `site_id`: only a booking of this centre. `done_at`: when it was done, where it
    is keyed in later from paper.

    Raises:
        NoSuchBooking: no live booking of this reference (at this centre).
        Malformed: the proof or the printed number can be none.
        NumberInUse: the printed number belongs to another document.
    """

    def work() -> Outcome:
        # People before places, as all commands lock them (core.booking.locking).
        came = enter_people(db, people, application, now=now)
        served = serve(db, actor, reference=reference, now=now, site_id=site_id, paid=application.paid, done_at=done_at)
        visit = _Visit(
            served.service_id,
            served.site_id,
            came.contact_id or served.contact_id,
            came.owner_id or served.beneficiary_id,
        )
        # What was paid is told with the service that ended, and not a second time.
        new = replace(application, paid=NOTHING)
        return _enter(db, people, new, visit, actor=actor, origin=request_key, now=now, at=done_at or now)

    return Registered(**once(db, request_key, work, now=now))


def register_application(
    db: Session,
    people: Register,
    application: Application,
    *,
    actor: Actor,
    service_id: int,
    site_id: int,
    request_key: str,
    now: datetime,
    contact_id: int | None = None,
    owner_id: int | None = None,
    done_at: datetime | None = None,
) -> Registered:
    """The same for somebody who came without a booking, or with one that has been filed away since.

    `contact_id` and `owner_id`: the phone and the person, where that booking says them.

    Raises:
        Malformed, NumberInUse: see `end_service`.
    """

    def work() -> Outcome:
        came = enter_people(db, people, application, now=now)
        visit = _Visit(service_id, site_id, came.contact_id or contact_id, came.owner_id or owner_id)
        return _enter(db, people, application, visit, actor=actor, origin=request_key, now=now, at=done_at or now)

    return Registered(**once(db, request_key, work, now=now))


@dataclass(frozen=True, slots=True)
class Named:
    """Rows of `people`, where the application names them."""

    contact_id: int | None
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class _Visit:
    service_id: int
    site_id: int
    contact_id: int | None
    owner_id: int | None


def enter_people(db: Session, people: Register, application: Application, *, now: datetime) -> Named:
    """Add those whom an application names. Whoever locks places for it does this first."""
    phone, owner = application.phone, application.owner
    return Named(
        people.contact(db, phone, now=now).id if phone else None,
        people.identity(db, owner.kind, owner.number, now=now).id if owner else None,
    )


def _enter(
    db: Session,
    people: Register,
    application: Application,
    visit: _Visit,
    *,
    actor: Actor,
    origin: str,
    now: datetime,
    at: datetime,
) -> Outcome:
    proof = application.proof.replace(" ", "")
    if not (proof.isdecimal() and proof.isascii() and len(proof) in (3, 4)):
        raise Malformed(_("Type 3 digits of the ID, or a year such as 1990."))
    new = NewDocument(
        service_id=visit.service_id,
        site_id=visit.site_id,
        proof=proof,
        owner_id=visit.owner_id,
        contact_id=visit.contact_id,
        contact_problem=None if visit.contact_id else "no_phone",
        tracking_number=parse_reference(application.tracking_number) if application.tracking_number else None,
        promised_on=application.promised_on,
    )
    try:
        document = register(db, people, new, actor=actor, origin=origin, now=now, done_at=at)
    except NoResultFound as error:
        raise NumberInUse from error
    details = application.paid.details() | keyed(at, now)
    record_event(db, "document.registered", about(document.id), actor=actor, now=at, **details)
    post(
        db,
        Document.id == document.id,
        template="document_registered",
        lane=Lane.INTERACTIVE,
        now=now,
        valid_for=_TELL_FOR,
        asked_for=True,
        subject=APPLICATION,
    )
    return {"document_id": document.id, "tracking_number": document.tracking_number}
