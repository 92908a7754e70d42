"""Logs: one JSON object a line on standard output, ids and codes only.

Nothing personal is ever given to a logger. What libraries write of their own
goes the same way, from warnings up.
"""

import contextlib
import logging
import sys
from typing import Any

import structlog


class _Output:
    """Standard output, whatever that is by now. A line that nobody can take any more costs no caller the answer."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()


_SHARED: list[Any] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_PROCESSORS: list[Any] = [*_SHARED, structlog.processors.JSONRenderer(ensure_ascii=False)]
"""One list for good: loggers keep the one that they first saw, and it is where tests listen in."""


def configure() -> None:
    """Set up the process's logging; calling it again changes nothing."""
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(_Output()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Output())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def logger(name: str) -> Any:
    return structlog.get_logger(part=name)
