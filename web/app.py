"""The application: all doors, health and metrics, put together from settings."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

import menus
from core.catalogue.live import LiveCatalogue
from core.clock import local_date, utc_now
from core.db import make_engine, transactions
from core.people.register import Register
from core.settings import Settings
from core.wording import gettext as _
from sms import endpoint as sms
from ussd import endpoint as ussd
from web import desk, health, logs, portal
from web.noticing import Noticing
from web.pages.frame import frame, is_page, problem
from web.work import Work
from workers.queues import Queues

MOST_BODY = 16 * 1024
"""Bytes of a callback; the longest that gateways send is under 4 kB."""

PUBLIC = frozenset({"health.healthz", "health.readyz", "health.metrics", "pages.static_file", "pages.choose_language"})
"""Endpoints that ask for no secret: they tell nothing about people. Every other one checks its caller."""


def create_app(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> Flask:
    """Build the application. Nothing is connected to before the first request."""
    logs.configure()
    app = Flask("zamu", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY
    engine = make_engine(settings.database_url)
    app.extensions["engine"] = engine
    transaction = transactions(engine)
    register = Register(settings.secret_key)
    catalogue = LiveCatalogue(transaction, today=lambda: local_date(now()))
    wake = Queues(settings.queue_url).wake
    reading = transactions(engine, read_only=True)
    work = Work(settings, transaction, reading, catalogue, register, wake, now)
    frame(app, settings)
    app.register_blueprint(
        ussd.create_blueprint(
            settings,
            home=menus.home.home,
            transaction=transaction,
            reading=reading,
            catalogue=catalogue,
            register=register,
            wake=wake,
            seen=Noticing(settings.database_url, now=now),
            now=now,
        )
    )
    app.register_blueprint(
        sms.create_blueprint(
            settings, transaction=transaction, catalogue=catalogue, register=register, wake=wake, now=now
        )
    )
    app.register_blueprint(health.create_blueprint(settings, transaction=transaction, catalogue=catalogue, now=now))
    for blueprint in [*portal.blueprints(work), *desk.blueprints(work)]:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _failed)
    return app


def _refused(error: HTTPException) -> Response:
    return _page(error.code or 500) if is_page(request.path) else _plain(error)


def _page(status: int) -> Response:
    """The same for a person with a browser, in their language."""
    heading, sentence = {
        403: (_("This is not yours to see"), _("Your role does not include this page. Ask your manager.")),
        404: (_("Page not found"), _("If you typed the address, check it. Nothing was changed.")),
        413: (_("That is too big"), _("The file is bigger than can be taken here. Nothing was changed.")),
        429: (_("Too many tries"), _("Wait a little, then try again. Nothing was changed.")),
    }.get(status, (_("Sorry, that did not work"), _("Nothing was changed. Try again in a minute.")))
    return problem(status, heading, sentence)


def _plain(error: HTTPException) -> Response:
    sentence = {404: "There is nothing here.", 413: f"The body is longer than {MOST_BODY} bytes."}.get(
        error.code or 500, error.description or "The request cannot be answered."
    )
    return Response(sentence, error.code or 500, content_type="text/plain; charset=utf-8")


def _failed(error: Exception) -> Response:
    logs.logger("web").exception("request failed", error=type(error).__name__)
    if is_page(request.path):
        return _page(500)
    return Response("Something failed here. The operator has been told.", 500, content_type="text/plain; charset=utf-8")
