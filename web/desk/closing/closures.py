"""Closing a centre, a service or a counter: first who is hit, then how it goes with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking import closing
from core.booking.availability import day_begins
from core.booking.closing import OFFICER_ABSENT, SYSTEM_DOWN, Impact, Progress, What
from core.booking.closing.errors import CannotClose, NoSuchClosure
from core.catalogue.assembly import read_catalogue
from core.catalogue.snapshot import Site
from core.catalogue.tables import Closure
from core.clock import local_date
from core.staff.roles import Can
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import needs, officer, own_site
from web.desk.asking import Asked, refuse
from web.desk.closing import wording
from web.desk.closing.forms import New, offerings_at
from web.desk.reach import chosen_site
from web.pages.forms import EXPIRED
from web.pages.reading import asked_number
from web.work import Work

FIRST_BATCH = 25
"""People who are moved before the answer: the page shows at once that it goes on."""
LIVE_SECONDS, LIVE_TIMES = 3, 200
"""A page that keeps itself up to date stops after so many times."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("closures", __name__, url_prefix="/desk/closures")

    @blueprint.app_context_processor
    def closing_here() -> dict[str, Any]:
        """What the buttons of a centre are made from."""
        return {"closing_here": lambda site: _buttons(work, site)}

    @blueprint.get("")
    @needs(Can.CLOSE)
    def list_closures() -> str | Response:
        """What is closed at a centre, was or will be, and how far it is with people."""
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            sites = officer().sites(work.catalogue)
            return render_template("desk/closing/centres.html", sites=sites, endpoint="closures.list_closures")
        now = work.now()
        with work.reading() as db:
            found = closing.closures_of(db, site.id, now=now)
        page = render_template("desk/closing/closures.html", site=site, closures=found, **_shown(work, now))
        return _live(page, "closures.list_closures", found, centre=site.code)

    @blueprint.route("/new", methods=["GET", "POST"])
    @needs(Can.CLOSE)
    def new() -> str | Response | tuple[str, int]:
        """First the questions, then who is hit, then it is done."""
        site = own_site(work.catalogue, request.args.get("centre"))
        form = New.at(site, work.catalogue, now=work.now(), service=request.args.get("service"))
        if request.method == "POST" and form.validate():
            try:
                asked, span = form.asked(site, work.catalogue), form.span()
                if request.form.get("do") == "it":
                    return _to(_close(work, asked, span, form), site)
                if request.form.get("do") != "change":
                    with work.reading() as db:
                        what = closing.preview(
                            db, work.catalogue, what=asked, starts_at=span[0], ends_at=span[1], now=work.now()
                        )
                    return _check(work, form, site, [asked], span, [what])
            except CannotClose as refused:
                field = form.counters if refused.why == "counters" else form.until_time
                refuse(field, _(wording.REFUSED[refused.why]))
        page = render_template("desk/closing/new.html", form=form, site=site)
        return (page, 422) if form.errors else page

    @blueprint.route("/system-down", methods=["GET", "POST"])
    @needs(Can.CLOSE)
    def system_down() -> str | Response:
        """Nothing of an agency works at a centre for the rest of the day: tap one shows who is hit, tap two does it."""
        site = own_site(work.catalogue, request.args.get("centre"))
        offerings = [o for o in offerings_at(work.catalogue, site) if o.service.agency_id == asked_number("agency")]
        if not offerings:
            abort(404)
        now, whats = work.now(), [What(site, offering) for offering in offerings]
        span = (now, _tonight(now))
        form = Asked()
        if form.validate_on_submit():
            _made(work, whats, span, reason=SYSTEM_DOWN, asking=False, key=form.key("desk"))
            first_batch(work)
            return redirect(url_for("closures.list_closures", centre=site.code, live=LIVE_TIMES), 303)
        with work.reading() as db:
            impacts = [
                closing.preview(db, work.catalogue, what=what, starts_at=span[0], ends_at=span[1], now=now)
                for what in whats
            ]
        return _check(work, form, site, whats, span, impacts)

    @blueprint.post("/absent")
    @needs(Can.CLOSE)
    def absent() -> Response:
        """One counter fewer for the rest of the day, in one tap; for half a minute it can be taken back."""
        site = own_site(work.catalogue, request.form.get("centre"))
        offering = work.catalogue.offering(request.form.get("service", ""), site.code)
        if offering is None:
            abort(404)
        form, now = Asked(), work.now()
        if not form.validate_on_submit():
            flash(_(EXPIRED), "refused")
            return redirect(url_for("closures.list_closures", centre=site.code), 303)
        what, span = What(site, offering, 1), (now, _tonight(now))
        return _to(_made(work, [what], span, reason=OFFICER_ABSENT, asking=False, key=form.key("desk"))[0], site)

    @blueprint.get("/<small:number>")
    @needs(Can.CLOSE)
    def closure(number: int) -> str | Response:
        """How far it is with the people it hit."""
        site = _site_of(work, number)
        now = work.now()
        with work.reading() as db:
            found = closing.closure_at(db, site.id, number, now=now)
        if found is None:
            abort(404)
        can_open = found.lifted_at is None and found.ends_at > now and found.counters != 0
        page = render_template(
            "desk/closing/closure.html",
            site=site,
            one=found,
            form=Asked(formdata=None),
            can_open=can_open,
            **_shown(work, now),
        )
        return _live(page, "closures.closure", [found], number=number)

    @blueprint.post("/<small:number>/lift")
    @needs(Can.CLOSE)
    def lift(number: int) -> Response:
        """Open again before the time; right after a tap that was a mistake, it is as if nothing had been."""
        site, form = _site_of(work, number), Asked()
        if form.validate_on_submit():
            try:
                with work.writing() as db:
                    closing.lift(
                        db,
                        closure_id=number,
                        site_id=site.id,
                        actor=officer().actor,
                        request_key=form.key("desk"),
                        now=work.now(),
                    )
            except NoSuchClosure:
                abort(404)
        else:
            flash(_(EXPIRED), "refused")
        return redirect(url_for("closures.closure", number=number), 303)

    return blueprint


