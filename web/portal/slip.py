"""The slip of a booking, to print or to save: its QR code holds the number that a scanner at check-in types."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from web import seeing
from web.pages.qr import qr_code
from web.portal.own_booking import own
from web.portal.words import speaks
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = speaks(Blueprint("slip", __name__, url_prefix="/booking"))

    @blueprint.get("/<reference>/slip")
    def slip(reference: str) -> str | Response:
        found = own(work, reference)
        if isinstance(found, Response):
            return found
        booking = found[1]
        with work.reading() as db:
            told = seeing.of_booking(work, db, booking)
        return render_template("portal/slip.html", booking=booking, told=told, qr=qr_code(booking.reference))

    return blueprint
