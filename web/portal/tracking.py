"""A document, for whoever knows its number and what its owner knows: as the phone tells it, without its code.

What was found is remembered in the session for a few minutes, and named in no
address: the computer may be one that many people use.
"""

from datetime import datetime, timedelta

from flask import Blueprint, g, redirect, render_template, session, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import StringField, ValidationError

from core.errors import Malformed
from core.idempotency import PASSING
from core.references import grouped, parse_reference
from core.tracking import lookup, telling
from core.tracking.tables import Document
from core.wording import gettext as _
from web.pages.forms import OnceForm
from web.pages.limits import limited
from web.work import Work

SHOWN_FOR = timedelta(minutes=10)
"""How long what was found can be seen again."""
RATE = "240 per hour"
"""Of one address, and only what finds nothing: a cyber cafe or a mobile network is one address for many people.
A document is protected by its own count (core.tracking.lookup)."""


class TrackForm(OnceForm):
    """A document's number, and what its owner knows."""

    number = StringField(widget=GovTextInput())
    proof = StringField(widget=GovTextInput())
    tracking_number = ""
    digits = ""
    """As they are looked up, once the form is valid."""

    def validate_number(self, field: StringField) -> None:
        try:
            self.tracking_number = parse_reference(field.data or "")
        except Malformed as refused:
            typed = (field.data or "").strip()
            raise ValidationError(str(refused) if typed else _("Type the document number: 8 digits.")) from refused

    def validate_proof(self, field: StringField) -> None:
        digits = (field.data or "").replace(" ", "")
        if not (digits.isdecimal() and digits.isascii() and len(digits) in (3, 4)):
            raise ValidationError(_("Type 3 digits of the ID, or a year such as 1990."))
        self.digits = digits


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("tracking", __name__)

    @blueprint.get("/document")
    def look() -> str:
        """The question; whoever comes back to it has done with what was shown."""
        session.pop("document", None)
        return render_template("portal/track.html", form=TrackForm(formdata=None))

    @blueprint.post("/document")
    @limited(RATE, counts=lambda _answer: bool(g.get("found_nothing")))
    def take() -> Response | str | tuple[str, int]:
        form = TrackForm()
        if not form.validate_on_submit():
            return render_template("portal/track.html", form=form)
        try:
            document = _look_up(work, form)
        except lookup.TooManyLookups:
            form.number.errors = [_("Too many tries for this number. Try again in an hour, or ask at the centre.")]
            return render_template("portal/track.html", form=form), 429
        if document is None:
            g.found_nothing = True
            form.number.errors = [_("No document with that number and ID. Check both, or ask at the centre.")]
            return render_template("portal/track.html", form=form)
        _remember(document, work.now())
        return redirect(url_for("tracking.status"), 303)

    @blueprint.get("/document/status")
    def status() -> Response | str:
        remembered = _remembered(work.now())
        if remembered is None:
            return redirect(url_for("tracking.look"))
        with work.reading() as db:
            document = db.get_one(Document, remembered)
        return _shown(work, document)

    return blueprint


def _look_up(work: Work, form: TrackForm) -> Document | None:
    with work.writing() as db:
        return lookup.look_up(
            db,
            work.register,
            tracking_number=form.tracking_number,
            proof=form.digits,
            phone_index=None,
            request_key=f"{PASSING}{form.key('portal')}",
            now=work.now(),
        )


def _remember(document: Document, now: datetime) -> None:
    session["document"] = {"id": document.id, "until": (now + SHOWN_FOR).isoformat()}


def _remembered(now: datetime) -> int | None:
    """The document that this browser may see now."""
    kept = session.get("document")
    if kept is None or datetime.fromisoformat(kept["until"]) <= now:
        return None
    return int(kept["id"])


def _shown(work: Work, document: Document) -> str:
    catalogue = work.catalogue
    site = catalogue.site_by_id(document.site_id)
    return render_template(
        "portal/track_status.html",
        number=grouped(document.tracking_number),
        service=catalogue.service_by_id(document.service_id),
        site=site,
        ready=telling.is_ready(document),
        stage=telling.stage_said(document, site.names),
        then=telling.then_said(catalogue, document, now=work.now()),
    )
