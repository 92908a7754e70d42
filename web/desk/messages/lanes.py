"""The lanes of messages at the desk: how each stands, and stopping one before more of it leaves."""

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.idempotency import Outcome, once
from core.messaging import watch
from core.messaging.tables import Lane
from core.staff.roles import Can
from core.wording import N_
from core.wording import gettext as _
from web import lanes
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, words
from web.work import Work

SAID: Mapping[Lane, str] = {
    Lane.INTERACTIVE: N_("Answers and confirmations"),
    Lane.NOTICE: N_("Notices and reminders"),
    Lane.BULK: N_("Campaigns"),
}


class FreezeForm(DeskForm):
    """Why a lane is stopped."""

    reason = words(N_("Why?"), N_("Type a reason."), hint=N_("Whoever comes next reads it."), most=200)


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("lanes", __name__, url_prefix="/desk/lanes")

    @blueprint.get("")
    @needs(Can.CAMPAIGN)
    def lanes_now() -> str:
        with work.reading() as db:
            stand = watch.lanes_now(db, work.settings.caps, work.now())
        return render_template("desk/messages/lanes.html", lanes=stand, said=said, form=DeskForm())

    @blueprint.route("/<lane>/freeze", methods=["GET", "POST"])
    @needs(Can.CAMPAIGN)
    def freeze(lane: str) -> str | BaseResponse:
        """Nothing of it leaves until it is thawed; the reason is for whoever comes next."""
        chosen, form = _lane(lane), FreezeForm()
        if form.validate_on_submit():
            with work.writing() as db:

                def act() -> Outcome:
                    reason, now = form.reason.data or "", work.now()
                    return {"frozen": lanes.freeze(db, chosen, reason=reason, actor=officer().actor, now=now)}

                once(db, form.key("desk"), act, now=work.now())
            return redirect(url_for("lanes.lanes_now"), 303)
        heading = _("Freeze: {lane}").format(lane=said(lane))
        return render_template(
            "desk/one_form.html",
            form=form,
            heading=heading,
            button=_("Freeze"),
            lines=[_("Nothing of it leaves until somebody thaws it. What is being handed over now still goes.")],
            back=url_for("lanes.lanes_now"),
        )

    @blueprint.post("/<lane>/thaw")
    @needs(Can.CAMPAIGN)
    def thaw(lane: str) -> str | BaseResponse:
        chosen, form = _lane(lane), DeskForm()
        if form.validate():
            with work.writing() as db:

                def act() -> Outcome:
                    return {"thawed": lanes.thaw(db, chosen, actor=officer().actor, now=work.now())}

                once(db, form.key("desk"), act, now=work.now())
            return redirect(url_for("lanes.lanes_now"), 303)
        with work.reading() as db:
            stand = watch.lanes_now(db, work.settings.caps, work.now())
        return render_template("desk/messages/lanes.html", lanes=stand, said=said, form=form)

    return blueprint


def said(lane: str) -> str:
    return _(SAID[Lane(lane)])


def _lane(lane: str) -> Lane:
    if lane not in list(Lane):
        abort(404)
    return Lane(lane)
