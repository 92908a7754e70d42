"""One visit: the booking, what to bring, and one key for each thing that can be done."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking.errors import BookingRefused, NoSuchBooking, NotOffered
from core.booking.outcomes import booking_subject
from core.catalogue import telling
from core.clock import local_date
from core.db import Session
from core.errors import Malformed
from core.people.audit import record_event
from core.references import grouped, parse_reference
from core.staff.roles import Can
from core.tracking import counter
from core.tracking.errors import NumberInUse
from core.visits import arriving, expected, serving
from core.visits.errors import VisitRefused
from core.visits.expected import Expected, State
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import refuse
from web.desk.visits import wording
from web.desk.visits.serving_forms import ServedForm, WalkInForm, walk_in_services
from web.desk.visits.today import Told, own, told, words
from web.pages.forms import EXPIRED, OnceForm
from web.work import Work

LIVE = (State.EXPECTED, State.CAME)
NOT_HERE = N_("The check-in is taken back: they are expected as before.")
NOT_TODAY = N_("The check-in is taken back: they are expected at {site}, {when}, as before.")


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("visits", __name__, url_prefix="/desk")

    @blueprint.get("/visit/<reference>")
    @needs(Can.SERVE)
    def visit(reference: str) -> str:
        with work.writing() as db:
            row = own_visit(work, db, reference)
            note_seen(work, db, row)
            phone_end = expected.phone_end(db, work.register, row)
        now = work.now()
        service = work.catalogue.service_by_id(row.service_id)
        return render_template(
            "desk/visits/visit.html",
            visit=row,
            form=OnceForm(formdata=None),
            phone_end=phone_end,
            bring=telling.bring_list(service),
            fee=telling.fee_line(service, local_date(now)),
            live=row.state in LIVE,
            today=local_date(row.starts_at) == local_date(now),
            missed=row.state is State.NOT_COME,
            begun=row.starts_at <= now,
            **words(work),
        )

    @blueprint.post("/visit/<reference>/check-in")
    @needs(Can.SERVE)
    def check_in(reference: str) -> Response:
        def act(db: Session, key: str) -> Told:
            return told(work, arriving.check_in(db, **_place(work, reference, key)))

        return do(work, reference, act)

    @blueprint.post("/visit/<reference>/not-here")
    @needs(Can.SERVE)
    def not_here(reference: str) -> Response:
        """Somebody else had come: the check-in is taken back."""

        def act(db: Session, key: str) -> Told:
            site_id, starts_at = arriving.undo_check_in(db, **_place(work, reference, key))
            if site_id == own(work.catalogue).id and local_date(starts_at) == local_date(work.now()):
                return _(NOT_HERE), "done"
            site = work.catalogue.site_by_id(site_id).names.spoken_full
            return _(NOT_TODAY).format(site=site, when=dates.when(starts_at)), "done"

        answer = do(work, reference, act)
        with work.reading() as db:
            number, site_id = parse_reference(reference), own(work.catalogue).id
            still_ours = expected.visit_of(db, work.register, site_id=site_id, reference=number)
        return answer if still_ours else redirect(url_for("today.scanning"), 303)

    @blueprint.post("/visit/<reference>/receive")
    @needs(Can.SERVE)
    def receive(reference: str) -> Response:
        """Also a booking of another centre: whoever holds its number stands here."""
        return do(
            work,
            reference,
            lambda db, key: told(work, receive_here(work, db, reference, key)),
            refused_to=url_for("today.scanning"),
        )

    @blueprint.post("/visit/<reference>/not-come")
    @needs(Can.SERVE)
    def not_come(reference: str) -> Response:
        def act(db: Session, key: str) -> Told:
            arriving.not_come(db, **_place(work, reference, key))
            return _("Noted: did not come."), "done"

        return do(work, reference, act)

    @blueprint.route("/visit/<reference>/served", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def served(reference: str) -> str | Response:
        with work.writing() as db:
            row = own_visit(work, db, reference)
            note_seen(work, db, row)
            phone_end = expected.phone_end(db, work.register, row)
        form = ServedForm()
        if row.last_digits:
            del form.owner, form.owner_kind
        if form.validate_on_submit():
            done = _serve(work, row, form)
            if done:
                return done
        elif row.state not in LIVE:
            return redirect(url_for("visits.visit", reference=row.reference), 303)
        elif request.method == "GET" and row.last_digits:
            form.proof.data = row.last_digits
        return render_template("desk/visits/served.html", form=form, visit=row, phone_end=phone_end, **words(work))

    @blueprint.route("/walk-in", methods=["GET", "POST"])
    @needs(Can.SERVE)
    def walk_in() -> str | Response:
        """Somebody without a booking has been served."""
        form = WalkInForm()
        form.service.choices = [("", ""), *walk_in_services(work.catalogue)]
        if form.validate_on_submit() and (done := _serve_walk_in(work, form)):
            return done
        return render_template("desk/visits/walk_in.html", form=form)

    return blueprint


def own_visit(work: Work, db: Session, reference: str) -> Expected:
    """A booking of the officer's own centre; any other does not exist: 404."""
    try:
        number = parse_reference(reference)
    except Malformed:
        abort(404)
    row = expected.visit_of(db, work.register, site_id=own(work.catalogue).id, reference=number)
    return row or abort(404)


