"""Closing a centre, a service or a counter: first who is hit, then how it goes with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking import closing
from core.booking.availability import day_begins
from core.booking.closing import OFFICER_ABSENT, SYSTEM_DOWN, Impact, What
from core.booking.closing.errors import CannotClose, NoSuchClosure
from core.catalogue.assembly import read_catalogue
from core.catalogue.snapshot import Offering, Site
from core.clock import local_date
from core.staff.roles import Can
from core.visits.expected import offerings_expecting
from core.wording import dates
from core.wording import gettext as _
from web.desk.access import needs, officer, own_site
from web.desk.asking import DeskForm, refuse
from web.desk.closing import wording
from web.desk.closing.forms import CloseForm, TodayForm, offerings_at
from web.desk.reach import chosen_site, which_centre
from web.pages import live
from web.pages.forms import EXPIRED
from web.pages.reading import asked_number
from web.work import Work

FIRST_BATCH = 25
"""People who are moved before the answer: the page shows at once that it goes on."""


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
            return which_centre(work.catalogue, "closures.list_closures")
        now = work.now()
        with work.reading() as db:
            found = closing.closures_of(db, site.id, now=now)
        page = render_template("desk/closing/closures.html", site=site, closures=found, **_shown(work, now))
        return live.answer(page, moving=not all(one.is_cleared for one in found))

    @blueprint.route("/new", methods=["GET", "POST"])
    @needs(Can.CLOSE)
    def new() -> str | Response:
        """First the questions, then who is hit, then it is done."""
        site = own_site(work.catalogue, request.args.get("centre"))
        form = CloseForm.at(site, work.catalogue, now=work.now(), service=request.args.get("service"))
        if request.method == "POST" and form.validate():
            try:
                what, span = form.what_closes(site, work.catalogue), form.span()
                if request.form.get("do") == "it":
                    return _watch(_close(work, what, span, form))
                if request.form.get("do") != "change":
                    with work.reading() as db:
                        impact = closing.preview(
                            db, work.catalogue, what=what, starts_at=span[0], ends_at=span[1], now=work.now()
                        )
                    return _check(work, form, site, [what], span, [impact])
            except CannotClose as refused:
                field = form.counters if refused.why == "counters" else form.until_time
                refuse(field, _(wording.REFUSED[refused.why]))
        return render_template("desk/closing/new.html", form=form, site=site)

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
        form = TodayForm()
        if form.validate_on_submit() and form.is_of(now):
            _made(work, whats, span, reason=SYSTEM_DOWN, asking=False, key=form.key("desk"))
            first_batch(work)
            return redirect(url_for("closures.list_closures", centre=site.code, live=live.TIMES), 303)
        return _check_today(work, form, site, whats, now)

    @blueprint.route("/absent", methods=["GET", "POST"])
    @needs(Can.CLOSE)
    def absent() -> str | Response:
        """One counter fewer for the rest of the day, in one tap; for half a minute it can be taken back.

        Where it is the only counter all are hit: who they are is shown first. And so it is where the tap came from a
        page that was open for too long. Where no service is said there is only the page with the buttons.
        """
        if not request.values.get("service"):
            return redirect(url_for("closures.list_closures", centre=request.values.get("centre")), 303)
        site = own_site(work.catalogue, request.values.get("centre"))
        offering = work.catalogue.offering(request.values.get("service", ""), site.code)
        if offering is None:
            abort(404)
        form, now, what = TodayForm(), work.now(), What(site, offering, 1)
        is_sure = offering.counters > 1 or request.form.get("do") == "it"
        if form.validate_on_submit() and form.is_of(now) and is_sure:
            span = (now, _tonight(now))
            [made] = _made(work, [what], span, reason=OFFICER_ABSENT, asking=False, key=form.key("desk"))
            return _watch(made)
        action = url_for("closures.absent", centre=site.code, service=offering.service.code)
        return _check_today(work, form, site, [what], now, action=action)

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
            form=DeskForm(formdata=None),
            can_open=can_open,
            **_shown(work, now),
        )
        return live.answer(page, moving=not found.is_cleared)

    @blueprint.post("/<small:number>/lift")
    @needs(Can.CLOSE)
    def lift(number: int) -> Response:
        """Open again before the time; right after a tap that was a mistake, it is as if nothing had been."""
        site, form = _site_of(work, number), DeskForm()
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


def _close(work: Work, what: What, span: tuple[datetime, datetime], form: CloseForm) -> int:
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


def _check_today(
    work: Work, form: TodayForm, site: Site, whats: Sequence[What], now: datetime, action: str = ""
) -> str:
    """Who would be hit for the rest of this day: of the page that is shown, whatever day an older one was of."""
    span = (now, _tonight(now))
    with work.reading() as db:
        impacts = [
            closing.preview(db, work.catalogue, what=what, starts_at=span[0], ends_at=span[1], now=now)
            for what in whats
        ]
    form.day.data = local_date(now).isoformat()
    return _check(work, form, site, whats, span, impacts, action=action)


def _check(
    work: Work,
    form: DeskForm,
    site: Site,
    whats: Sequence[What],
    span: tuple[datetime, datetime],
    impacts: Sequence[Impact],
    *,
    action: str = "",
) -> str:
    """Who would be hit. `action`: where it is done, if not at the page's own address."""
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
        typed=isinstance(form, CloseForm),
        action=action,
    )


def _buttons(work: Work, site: Site) -> dict[str, Any]:
    """The agencies that serve at a centre, and its services: those at which somebody is expected today, and others."""
    today = local_date(work.now())
    with work.reading() as db:
        expecting = offerings_expecting(db, site_id=site.id, day=today)
    offerings = sorted(offerings_at(work.catalogue, site), key=lambda offering: offering.service.names.spoken)
    services = [offering for offering in offerings if offering.id in expecting]
    agencies, all_agencies = _agencies(services), _agencies(offerings)
    return {
        "agencies": agencies,
        "other_agencies": [agency for agency in all_agencies if agency not in agencies],
        "services": services,
        "other_services": [offering for offering in offerings if offering.id not in expecting],
        "form": TodayForm(formdata=None, day=today.isoformat()),
    }


def _agencies(offerings: Sequence[Offering]) -> list[tuple[int, str]]:
    """Id and name of those that give them, by name."""
    names = {offering.service.agency_id: offering.service.agency.spoken for offering in offerings}
    return sorted(names.items(), key=lambda one: one[1])


def _site_of(work: Work, number: int) -> Site:
    """The centre of a closure, if it is theirs to see."""
    with work.reading() as db:
        site_id = closing.site_of(db, number)
    if site_id is None:
        abort(404)
    return own_site(work.catalogue, work.catalogue.site_by_id(site_id).code)


def _watch(number: int) -> Response:
    """To the page of a closure that has just been made, which then keeps itself up to date."""
    return redirect(url_for("closures.closure", number=number, live=live.TIMES), 303)


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
