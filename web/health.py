"""Is it alive, can it serve, and how much does it do?"""

from collections.abc import Callable
from datetime import datetime

import redis
import sqlalchemy as sa
import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from core.catalogue.live import LiveCatalogue
from core.db import DatabaseDown, Transaction, answer_within
from core.settings import Settings
from web.figures import Figures

WAIT_SECONDS = 2.1
"""For each part that is asked."""
GET_READY_WITHIN = 10.0

_log = structlog.get_logger("health")


def create_blueprint(
    settings: Settings, *, transaction: Transaction, catalogue: LiveCatalogue, now: Callable[[], datetime]
) -> Blueprint:
    blueprint = Blueprint("health", __name__)
    figures = Figures(settings, transaction, now)
    sessions = _client(settings.redis_url)
    queues = _client(settings.queue_url)

    def database() -> None:
        with answer_within(WAIT_SECONDS), transaction() as db:
            db.execute(sa.text("SELECT 1"))

    checks: dict[str, Callable[[], object]] = {
        "postgresql": database,
        "sessions": sessions.ping,
        "queues": queues.ping,
        "catalogue": catalogue.current,
    }

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """The process answers."""
        return Response("ok", content_type="text/plain")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Each part by name: ok, or what is wrong. 503 if any is not."""
        parts = {name: _state(check) for name, check in checks.items()}
        return jsonify(parts), 200 if set(parts.values()) == {"ok"} else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """What the processes have counted, and the figures as they are in the database."""
        registry = REGISTRY
        if settings.metrics_dir:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(settings.metrics_dir))  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry) + figures.page(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def get_ready(catalogue: LiveCatalogue) -> None:
    """Read the catalogue before the process has its first caller: on a busy machine that takes longer than one waits.

    If it cannot be read, the log says why, and the first callers try again.
    """
    try:
        with answer_within(GET_READY_WITHIN):
            catalogue.current()
    except Exception as error:
        _log.warning("the process starts without a catalogue", part="postgresql", error=type(error).__name__)


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, protocol=2)


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except DatabaseDown:
        return "PostgreSQL does not answer"
    except redis.RedisError:
        return "Valkey does not answer"
    except Exception as error:
        _log.exception("a part is not ready", error=type(error).__name__)
        return "cannot be read: see the log"
    return "ok"
