"""The application: both doors, health and metrics, put together from settings."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

import menus
from core.catalogue.live import LiveCatalogue
from core.clock import local_date, utc_now
from core.db import make_engine, transactions
from core.people.register import Register
from core.settings import Settings
from sms import endpoint as sms
from ussd import endpoint as ussd
from web import health, logs
from web.noticing import Noticing
from workers.queues import Queues

MOST_BODY = 16 * 1024
"""Bytes of a callback; the longest that gateways send is under 4 kB."""

PUBLIC = frozenset({"health.healthz", "health.readyz", "health.metrics"})
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
    app.register_blueprint(
        ussd.create_blueprint(
            settings,
            home=menus.home.home,
            transaction=transaction,
            reading=transactions(engine, read_only=True),
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
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _failed)
    return app


def _plain(error: HTTPException) -> Response:
    sentence = {404: "There is nothing here.", 413: f"The body is longer than {MOST_BODY} bytes."}.get(
        error.code or 500, error.description or "The request cannot be answered."
    )
    return Response(sentence, error.code or 500, content_type="text/plain; charset=utf-8")


def _failed(error: Exception) -> Response:
    logs.logger("web").exception("request failed", error=type(error).__name__)
    return Response("Something failed here. The operator has been told.", 500, content_type="text/plain; charset=utf-8")