def note_seen(work: Work, db: Session, row: Expected) -> None:
    record_event(db, "booking.seen", booking_subject(row.id), actor=officer().actor, now=work.now())


def do(work: Work, reference: str, act: Callable[[Session, str], Told], *, refused_to: str | None = None) -> Response:
    """One thing, once; what is refused is said on the page to which this leads."""
    form = OnceForm()
    try:
        back = url_for("visits.visit", reference=parse_reference(reference))
    except Malformed:
        abort(404)
    if not form.validate_on_submit():
        flash(_(EXPIRED), "refused")
        return redirect(refused_to or back, 303)
    try:
        with work.writing() as db:
            said = act(db, form.key("desk"))
    except (BookingRefused, VisitRefused) as error:
        flash(wording.refusal(error, work.catalogue), "refused")
        return redirect(refused_to or back, 303)
    flash(*said)
    return redirect(back, 303)


def _place(work: Work, reference: str, key: str) -> dict[str, Any]:
    """What every command about a booking of this centre is told."""
    site_id, actor = own(work.catalogue).id, officer().actor
    number = parse_reference(reference)
    return {"reference": number, "site_id": site_id, "actor": actor, "request_key": key, "now": work.now()}


def receive_here(work: Work, db: Session, reference: str, key: str) -> arriving.CheckedIn:
    """Raises:
    NoSuchBooking, NotOffered: see `arriving.receive`.
    """
    site, catalogue = own(work.catalogue), work.catalogue
    service_id = arriving.service_of(db, reference)
    if service_id is None:
        raise NoSuchBooking
    offering = catalogue.offering(catalogue.service_by_id(service_id).code, site.code)
    if offering is None:
        raise NotOffered
    return arriving.receive(
        db,
        reference=reference,
        offering=offering,
        closed_days=catalogue.closed_days,
        actor=officer().actor,
        request_key=key,
        now=work.now(),
    )


def _serve(work: Work, row: Expected, form: ServedForm) -> Response | None:
    """None: something was refused, beside its field."""
    place = _place(work, row.reference, form.key("desk"))
    return _end(
        work,
        form,
        lambda db: counter.end_service(db, work.register, form.application(), **place),
        lambda db: serving.end_visit(db, paid=form.paid, **place),
        back=url_for("visits.visit", reference=row.reference),
    )


def _serve_walk_in(work: Work, form: WalkInForm) -> Response | None:
    """None: something was refused, beside its field."""
    place = walk_in_place(work, form.service.data, form.key("desk"))
    return _end(
        work,
        form,
        lambda db: counter.register_application(db, work.register, form.application(), **place),
        lambda db: serving.note_walk_in(db, paid=form.paid, **place),
        back=url_for("visits.walk_in"),
    )


def walk_in_place(work: Work, service: str, key: str) -> dict[str, Any]:
    """What every command about somebody without a booking is told."""
    service_id, site_id = work.catalogue.services[service].id, own(work.catalogue).id
    actor, now = officer().actor, work.now()
    return {"service_id": service_id, "site_id": site_id, "actor": actor, "request_key": key, "now": now}


def _end(
    work: Work,
    form: ServedForm,
    register: Callable[[Session], counter.Registered],
    note: Callable[[Session], None],
    *,
    back: str,
) -> Response | None:
    """End a visit as served: by `register` where a document was applied for, else by `note`.

    None: something was refused, beside its field.
    """
    said, kind = _("Served."), "done"
    try:
        with work.writing() as db:
            if form.makes_document:
                number = grouped(register(db).tracking_number)
                said = _("Served. The document has number {number}.").format(number=number)
            else:
                note(db)
    except NumberInUse as error:
        refuse(form.tracking_number, error)
        return None
    except NoSuchBooking:
        said, kind = _(wording.DEALT_WITH), "already"
    flash(said, kind)
    return redirect(back, 303)
