"""The first page after signing in, and the menu of all pages."""

from datetime import datetime
from typing import Any, cast

from flask import Blueprint, Flask, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from core.catalogue.snapshot import Catalogue
from core.staff.roles import SAID
from core.wording import gettext as _
from core.wording.dates import clock
from web import desk
from web.desk.access import officer, signed_in, typed_by_officers
from web.pages.forms import answer_refused
from web.pages.frame import is_desk
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("desk", __name__, url_prefix="/desk")
    blueprint.record_once(_furnish)

    @blueprint.get("")
    @signed_in
    def home() -> str:
        """Who one is here, and where one may go."""
        who = officer()
        return render_template(
            "desk/home.html",
            who=who,
            role=_(SAID[who.role]),
            place=place_name(work.catalogue, who.site_id, who.agency_id),
            typed=typed_by_officers().of(who.id),
        )

    @blueprint.get("/typed")
    @signed_in
    def typed() -> str:
        """What they sent when their sign-in had worn out: to be looked over in its form, and sent again."""
        kept = [(one, clock(datetime.fromisoformat(one.at))) for one in typed_by_officers().of(officer().id)]
        return render_template("desk/signing/typed.html", kept=kept)

    return blueprint


def place_name(catalogue: Catalogue, site_id: int | None, agency_id: int | None) -> str:
    """The name of the centre or agency that somebody belongs to; empty where they belong to none."""
    if site_id is not None:
        return catalogue.site_by_id(site_id).names.spoken_full
    services = catalogue.services.values()
    return next((service.agency.spoken_full for service in services if service.agency_id == agency_id), "")


def _furnish(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    app.jinja_env.globals.update(desk_menu=menu, csrf_token=generate_csrf, current_user=current_user)
    app.after_request(lambda response: answer_refused(response) if is_desk(request.path) else response)


def menu() -> list[dict[str, Any]]:
    """As the component for navigation takes it: what this officer may, and where they are."""
    who = officer()
    return [
        {
            "href": url_for(endpoint),
            "text": _(label),
            "active": request.blueprint == endpoint.partition(".")[0],
            "current": request.endpoint == endpoint,
        }
        for endpoint, label, can in desk.MENU
        if who.may(can)
    ]
