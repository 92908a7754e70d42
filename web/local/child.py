"""One of our own processes: the web server, a worker, the clock, the simulator."""

import http.client
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from web.local.console import Output
from web.local.guard import Guard
from web.local.part import Part
from web.local.process import start_process


class Child(Part):
    """A program whose lines are printed under its name, and which ends with us together with all it started.

    command: an absolute path and arguments. ready: whether it can do its work; None: as soon as it runs.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        output: Output,
        guard: Guard,
        ready: Callable[[], bool] | None = None,
        stage: int = 0,
        stop_limit: float = Part.stop_limit,
    ) -> None:
        self.name = name
        self.stage = stage
        self.stop_limit = stop_limit
        self.last_line = ""
        self._command = command
        self._env = env
        self._output = output
        self._guard = guard
        self._ready = ready
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start it; that it is ready is another question (`is_ready`)."""
        self.process = start_process(self._command, env=self._env, output=subprocess.PIPE, on_reaped=self._reaped)
        self._guard.add(self.process.pid)
        self._reader = threading.Thread(target=self._read, args=[self.process.output], daemon=True)
        self._reader.start()

    def is_ready(self) -> bool:
        return self._ready is None or self._ready()

    def how_it_ended(self) -> str:
        ended = super().how_it_ended()
        return f"{ended}; its last line: {self.last_line}" if self.last_line else ended

    def _reaped(self, pid: int) -> None:
        self._guard.remove(pid)
        if self._reader:
            self._reader.join(timeout=1)  # its last words may still be on their way

    def _read(self, lines: IO[bytes]) -> None:
        with lines:
            for raw in lines:
                line = raw.decode(errors="replace").rstrip()
                self.last_line = line or self.last_line
                self._output.line(self.name, line)


def answers(port: int, path: str) -> Callable[[], bool]:
    """Whether http://127.0.0.1:`port``path` says 200 within a second."""

    def ask() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask
