"""`zamu run`: everything on one machine, from nothing to a phone that answers."""

import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from core.messaging.tables import Lane
from web.local.child import Child, answers
from web.local.console import Output, StopRequested, StopSignals
from web.local.errors import StartError
from web.local.folder import Secrets, load_secrets, locked, private_file
from web.local.guard import Guard
from web.local.listening import check_port
from web.local.postgres import EmbeddedPostgres, PostgresAddresses
from web.local.supervisor import Supervisor
from web.local.valkey import EmbeddedValkey

Result = TypeVar("Result")

FINISH_LIMIT = 15
"""Seconds for web server and workers to finish what is in flight."""
SHORT_CODE = "22191"
"""Where the simulator's phones send SMS."""

# The order of stopping: no new calls, then no new requests, then no new jobs, and last what all of them need.
SIMULATOR, WEB, WORKERS, CLOCK, VALKEY, POSTGRES = range(6)


class RunSettings(Protocol):
    """What to run, and where. An address that is given is used instead of a server of our own."""

    @property
    def data_dir(self) -> Path: ...
    @property
    def port(self) -> int: ...
    @property
    def simulator_port(self) -> int: ...
    @property
    def ussd_codes(self) -> str: ...
    @property
    def at_base_url(self) -> str | None: ...
    @property
    def database_url(self) -> str | None: ...
    @property
    def redis_url(self) -> str | None: ...


def run_everything(
    settings: RunSettings,
    *,
    environ: Mapping[str, str],
    migrate: Callable[[str], object],
    seed: Callable[[Mapping[str, str]], list[str]],
    output: Output | None = None,
) -> int:
    """Run until Ctrl-C (exit code 0), or until something cannot be started or kept alive (1).

    environ: the parent's environment; what it sets, such as ZAMU_SECRET_KEY, is handed on to our processes.
    migrate: gets the owner's address. seed: gets the environment of our processes, because demo data are sealed;
    returns lines for the welcome.
    """
    output = output or Output()
    with StopSignals() as signals:
        try:
            # The lock before the ports: of two runs in one folder, the second should hear about the first.
            with (
                locked(settings.data_dir) as folder,
                Guard() as guard,
                Supervisor(output, signals) as supervisor,
            ):
                _check_database(settings)
                _check_ports(settings)
                secrets = load_secrets(folder)
                database = _database(settings, environ, folder, output, supervisor)
                redis_url = _redis_url(settings, folder, output, supervisor)
                _attempt("The database could not be migrated", folder, lambda: migrate(database.owner))
                env = _environment(settings, environ, folder, secrets, database, redis_url)
                # Demo offerings are for the database that we started ourselves, never for somebody's real one.
                to_try = (
                    []
                    if settings.database_url
                    else _attempt("The catalogue could not be loaded", folder, lambda: seed(env))
                )
                for child in _children(settings, env, folder, output, guard):
                    supervisor.start(child)
                output.say(_welcome(settings, folder, to_try))
                supervisor.watch()
                return 1
        except StopRequested:
            return 0
        except StartError as error:
            output.complain(str(error))
            return 1
        except Exception as error:
            output.complain(f"Stopped by {_first_line(error)} (details are in {_keep_details(settings.data_dir)}).")
            return 1


def _check_database(settings: RunSettings) -> None:
    if settings.database_url and not settings.at_base_url:
        raise StartError(
            "ZAMU_DATABASE_URL is set and ZAMU_AT_BASE_URL is not: the simulator would swallow the messages of that "
            "database. Unset the first to try things out on a server of our own; a real installation uses `zamu serve`."
        )


def _check_ports(settings: RunSettings) -> None:
    check_port(settings.port, setting="ZAMU_PORT", purpose="the web server")
    if settings.at_base_url:
        return
    if settings.simulator_port == settings.port:
        raise StartError(
            f"Web server and simulator both want port {settings.port}: set ZAMU_SIMULATOR_PORT to another."
        )
    check_port(settings.simulator_port, setting="ZAMU_SIMULATOR_PORT", purpose="the simulator")


def _database(
    settings: RunSettings, environ: Mapping[str, str], folder: Path, output: Output, supervisor: Supervisor
) -> PostgresAddresses:
    if settings.database_url:
        owner = environ.get("ZAMU_DATABASE_OWNER_URL") or settings.database_url
        return PostgresAddresses(app=settings.database_url, owner=owner)
    postgres = EmbeddedPostgres(folder, say=output.say, stage=POSTGRES)
    supervisor.start(postgres)
    return postgres.addresses


def _redis_url(settings: RunSettings, folder: Path, output: Output, supervisor: Supervisor) -> str:
    if settings.redis_url:
        return settings.redis_url
    valkey = EmbeddedValkey(folder, say=output.say, stage=VALKEY)
    supervisor.start(valkey)
    return valkey.address


