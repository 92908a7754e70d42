"""The application factory: the gateway's API, the phones' API and the page, over one simulated network."""

import logging

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from simulator.clock import Clock, SystemClock
from simulator.config import Config
from simulator.errors import Refusal
from simulator.knobs import knob_help
from simulator.messaging import messaging
from simulator.networks import NETWORKS, SESSION_SECONDS
from simulator.phone import phone
from simulator.telco import EXTENSION, Telco

logger = logging.getLogger(__name__)

NUMBERS = ("+254711000001", "+254711000002", "+254733000003")
MOST_BODY_BYTES = 256 * 1024
CONTENT_SECURITY_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"


def create_app(config: Config, *, clock: Clock | None = None) -> Flask:
    """A simulator with its threads running; `app.extensions["simulator"].stop()` ends them."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    # The SDK understands an answer only if its content type has no charset, and people read these bodies.
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = Telco(config, clock or SystemClock())
    app.register_blueprint(messaging)
    app.register_blueprint(phone)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)

    @app.get("/")
    def page() -> str:
        """The phone in the browser."""
        return render_template(
            "phone.html",
            code=config.codes[0].code,
            short_code=config.short_code,
            numbers=NUMBERS,
            networks=NETWORKS.values(),
            session_seconds=SESSION_SECONDS,
            knobs=knob_help(),
        )

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _refused(refusal: Refusal) -> tuple[Response, int]:
    return jsonify(error=str(refusal)), refusal.status


def _http_error(error: HTTPException) -> tuple[Response, int] | HTTPException:
    if error.response is not None:
        return error
    return jsonify(error=error.description), error.code or 500


def _unexpected(error: Exception) -> tuple[Response, int]:
    # Only the kind of error and the route: the arguments of an exception may hold a number or a text.
    logger.error("%s in %s", type(error).__name__, request.endpoint)
    return jsonify(error="The simulator made a mistake; its log names it."), 500