def _made(
    work: Work, whats: Sequence[What], span: tuple[datetime, datetime], *, reason: str, asking: bool, key: str
) -> list[int]:
    """All of it, or nothing; a number for each.

    Raises:
        CannotClose: it makes no sense.
    """
    with work.writing() as db:
        return closing.close_all(
            db,
            whats=whats,
            starts_at=span[0],
            ends_at=span[1],
            reason=reason,
            asking=asking,
            actor=officer().actor,
            request_key=key,
            now=work.now(),
        )


def _close(work: Work, what: What, span: tuple[datetime, datetime], form: New) -> int:
    asking = form.how.data == "ask"
    [made] = _made(work, [what], span, reason=form.reason.data or "", asking=asking, key=form.key("desk"))
    first_batch(work)
    return made


def first_batch(work: Work) -> None:
    """The clock moves the rest. In a transaction of its own: what has been closed is closed."""
    now = work.now()
    with work.writing() as db:
        # The catalogue that this process has does not know yet of what has just been changed.
        closing.clear(db, read_catalogue(db, today=local_date(now)), now=now, limit=FIRST_BATCH)


def _check(
    work: Work,
    form: Asked,
    site: Site,
    whats: Sequence[What],
    span: tuple[datetime, datetime],
    impacts: Sequence[Impact],
) -> str:
    """Who would be hit."""
    return render_template(
        "desk/closing/check.html",
        form=form,
        site=site,
        whats=[wording.what_of(what) for what in whats],
        span=wording.span_line(*span),
        bookings=sum(impact.bookings for impact in impacts),
        appointments=sum(impact.appointments for impact in impacts),
        moved=wording.moved_line(impacts),
        lines=wording.lines(work.catalogue, impacts),
        typed=isinstance(form, New),
    )


def _buttons(work: Work, site: Site) -> dict[str, Any]:
    """The agencies that serve at a centre, and the services that have more than one counter there."""
    offerings = offerings_at(work.catalogue, site)
    agencies = {offering.service.agency_id: offering.service.agency.spoken for offering in offerings}
    several = [offering for offering in offerings if offering.counters > 1]
    return {
        "agencies": sorted(agencies.items(), key=lambda one: one[1]),
        "services": sorted(several, key=lambda offering: offering.service.names.spoken),
        "form": Asked(formdata=None),
    }


def _site_of(work: Work, number: int) -> Site:
    """The centre of a closure, if it is theirs to see."""
    with work.reading() as db:
        site_id = db.scalar(sa.select(Closure.site_id).where(Closure.id == number))
    if site_id is None:
        abort(404)
    return own_site(work.catalogue, work.catalogue.site_by_id(site_id).code)


def _to(number: int, site: Site) -> Response:
    return redirect(url_for("closures.closure", number=number, live=LIVE_TIMES), 303)


def _live(page: str, endpoint: str, found: Sequence[Progress], **where: Any) -> Response:
    """Asks for itself again while people are being moved."""
    response = Response(page, content_type="text/html; charset=utf-8")
    live = min(asked_number("live") or 0, LIVE_TIMES)
    if live > 0 and not all(one.is_cleared for one in found):
        response.headers["Refresh"] = f"{LIVE_SECONDS}; url={url_for(endpoint, live=live - 1, **where)}"
    return response


def _shown(work: Work, now: datetime) -> dict[str, Any]:
    return {
        "what": lambda one: wording.what_line(work.catalogue, one),
        "span": lambda one: wording.span_line(one.starts_at, one.ends_at),
        "reason": wording.reason,
        "state": lambda one: wording.state_line(one, now),
        "until": dates.when,
        "undo_seconds": int(closing.UNDO.total_seconds()),
    }


def _tonight(now: datetime) -> datetime:
    return day_begins(local_date(now) + timedelta(days=1))
