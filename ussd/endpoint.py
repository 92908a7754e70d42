"""The gateway's door. Whatever happens behind it, the caller gets a sentence."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import RequestEntityTooLarge

from core import wording
from core.calls.endings import keep_ending
from core.catalogue.live import LiveCatalogue
from core.clock import utc_now
from core.db import DatabaseDown, Transaction, answer_within
from core.errors import Malformed
from core.forms import parse_form
from core.messaging.seen import Kind, note
from core.people.register import Register
from core.people.sealing import Sealer
from core.phones import NETWORKS
from core.settings import Settings
from core.wording import gettext as _
from ussd import metrics
from ussd.call import Answered, Backstage, answer
from ussd.gateways import africastalking
from ussd.hop import Hop
from ussd.machine import Machine
from ussd.replies import ScreenFunction, target
from ussd.sessions import SessionStore

DATABASE_SECONDS = 2.4
"""Everything a hop may wait for the database together, a new connection included: with all else still under 3."""
PLAIN = "text/plain; charset=utf-8"

_log = structlog.get_logger("ussd")


def create_blueprint(
    settings: Settings,
    *,
    home: ScreenFunction,
    transaction: Transaction,
    reading: Transaction,
    catalogue: LiveCatalogue,
    register: Register,
    wake: Callable[[str], None],
    seen: Callable[[str], None],
    now: Callable[[], datetime] = utc_now,
) -> Blueprint:
    """The USSD callbacks: `POST /ussd/africastalking/<secret>` and `…/events`.

    `seen` is told of every hop that can be read; it must return at once and
    raise nothing.
    """
    sealer = Sealer(settings.secret_key, "ussd")
    backstage = Backstage(
        machine=Machine(target(home)),
        store=SessionStore(settings.redis_url, sealer),
        transaction=transaction,
        reading=reading,
        catalogue=catalogue,
        register=register,
        sealer=sealer,
        wake=wake,
    )
    blueprint = Blueprint("ussd", __name__)

    @blueprint.post("/ussd/africastalking/<secret>")
    def africastalking_hop(secret: str) -> Response:
        _check(settings, secret, Kind.USSD)
        started = time.perf_counter()
        try:
            hop = africastalking.read_hop(_form(Kind.USSD), settings.ussd_codes)
        except Malformed as error:
            return _malformed(error, Kind.USSD)
        except africastalking.UnknownCode:
            metrics.CALLBACKS.labels(Kind.USSD, "wrong_code").inc()
            return Response("END " + _in_all_languages(lambda: _wrong_code(settings)), content_type=PLAIN)
        metrics.CALLBACKS.labels(Kind.USSD, "taken").inc()
        seen(Kind.USSD)
        answered = _answer(backstage, hop, now())
        metrics.HOPS.labels(
            answered.screen, NETWORKS.get(hop.network, "other"), answered.language, answered.outcome
        ).inc()
        seconds = time.perf_counter() - started
        metrics.SECONDS.observe(seconds)
        _log.info(
            "hop",
            session=hop.session_id,
            hop=len(hop.answers),
            screen=answered.screen,
            outcome=answered.outcome,
            network=hop.network,
            ms=round(seconds * 1000),
        )
        return Response(answered.reply, content_type=PLAIN)

    @blueprint.post("/ussd/africastalking/<secret>/events")
    def africastalking_ending(secret: str) -> Response:
        _check(settings, secret, Kind.USSD_END)
        try:
            ending = africastalking.read_ending(_form(Kind.USSD_END))
        except Malformed as error:
            return _malformed(error, Kind.USSD_END)
        try:
            with answer_within(DATABASE_SECONDS), transaction() as db:
                note(db, Kind.USSD_END, now())
                keep_ending(db, ending, gateway=africastalking.NAME, now=now())
        except DatabaseDown:
            metrics.CALLBACKS.labels(Kind.USSD_END, "not_kept").inc()
            _log.warning("an end-of-session event was not kept", part="postgresql")
            return Response("The event could not be kept. Send it again.", 503, content_type=PLAIN)
        metrics.CALLBACKS.labels(Kind.USSD_END, "taken").inc()
        metrics.ENDINGS.labels(ending.status, NETWORKS.get(ending.network, "other")).inc()
        return Response("", content_type=PLAIN)

    return blueprint


def _check(settings: Settings, secret: str, kind: Kind) -> None:
    """Nobody is told more than that there is nothing here; the operator is told that somebody tried."""
    if not settings.knows_callback_secret(secret):
        metrics.CALLBACKS.labels(kind, "wrong_secret").inc()
        abort(404)


def _malformed(error: Malformed, kind: Kind) -> Response:
    metrics.CALLBACKS.labels(kind, "malformed").inc()
    return Response(str(error), 400, content_type=PLAIN)


def _form(kind: Kind) -> dict[str, str]:
    """What was posted, without the NULs of a gateway that pads badly: they are no part of an answer.

    Raises:
        Malformed: it cannot be read.
        RequestEntityTooLarge: nobody says so much.
    """
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        metrics.CALLBACKS.labels(kind, "too_large").inc()
        raise
    return parse_form(body.replace(b"%00", b"").replace(b"\0", b""))


def _answer(backstage: Backstage, hop: Hop, now: datetime) -> Answered:
    try:
        with answer_within(DATABASE_SECONDS):
            answered = answer(backstage, hop, now)
    except DatabaseDown as error:
        _log.error("hop not answered", part="postgresql", error=type(error).__name__)
        return _sorry("database_down")
    except Exception:
        # The last line of defence: the caller is told, the operator gets the traceback, nobody gets both.
        _log.exception("hop not answered", part="zamu")
        return _sorry("failed")
    return answered


def _sorry(outcome: str) -> Answered:
    """The journey is kept: the next dial offers to continue it."""
    return Answered("END " + _in_all_languages(_sorry_text), "machine.sorry", wording.DEFAULT, outcome)


def _sorry_text() -> str:
    return _("Sorry, Huduma is down just now. Please dial again in a few minutes.")


def _wrong_code(settings: Settings) -> str:
    return _("This code is not in use. Dial {code}.").format(code=settings.ussd_codes[0].code)


def _in_all_languages(sentence: Callable[[], str]) -> str:
    """For callers whose language is not known."""
    said = []
    for language in wording.LANGUAGES:
        with wording.speaking(language):
            said.append(sentence())
    return "\n".join(said)
