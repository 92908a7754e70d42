"""One field for the scanner: what is done with a document is chosen once, and kept in the address.

A scan is a POST that leads back to the same page, with the field ready for the
next one and what came of the last ones in a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask import Blueprint, abort, redirect, render_template, request, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import StringField

from core.catalogue.snapshot import Site
from core.db import Session
from core.errors import Malformed
from core.references import grouped, parse_reference
from core.staff.roles import Can
from core.tracking import journeys, scanning
from core.tracking.documents import find
from core.tracking.errors import DocumentRefused, NoSuchDocument, NotOnShelf
from core.tracking.scanning import Scan, Scanned, Task
from core.tracking.shelves import parse_shelf
from core.tracking.stages import IllegalMove, Stage, check_move
from core.wording import N_
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import refuse
from web.desk.documents import scanned
from web.desk.reach import seen_document
from web.pages.forms import OnceForm
from web.work import Work

NOT_OURS = N_("There is no document with this number here. If it lies before you, put it aside and ask your manager.")
_MOST_SHOWN = 40


class Way(StrEnum):
    """What is done with the documents that are scanned now."""

    RECEIVE = "receive"
    SHELVE = "shelve"
    COLLECT = "collect"
    SEND = "send"
    RETURN = "return"
    LOOK = "look"


WAYS: Mapping[Way, tuple[str, str]] = {
    Way.RECEIVE: (N_("Receive"), "r"),
    Way.SHELVE: (N_("Shelve"), "b"),
    Way.COLLECT: (N_("Hand over"), "h"),
    Way.SEND: (N_("Send on"), "s"),
    Way.RETURN: (N_("Return"), "t"),
    Way.LOOK: (N_("Only look"), "l"),
}
"""What each is called, and its key."""


class ScanForm(OnceForm):
    scanned = StringField(widget=GovTextInput())


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address says."""

    way: Way
    shelf: str | None = None
    to: Site | None = None
    wrong: str | None = None
    """What is wrong with the shelf that was typed."""

    @property
    def ready(self) -> bool:
        """Whether all is chosen that a scan needs."""
        needed = {Way.SHELVE: self.shelf, Way.SEND: self.to}
        return self.wrong is None and needed.get(self.way, True) is not None

    @property
    def address(self) -> str:
        to = self.to.code if self.to else None
        return url_for("documents.documents", task=self.way.value, shelf=self.shelf, to=to)


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("documents", __name__, url_prefix="/desk")

    @blueprint.get("/documents")
    @needs(Can.SEE_DOCUMENTS)
    def documents() -> str:
        return _page(work, _chosen(work), ScanForm(formdata=None))

    @blueprint.post("/documents")
    @needs(Can.SEE_DOCUMENTS)
    def scan() -> str | Response:
        """One document. What cannot be done is said beside the field, and nothing was changed."""
        chosen, form = _chosen(work), ScanForm()
        if not chosen.ready:
            return redirect(chosen.address, 303)
        if form.validate_on_submit():
            wanted = (form.scanned.data or "").strip()
            try:
                return redirect(_scan(work, chosen, parse_reference(wanted), form), 303)
            except (Malformed, DocumentRefused) as error:
                said = _(NOT_OURS) if isinstance(error, NoSuchDocument) else str(error)
                number = wanted[:_MOST_SHOWN] if isinstance(error, Malformed) else grouped(parse_reference(wanted))
                refuse(form.scanned, f"{number}: {said}{_since(work, error, wanted)}".removeprefix(": "))
            # The field is empty for the next scan: what was scanned is in the sentence.
            form.scanned.data = ""
        return _page(work, chosen, form)

    return blueprint


def _chosen(work: Work) -> Chosen:
    """Aborts with 403 where somebody who may only look would do more."""
    named = request.args.get("task", Way.LOOK)
    way = Way(named) if named in set(Way) else abort(404)
    if way is not Way.LOOK and not officer().may(Can.HANDLE_DOCUMENTS):
        abort(403)
    shelf, to = request.args.get("shelf", ""), work.catalogue.sites.get(request.args.get("to", ""))
    if to is not None and to.id == officer().site_id:
        to = None
    try:
        named_shelf = parse_shelf(shelf) if shelf.strip() and way in (Way.RECEIVE, Way.SHELVE) else None
    except Malformed as error:
        return Chosen(way, to=to, wrong=str(error))
    return Chosen(way, named_shelf, to if way is Way.SEND else None)


def _page(work: Work, chosen: Chosen, form: ScanForm) -> str:
    with work.reading() as db:
        last = scanned.last_scans(db, work.now())
    ways = [(way, _(said), key) for way, (said, key) in WAYS.items()]
    who = officer()
    return render_template(
        "desk/documents/documents.html",
        form=form,
        chosen=chosen,
        ways=ways if who.may(Can.HANDLE_DOCUMENTS) else [],
        last=last,
        just_now=scanned.just_now(),
        service=lambda document: work.catalogue.service_by_id(document.service_id).names.spoken,
        grouped=grouped,
        centres=[site for site in work.catalogue.sites.values() if site.id != who.site_id],
    )


def _scan(work: Work, chosen: Chosen, number: str, form: ScanForm) -> str:
    """Do it, and say where to go on.

    Raises:
        DocumentRefused: it cannot be done.
        Malformed: what was chosen does not fit.
    """
    if chosen.way in (Way.LOOK, Way.COLLECT):
        with work.writing() as db:
            done = _look(work, db, chosen.way, number)
        if done is None:
            return url_for("collection.collect", number=number)
    else:
        who = officer()
        order = Scan(number, Task(chosen.way), who.site_id or 0, chosen.shelf, chosen.to.id if chosen.to else None)
        with work.writing() as db:
            done = scanning.scan(db, order, actor=who.actor, request_key=form.key("desk"), now=work.now())
    scanned.remember(done.document_id, chosen.way, already=done.already, at=done.at, who=done.who)
    return chosen.address


def _look(work: Work, db: Session, way: Way, number: str) -> Scanned | None:
    """None where it can be handed over.

    Raises:
        NoSuchDocument, IllegalMove: it is not this officer's, or does not lie ready.
    """
    document = seen_document(db, work.catalogue, number)
    journeys.note_seen(db, document, actor=officer().actor, now=work.now())
    if way is Way.LOOK:
        return Scanned(document.id, already=False, at=work.now(), who=None)
    if document.stage == Stage.COLLECTED:
        step = scanning.last_step(db, document.id)
        return Scanned(document.id, already=True, at=step.at, who=step.who)
    check_move(Stage(document.stage), Stage.COLLECTED)
    return None


def _since(work: Work, error: Exception, number: str) -> str:
    """For whoever came second: when it became so, and through whom."""
    if not isinstance(error, IllegalMove | NotOnShelf):
        return ""
    with work.reading() as db:
        step = scanning.last_step(db, find(db, parse_reference(number)).id)
    said = _("That was done at {time} by {who}.")
    return " " + said.format(time=scanned.at(step.at, work.now()), who=step.who or "Zamu")
