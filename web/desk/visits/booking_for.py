"""Booking, moving and cancelling for a citizen: the same commands as on the phone, and the citizen's phone is told."""

from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core import wording
from core.booking import commands, queries
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import AlreadyBooked, BookingRefused, NoSuchBooking, NotOffered, SlotFull, TooManyBookings
from core.booking.tables import Booking
from core.catalogue.snapshot import Offering, Service, Site
from core.db import Session
from core.errors import Malformed
from core.messaging.limits import TooManySms
from core.people.audit import Intent
from core.people.identities import parse_identity
from core.people.tables import Person
from core.references import grouped, parse_reference
from core.staff.roles import Can
from core.wording import N_, dates
from core.wording import gettext as _
from web import choosing, seeing
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, one_of, pick, refuse, words
from web.desk.reach import ContactTokens
from web.desk.visits.citizens import Page, spoken
from web.desk.visits.serving_forms import ID_KINDS
from web.pages.forms import EXPIRED
from web.work import Work

LANGUAGES = {"en": "English", "sw": "Kiswahili"}
GONE = N_("That time has just filled up, or can no longer be booked. Choose another.")
NONE = N_("This booking is over, or is not this phone's. Nothing was changed.")


class WhereForm(DeskForm):
    service = pick(N_("Service"))
    site = pick(N_("Centre"))


class WhoForm(DeskForm):
    kind = pick(N_("Kind of number"))
    number = words(N_("Number of the person coming"), hint=N_("Leave it empty if nobody knows it."), most=30)
    language = one_of(N_("Language of the SMS"))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("booking_for", __name__, url_prefix="/desk/citizens/<token>")
    tokens = ContactTokens(work.settings.secret_key)
    _choosing(blueprint, work, tokens)
    _confirming(blueprint, work, tokens)
    _changing(blueprint, work, tokens)
    return blueprint


def _choosing(blueprint: Blueprint, work: Work, tokens: ContactTokens) -> None:
    @blueprint.route("/book", methods=["GET", "POST"])
    @needs(Can.BOOK_FOR)
    def where(token: str) -> Page:
        tokens.contact_or_404(token)
        form = WhereForm(service=request.args.get("service"), site=request.args.get("site"))
        services, sites = _open(work)
        moving = request.args.get("moving")
        form.service.choices = [(s.code, s.names.spoken_full) for s in services]
        form.site.choices = [(s.code, s.names.spoken_full) for s in sites]
        if form.validate_on_submit():
            chosen = {"service": form.service.data, "site": form.site.data}
            if work.catalogue.offering(**chosen) is not None:
                return redirect(url_for("booking_for.times", token=token, moving=moving, **chosen), 303)
            refuse(form.site, _("This centre does not take bookings for this service. Choose another."))
        back = url_for("citizens.citizen", token=token)
        heading, button = _("Move to another centre") if moving else _("Book a visit"), _("Show times")
        return render_template("desk/one_form.html", form=form, heading=heading, button=button, lines=[], back=back)

    @blueprint.route("/times/<service>/<site>", methods=["GET", "POST"])
    @needs(Can.BOOK_FOR)
    def times(token: str, service: str, site: str) -> Page:
        """The best times, or those of a day; a press on one holds it, or moves the booking there."""
        contact_id, offering = tokens.contact_or_404(token), _offering(work, service, site)
        form = DeskForm()
        if request.method == "POST":
            chosen = choosing.moment_of(request.form.get("at", ""))
            if chosen is None:
                abort(404)
            if form.validate():
                return _take(work, token, contact_id, offering, chosen, form)
            flash(_(EXPIRED), "refused")
        day = choosing.day_of(request.args.get("day", ""))
        return _show_times(work, token, contact_id, offering, day, form)


def _show_times(work: Work, token: str, contact_id: int, offering: Offering, day: date | None, form: DeskForm) -> str:
    now, moving = work.now(), request.args.get("moving", "")
    with work.reading() as db:
        booked = _booked(work, db, contact_id, moving, offering)
        best = choosing.times(db, work.catalogue, offering, now=now, booked=booked)
        days = choosing.days(db, work.catalogue, offering, now=now)
        moments = choosing.times_on(db, work.catalogue, offering, day, now=now) if day else best.best
    return render_template(
        "desk/visits/citizen_times.html",
        token=token,
        offering=offering,
        day=day,
        days=days,
        moments=[moment for moment in moments if moment != booked],
        elsewhere=[c for c in best.elsewhere if officer().sees_site(c.site.id)],
        moving=moving,
        stamp=choosing.stamp,
        form=form,
        **spoken(),
    )


