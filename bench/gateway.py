"""The simulator as a process, for measurements: answers as told, and is asked what it has taken."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests

API_KEY = "a-key-of-the-benchmark"
HOUR_MS = 3_600_000
NEVER = {"report_delay_ms": HOUR_MS}
"""Reports come when nobody is there any more: what is measured is the way to the gateway."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the gateway took."""

    to: str
    at: str
    """ISO 8601, by the machine's clock."""
    gateway_id: str


class Simulator:
    """The gateway's double, as its phones see it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._line = requests.Session()
        self._line.trust_env = False

    def turn(self, **knobs: object) -> None:
        """Set these knobs and turn off all others."""
        self._line.put(f"{self.address}/knobs", json=knobs, timeout=5).raise_for_status()

    def count(self) -> int:
        """How many messages were taken so far."""
        taken: int = self._messages(after=10**12)["taken"]
        return taken

    def taken(self, *, after: int = 0) -> list[Taken]:
        """What was taken, without the first `after`; the simulator remembers 100,000."""
        found = self._messages(after=after)["messages"]
        return [Taken(message["to"], message["at"], message["id"]) for message in found]

    def up(self) -> bool:
        try:
            return self._line.get(f"{self.address}/healthz", timeout=1).ok
        except requests.ConnectionError:
            return False

    def _messages(self, *, after: int) -> dict[str, Any]:
        answer = self._line.get(f"{self.address}/messages", params={"after": after}, timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self._line.close()


@contextmanager
def simulator(*, callback: str = "http://127.0.0.1:1", secret: str = "nobody-listens") -> Iterator[Simulator]:
    """Run the simulator until the end of the block. Without an address it posts its callbacks to nobody."""
    port = free_port()
    given = {"port": port, "callback": callback, "secret": secret, "api-key": API_KEY, "balance": 10**9}
    command = [sys.executable, "-m", "simulator", "--quiet", *(f"--{name}={value}" for name, value in given.items())]
    with subprocess.Popen(command, start_new_session=True) as process:
        running = Simulator(f"http://127.0.0.1:{port}")
        try:
            until(running.up, limit=30)
            yield running
        finally:
            running.close()
            end_group(process)


def end_group(process: "subprocess.Popen[Any]") -> None:
    """Kill a process that leads a session of its own, with all that it has begun."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def until(condition: Callable[[], object], *, limit: float, every: float = 0.01) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not within `limit` seconds.
    """
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come about in time")
        time.sleep(every)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
