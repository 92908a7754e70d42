"""Campaigns at the desk: making one, what it would do, how it goes, and stopping it."""

import csv
import io

import sqlalchemy as sa
from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.campaigns import making
from core.campaigns.errors import UnknownCode, Unsaid
from core.campaigns.report import report
from core.campaigns.tables import Campaign
from core.messaging import lanes
from core.messaging.tables import Lane
from core.staff.roles import Can
from web.desk.access import needs, officer
from web.desk.asking import Asked, refuse
from web.desk.campaigns import commands
from web.desk.campaigns.forms import New
from web.desk.campaigns.page import OVER, found, page, shown, state_words
from web.desk.messages.wording import because, stands
from web.pages.reading import asked_number
from web.work import Work

A_PAGE = 25
LIVE_SECONDS = 5
LIVE_TIMES = 120
"""A page that keeps itself up to date stops after so many times: nobody may be in front of it."""


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("campaigns", __name__, url_prefix="/desk/campaigns")

    @blueprint.get("")
    @needs(Can.SEE_CAMPAIGNS)
    def campaigns() -> str:
        """The newest first; `before` a number for older ones."""
        before = asked_number("before")
        chosen = sa.select(Campaign).order_by(Campaign.id.desc()).limit(A_PAGE + 1)
        with work.reading() as db:
            rows = db.scalars(chosen.where(Campaign.id < before) if before else chosen).all()
            frozen = lanes.frozen(db, Lane.BULK)
        older = rows[A_PAGE - 1].id if len(rows) > A_PAGE else None
        return render_template(
            "desk/campaigns/campaigns.html",
            campaigns=rows[:A_PAGE],
            older=older,
            frozen=frozen,
            state=state_words,
            may=officer().may(Can.CAMPAIGN),
        )

    @blueprint.route("/new", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def new() -> str | BaseResponse:
        """A draft: nobody is told anything by making it."""
        form = New()
        form.offer(work.catalogue)
        if form.validate_on_submit():
            made = _draft(work, form)
            if made is not None:
                return redirect(url_for("campaigns.campaign", number=made), 303)
        return render_template("desk/campaigns/new.html", form=form, catalogue=work.catalogue)

    @blueprint.get("/<small:number>")
    @needs(Can.SEE_CAMPAIGNS)
    def campaign(number: int) -> BaseResponse:
        """Where it stands. With `live` the page asks for itself again, so many times."""
        live = min(asked_number("live") or 0, LIVE_TIMES)
        with work.reading() as db:
            one = found(db, number)
            body = page(work, db, one, Asked(), live=live)
        response = Response(body)
        if live > 0 and one.state not in OVER:
            again = url_for("campaigns.campaign", number=number, live=live - 1)
            response.headers["Refresh"] = f"{LIVE_SECONDS}; url={again}"
        return response

    @blueprint.get("/<small:number>/report")
    @needs(Can.SEE_CAMPAIGNS)
    def report_page(number: int) -> str:
        with work.reading() as db:
            seen = report(db, found(db, number))
        statuses = shown(seen.by_status)
        return render_template("desk/campaigns/report.html", seen=seen, statuses=statuses, said=stands, because=because)

    @blueprint.get("/<small:number>/report.csv")
    @needs(Can.SEE_CAMPAIGNS)
    def report_file(number: int) -> Response:
        """What became of it, a line a count: nobody's name or phone."""
        with work.reading() as db:
            seen = report(db, found(db, number))
        rows: list[tuple[object, ...]] = [("what", "network", "status", "reason", "messages")]
        rows += [("all", "", kind, "", count) for kind, count in sorted(seen.by_status.items())]
        rows += [("reason", "", kind, error, count) for (kind, error), count in sorted(seen.why.items())]
        rows += [
            ("network", network, kind, "", count)
            for network, counts in sorted(seen.by_network.items())
            for kind, count in sorted(counts.items())
        ]
        rows += [("left out", "", "", reason, count) for reason, count in sorted(seen.campaign.left_out.items())]
        rows += [("segments", "", "", "", seen.segments), ("cost KES", "", "", "", seen.cost_kes)]
        return csv_file(rows, f"campaign-{number}.csv")

    commands.add_to(blueprint, work)
    return blueprint


def csv_file(rows: list[tuple[object, ...]], name: str) -> Response:
    """Rows as a file to save."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    response = Response(lines.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _draft(work: Work, form: New) -> int | None:
    """The number of the draft; None: it was refused, and the form says why."""
    try:
        with work.writing() as db:
            return making.draft(
                db,
                name=form.name.data or "",
                criteria=form.criteria(),
                actor=officer().actor,
                request_key=form.key("desk:draft"),
                now=work.now(),
            ).id
    except UnknownCode as error:
        refuse(form.most_days, error)
    except Unsaid as error:
        refuse(form.name, error)
    return None
