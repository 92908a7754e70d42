"""The day at a centre: who is expected, who has come, and one field that finds any of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from govuk_frontend_wtf.wtforms_widgets import GovTextInput
from werkzeug.wrappers import Response
from wtforms import StringField

from core.booking.errors import BookingRefused
from core.catalogue.snapshot import Catalogue, Site
from core.clock import local, local_date
from core.people.audit import record_event
from core.references import grouped
from core.staff.roles import Can
from core.visits import arriving, expected, finding
from core.visits.arriving import CheckedIn
from core.visits.errors import AnotherCentre, AnotherDay, VisitRefused
from core.visits.expected import OF_THE_DAY, Expected, State
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import refuse
from web.desk.reach import chosen_site, which_centre
from web.desk.visits import wording
from web.pages.forms import OnceForm
from web.pages.paging import asked_position, next_page
from web.work import Work

Told = tuple[str, str]
"""A sentence for the next page, and whether it is done, already (done before) or refused."""
NEXT_SHOWN = 5
SHOWN: Mapping[str, tuple[str, frozenset[State]]] = {
    "all": (N_("All"), OF_THE_DAY),
    "expected": (N_("Still expected"), frozenset({State.EXPECTED})),
    "came": (N_("Have come"), frozenset({State.CAME})),
    "over": (N_("Finished"), OF_THE_DAY - {State.EXPECTED, State.CAME}),
    "cancelled": (N_("Cancelled"), frozenset({State.GIVEN_UP, State.CLOSED})),
}
"""What of the list is shown."""


class ScanForm(OnceForm):
    scanned = StringField(widget=GovTextInput())


@dataclass(frozen=True, slots=True)
class Hour:
    """The rows of one hour of the day."""

    begins: str
    rows: list[Expected]


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("today", __name__, url_prefix="/desk")

    @blueprint.get("/today")
    @needs(Can.SEE_DAY)
    def today() -> str:
        """The day of one's own centre; those who see all centres choose one."""
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            return which_centre(work.catalogue, "today.today")
        return _list(work, site, ScanForm(formdata=None))

    @blueprint.post("/today")
    @needs(Can.SERVE)
    def find() -> str | Response:
        """One number, whichever: phones and IDs travel in the form, never in an address."""
        form, site = ScanForm(), own(work.catalogue)
        if not form.validate_on_submit():
            return _list(work, site, form)
        typed = form.scanned.data or ""
        with work.writing() as db:
            found = finding.find(db, work.register, site_id=site.id, text=typed, actor=officer().actor, now=work.now())
            reference = finding.reference_in(typed)
            elsewhere = reference and arriving.whereabouts(db, reference, now=work.now())
        number = found.tracking_number
        document = url_for("document.document", number=number) if number else None
        if document and not found.visits:
            return redirect(document, 303)
        if len(found.visits) == 1 and not document:
            return redirect(_address(found.visits[0]), 303)
        if found.visits:
            return render_template(
                "desk/visits/today_found.html",
                found=found,
                document=document,
                form=ScanForm(formdata=None),
                **words(work),
            )
        if reference and elsewhere and elsewhere[0] != site.id:
            refuse(form.scanned, wording.refusal(AnotherCentre(*elsewhere), work.catalogue))
            return _list(work, site, form, receive=reference)
        refuse(form.scanned, _("Nobody was found at this centre by that number. Check each digit."))
        return _list(work, site, form)

    @blueprint.get("/check-in")
    @needs(Can.SERVE)
    def scanning() -> str:
        """The field alone: each scan checks in at once."""
        return render_template("desk/visits/today_scan.html", form=ScanForm(formdata=None), receive=None)

    @blueprint.post("/check-in")
    @needs(Can.SERVE)
    def scan() -> str | Response:
        form, site, receive = ScanForm(), own(work.catalogue), None
        if form.validate_on_submit():
            typed = form.scanned.data or ""
            reference = finding.reference_in(typed)
            try:
                if reference is None:
                    raise BookingRefused
                with work.writing() as db:
                    came = arriving.check_in(
                        db,
                        reference=reference,
                        site_id=site.id,
                        actor=officer().actor,
                        # Of this number: a scanner may send the next one from the page of the last.
                        request_key=form.key("desk"),
                        now=work.now(),
                    )
            except (BookingRefused, VisitRefused) as error:
                number = grouped(reference) if reference else typed[:40]
                refuse(form.scanned, f"{number}: {wording.refusal(error, work.catalogue)}".removeprefix(": "))
                receive = reference if isinstance(error, AnotherDay | AnotherCentre) else None
            else:
                flash(*told(work, came))
                return redirect(url_for("today.scanning"), 303)
            # The field is empty for the next scan: what was scanned is in the sentence.
            form.scanned.data = ""
        return render_template("desk/visits/today_scan.html", form=form, receive=receive)

    return blueprint


