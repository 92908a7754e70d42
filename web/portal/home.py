"""The first page: what there is, in both languages, and that nobody need pay for it."""

from flask import Blueprint, Response, abort, render_template

from web.pages.frame import kept_a_minute
from web.work import Work


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("home", __name__)

    @blueprint.get("/")
    def home() -> Response:
        return kept_a_minute(render_template("portal/home.html"))

    @blueprint.get("/too-big")
    def too_big() -> Response:
        """What a proxy shows in place of its own words, when it turns a file away before it reaches us."""
        abort(413)

    return blueprint
