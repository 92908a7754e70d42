"""`zamu run` as a whole: real servers, and stand-ins for Zamu's own processes, which say when they stop."""

import http.client
import json
import os
import signal
import socket
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.messaging.tables import Lane
from core.settings import LocalSettings
from web.local.process import commands
from web.local.run import run_everything

RUN = """
    import os, types
    from pathlib import Path
    import psycopg
    from web.local.run import run_everything

    def migrate(url):
        with psycopg.connect(url.replace("+psycopg", "")) as db:
            db.execute("CREATE TABLE IF NOT EXISTS runs (at TIMESTAMPTZ)")
            db.execute("INSERT INTO runs VALUES (now())")
            print("runs so far:", db.execute("SELECT count(*) FROM runs").fetchone()[0], flush=True)
        {then}

    def seed(env):
        print("seeding", env["ZAMU_DATABASE_URL"].partition("@")[0], flush=True)
        return ["A document to try"]

    port, simulator_port, gateway = sys.argv[1:]
    settings = types.SimpleNamespace(
        data_dir=Path(".zamu"), port=int(port), simulator_port=int(simulator_port), ussd_codes="*191*9#=7,*384#",
        at_base_url=gateway or None, database_url=None, redis_url=None,
    )
    sys.exit(run_everything(settings, environ=dict(os.environ), migrate=migrate, seed=seed))
    """

STAND_IN = """
import http.server, json, os, signal, sys, threading

def serve(port):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(dict(os.environ)).encode())
        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", port), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()

def stop(*_):
    print("stopping", flush=True)
    sys.exit()

signal.signal(signal.SIGTERM, stop)
print("arguments", *sys.argv[1:])
if sys.argv[1] == "serve":
    serve(int(os.environ["ZAMU_PORT"]))
if sys.argv[1].startswith("@"):
    assert os.stat(sys.argv[1][1:]).st_mode & 0o777 == 0o600
    serve(int(open(sys.argv[1][1:]).read().partition("--port=")[2].split()[0]))
while True:
    signal.pause()
"""


