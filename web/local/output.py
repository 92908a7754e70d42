"""What `zamu run` prints: its own words, and each part's lines under the part's name."""

import sys
import threading
from contextlib import suppress
from typing import TextIO

NAME_WIDTH = 18


class Output:
    """Safe to use from several threads, and after the terminal has gone."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        self._write(self._out, text)

    def complain(self, text: str) -> None:
        self._write(self._err, f"zamu: {text}")

    def line(self, name: str, text: str) -> None:
        self._write(self._out, f"{name:<{NAME_WIDTH}} | {text}")

    def _write(self, stream: TextIO, text: str) -> None:
        with self._lock, suppress(OSError, ValueError):  # closed: stopping in order matters more than saying so
            print(text, file=stream, flush=True)
