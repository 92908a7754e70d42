"""Check your answers, and the one press that books, moves or joins the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking import commands, queries, waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import (
    AlreadyBooked,
    BookingRefused,
    NoSuchBooking,
    NotOffered,
    SlotFull,
    TooManyBookings,
    TooManyWaits,
)
from core.booking.free import first_day_to_wait_for
from core.booking.outcomes import Booked
from core.booking.tables import Booking
from core.db import Session
from core.errors import ZamuError
from core.idempotency import recorded
from core.people.audit import Intent
from web import seeing
from web.pages.forms import OnceForm
from web.portal import coming
from web.portal.holding import held_until
from web.portal.proving import PHONE_AGAIN, intent_of, proven
from web.portal.wanted import Wanted, moving, moving_to, wanted_or_404
from web.portal.words import speaks
from web.work import Work

Page = str | Response


class _BookedBefore(ZamuError):
    """This phone has booked the service meanwhile for somebody without a number: perhaps it is the same person."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """Whose they are, what is wanted, and for whom."""

    contact_id: int
    wanted: Wanted
    person_id: int | None
    known: int
    """Bookings for people without a number that the citizen has been reminded of."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = speaks(Blueprint("confirming", __name__, url_prefix="/book"))
    tokens = coming.tokens(work)

    @blueprint.route("/<service>/<site>/<what>/check", methods=["GET", "POST"], endpoint="check")
    def check(service: str, site: str, what: str) -> Page:
        wanted = wanted_or_404(work.catalogue, service, site, what)
        if wanted is None:
            return redirect(url_for("booking.place", service=service, said="not-here", **moving_to(moving())))
        if wanted.is_beyond(work.now()):
            abort(404)
        token = request.args.get("who", "")
        contact_id = proven(work.now())
        if contact_id is None:
            return redirect(wanted.to("holding.phone", who=token or coming.NOBODY, said=PHONE_AGAIN))
        person_id = None if token == coming.NOBODY else tokens.person_of(contact_id, token)
        if person_id is None and token != coming.NOBODY:
            return redirect(wanted.to("holding.who"))
        another = request.args.get("another", "0")
        answers = _Answers(contact_id, wanted, person_id, int(another) if another in list("0123456789") else 0)
        form = OnceForm()
        if form.validate_on_submit():
            return _do(work, answers, form)
        return _show(work, answers, form)

    return blueprint


def _show(work: Work, answers: _Answers, form: OnceForm) -> Page:
    wanted, now = answers.wanted, work.now()
    with work.reading() as db:
        before = [] if wanted.moving or wanted.starts_at is None else _booked_before(db, answers, now)
        until = held_until(db, answers.contact_id, wanted, now)
        digits = coming.last_digits(work, db, answers.person_id) if answers.person_id else ""
        old = queries.booking_of(db, wanted.moving, answers.contact_id) if wanted.moving else None
    if wanted.moving and old is None:
        return redirect(url_for("own_booking.mine", said="none"))
    if before and (answers.person_id is not None or len(before) > answers.known):
        return _before(answers, before)
    if wanted.starts_at is not None and until is None:
        return render_template("portal/book_hold.html", wanted=wanted, form=OnceForm())
    return render_template(
        "portal/book_check.html",
        wanted=wanted,
        until=until,
        form=form,
        digits=digits,
        old=old,
        told=seeing.told(work, wanted.offering, wanted.starts_at),
        change=wanted.to("holding.who"),
    )


def _before(answers: _Answers, before: Sequence[Booking]) -> str:
    other = {"who": coming.NOBODY, "another": str(len(before))}
    onward = answers.wanted.to("holding.who") if answers.person_id else answers.wanted.to("confirming.check", **other)
    return render_template("portal/book_before.html", wanted=answers.wanted, before=before, onward=onward)


def _do(work: Work, answers: _Answers, form: OnceForm) -> Page:
    wanted = answers.wanted
    intent = intent_of(work, answers.contact_id, form)
    if wanted.starts_at is None:
        return _wait(work, answers, intent)
    if wanted.moving:
        return _move(work, wanted, wanted.starts_at, intent)
    try:
        with work.writing() as db:
            booked = _confirm(work, db, answers, wanted.starts_at, intent)
    except (SlotFull, NotOffered):
        return redirect(wanted.times("gone"))
    except _BookedBefore:
        return redirect(wanted.to("confirming.check", who=coming.NOBODY))
    except TooManyBookings:
        return redirect(url_for("own_booking.mine", said="too-many"))
    except AlreadyBooked as refused:
        if refused.existing is not None:
            return redirect(url_for("own_booking.see", reference=refused.existing.reference, said="already"))
        return render_template("portal/book_by_another.html", wanted=wanted)
    return redirect(url_for("own_booking.booked", reference=booked.reference))


def _confirm(work: Work, db: Session, answers: _Answers, starts_at: datetime, intent: Intent) -> Booked:
    """Raises: what `commands.confirm` does, and _BookedBefore."""
    done_before = recorded(db, intent.request_key) is not None
    booked = commands.confirm(
        db,
        intent,
        offering=answers.wanted.offering,
        starts_at=starts_at,
        closed_days=work.catalogue.closed_days,
        beneficiary=Beneficiary(answers.person_id),
    )
    # Looked at after the command has locked the phone: two tabs at once book once.
    if (
        answers.person_id is None
        and not done_before
        and len(_booked_before(db, answers, intent.now)) > answers.known + 1
    ):
        raise _BookedBefore
    return booked


def _booked_before(db: Session, answers: _Answers, now: datetime) -> list[Booking]:
    """What the phone has booked of the service, for this person or for people without a number."""
    service_id = answers.wanted.offering.service.id
    return [
        booking
        for booking in queries.live_bookings(db, answers.contact_id, now)
        if booking.service_id == service_id and booking.beneficiary_id == answers.person_id
    ]


def _move(work: Work, wanted: Wanted, starts_at: datetime, intent: Intent) -> Response:
    try:
        with work.writing() as db:
            commands.move(
                db,
                intent,
                reference=wanted.moving,
                offering=wanted.offering,
                starts_at=starts_at,
                closed_days=work.catalogue.closed_days,
            )
    except (SlotFull, NotOffered):
        return redirect(wanted.times("gone"))
    except NoSuchBooking:
        return redirect(url_for("own_booking.mine", said="none"))
    return redirect(url_for("own_booking.see", reference=wanted.moving, said="moved"))


def _wait(work: Work, answers: _Answers, intent: Intent) -> Response:
    wanted, said = answers.wanted, "waiting"
    assert wanted.until is not None
    try:
        with work.writing() as db:
            waitlist.join(
                db,
                intent,
                service=wanted.offering.service,
                sites=[wanted.offering.site],
                first_day=first_day_to_wait_for(intent.now),
                last_day=wanted.until,
                beneficiary=Beneficiary(answers.person_id),
            )
    except TooManyWaits:
        said = "too-many-waits"
    except BookingRefused:
        said = "nothing-earlier"
    return redirect(url_for("own_booking.mine", said=said))
