"""Where gateways post what became of messages, what citizens write, and who wants no more.

Here a gateway that is not answered 200 asks again: right for everything that
could not be kept, and so the database being down is a 503.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, request

from core.clock import utc_now
from core.db import DatabaseDown, Transaction, answer_within
from core.errors import Malformed
from core.forms import parse_form
from core.messaging import consent, inbound, reports
from core.people.register import Register
from core.people.sealing import Sealer
from core.settings import Settings
from sms.gateways import africastalking

MOST_BYTES = 16 * 1024
"""Of a callback's body: the longest SMS there is takes a tenth."""
DATABASE_SECONDS = 5.0
PLAIN = "text/plain; charset=utf-8"

_log = structlog.get_logger("sms")


def create_blueprint(
    settings: Settings, *, transaction: Transaction, register: Register, now: Callable[[], datetime] = utc_now
) -> Blueprint:
    """The SMS callbacks: `POST /sms/africastalking/<secret>/delivery`, `…/inbound` and `…/opt-out`."""
    sealer = Sealer(settings.secret_key, "inbound")
    blueprint = Blueprint("sms", __name__)

    @blueprint.post("/sms/africastalking/<secret>/delivery")
    def africastalking_delivery(secret: str) -> Response:
        if not settings.knows_callback_secret(secret):
            abort(404)
        report = africastalking.read_report(_form())
        with answer_within(DATABASE_SECONDS), transaction() as db:
            message_id = reports.take_report(
                db,
                gateway=africastalking.NAME,
                gateway_id=report.gateway_id,
                status=report.status,
                reason=report.reason,
                network=report.network,
                phone_index=register.phone_index(report.phone),
                now=now(),
            )
        if report.status == reports.ReportStatus.EXPIRED:
            _log.warning("a message expired on its way", message_id=message_id, network=report.network)
        return _taken()

    @blueprint.post("/sms/africastalking/<secret>/inbound")
    def africastalking_inbound(secret: str) -> Response:
        if not settings.knows_callback_secret(secret):
            abort(404)
        message = africastalking.read_inbound(_form())
        with answer_within(DATABASE_SECONDS), transaction() as db:
            contact = register.contact(db, message.phone, now=now())
            inbound.keep(
                db,
                gateway=africastalking.NAME,
                gateway_id=message.gateway_id,
                person_id=contact.id,
                text=message.text,
                sealer=sealer,
                now=now(),
            )
        return _taken()

    @blueprint.post("/sms/africastalking/<secret>/opt-out")
    def africastalking_opt_out(secret: str) -> Response:
        if not settings.knows_callback_secret(secret):
            abort(404)
        phone = africastalking.read_opt_out(_form())
        with answer_within(DATABASE_SECONDS), transaction() as db:
            contact = register.contact(db, phone, now=now())
            consent.opt_out(db, contact.id, channel="gateway", now=now())
        return _taken()

    blueprint.register_error_handler(Malformed, _malformed)
    blueprint.register_error_handler(413, _too_large)
    for kind in DatabaseDown:
        blueprint.register_error_handler(kind, _not_kept)
    return blueprint


def _form() -> dict[str, str]:
    """Raises:
    Malformed: the body is no form that can be read.
    RequestEntityTooLarge: it is longer than `MOST_BYTES`.
    """
    request.max_content_length = MOST_BYTES
    return parse_form(request.get_data(cache=False))


def _taken() -> Response:
    return Response("", content_type=PLAIN)


def _malformed(error: Malformed) -> Response:
    return Response(str(error), 400, content_type=PLAIN)


def _too_large(error: Exception) -> Response:
    return Response("The body is too large.", 413, content_type=PLAIN)


def _not_kept(error: Exception) -> Response:
    _log.error("a callback was not kept", part="postgresql", error=type(error).__name__)
    return Response("This could not be kept. Send it again.", 503, content_type=PLAIN)
