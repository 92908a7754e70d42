"""Folders that any user can reach, scripts run as an ordinary user, and who is still alive."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import pytest

from web.local.process import wait_until

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
Env = Mapping[str, str] | None


@contextmanager
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="zamu-test-"))
    folder.chmod(0o755)
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def scratch() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def lasting() -> Iterator[Path]:
    """A folder for all the tests of a module."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def closed(scratch: Path) -> Path:
    """A folder like /root, closed to `nobody`."""
    if not AS_ROOT:
        pytest.skip("only root runs PostgreSQL as another user, and the suite is not root")
    folder = scratch / "closed"
    folder.mkdir(mode=0o700)
    return folder


class Python(Protocol):
    def __call__(
        self, script: str, *arguments: object, cwd: Path | None = None, prefix: Sequence[str] = (), env: Env = None
    ) -> subprocess.Popen[str]: ...


@pytest.fixture
def python() -> Python:
    """Runs a script that can import Zamu. prefix: a command that becomes Python, such as setpriv."""

    def run(
        script: str, *arguments: object, cwd: Path | None = None, prefix: Sequence[str] = (), env: Env = None
    ) -> subprocess.Popen[str]:
        # Not through PYTHONPATH, which its children would inherit.
        lines = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{textwrap.dedent(script)}"
        command = [*prefix, sys.executable, "-c", lines, *map(str, arguments)]
        clean = {**(os.environ if env is None else env), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=clean)

    return run


@pytest.fixture
def ordinary_user(scratch: Path) -> dict[str, Any]:
    """Options for `python` that make it an ordinary user, at home in `scratch`/home."""
    home = scratch / "home"
    home.mkdir()
    options = {"env": {"HOME": str(home), "PATH": os.environ["PATH"]}, "cwd": home}
    if not AS_ROOT:
        return options
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    # Where Python itself is under /root, the user may read what root may, and is an ordinary one for the rest.
    for more in ([], ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]):
        look = f"open({str(ROOT / 'web/local/run.py')!r}); import redis, subprocess; "
        look += f"subprocess.run([{sys.executable!r}, '-c', ''], check=True)"
        reachable = [*become, *more, sys.executable, "-c", look]
        with suppress(OSError):
            if subprocess.run(reachable, capture_output=True).returncode == 0:
                return {**options, "prefix": [*become, *more]}
    pytest.skip(f"an ordinary user cannot reach {sys.executable} and {ROOT}")


@pytest.fixture
def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def dies() -> Callable[[int], bool]:
    """Whether a process is gone within ten seconds."""
    return lambda pid: wait_until(lambda: not is_alive(pid), limit=10)
