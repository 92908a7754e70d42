"""Where gateways post what became of messages, what citizens write, and who wants no more.

Here a gateway that is not answered 200 asks again: right for everything that
could not be kept, and so the database being down is a 503. What is kept is
answered 200, whatever came of it.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, request

from core.catalogue.live import LiveCatalogue
from core.clock import utc_now
from core.db import DatabaseDown, Session, Transaction, answer_within
from core.errors import Malformed
from core.forms import parse_form
from core.messaging import consent, outbox, reports, seen
from core.people.register import Register
from core.people.sealing import Sealer
from core.settings import Settings
from sms import answering, metrics
from sms.gateways import africastalking

MOST_BYTES = 16 * 1024
"""Of a callback's body: the longest SMS there is takes a tenth."""
DATABASE_SECONDS = 5.0
PLAIN = "text/plain; charset=utf-8"

_log = structlog.get_logger("sms")


def create_blueprint(
    settings: Settings,
    *,
    transaction: Transaction,
    catalogue: LiveCatalogue,
    register: Register,
    wake: Callable[[str], None],
    now: Callable[[], datetime] = utc_now,
) -> Blueprint:
    """The SMS callbacks: `POST /sms/africastalking/<secret>/delivery`, `…/inbound` and `…/opt-out`.

    `wake(lane)` tells a lane's workers, after the commit, that there is an answer to hand over.
    """
    desk = answering.Desk(settings, register, Sealer(settings.secret_key, "inbound"))
    blueprint = Blueprint("sms", __name__, url_prefix="/sms/africastalking/<secret>")

    @blueprint.before_request
    def ask_for_the_secret() -> None:
        """Before anything is read; views need not know of it."""
        assert request.view_args is not None
        if not settings.knows_callback_secret(request.view_args.pop("secret")):
            abort(404)

    @blueprint.post("/delivery")
    def delivery() -> Response:
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
            seen.note(db, seen.Kind.DELIVERY, now())
        if report.status == reports.ReportStatus.EXPIRED:
            _log.warning("a message expired on its way", message_id=message_id, network=report.network)
        return _taken("unmatched" if message_id is None else "taken")

    @blueprint.post("/inbound")
    def inbound() -> Response:
        message = africastalking.read_inbound(_form())
        with answer_within(DATABASE_SECONDS):
            known = catalogue.current()
            with transaction() as db:
                outcome = answering.take(db, desk, message, gateway=africastalking.NAME, catalogue=known, now=now())
                seen.note(db, seen.Kind.INBOUND, now())
        _wake(db, wake)
        return _taken(outcome)

    @blueprint.post("/opt-out")
    def opt_out() -> Response:
        phone = africastalking.read_opt_out(_form())
        with answer_within(DATABASE_SECONDS), transaction() as db:
            contact = register.contact(db, phone, now=now())
            turned = consent.opt_out(db, contact.id, channel="gateway", now=now())
            seen.note(db, seen.Kind.OPT_OUT, now())
        return _taken("taken" if turned else "repeated")

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


def _wake(db: Session, wake: Callable[[str], None]) -> None:
    for lane in outbox.lanes_noted(db):
        wake(lane)


def _taken(outcome: str) -> Response:
    return _answered("", 200, outcome)


def _malformed(error: Malformed) -> Response:
    return _answered(str(error), 400, "malformed")


def _too_large(error: Exception) -> Response:
    return _answered("The body is too large.", 413, "too_large")


def _not_kept(error: Exception) -> Response:
    _log.error("a callback was not kept", part="postgresql", error=type(error).__name__)
    return _answered("This could not be kept. Send it again.", 503, "not_kept")


def _answered(sentence: str, status: int, outcome: str) -> Response:
    """The answer, counted by the view it was for."""
    metrics.CALLBACKS.labels((request.endpoint or "").rpartition(".")[2], outcome).inc()
    return Response(sentence, status, content_type=PLAIN)
