"""The shelf of a centre: what lies there by age and by bin, what is on its way, what goes back; and labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField
from wtforms.widgets import HiddenInput

from core.catalogue.snapshot import Site
from core.db import Session
from core.references import grouped
from core.staff.roles import Can
from core.tracking import journeys, shelves
from core.tracking.shelves import AGES, RETURNED_AT_ONCE, Chosen, Page, Place
from core.tracking.stages import SAID, Stage
from core.tracking.tables import Document
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import Asked
from web.desk.documents import scanned
from web.desk.reach import chosen_site, own_document, own_services
from web.pages.forms import EXPIRED
from web.pages.qr import qr_code
from web.pages.reading import asked_number
from web.work import Work

A_PAGE = 50
LEAST_DAYS = 30
"""What has lain for less is not returned in bulk: its owner is still being reminded."""
USUAL_DAYS = 90
MOST_DAYS = 3650
_MOST_RETURNED = 5000
"""By one press: the next press goes on."""
_PREVIEW_LASTS = timedelta(days=1)
"""What was shown longer ago is shown anew before it is done."""
_SAID = "shelf_returned"


class ReturnForm(Asked):
    """What the preview showed: it is this that is done, however long the page was looked at."""

    older = IntegerField(widget=HiddenInput())
    asked = IntegerField(widget=HiddenInput())
    """When the preview was made: seconds since 1970."""
    shelf = HiddenField()
    """The bin; empty: what lies in none; None, where it was not sent: every one."""
    untold = HiddenField()
    """Anything: only those without a phone."""


@dataclass(frozen=True, slots=True)
class _Row:
    document: Document
    number: str
    service: str
    stage: str
    days: int


@dataclass(frozen=True, slots=True)
class _Label:
    number: str
    tracking_number: str
    service: str
    shelf: str
    digits: str
    qr: str


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("shelf", __name__, url_prefix="/desk")

    @blueprint.get("/shelf")
    @needs(Can.SEE_DOCUMENTS)
    def shelf() -> str:
        """The oldest first; counted by age and by bin."""
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            return _which_centre(work, "shelf.shelf")
        now, older = work.now(), _older()
        whole = Chosen(site.id, own_services(work.catalogue))
        chosen = replace(
            whole,
            shelf=_bin(),
            before=now - timedelta(days=older) if older else None,
            untold="untold" in request.args,
        )
        with work.reading() as db:
            page = shelves.on_shelf(db, chosen, limit=A_PAGE, after=_after())
            ages, bins = shelves.count_ages(db, whole, now=now), shelves.count_shelves(db, whole)
            untold = shelves.count(db, replace(whole, untold=True))
        return render_template(
            "desk/documents/shelf.html",
            site=site,
            rows=_rows(work, page, now),
            ages=list(zip(_bands(), ages, strict=True)),
            bins=bins,
            untold=untold,
            chosen=chosen,
            older=older,
            next=_next(page),
            total=sum(ages),
            returned=session.pop(_SAID, None),
            may_return=officer().may(Can.HANDLE_DOCUMENTS),
            least=LEAST_DAYS,
        )

    @blueprint.get("/shelf/coming")
    @needs(Can.SEE_DOCUMENTS)
    def coming() -> str:
        """What an agency or another centre has sent here, and nobody has received."""
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            return _which_centre(work, "shelf.coming")
        with work.reading() as db:
            page = shelves.coming(db, Chosen(site.id, own_services(work.catalogue)), limit=A_PAGE, after=_after())
        rows = _rows(work, page, work.now())
        return render_template("desk/documents/shelf_coming.html", site=site, rows=rows, next=_next(page))

    @blueprint.get("/shelf/return")
    @needs(Can.HANDLE_DOCUMENTS)
    def preview() -> str | Response:
        """How many would go back."""
        older = _older() or USUAL_DAYS
        untold = "1" if "untold" in request.args else None
        if older < LEAST_DAYS:
            return redirect(url_for("shelf.shelf", older=LEAST_DAYS, shelf=_bin(), untold=untold), 303)
        return _preview(work, _fresh(work, older, _bin(), untold))

    @blueprint.post("/shelf/return")
    @needs(Can.HANDLE_DOCUMENTS)
    def return_old() -> str | Response | tuple[str, int]:
        form = ReturnForm()
        older, asked = form.older.data or 0, form.asked.data
        if not LEAST_DAYS <= older <= MOST_DAYS or asked is None:
            abort(400)
        now = int(work.now().timestamp())
        if not now - _PREVIEW_LASTS.total_seconds() <= asked <= now:
            anew = _fresh(work, older, form.shelf.data, form.untold.data)
            anew.form_errors.append(_(EXPIRED))
            return _preview(work, anew), 422
        if not form.validate_on_submit():
            return _preview(work, form), 422
        session[_SAID] = _return(work, form)
        return redirect(url_for("shelf.shelf"), 303)

    @blueprint.get("/documents/<number>/label")
    @needs(Can.HANDLE_DOCUMENTS)
    def label(number: str) -> str:
        """One to print."""
        with work.writing() as db:
            return _labels(work, db, [own_document(db, work.catalogue, number)])

    @blueprint.get("/shelf/labels")
    @needs(Can.HANDLE_DOCUMENTS)
    def labels() -> str:
        """Those of the last scans that lie at this centre."""
        ids = scanned.remembered()
        with work.writing() as db:
            chosen = sa.select(Document).where(Document.id.in_(ids), Document.site_id == officer().site_id)
            found = {document.id: document for document in db.scalars(chosen)}
            return _labels(work, db, [found[id_] for id_ in ids if id_ in found])

    return blueprint


def _which_centre(work: Work, endpoint: str) -> str:
    return render_template(
        "desk/documents/shelf_centres.html", sites=officer().sites(work.catalogue), endpoint=endpoint
    )


def _older() -> int | None:
    """Days, where only what is older is looked at."""
    days = asked_number("older")
    return min(max(days, 1), MOST_DAYS) if days else None


def _bin() -> str | None:
    """Only what lies in this bin; an empty one: what lies in none."""
    named = request.args.get("shelf")
    return None if named is None else named.replace("\0", "")


def _after() -> Place | None:
    """Where the page before ended: microseconds since 1970, and an id."""
    moment, _dash, last = request.args.get("after", "").partition("-")
    if not (moment.isascii() and moment.isdigit() and last.isascii() and last.isdigit()):
        return None
    if len(moment) > 17 or len(last) > 18:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(moment)), int(last)


def _next(page: Page) -> str | None:
    if page.next is None:
        return None
    since = page.next[0] - datetime.fromtimestamp(0, UTC)
    after = f"{since // timedelta(microseconds=1)}-{page.next[1]}"
    kept = {name: value for name, value in request.args.items() if name != "after"}
    return f"{request.path}?{urlencode(kept | {'after': after})}"


def _rows(work: Work, page: Page, now: datetime) -> list[_Row]:
    def days(document: Document) -> int:
        lies = document.stage in (Stage.RECEIVED, Stage.NOTIFIED, Stage.REMINDED)
        since = document.received_at if lies and document.received_at else document.stage_since
        return (now - since).days

    return [
        _Row(
            document,
            grouped(document.tracking_number),
            work.catalogue.service_by_id(document.service_id).names.spoken,
            _(SAID[Stage(document.stage)]),
            days(document),
        )
        for document in page.documents
    ]


def _bands() -> list[str]:
    middle = [_("{first} to {last} days").format(first=a + 1, last=b) for a, b in pairwise(AGES)]
    return [_("Up to {days} days").format(days=AGES[0]), *middle, _("More than {days} days").format(days=AGES[-1])]


def _fresh(work: Work, older: int, shelf: str | None, untold: str | None) -> ReturnForm:
    """What is looked at now."""
    form = ReturnForm(formdata=None)
    form.older.data, form.asked.data = older, int(work.now().timestamp())
    form.shelf.data, form.untold.data = shelf, untold
    return form


def _old(form: ReturnForm) -> Chosen:
    before = datetime.fromtimestamp(form.asked.data or 0, UTC) - timedelta(days=form.older.data or MOST_DAYS)
    shelf = None if form.shelf.data is None else form.shelf.data.replace("\0", "")
    return Chosen(officer().site_id or 0, shelf=shelf, before=before, untold=bool(form.untold.data))


def _preview(work: Work, form: ReturnForm) -> str:
    chosen = _old(form)
    with work.reading() as db:
        many = shelves.count(db, chosen)
    site: Site = work.catalogue.site_by_id(officer().site_id or 0)
    return render_template(
        "desk/documents/shelf_return.html", form=form, many=many, older=form.older.data, site=site, chosen=chosen
    )


def _return(work: Work, form: ReturnForm) -> tuple[int, int]:
    """All of them, some hundreds a transaction; given again, each batch has its first outcome.

    Returns how many were returned, and how many are left.
    """
    done = 0
    for batch in range(_MOST_RETURNED // RETURNED_AT_ONCE):
        key = f"{form.key('desk')}:{batch}"
        with work.writing() as db:
            returned = shelves.return_old(db, _old(form), actor=officer().actor, request_key=key, now=work.now())
        done += returned
        if returned == 0:  # fewer than asked for are not the last: one was being handed over
            break
    with work.reading() as db:
        return done, shelves.count(db, _old(form))


def _labels(work: Work, db: Session, documents: Sequence[Document]) -> str:
    """To print. That they were looked at is recorded: a label names its owner by three digits."""
    known = journeys.known_of(db, work.register, documents)
    for document in documents:
        journeys.note_seen(db, document, actor=officer().actor, now=work.now())
    made = [
        _Label(
            grouped(document.tracking_number),
            document.tracking_number,
            work.catalogue.service_by_id(document.service_id).names.spoken,
            document.shelf or "",
            known[document.id].identity or "",
            qr_code(document.tracking_number),
        )
        for document in documents
    ]
    return render_template("desk/documents/labels.html", labels=made)
