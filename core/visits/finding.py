"""Whom somebody at a centre's counter means: by whatever number they show or say."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.tables import Appointment
from core.clock import local_date
from core.db import Session
from core.errors import Malformed
from core.people.audit import Actor, record_event
from core.people.identities import KINDS, Identity, parse_identity
from core.people.register import Register
from core.phones import parse_msisdn
from core.references import parse_reference
from core.tracking.tables import Document
from core.visits.expected import Expected, Key, appointments_where, bookings_where, ending_in, visit_of

LAST_FOUR = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What a number means at one centre."""

    visits: list[Expected]
    tracking_number: str | None
    """Of a document, where it is one."""


def find(db: Session, register: Register, *, site_id: int, text: str, actor: Actor, now: datetime) -> Found:
    """Look a number up among a centre's citizens, and leave the trace of it; what was typed is kept nowhere.

    A reference, an agency's own, a tracking number, a full phone or ID number, or the last four
    of a phone or ID, which are looked for among those of today.
    """
    typed = scanned(text)
    found: dict[Key, Expected] = {}
    today = day_begins(local_date(now))
    for visit in _visits(db, register, typed, site_id=site_id, today=today):
        found.setdefault(visit.key, visit)
    tracking_number = _document(db, typed, site_id)
    details = {"site_id": site_id, "found": len(found), "documents": int(tracking_number is not None)}
    record_event(db, "visits.searched", f"site:{site_id}", actor=actor, now=now, **details)
    return Found(list(found.values()), tracking_number)


def scanned(text: str) -> str:
    """What a scanner or a hand has typed, without what surrounds it: a slip's code may hold the address of its page."""
    text = text.strip()
    if "://" in text:
        numbers = re.findall(r"(?<!\d)\d{8}(?!\d)", urlsplit(text).path + "?" + urlsplit(text).query)
        return numbers[-1] if numbers else ""
    return text[:40]


def reference_in(text: str) -> str | None:
    """The reference that was scanned or typed, if it is one."""
    try:
        return parse_reference(scanned(text))
    except Malformed:
        return None


def _visits(db: Session, register: Register, typed: str, *, site_id: int, today: datetime) -> list[Expected]:
    theirs = (Appointment.reference == typed, Appointment.starts_at >= today)
    found = appointments_where(db, register, site_id, *theirs)
    plain = re.sub(r"[\s./-]", "", typed)
    if len(plain) == LAST_FOUR and plain.isalnum():
        return found + ending_in(db, register, site_id=site_id, day=local_date(today), last_four=plain)
    reference = reference_in(typed)
    if reference is not None:
        visit = visit_of(db, register, site_id=site_id, reference=reference)
        found += [visit] if visit else []
    for column, person_id in _people(db, register, typed):
        mine = bookings_where(db, register, site_id, **{column: person_id})
        found += [visit for visit in mine if visit.starts_at >= today]
    return found


def _people(db: Session, register: Register, typed: str) -> list[tuple[str, int]]:
    """Contacts and persons served who have this number."""
    people: list[tuple[str, int]] = []
    try:
        contact = register.find_contact(db, parse_msisdn(typed))
        people += [("contact_id", contact.id)] if contact else []
    except Malformed:
        pass
    identities = [identity for kind in KINDS if (identity := _identity(kind, typed))]
    return people + [("beneficiary_id", person) for person in register.find_identities(db, identities)]


def _identity(kind: str, typed: str) -> Identity | None:
    try:
        return parse_identity(kind, typed)
    except Malformed:
        return None


def _document(db: Session, typed: str, site_id: int) -> str | None:
    number = reference_in(typed)
    if number is None:
        return None
    here = (Document.tracking_number == number, Document.site_id == site_id)
    return db.scalar(sa.select(Document.tracking_number).where(*here))
