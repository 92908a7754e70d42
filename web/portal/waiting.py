"""SMS me if earlier: wait beside a booking, take or leave the place on offer, wait no longer."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking import waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import AlreadyBooked, BookingRefused, OfferOver, TooManyBookings, TooManyWaits
from core.booking.free import first_day_to_wait_for
from core.booking.tables import Booking
from core.booking.waitlist import queries
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.people.audit import Intent
from web.pages.forms import OnceForm
from web.portal.own_booking import own
from web.portal.proving import intent_of, proven
from web.portal.words import speaks
from web.work import Work

Page = str | Response


def create_blueprint(work: Work) -> Blueprint:
    blueprint = speaks(Blueprint("waiting", __name__, url_prefix="/booking"))

    @blueprint.post("/<reference>/wait")
    def beside(reference: str) -> Page:
        """An earlier place is to replace this booking."""
        found = own(work, reference)
        if isinstance(found, Response):
            return found
        contact_id, booking = found
        offering = work.catalogue.offering_by_id(booking.offering_id)
        form = OnceForm()
        said = "expired"
        if offering is not None and form.validate_on_submit():
            said = _join_beside(work, intent_of(work, contact_id, form), offering, booking)
        return redirect(url_for("own_booking.see", reference=reference, said=said))

    @blueprint.route("/offers/<int:offer_id>", methods=["GET", "POST"])
    def offer(offer_id: int) -> Page:
        """Asked of whoever it was offered to: take it, or leave it to the next in line."""
        contact_id = proven(work.now())
        if contact_id is None:
            return redirect(url_for("own_booking.phone"))
        form = OnceForm()
        if form.validate_on_submit():
            deed = "take" if request.form.get("answer") == "take" else "leave"
            return _answer(work, intent_of(work, contact_id, form), offer_id, deed)
        with work.reading() as db:
            found = next((o for o in queries.open_offers(db, contact_id, work.now()) if o.id == offer_id), None)
        offering = work.catalogue.offering_by_id(found.offering_id) if found else None
        if found is None or offering is None:
            return redirect(url_for("own_booking.mine", said="offer-over"))
        return render_template("portal/own_offer.html", offer=found, offering=offering, form=form)

    @blueprint.post("/waits/<int:entry_id>/stop")
    def stop(entry_id: int) -> Page:
        contact_id = proven(work.now())
        if contact_id is None:
            return redirect(url_for("own_booking.phone"))
        form = OnceForm()
        if not form.validate_on_submit():
            return redirect(url_for("own_booking.mine", said="expired"))
        with work.writing() as db:
            waitlist.leave(db, intent_of(work, contact_id, form), entry_id=entry_id)
        return redirect(url_for("own_booking.mine", said="left"))

    return blueprint


def _join_beside(work: Work, intent: Intent, offering: Offering, booking: Booking) -> str:
    try:
        with work.writing() as db:
            waitlist.join(
                db,
                intent,
                service=offering.service,
                sites=[offering.site],
                first_day=first_day_to_wait_for(intent.now),
                last_day=local_date(booking.starts_at),
                beneficiary=Beneficiary(),
                booking=booking.reference,
            )
    except TooManyWaits:
        return "too-many-waits"
    except BookingRefused:
        return "nothing-earlier"
    return "waiting"


def _answer(work: Work, intent: Intent, offer_id: int, deed: str) -> Response:
    said = ""
    try:
        with work.writing() as db:
            if deed == "leave":
                waitlist.decline(db, intent, offer_id=offer_id)
                return redirect(url_for("own_booking.mine", said="declined"))
            booked = waitlist.accept(db, intent, offer_id=offer_id, catalogue=work.catalogue)
            return redirect(url_for("own_booking.booked", reference=booked.reference))
    except OfferOver:
        said = "offer-over"
    except TooManyBookings:
        said = "too-many"
    except AlreadyBooked:
        said = "by-another"
    return redirect(url_for("own_booking.mine", said=said))
