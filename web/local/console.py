"""The person at the terminal: what they read, and how they ask to stop."""

import signal
import sys
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TextIO

NAME_WIDTH = 18
ASKING_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Output:
    """What `zamu run` prints: its own words, and each part's lines under the part's name.

    Safe to use from several threads, and after the terminal has gone.
    """

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


class StopRequested(BaseException):
    """Raised in the main thread wherever it is, as KeyboardInterrupt would be."""


class StopSignals:
    """Ctrl-C, kill, and a closed terminal: the first asks to stop, the next ones to hurry.

    Within the block the first signal raises StopRequested, until `begin_stop`; from then on signals only hurry.
    """

    def __enter__(self) -> "StopSignals":
        self._stopping = False
        self._hurried = False
        # nohup stays in force. An ignored Ctrl-C does not: a script that runs us with & wants to end us, too.
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        heard = [signum for signum in ASKING_TO_STOP if not (nohup and signum is signal.SIGHUP)]
        self._before = {signum: signal.signal(signum, self._handle) for signum in heard}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def check(self) -> None:
        """Raises:
        StopRequested: the first one was swallowed, as happens when it arrives in a destructor.
        """
        if self._stopping:
            raise StopRequested

    def begin_stop(self) -> None:
        self._stopping = True

    def hurried(self) -> bool:
        return self._hurried

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self._stopping:
            self._hurried = True
        else:
            self._stopping = True
            raise StopRequested
