"""The application: all doors, health and metrics, put together from settings.

It is two: what gateways and operators ask for, and behind it what people and
agencies do. What every page needs (sessions, sign-in, limits, compression) would
cost each hop of a call as much as its own work in Python.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import Flask

import menus
from core.catalogue.live import LiveCatalogue
from core.clock import local_date, utc_now
from core.db import make_engine, transactions
from core.people.register import Register
from core.settings import Settings
from sms import endpoint as sms
from ussd import endpoint as ussd
from web import desk, health, logs, portal
from web.api.guide import install as install_api
from web.noticing import Noticing
from web.pages.forms import MOST_FORM
from web.pages.frame import frame
from web.pages.limits import enforce
from web.pages.refusals import refuse, refuse_plainly
from web.work import Work
from workers.queues import Queues

DOORS = ("/ussd/", "/sms/", "/healthz", "/readyz", "/metrics")
"""How addresses begin that gateways and operators ask for."""
MOST_BODY = 16 * 1024
"""Bytes of a callback; the longest that gateways send is under 4 kB."""

PUBLIC = frozenset({"health.healthz", "health.readyz", "health.metrics", "pages.static_file", "pages.choose_language"})
"""Endpoints that ask for no secret: they tell nothing about people. Every other one checks its caller."""


def create_app(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> Flask:
    """Build the application. Nothing is connected to before the first request.

    `extensions["doors"]` is the part of it that gateways and operators ask.
    """
    logs.configure()
    app, doors = Flask("zamu", static_folder=None), Flask("zamu.doors", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"], doors.config["MAX_CONTENT_LENGTH"] = MOST_FORM, MOST_BODY
    engine = make_engine(settings.database_url)
    app.extensions["engine"] = engine
    transaction = transactions(engine)
    register = Register(settings.secret_key)
    catalogue = app.extensions["catalogue"] = LiveCatalogue(transaction, today=lambda: local_date(now()))
    wake = Queues(settings.queue_url).wake
    reading = transactions(engine, read_only=True)
    work = Work(settings, transaction, reading, catalogue, register, wake, now)
    frame(app, settings)
    doors.register_blueprint(
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
    doors.register_blueprint(
        sms.create_blueprint(
            settings, transaction=transaction, catalogue=catalogue, register=register, wake=wake, now=now
        )
    )
    doors.register_blueprint(health.create_blueprint(settings, transaction=transaction, catalogue=catalogue, now=now))
    for blueprint in [*portal.blueprints(work), *desk.blueprints(work)]:
        app.register_blueprint(blueprint)
    install_api(app, work)
    refuse(app, dial=settings.ussd_codes[0].code)
    refuse_plainly(doors)
    enforce(app, settings)
    _put_before(doors, app)
    return app


def _put_before(doors: Flask, app: Flask) -> None:
    """Let the doors answer what comes to them, and the application the rest."""
    pages = app.wsgi_app

    def choose(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        to = doors.wsgi_app if environ["PATH_INFO"].startswith(DOORS) else pages
        return to(environ, start_response)

    app.wsgi_app = choose  # type: ignore[method-assign]
    app.extensions["doors"] = doors