def _booked(work: Work, db: Session, contact_id: int, moving: str, offering: Offering) -> datetime | None:
    """The time of this offering that they would move from: it is none to move to."""
    if not moving:
        return None
    try:
        booking = own_booking(work, db, contact_id, moving)
    except NoSuchBooking:
        return None
    return booking.starts_at if booking.offering_id == offering.id else None


def _take(work: Work, token: str, contact_id: int, offering: Offering, at: datetime, form: DeskForm) -> Response:
    moving = request.args.get("moving", "")
    place: dict[str, Any] = {"offering": offering, "starts_at": at, "closed_days": work.catalogue.closed_days}
    try:
        with work.writing() as db:
            contact = db.get_one(Person, contact_id)
            if not moving:
                commands.hold(db, intent_of(work, contact, form.key("desk")), **place)
            else:
                booking = own_booking(work, db, contact_id, moving)
                # From one page there may be several moves, back and forth: each from another time.
                intent = intent_of(work, contact, form.key(f"desk:{choosing.stamp(booking.starts_at)}"))
                if (booking.offering_id, booking.starts_at) != (offering.id, at):
                    commands.move(db, intent, reference=booking.reference, **place)
    except (SlotFull, NotOffered):
        flash(_(GONE), "refused")
        return redirect(_times(token, offering, moving or None), 303)
    except NoSuchBooking:
        flash(_(NONE), "refused")
        return redirect(url_for("citizens.citizen", token=token), 303)
    if moving:
        flash(_("Moved to {when}. The phone gets an SMS.").format(when=dates.when(at)), "done")
        return redirect(url_for("citizens.citizen", token=token), 303)
    service, site = offering.service.code, offering.site.code
    return redirect(url_for("booking_for.who", token=token, service=service, site=site, what=choosing.stamp(at)), 303)


def _confirming(blueprint: Blueprint, work: Work, tokens: ContactTokens) -> None:
    @blueprint.route("/times/<service>/<site>/<what>", methods=["GET", "POST"])
    @needs(Can.BOOK_FOR)
    def who(token: str, service: str, site: str, what: str) -> Page:
        """Who is coming; then it is booked."""
        contact_id, offering = tokens.contact_or_404(token), _offering(work, service, site)
        at = choosing.moment_of(what)
        if at is None:
            abort(404)
        with work.reading() as db:
            contact = db.get_one(Person, contact_id)
        form = _who_form(offering.service, contact.language or wording.DEFAULT)
        done = _book(work, token, contact_id, offering, at, form) if form.validate_on_submit() else None
        told = seeing.told(work, offering, at)
        back = url_for("booking_for.times", token=token, service=service, site=site)
        return done or render_template(
            "desk/one_form.html",
            form=form,
            heading=_("Who is coming?"),
            caption=f"{offering.service.names.spoken_full}, {offering.site.names.spoken}, {dates.when(at)}",
            lines=[_("Bring: {things}").format(things=", ".join(told.bring)) if told.bring else "", told.fee],
            button=_("Book"),
            back=back,
        )


def _who_form(service: Service, language: str) -> WhoForm:
    """Asks what the service needs, and no more."""
    form = WhoForm(language=language)
    kinds = choosing.identity_kinds(service)
    form.kind.choices = [(kind, _(said)) for kind, said in ID_KINDS if kind in kinds]
    form.language.choices = list(LANGUAGES.items())
    if not kinds:
        del form.kind, form.number
    elif form.kind.data is None:
        form.kind.data = kinds[0]
    return form


def _book(work: Work, token: str, contact_id: int, offering: Offering, at: datetime, form: WhoForm) -> Response | None:
    """None: something in the form was refused."""
    number = form.number.data if "number" in form else ""
    try:
        identity = parse_identity(form.kind.data, number) if number else None
    except Malformed as error:
        refuse(form.number, error)
        return None
    back = url_for("citizens.citizen", token=token)
    try:
        with work.writing() as db:
            person = work.register.identity(db, identity.kind, identity.number, now=work.now()) if identity else None
            contact = db.get_one(Person, contact_id)
            booked = commands.confirm(
                db,
                intent_of(work, contact, form.key("desk"), form.language.data),
                offering=offering,
                starts_at=at,
                closed_days=work.catalogue.closed_days,
                beneficiary=Beneficiary(person.id if person else None),
            )
    except (SlotFull, NotOffered):
        flash(_(GONE), "refused")
        return redirect(_times(token, offering), 303)
    except TooManyBookings:
        flash(_("This phone has as many bookings as a phone may have."), "refused")
        return redirect(back, 303)
    except AlreadyBooked as error:
        flash(_already(work, error), "refused")
        return redirect(back, 303)
    said = _("Booked: number {reference}, {when}. The phone gets an SMS.")
    flash(said.format(reference=grouped(booked.reference), when=dates.when(booked.starts_at)), "done")
    return redirect(back, 303)


