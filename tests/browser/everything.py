"""Zamu as `make run` starts it, in a process of its own, and a real browser to look at it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.settings import environment
from web.local.process import wait_until

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoBrowser(Exception):
    """There is no Chromium, and none could be installed; the message says why."""


@dataclass(frozen=True, slots=True)
class Everything:
    web: str
    simulator: str
    database: str
    """Address for the role of the application."""


@contextlib.contextmanager
def everything_running() -> Iterator[Everything]:
    """`zamu run` on free ports and a data folder of its own, stopped by Ctrl-C."""
    folder = Path(tempfile.mkdtemp(prefix="zamu-run-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user
    web, simulator = _free_ports(2)
    env = environment() | {
        "ZAMU_PORT": str(web),
        "ZAMU_SIMULATOR_PORT": str(simulator),
        "ZAMU_DATA_DIR": str(folder / "data"),
    }
    log = folder / "run.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "run"], cwd=ROOT, env=env, stdout=output, stderr=output, process_group=0
        )
    try:
        up = wait_until(lambda: "Zamu is running." in log.read_text() or process.poll() is not None, limit=90)
        assert up, log.read_text()
        assert process.poll() is None, log.read_text()
        database = f"postgresql+psycopg://zamu_app@/zamu?host={folder}/data/postgres&port=5432"
        yield Everything(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{simulator}", database)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, log.read_text()
        shutil.rmtree(folder)


def chromium() -> str:
    """The path of a Chromium; installed from the system's packages where this user may.

    Raises:
        NoBrowser: there is none to be had.
    """
    found = _installed()
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoBrowser("Chromium is not installed, and this user may not install it")
    install = "apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium"
    done = subprocess.run(["sh", "-c", install], capture_output=True, text=True, timeout=400, check=False)
    found = _installed()
    if found is None:
        raise NoBrowser(f"Chromium could not be installed: {done.stderr.strip()[-200:]}")
    return found


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())


def _installed() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