def own(catalogue: Catalogue) -> Site:
    """The centre of an officer who serves; whoever serves has one."""
    site_id = officer().site_id
    assert site_id is not None
    return catalogue.site_by_id(site_id)


def told(work: Work, came: CheckedIn) -> Told:
    """What came of a check-in, for the next page."""
    who = f"{grouped(came.reference)}, {work.catalogue.service_by_id(came.service_id).names.spoken}"
    words = {"who": who, "time": wording.clock(came.came_at, work.now()), "hour": dates.clock(came.starts_at)}
    if came.already:
        return _("{who}: already checked in at {time}. Nothing was changed.").format(**words), "already"
    return _("{who}: checked in at {time}, booked for {hour}.").format(**words), "done"


def words(work: Work) -> dict[str, Any]:
    """What templates say rows with."""
    now, catalogue = work.now(), work.catalogue
    return {
        "grouped": lambda row: row.reference if row.is_appointment else grouped(row.reference),
        "clock": dates.clock,
        "when": dates.when,
        "service": lambda row: catalogue.service_by_id(row.service_id).names.spoken,
        "agency": lambda row: catalogue.service_by_id(row.service_id).agency.spoken,
        "state": lambda row: wording.state(row, now),
    }


def _list(work: Work, site: Site, form: ScanForm, *, receive: str | None = None) -> str:
    now = work.now()
    day, show = local_date(now), request.args.get("show", "all")
    show = show if show in SHOWN else "all"
    with work.writing() as db:
        page = expected.list_day(
            db,
            work.register,
            site_id=site.id,
            day=day,
            states=SHOWN[show][1],
            after=asked_position(3),
        )
        waiting = expected.list_day(
            db, work.register, site_id=site.id, day=day, states=[State.CAME], limit=NEXT_SHOWN
        ).rows
        counts = expected.counts(db, site_id=site.id, day=day)
        details = {"day": day.isoformat(), "rows": len(page.rows)}
        record_event(db, "visits.seen", f"site:{site.id}", actor=officer().actor, now=now, **details)
    return render_template(
        "desk/visits/today.html",
        form=form,
        receive=receive,
        site=site,
        centre=None if officer().site_id == site.id else site.code,
        day=dates.day_month(day),
        hours=_by_hour(page.rows),
        after=next_page(*page.next) + "#list" if page.next else None,
        paged="after" in request.args,
        waiting=waiting,
        counts={name: sum(counts[state] for state in states) for name, (_said, states) in SHOWN.items()},
        shown={name: _(said) for name, (said, _states) in SHOWN.items()},
        show=show,
        serves=officer().may(Can.SERVE),
        closes=officer().may(Can.CLOSE),
        **words(work),
    )


def _address(row: Expected) -> str:
    if row.is_appointment:
        return url_for("sent_by_agency.appointment", appointment_id=row.id)
    return url_for("visits.visit", reference=row.reference)


def _by_hour(rows: Sequence[Expected]) -> list[Hour]:
    hours = groupby(rows, key=lambda row: local(row.starts_at).hour)
    return [Hour(dates.hours(hour, 0), list(mine)) for hour, mine in hours]