class Runner:
    """A folder with the stand-ins, and one way to start a run in it."""

    def __init__(self, python, options: dict, ports: tuple[int, int], folder: Path, stack: ExitStack) -> None:
        self.ports = ports
        self.folder = folder
        self._python = python
        self._options = options
        self._stack = stack
        (folder / "web").mkdir(exist_ok=True)
        (folder / "web" / "cli.py").write_text(STAND_IN)
        (folder / "simulator.py").write_text(STAND_IN)

    def start(self, *, gateway: str = "", then: str = "") -> subprocess.Popen[str]:
        script = textwrap.dedent(RUN).replace("{then}", then)
        run = self._python(script, *self.ports, gateway, **self._options)
        self._stack.enter_context(run)
        self._stack.callback(end, run)
        return run

    def get(self, path: str = "/healthz") -> dict[str, str]:
        """The environment of the web server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[0], timeout=30)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@pytest.fixture(params=["root", "ordinary user"])
def anyone(request, scratch) -> dict:
    """Options of either kind of user."""
    if request.param == "ordinary user":
        return request.getfixturevalue("ordinary_user")
    if os.geteuid() != 0:
        pytest.skip("the suite is not root")
    return {"cwd": scratch}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def runner(python, lasting, free_ports, stack) -> Runner:
    """In one folder for the module: each run finds the data of the one before."""
    return Runner(python, {"cwd": lasting}, free_ports, lasting, stack)


def running(run: subprocess.Popen[str]) -> list[str]:
    """What is printed until it has said what to dial and the processes without a port have come up."""
    awaited = {f"{f'worker {lane}':<18} | arguments worker {lane}" for lane in Lane}
    awaited |= {f"{name:<18} | arguments {name}" for name in ("clock", "webhooks")}
    awaited.add("Ctrl-C stops everything in order.")
    lines = []
    for raw in run.stdout:
        lines.append(raw.rstrip())
        awaited.discard(lines[-1])
        if not awaited:
            return lines
    raise AssertionError("\n".join([*lines, run.stderr.read()]))


def runs_so_far(lines: list[str]) -> int:
    return next(int(line.split()[-1]) for line in lines if line.startswith("runs so far"))


def interrupt(run: subprocess.Popen[str]) -> tuple[str, str]:
    run.send_signal(signal.SIGINT)
    return run.communicate(timeout=30)


def end(run: subprocess.Popen[str]) -> None:
    if run.poll() is None:
        interrupt(run)


def of_this_run(folder: Path) -> list[list[str]]:
    return [command for _, command in commands() if str(folder) in " ".join(command)]


def test_from_nothing_to_a_phone_that_answers_and_back(python, anyone, free_ports, stack):
    folder = anyone["cwd"]
    runner = Runner(python, anyone, free_ports, folder, stack)
    before = {path.name for path in folder.iterdir()}
    run = runner.start()
    lines = running(run)
    port, simulator_port = free_ports
    assert "runs so far: 1" in lines
    assert "seeding postgresql+psycopg://zamu_app" in lines
    assert f"  A phone        http://127.0.0.1:{simulator_port}   dial *191*9#" in lines
    assert lines.index("Zamu is running.") < lines.index("A document to try")
    environment = runner.get()
    assert environment["ZAMU_AT_BASE_URL"] == f"http://127.0.0.1:{simulator_port}"
    assert Path(environment["PROMETHEUS_MULTIPROC_DIR"]).is_dir()
    secrets = json.loads((folder / ".zamu" / "secrets.json").read_text())
    assert environment["ZAMU_SECRET_KEY"] == secrets["secret_key"]
    arguments = (folder / ".zamu" / "simulator.args").read_text().splitlines()
    assert f"--callback=http://127.0.0.1:{port}" in arguments
    assert "--codes=*191*9#=7,*384#" in arguments
    assert not any(secrets["callback_secret"] in line for line in lines), "a secret is on a command line"

    output, errors = interrupt(run)
    assert (run.returncode, errors) == (0, "")
    stopped = [line.partition("|")[0].strip() for line in output.splitlines() if line.endswith("| stopping")]
    assert stopped[:2] == ["simulator", "web"]
    assert sorted(stopped[2:5]) == ["worker bulk", "worker interactive", "worker notice"]
    assert sorted(stopped[5:]) == ["clock", "webhooks"]
    assert output.rstrip().endswith("Stopped.")
    assert {path.name for path in folder.iterdir()} - before == {".zamu"}
    assert not of_this_run(folder)


def test_a_run_killed_with_everything_is_followed_by_one_that_finds_its_data(runner):
    run = runner.start()
    before = runs_so_far(running(run))
    run.kill()
    run.wait()
    second = runner.start()  # at once: it clears away what has not noticed yet
    assert runs_so_far(running(second)) == before + 1
    _, errors = interrupt(second)
    assert (second.returncode, errors) == (0, "")


def test_a_second_run_in_the_folder_is_told_of_the_first(runner):
    first = runner.start()
    running(first)
    second = runner.start()
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"Another `zamu run` (process {first.pid}) is using {runner.folder}/.zamu" in errors
    assert len(errors.splitlines()) == 1
    assert runner.get()


def test_a_taken_port_is_told_before_anything_starts(runner):
    with socket.create_server(("127.0.0.1", runner.ports[1])):
        run = runner.start()
        output, errors = run.communicate(timeout=30)
    assert (run.returncode, output) == (1, "")
    assert errors.startswith(f"zamu: Port {runner.ports[1]} for the simulator is taken by ")
    assert errors.endswith(": set ZAMU_SIMULATOR_PORT to another port.\n")


def test_a_failing_step_is_a_sentence_and_all_that_was_started_is_stopped(runner):
    run = runner.start(then="raise ValueError('no such table\\nand more')")
    _, errors = run.communicate(timeout=30)
    details = runner.folder / ".zamu" / "failure.txt"
    assert run.returncode == 1
    assert errors == f"zamu: The database could not be migrated: no such table (details are in {details}).\n"
    assert "Traceback" in details.read_text()
    assert not of_this_run(runner.folder)


def test_ctrl_c_while_starting_stops_what_was_started(runner):
    run = runner.start(then="import signal; print('migrating', flush=True); signal.pause()")
    assert any(line.strip() == "migrating" for line in run.stdout)
    _, errors = interrupt(run)
    assert (run.returncode, errors) == (0, "")
    assert not of_this_run(runner.folder)


def test_with_the_operators_gateway_there_is_no_simulator(runner):
    run = runner.start(gateway="https://gateway.example")
    lines = running(run)
    assert not any(line.startswith("simulator") for line in lines)
    assert "  A phone        at https://gateway.example   dial *191*9#" in lines
    assert not any("In a terminal" in line for line in lines)
    assert runner.get()["ZAMU_AT_BASE_URL"] == "https://gateway.example"
    interrupt(run)
    assert run.returncode == 0


def test_somebody_s_own_database_is_not_given_to_the_simulator(scratch: Path, capfd: pytest.CaptureFixture[str]):
    settings = LocalSettings(
        data_dir=scratch / "data", port=1, simulator_port=2, ussd_codes="*191*9#",
        at_base_url=None, database_url="postgresql+psycopg://zamu_app@db.example/zamu", redis_url=None,
    )  # fmt: skip
    assert run_everything(settings, environ={}, migrate=_not_called, seed=_not_called) == 1
    assert "the simulator would swallow the messages" in capfd.readouterr().err


def _not_called(*arguments: object) -> list[str]:
    raise AssertionError(f"called with {arguments}")