def _attempt(what_failed: str, folder: Path, step: Callable[[], Result]) -> Result:
    """A step of somebody else's: any error becomes a sentence, and its traceback a file."""
    try:
        return step()
    except StartError:
        raise
    except Exception as error:
        details = _keep_details(folder)
        raise StartError(f"{what_failed}: {_first_line(error)} (details are in {details}).") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _keep_details(folder: Path) -> Path:
    """The traceback of the error being handled, for whoever mends it; a person who runs Zamu reads a sentence."""
    details = folder / "failure.txt"
    with suppress(OSError), private_file(details) as file:
        file.write(traceback.format_exc().encode())
    return details


def _environment(
    settings: RunSettings,
    environ: Mapping[str, str],
    folder: Path,
    secrets: Secrets,
    database: PostgresAddresses,
    redis_url: str,
) -> dict[str, str]:
    """For our processes: what was made, under what the operator has set, under what has just been decided."""
    made = {
        "ZAMU_SECRET_KEY": secrets.secret_key,
        "ZAMU_CALLBACK_SECRETS": secrets.callback_secret,
        "ZAMU_AT_USERNAME": "sandbox",
        "ZAMU_AT_API_KEY": secrets.at_api_key,
        "ZAMU_PUBLIC_URL": f"http://127.0.0.1:{settings.port}",
    }
    if not settings.at_base_url:
        made |= {
            "ZAMU_AT_SENDERS": ",".join(f"{lane}={SHORT_CODE}" for lane in Lane),
            "ZAMU_SMS_SHORT_CODES": f"{SHORT_CODE}+free",
        }
    given = {name: value for name, value in environ.items() if value}
    metrics = folder / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)  # counters of processes that are gone
    metrics.mkdir(mode=0o700)
    decided = {
        "ZAMU_DATABASE_URL": database.app,
        "ZAMU_DATABASE_OWNER_URL": database.owner,
        "ZAMU_REDIS_URL": redis_url,
        "ZAMU_USSD_CODES": settings.ussd_codes,
        "ZAMU_AT_BASE_URL": settings.at_base_url or f"http://127.0.0.1:{settings.simulator_port}",
        "ZAMU_PORT": str(settings.port),
        "ZAMU_SIMULATOR_PORT": str(settings.simulator_port),
        "ZAMU_DATA_DIR": str(folder),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONUNBUFFERED": "1",
    }
    return made | given | decided


def _children(
    settings: RunSettings, env: dict[str, str], folder: Path, output: Output, guard: Guard
) -> Iterator[Child]:
    """In the order of starting."""

    def child(name: str, *command: str, stage: int, ready: Callable[[], bool] | None = None) -> Child:
        python = [sys.executable, "-m", *command]
        return Child(
            name, python, env=env, output=output, guard=guard, ready=ready, stage=stage, stop_limit=FINISH_LIMIT
        )

    yield child("web", "web.cli", "serve", stage=WEB, ready=answers(settings.port, "/readyz"))
    for lane in Lane:
        yield child(f"worker {lane}", "web.cli", "worker", lane, stage=WORKERS)
    yield child("clock", "web.cli", "clock", stage=CLOCK)
    yield child("webhooks", "web.cli", "webhooks", stage=CLOCK)
    if not settings.at_base_url:
        # With "=", because a secret may begin with a dash.
        options = {
            "port": str(settings.simulator_port),
            "callback": f"http://127.0.0.1:{settings.port}",
            "secret": env["ZAMU_CALLBACK_SECRETS"].partition(",")[0].strip(),
            "codes": settings.ussd_codes,
            "short-code": SHORT_CODE,
            "api-key": env["ZAMU_AT_API_KEY"],
        }
        # In a file of our own: the command line of a process can be read by every user of the machine.
        arguments = folder / "simulator.args"
        with private_file(arguments) as file:
            file.write("\n".join([*(f"--{name}={value}" for name, value in options.items()), "--quiet"]).encode())
        ready = answers(settings.simulator_port, "/")
        yield child("simulator", "simulator", f"@{arguments}", stage=SIMULATOR, ready=ready)


def _welcome(settings: RunSettings, folder: Path, to_try: list[str]) -> str:
    code = settings.ussd_codes.split(",")[0].partition("=")[0].strip()
    web = f"http://127.0.0.1:{settings.port}"
    zamu = os.path.relpath(Path(sys.executable).with_name("zamu"))
    phones = [
        ("A phone", f"http://127.0.0.1:{settings.simulator_port}   dial {code}"),
        ("In a terminal", f"{zamu} dial '{code}'"),
    ]
    rows = [
        *([("A phone", f"at {settings.at_base_url}   dial {code}")] if settings.at_base_url else phones),
        ("In a browser", f"{web}/   staff: {web}/desk"),
        ("Health", f"{web}/readyz"),
        ("Data", str(folder)),
    ]
    lines = [f"  {label:<14} {value}" for label, value in rows]
    return "\n".join(["", "Zamu is running.", "", *lines, "", *to_try, "", "Ctrl-C stops everything in order.", ""])