def _already(work: Work, error: AlreadyBooked) -> str:
    if error.existing is None:
        return _("This person has a booking for this service, made by another phone.")
    offering = work.catalogue.offering_by_id(error.existing.offering_id)
    if offering is None or not officer().sees_offering(offering):
        return _("This person has a booking for this service at another centre.")
    said = _("This person has a booking for this service: {when}. Move it instead.")
    return said.format(when=dates.when(error.existing.starts_at))


def _changing(blueprint: Blueprint, work: Work, tokens: ContactTokens) -> None:
    @blueprint.route("/<reference>/cancel", methods=["GET", "POST"])
    @needs(Can.BOOK_FOR)
    def cancel(token: str, reference: str) -> Page:
        contact_id, form = tokens.contact_or_404(token), DeskForm()
        back = url_for("citizens.citizen", token=token)
        if form.validate_on_submit():
            try:
                with work.writing() as db:
                    intent = intent_of(work, db.get_one(Person, contact_id), form.key("desk"))
                    commands.give_up(db, intent, reference=reference_seen(work, db, contact_id, reference))
            except BookingRefused:
                flash(_(NONE), "refused")
            else:
                flash(_("Cancelled. The phone gets an SMS."), "done")
            return redirect(back, 303)
        with work.reading() as db:
            try:
                reference = own_booking(work, db, contact_id, reference).reference
            except NoSuchBooking:
                abort(404)
        heading = _("Cancel booking {reference}?").format(reference=grouped(reference))
        lines = [_("The time goes to somebody else.")]
        button = _("Cancel the booking")
        return render_template("desk/one_form.html", form=form, heading=heading, lines=lines, button=button, back=back)

    @blueprint.post("/<reference>/sms")
    @needs(Can.BOOK_FOR)
    def send_again(token: str, reference: str) -> Response:
        contact_id, form = tokens.contact_or_404(token), DeskForm()
        said, kind = _(EXPIRED), "refused"
        if form.validate():
            try:
                with work.writing() as db:
                    intent = intent_of(work, db.get_one(Person, contact_id), form.key("desk"))
                    commands.send_again(db, intent, reference=own_booking(work, db, contact_id, reference).reference)
                said, kind = _("The SMS is sent again."), "done"
            except TooManySms:
                said = _("It was sent often enough in this hour.")
            except NoSuchBooking:
                said = _(NONE)
        flash(said, kind)
        return redirect(url_for("citizens.citizen", token=token), 303)


def _open(work: Work) -> tuple[list[Service], list[Site]]:
    """The services and centres that this officer can book for."""
    mine = [o for o in work.catalogue.offerings if officer().sees_offering(o)]
    services = {o.service.code: o.service for o in mine}
    sites = {o.site.code: o.site for o in mine}
    return sorted(services.values(), key=lambda s: s.names.spoken_full), list(sites.values())


def _times(token: str, offering: Offering, moving: str | None = None) -> str:
    service, site = offering.service.code, offering.site.code
    return url_for("booking_for.times", token=token, service=service, site=site, moving=moving)


def _offering(work: Work, service: str, site: str) -> Offering:
    offering = work.catalogue.offering(service, site)
    if offering is None or not officer().sees_offering(offering):
        abort(404)
    return offering


def own_booking(work: Work, db: Session, contact_id: int, reference: str) -> Booking:
    """This phone's live booking, if the officer may see it.

    Raises:
        NoSuchBooking: it has none.
    """
    booking = queries.booking_of(db, reference_seen(work, db, contact_id, reference), contact_id)
    if booking is None:
        raise NoSuchBooking
    return booking


def reference_seen(work: Work, db: Session, contact_id: int, reference: str) -> str:
    """As it is written, also of a booking that is over: the key of a request decides about that.

    Raises:
        NoSuchBooking: it is none, or of a centre that the officer does not see.
    """
    try:
        number = parse_reference(reference)
    except Malformed:
        raise NoSuchBooking from None
    booking = queries.booking_of(db, number, contact_id)
    if booking is not None and not officer().sees_site(seeing.of_booking(work, db, booking).site.id):
        raise NoSuchBooking
    return number


def intent_of(work: Work, contact: Person, key: str, language: str | None = None) -> Intent:
    """What the citizen wants, carried out by the officer."""
    return Intent(contact.id, key, officer().actor, language or contact.language or wording.DEFAULT, work.now())
