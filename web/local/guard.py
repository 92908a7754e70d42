"""Ends whole process groups once the supervisor is gone, even by SIGKILL.

The kernel's death signal reaches a child but not the child's children: a web server's workers would live on and hold
the port. This little process reads the numbers of our groups from a pipe; the pipe ends when the supervisor does.
Run as a script it imports nothing of Zamu.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import TracebackType


class Guard:
    """Watches over the groups it is told of, until the end of the block."""

    def __enter__(self) -> "Guard":
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, process_group=0, text=True, bufsize=1
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            self._process.communicate()

    def add(self, group: int) -> None:
        self._tell(f"+{group}")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}")

    def _tell(self, line: str) -> None:
        # Somebody may have killed the guard: then the kernel's death signal has to do.
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.write(f"{line}\n")


def main() -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
