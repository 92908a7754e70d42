"""A worker: one process, one lane."""

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import FrameType

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from core.clock import utc_now
from core.messaging.tables import Lane
from core.settings import Settings
from workers import jobs
from workers.context import build_context
from workers.queues import lane_queue

WORKER_TTL = 60
"""Seconds after which RQ takes a silent worker for dead."""
RETRY_SECONDS = 2.0
"""Between two tries to reach Valkey."""

_log = structlog.get_logger("workers")


class LaneWorker(SimpleWorker):
    """RQ's simple worker, able to stop and to start over while Valkey is away."""

    max_connection_wait_time = 5.0
    stopping: threading.Event

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ is half typed

    def subscribe(self) -> None:
        # Commands over Valkey would cost a thread and a connection; whoever runs a worker has signals.
        pass

    def set_shutdown_requested_date(self) -> None:
        # Called by the signal's handler in the middle of a job, which must not die of it.
        try:
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]  # RQ is half typed
        except redis.RedisError:
            _log.warning("valkey does not know that this worker is stopping", part="valkey")

    def teardown(self) -> None:
        try:
            super().teardown()  # type: ignore[no-untyped-call]  # RQ is half typed
        except redis.RedisError:
            _log.warning("valkey does not know that this worker has ended", part="valkey")


def run_worker(settings: Settings, lane: str, *, now: Callable[[], datetime] = utc_now) -> None:
    """Serve one lane's queue until SIGTERM or SIGINT; what is in flight is finished first.

    RQ's simple worker, which does not fork: a fork for every job would cost
    20 ms and all open connections (database, gateway), and a job here is
    bounded by itself. One queue: only then does RQ move a job safely
    (BLMOVE). Valkey may be away at the start or later: the worker waits for
    it. PostgreSQL may too: the job fails, and the clock sends another.
    """
    context = replace(build_context(settings), now=now)
    jobs.serve_with(context)
    logging.getLogger("rq.worker").addFilter(_without_traceback_of_valkey)
    try:
        while not context.stopping.is_set():
            _stop_on_signals(context.stopping)
            try:
                _work(settings, Lane(lane), context.stopping)
            except redis.RedisError as error:
                _log.warning("valkey is away", part="valkey", lane=lane, error=type(error).__name__)
            context.stopping.wait(RETRY_SECONDS)
    except StopRequested:
        pass  # the signal came where RQ does not expect it: between two tries to reach Valkey, or while we wait here
    finally:
        context.close()


def _work(settings: Settings, lane: Lane, stopping: threading.Event) -> None:
    """Returns when asked to stop, or when Valkey went away in a moment that RQ does not survive."""
    client = redis.Redis.from_url(settings.queue_url, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        worker = LaneWorker(
            [lane_queue(lane, client)],
            name=f"{lane}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
            connection=client,
            worker_ttl=WORKER_TTL,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        worker.stopping = stopping
        worker.work(logging_level="WARNING")
    finally:
        client.close()


def _without_traceback_of_valkey(record: logging.LogRecord) -> bool:
    """RQ writes sixty lines about a server that is away; one is enough."""
    if record.exc_info and isinstance(record.exc_info[1], redis.RedisError):
        record.exc_info, record.exc_text = None, None
    return True


def _stop_on_signals(stopping: threading.Event) -> None:
    """Until RQ puts its own handlers in place, and again between two of its workers."""

    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
