"""`make bench`: hops a second against the floor, in one run, on servers of their own.

Ours runs as it is deployed: sealed sessions, logs and metrics on, PostgreSQL
behind it. Each figure is the best of three turns taken in alternation, so that
a busy moment of the machine does not fall on one side alone.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.load import Conversation, Measured, measure
from core.clock import utc_now
from core.settings import Settings, environment
from migrations import migrate
from web.local.process import wait_until
from web.local.scratch import ScratchServers, scratch_servers
from web.seeding import seed_database

SECRET = "a-secret-for-the-benchmark"
CALLERS = 8
CONVERSATIONS = 1500
TURNS = 3
MOST_SHOWN = 20
"""Hops that went wrong, and lines of the log."""


def browsing(number: int) -> tuple[str, tuple[str, ...]]:
    """Looking up what a service needs: five hops, of which the first alone asks the database."""
    return f"+2547{number % 500:08d}", ("4", "1", "6", "98")


def booking(number: int) -> tuple[str, tuple[str, ...]]:
    """Towards a booking by callers already known, up to the choice of a time and back home: six hops, five queries."""
    return f"+2547{number % 500:08d}", ("1", "1", "1", "1", "00")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zamu-bench-") as folder, scratch_servers() as servers:
        env = served_environment(servers, Path(folder))
        ports = {"floor": _free_port(), "zamu": _free_port()}
        migrate(servers.database.owner)
        seed_database(Settings.from_environment(env), demo=True, now=utc_now())
        log = Path(folder) / "zamu.log"
        with (
            serving("bench.floor:app", ports["floor"], env, Path(os.devnull)),
            serving("wsgi:app", ports["zamu"], env, log),
        ):
            measure(ports["zamu"], SECRET, booking, callers=2, conversations=500, mark="warm")
            measure(ports["floor"], SECRET, booking, callers=2, conversations=200, mark="warm")
            floor, menus, towards = _compare(ports, log)
    print(f"{CALLERS} callers at once, {CONVERSATIONS} conversations a turn, best of {TURNS}, {os.cpu_count()} cores")
    _tell("floor: parse, one GET, one SET", floor, floor)
    _tell("zamu: menus", menus, floor)
    _tell("zamu: towards a booking", towards, floor)


def _compare(ports: Mapping[str, int], log: Path) -> tuple[Measured, Measured, Measured]:
    sides: tuple[tuple[str, Conversation], ...] = (("floor", booking), ("zamu", browsing), ("zamu", booking))
    best: list[Measured | None] = [None, None, None]
    for turn in range(TURNS):
        for nth, (name, conversation) in enumerate(sides):
            mark = f"{turn}-{nth}-"
            now = measure(ports[name], SECRET, conversation, callers=CALLERS, conversations=CONVERSATIONS, mark=mark)
            if now.wrong:
                print(*now.wrong[:MOST_SHOWN], *_complaints(log), sep="\n")
                sys.exit(f"{len(now.wrong)} of {len(now.seconds)} hops of {name} were not answered: no figure")
            before = best[nth]
            best[nth] = now if before is None or now.rate > before.rate else before
    floor, menus, towards = best
    assert floor is not None
    assert menus is not None
    assert towards is not None
    return floor, menus, towards


def _complaints(log: Path) -> list[str]:
    """What Zamu itself said of it: the last lines of its log that are not of a hop that went well."""
    with log.open(encoding="utf-8") as lines:
        return list(deque((line.rstrip() for line in lines if '"level": "info"' not in line), MOST_SHOWN))


def _tell(name: str, measured: Measured, floor: Measured) -> None:
    print(
        f"{name:<34} {measured.rate:>7,.0f} hops/s   p50 {measured.quantile(0.5):>5.1f} ms   "
        f"p99 {measured.quantile(0.99):>5.1f} ms   {measured.rate / floor.rate:>5.0%} of the floor"
    )


def served_environment(servers: ScratchServers, folder: Path) -> dict[str, str]:
    shared = folder / "metrics"
    shared.mkdir()
    return environment() | {
        "ZAMU_DATABASE_URL": servers.database.app,
        "ZAMU_REDIS_URL": servers.redis_url,
        "ZAMU_SECRET_KEY": "a key of the benchmark, nothing is kept",
        "ZAMU_CALLBACK_SECRETS": SECRET,
        "ZAMU_PUBLIC_URL": "http://127.0.0.1",
        "PROMETHEUS_MULTIPROC_DIR": str(shared),
    }


@contextlib.contextmanager
def serving(target: str, port: int, env: Mapping[str, str], log: Path) -> Iterator[None]:
    """The application in granian, as `zamu serve` runs it."""
    code = f"from web.server import serve; serve({target!r}, {port})"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", code], env=dict(env), stdout=output, process_group=0)
    try:
        if not wait_until(lambda: _answers(port) or process.poll() is not None, limit=30) or process.poll() is not None:
            sys.exit(f"{target} did not start")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        one = measure(port, SECRET, booking, callers=1, conversations=1, mark="ready")
    except OSError:
        return False
    return not one.wrong


if __name__ == "__main__":
    main()
