"""Campaigns at the desk: making one, what it would do, how it goes, and stopping it."""

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.campaigns import listing, making
from core.campaigns.errors import UnknownCode, Unsaid
from core.campaigns.report import report
from core.messaging import lanes
from core.messaging.tables import Lane
from core.staff.roles import Can
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, refuse
from web.desk.campaigns import commands
from web.desk.campaigns.forms import NewForm
from web.desk.campaigns.page import OVER, campaign_or_404, campaign_page, state_words, statuses_shown
from web.desk.messages.wording import because, stands
from web.pages import live
from web.pages.downloads import csv_file
from web.pages.paging import next_page, one_page
from web.pages.reading import asked_number
from web.work import Work

A_PAGE = 25


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("campaigns", __name__, url_prefix="/desk/campaigns")

    @blueprint.get("")
    @needs(Can.SEE_CAMPAIGNS)
    def campaigns() -> str:
        """The newest first."""
        with work.reading() as db:
            rows, last = one_page(listing.newest(db, limit=A_PAGE + 1, after=asked_number("after")), A_PAGE)
            frozen = lanes.frozen(db, Lane.BULK)
        return render_template(
            "desk/campaigns/campaigns.html",
            campaigns=rows,
            next=next_page(last.id) if last else None,
            frozen=frozen,
            state=state_words,
            may=officer().may(Can.CAMPAIGN),
        )

    @blueprint.route("/new", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def new() -> str | BaseResponse:
        """A draft: nobody is told anything by making it."""
        form = NewForm()
        form.offer(work.catalogue)
        if form.validate_on_submit():
            made = _draft(work, form)
            if made is not None:
                return redirect(url_for("campaigns.campaign", number=made), 303)
        return render_template("desk/campaigns/new.html", form=form, catalogue=work.catalogue)

    @blueprint.get("/<small:number>")
    @needs(Can.SEE_CAMPAIGNS)
    def campaign(number: int) -> BaseResponse:
        """Where it stands."""
        with work.reading() as db:
            one = campaign_or_404(db, number)
            return live.answer(campaign_page(work, db, one, DeskForm()), moving=one.state not in OVER)

    @blueprint.get("/<small:number>/report")
    @needs(Can.SEE_CAMPAIGNS)
    def report_page(number: int) -> str:
        with work.reading() as db:
            seen = report(db, campaign_or_404(db, number))
        statuses = statuses_shown(seen.by_status)
        return render_template("desk/campaigns/report.html", seen=seen, statuses=statuses, said=stands, because=because)

    @blueprint.get("/<small:number>/report.csv")
    @needs(Can.SEE_CAMPAIGNS)
    def report_file(number: int) -> Response:
        """What became of it, a line a count: nobody's name or phone."""
        with work.reading() as db:
            seen = report(db, campaign_or_404(db, number))
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


def _draft(work: Work, form: NewForm) -> int | None:
    """The number of the draft; None: it was refused, and the form says why."""
    try:
        with work.writing() as db:
            return making.draft(
                db,
                name=form.name.data or "",
                criteria=form.criteria(),
                actor=officer().actor,
                request_key=form.key("desk"),
                now=work.now(),
            ).id
    except UnknownCode as error:
        refuse(form.most_days, error)
    except Unsaid as error:
        refuse(form.name, error)
    return None
