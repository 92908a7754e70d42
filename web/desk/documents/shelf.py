"""The shelf of a centre: what lies there by age and by bin, what is on its way, what goes back; and labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField
from wtforms.widgets import HiddenInput

from core.catalogue.snapshot import Site
from core.db import Session
from core.references import grouped
from core.staff.roles import Can
from core.tracking import journeys, shelves
from core.tracking.documents import with_ids
from core.tracking.shelves import AGES, RETURNED_AT_ONCE, Chosen
from core.tracking.showing import since
from core.tracking.stages import SAID, Stage
from core.tracking.tables import Document
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DeskForm
from web.desk.documents import scanned
from web.desk.reach import chosen_site, own_document, own_services, which_centre
from web.pages.forms import EXPIRED
from web.pages.paging import asked_position, next_page
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


class ReturnForm(DeskForm):
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
            return which_centre(work.catalogue, "shelf.shelf")
        now, older = work.now(), _older()
        whole = Chosen(site.id, own_services(work.catalogue))
        chosen = replace(
            whole,
            shelf=_bin(),
            before=now - timedelta(days=older) if older else None,
            untold="untold" in request.args,
        )
        with work.reading() as db:
            page = shelves.on_shelf(db, chosen, limit=A_PAGE, after=asked_position())
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
            may_return=officer().may(Can.HANDLE_DOCUMENTS),
            least=LEAST_DAYS,
        )

    @blueprint.get("/shelf/coming")
    @needs(Can.SEE_DOCUMENTS)
    def coming() -> str:
        """What an agency or another centre has sent here, and nobody has received."""
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            return which_centre(work.catalogue, "shelf.coming")
        with work.reading() as db:
            here = Chosen(site.id, own_services(work.catalogue))
            page = shelves.coming(db, here, limit=A_PAGE, after=asked_position())
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
    def return_old() -> str | Response:
        form = ReturnForm()
        older, asked = form.older.data or 0, form.asked.data
        if not LEAST_DAYS <= older <= MOST_DAYS or asked is None:
            abort(400)
        now = int(work.now().timestamp())
        if not now - _PREVIEW_LASTS.total_seconds() <= asked <= now:
            anew = _fresh(work, older, form.shelf.data, form.untold.data)
            anew.form_errors.append(_(EXPIRED))
            return _preview(work, anew)
        if not form.validate_on_submit():
            return _preview(work, form)
        flash(_returned(*_return(work, form)), "done")
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
            found = with_ids(db, ids)
            here = [found[one] for one in ids if one in found and found[one].site_id == officer().site_id]
            return _labels(work, db, here)

    return blueprint


def _older() -> int | None:
    """Days, where only what is older is looked at."""
    days = asked_number("older")
    return min(max(days, 1), MOST_DAYS) if days else None


def _bin() -> str | None:
    """Only what lies in this bin; an empty one: what lies in none."""
    return request.args.get("shelf")


def _next(page: shelves.Page) -> str | None:
    return next_page(*page.next) if page.next else None


def _rows(work: Work, page: shelves.Page, now: datetime) -> list[_Row]:
    return [
        _Row(
            document,
            grouped(document.tracking_number),
            work.catalogue.service_by_id(document.service_id).names.spoken,
            _(SAID[Stage(document.stage)]),
            (now - since(document)).days,
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
    return Chosen(officer().site_id or 0, shelf=form.shelf.data, before=before, untold=bool(form.untold.data))


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


def _returned(done: int, left: int) -> str:
    said = _("{count} documents were returned to the agency.").format(count=done)
    more = _("{count} are left: return them in the same way.").format(count=left)
    return f"{said} {more}" if left else said


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
