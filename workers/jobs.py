"""The jobs, as the queues name them. Each takes ids or names only, and may run twice without harm."""

import structlog

from core.db import DatabaseDown
from core.messaging.tables import Lane
from workers.context import Context
from workers.push import push_lane

_context: Context | None = None

_log = structlog.get_logger("workers")


def serve_with(context: Context) -> None:
    """Give this process's jobs what they need. A worker calls it before it takes the first."""
    global _context
    _context = context


def push(lane: str) -> None:
    """Hand over what is due in a lane. If the database is away, the clock wakes the lane when it is back."""
    if _context is None:
        raise RuntimeError("jobs run in a worker that was started by workers.worker.run_worker")
    try:
        push_lane(_context, Lane(lane))
    except DatabaseDown as error:
        _log.error("a push was given up", part="postgresql", lane=lane, error=type(error).__name__)
