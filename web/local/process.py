"""A program in a process group of its own, which neither a terminal's Ctrl-C reaches nor our own death survives."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LAUNCHER = Path(__file__).with_name("launch.py")
BARE_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
"""For servers: nothing of the caller's (PGPORT, PGOPTIONS, a locale) may change what they do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a program runs as."""

    name: str
    uid: int
    gid: int


class Process:
    """A running program. It leads its own process group."""

    def __init__(self, popen: subprocess.Popen[bytes], on_reaped: Callable[[int], None]) -> None:
        self._popen = popen
        self._on_reaped = on_reaped

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def output(self) -> IO[bytes] | None:
        """What it prints, if it was started with subprocess.PIPE."""
        return self._popen.stdout

    def exit_code(self) -> int | None:
        """None while it runs; below zero when a signal ended it. Whatever it left in its group is killed with it."""
        if self._popen.returncode is None:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            # Not reaped yet, so the number of the group still belongs to it.
            self._signal_group(signal.SIGKILL)
            self._popen.wait()
            self._on_reaped(self.pid)
        return self._popen.returncode

    def send(self, signum: signal.Signals) -> None:
        """To the leader alone: it knows best how its own children end."""
        if self.exit_code() is None:
            self._popen.send_signal(signum)

    def kill(self) -> None:
        """The whole group, at once."""
        if self.exit_code() is None:
            self._signal_group(signal.SIGKILL)
            wait_until(lambda: self.exit_code() is not None, limit=10)

    def _signal_group(self, signum: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
            os.killpg(self.pid, signum)


def start_process(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    output: int | IO[bytes],
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    on_reaped: Callable[[int], None] = lambda pid: None,
    cwd: Path | None = None,
) -> Process:
    """Start a program that gets `death_signal` when this process ends, however that comes about (Linux).

    command: an absolute path and its arguments. account: whom to become; None stays who we are.
    The kernel watches the thread that starts the program, not the process: hence the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("Start programs from the main thread: one started elsewhere ends with that thread.")
    become = f"{account.uid}:{account.gid}" if account else "-"
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(int(death_signal)), str(os.getpid()), become]
    popen = subprocess.Popen(
        [*launcher, *map(str, command)],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        umask=0o077,
    )
    return Process(popen, on_reaped)


def run_to_end(command: Sequence[str | Path], *, account: Account | None, output: int | IO[bytes], limit: float) -> int:
    """Run a program; its exit code, below zero if it was killed: after `limit` seconds it is."""
    process = start_process(command, env=BARE_ENVIRONMENT, output=output, account=account, cwd=Path("/"))
    try:
        wait_until(lambda: process.exit_code() is not None, limit=limit)
    finally:
        process.kill()
    code = process.exit_code()
    return -signal.SIGKILL if code is None else code


def wait_until(condition: Callable[[], bool], *, limit: float, every: float = 0.02) -> bool:
    """Whether `condition` came true within `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def commands() -> Iterator[tuple[int, list[str]]]:
    """Process id and command line of all that /proc shows; nothing on a system without it."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            yield int(entry.name), command.rstrip("\0").split("\0")


def end_leftovers(find: Callable[[], set[int]], signals: Sequence[signal.Signals], *, limit: float = 10) -> bool:
    """End what an earlier run left alive, ever less gently. Whether nothing is left."""
    for signum in signals:
        for pid in find():
            with suppress(ProcessLookupError):
                os.kill(pid, signum)
        if wait_until(lambda: not find(), limit=limit):
            return True
    return not find()
