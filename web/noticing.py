"""Noting that hops come in, beside answering them: a caller waits for none of it."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime

import structlog

from core.db import DatabaseDown, answer_within, make_engine, transactions
from core.messaging import seen

WAIT_SECONDS = 2.4

_log = structlog.get_logger("web")


class Noticing:
    """Notes each kind of callback at most once in `seen.EVERY` a process: in a thread, on a connection of its own."""

    def __init__(self, database_url: str, *, now: Callable[[], datetime], executor: Executor | None = None) -> None:
        self._url = database_url
        self._now = now
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="noticing")
        self._next: dict[str, float] = {}

    def __call__(self, kind: str) -> None:
        """Returns at once and raises nothing, whatever the database does."""
        moment = time.monotonic()
        if moment < self._next.get(kind, moment):
            return
        self._next[kind] = moment + seen.EVERY.total_seconds()
        with contextlib.suppress(RuntimeError):  # the process is ending
            self._executor.submit(self._note, kind)

    def _note(self, kind: str) -> None:
        engine = make_engine(self._url, pool_size=1)
        try:
            with answer_within(WAIT_SECONDS), transactions(engine)() as db:
                seen.note(db, kind, self._now())
        except DatabaseDown as error:
            _log.warning("a callback was not noted", part="postgresql", error=type(error).__name__)
        except Exception:
            _log.exception("a callback was not noted", part="zamu")
        finally:
            engine.dispose()
