"""A citizen on the telephone or at the counter: found by phone, ID or booking number, and what they have booked.

The address of a citizen's page is sealed for the officer who found them: nobody
walks through other people's pages by counting.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from core.booking import queries
from core.booking.tables import Booking, BookingHistory
from core.booking.waitlist import queries as waits
from core.db import Session
from core.errors import Malformed
from core.people.audit import record_event
from core.people.identities import KINDS, Identity, parse_identity
from core.people.tables import Person
from core.phones import parse_msisdn, parse_phone
from core.references import grouped, parse_reference
from core.staff.roles import AT_A_CENTRE, Can
from core.visits.concerning import subjects_at
from core.wording import N_, dates
from core.wording import gettext as _
from web import seeing
from web.desk.access import Officer, needs, officer
from web.desk.asking import DeskForm, refuse, words
from web.desk.reach import ContactTokens
from web.work import Work

Page = str | Response
PHONES_BEGIN = ("0", "+", "254")
"""Of a number that begins otherwise nobody can say whether it is a phone, an ID or a booking."""


class FindForm(DeskForm):
    text = words(
        N_("Phone, ID number or booking number"),
        N_("Type a phone, an ID number or a booking number."),
        hint=N_("All its digits. A booking number has 8."),
        most=30,
    )


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("citizens", __name__, url_prefix="/desk/citizens")
    tokens = ContactTokens(work.settings.secret_key)

    @blueprint.route("", methods=["GET", "POST"])
    @needs(Can.BOOK_FOR)
    def find() -> Page:
        """By a phone that nobody has written to yet, a booking can be made for it."""
        form = FindForm()
        if form.validate_on_submit():
            with work.writing() as db:
                found = _find(work, db, form.text.data or "")
                details = {"found": len(found)}
                record_event(db, "citizens.searched", "citizens", actor=officer().actor, now=work.now(), **details)
                ends = {
                    person: work.register.open_phone(db.get_one(Person, person).phone_sealed)[-3:] for person in found
                }
            if len(found) == 1:
                return redirect(url_for("citizens.citizen", token=tokens.make(found[0])), 303)
            if found:
                people = [(url_for("citizens.citizen", token=tokens.make(person)), ends[person]) for person in found]
                return render_template("desk/visits/citizens_found.html", people=people)
            nothing = _("Nothing is booked with this number. To book for somebody, type their phone.")
            refuse(form.text, _no_phone(form.text.data or "") or nothing)
        return render_template("desk/visits/citizens.html", form=form)

    @blueprint.get("/of/<reference>")
    @needs(Can.BOOK_FOR)
    def of_booking(reference: str) -> Response:
        """From a visit to whoever booked it."""
        with work.reading() as db:
            contacts = _own(db, officer(), _by_reference(db, reference))
        if not contacts:
            abort(404)
        return redirect(url_for("citizens.citizen", token=tokens.make(contacts[0])))

    @blueprint.get("/<token>")
    @needs(Can.BOOK_FOR)
    def citizen(token: str) -> Page:
        """What this phone has booked and waits for; at a centre, what is booked there."""
        contact_id, who, now = tokens.contact_or_404(token), officer(), work.now()
        with work.writing() as db:
            contact = db.get_one(Person, contact_id)
            bookings = [
                (booking, seeing.of_booking(work, db, booking))
                for booking in queries.live_bookings(db, contact_id, now)
            ]
            waiting = [
                (work.catalogue.service_by_id(wait.service_id), wait.last_day)
                for wait in waits.waits_of(db, contact_id)
                if any(who.sees_site(site_id) for site_id in wait.site_ids)
            ]
            phone = work.register.open_phone(contact.phone_sealed)
            record_event(db, "citizen.seen", f"person:{contact_id}", actor=who.actor, now=now)
        return render_template(
            "desk/visits/citizen.html",
            token=token,
            bookings=[(booking, told) for booking, told in bookings if who.sees_site(told.site.id)],
            hidden=any(not who.sees_site(told.site.id) for _booking, told in bookings),
            waiting=waiting,
            contact=contact,
            phone_end=phone[-3:],
            form=DeskForm(),
            **spoken(),
        )

    return blueprint


def spoken() -> dict[str, Any]:
    """What the templates say dates and numbers with."""
    return {"dates": dates, "grouped": grouped}


def _find(work: Work, db: Session, text: str) -> list[int]:
    """The contacts that a number means. Eight digits may be a booking and an ID; ten are a phone, perhaps a new one."""
    found = dict.fromkeys(_own(db, officer(), [*_by_reference(db, text), *_by_identity(work, db, text)]))
    if not text.startswith(PHONES_BEGIN):
        return list(found)
    try:
        contact = work.register.find_contact(db, parse_msisdn(text))
        if contact is None and not found:
            # Whoever says a phone may book for it; what it has booked elsewhere is not shown to them.
            contact = work.register.contact(db, parse_phone(text), now=work.now())
    except Malformed:
        return list(found)
    return list(found if contact is None else found | {contact.id: None})


def _no_phone(text: str) -> str:
    """Why what begins as a phone does is none; empty of anything else."""
    if text.startswith(PHONES_BEGIN):
        try:
            parse_phone(text)
        except Malformed as error:
            return str(error)
    return ""


def _by_reference(db: Session, text: str) -> Sequence[int]:
    try:
        reference = parse_reference(text)
    except Malformed:
        return []
    live = sa.select(Booking.contact_id).where(Booking.reference == reference)
    over = sa.select(BookingHistory.contact_id).where(BookingHistory.reference == reference)
    return db.scalars(sa.union(live, over)).all()


def _by_identity(work: Work, db: Session, text: str) -> Sequence[int]:
    """Whose phone has a live booking for a person with this number."""
    people = work.register.find_identities(db, list(identities_in(text)))
    return db.scalars(sa.select(Booking.contact_id).where(Booking.beneficiary_id.in_(people)).distinct()).all()


def identities_in(text: str) -> Iterator[Identity]:
    """What a number is, by every paper whose number it can be."""
    for kind in KINDS:
        with contextlib.suppress(Malformed):
            yield parse_identity(kind, text)


def _own(db: Session, who: Officer, contacts: Sequence[int]) -> list[int]:
    """Those who have something at the officer's centre, for an officer of one."""
    if who.role not in AT_A_CENTRE or who.site_id is None:
        return list(contacts)
    return [contact for contact in contacts if subjects_at(db, contact, who.site_id)]
