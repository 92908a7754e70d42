"""`zamu serve`: granian, with the application in several processes and threads."""

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

PROCESSES = 2
THREADS = 16
"""A process: a hop that waits for a database that hangs (2.3 s) must not keep the others waiting."""


def serve(target: str, port: int) -> None:
    """Serve a WSGI application on this machine until SIGTERM or Ctrl-C; requests in flight are finished."""
    Server(
        target,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=PROCESSES,
        blocking_threads=THREADS,
        log_access=False,
        log_level=LogLevels.error,  # it warns of threads beyond the cores: ours mostly wait
        respawn_failed_workers=True,
    ).serve()
