import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from web.local.errors import StartError
from web.local.valkey import EmbeddedValkey


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def valkey(scratch: Path, lines: list[str]) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(scratch / "data", say=lines.append)
    yield server
    server.stop()


@pytest.fixture
def newest(valkey: EmbeddedValkey):
    """The file that is being written."""
    return lambda: next((valkey._home / "appendonlydir").glob("*.incr.aof"))


def client(address: str) -> redis.Redis:
    return redis.Redis.from_url(address, decode_responses=True)


def remember(address: str, **values: str) -> None:
    with client(address) as db:
        for name, value in values.items():
            db.set(name, value)
        if db.config_get("appendonly") == {"appendonly": "yes"}:
            db.waitaof(1, 0, 5000)  # every second is its promise; a kill before that may lose it


def recall(address: str, *names: str) -> list[str | None]:
    with client(address) as db:
        return db.mget(names)


def kill(server: EmbeddedValkey) -> None:
    os.killpg(server.process.pid, signal.SIGKILL)
    server.kill()  # waits for it


def test_a_second_start_finds_its_data(valkey):
    remember(valkey.start(), screen="choose_time")
    valkey.stop()
    assert recall(valkey.start(), "screen") == ["choose_time"]


def test_a_kill_loses_nothing_written_and_its_socket_is_no_hindrance(valkey):
    remember(valkey.start(), screen="choose_time")
    kill(valkey)
    assert valkey._socket.exists()
    assert recall(valkey.start(), "screen") == ["choose_time"]


def test_a_file_cut_short_by_a_power_cut_loses_its_end_only(valkey, newest):
    remember(valkey.start(), first="1", last="2")
    kill(valkey)
    os.truncate(newest(), newest().stat().st_size - 3)
    assert recall(valkey.start(), "first", "last") == ["1", None]


def test_a_file_whose_end_was_never_written_loses_its_end_only(valkey, newest, lines):
    remember(valkey.start(), first="1", last="2")
    kill(valkey)
    with newest().open("ab") as file:
        file.write(bytes(500))
    assert recall(valkey.start(), "first", "last") == ["1", "2"]
    assert lines == ["Valkey's file had a broken end, as after a power cut: it was cut off."]


def test_a_file_beyond_repair_is_put_aside(valkey, lines):
    remember(valkey.start(), first="1")
    kill(valkey)
    base = next((valkey._home / "appendonlydir").glob("*.base.rdb"))
    base.write_bytes(b"no such format")
    assert recall(valkey.start(), "first") == [None]
    assert "unfinished dialogues begin anew" in lines[0]


def test_a_server_that_outlived_its_run_is_stopped_first(valkey):
    remember(valkey.start(), screen="choose_time")
    successor = EmbeddedValkey(valkey._home.parent)
    try:
        assert recall(successor.start(), "screen") == ["choose_time"]
        assert not valkey.is_alive()
    finally:
        successor.stop()


def test_it_ends_with_the_process_that_started_it(python, scratch, dies):
    starter = python(
        """
        import time
        from pathlib import Path
        from web.local.valkey import EmbeddedValkey
        server = EmbeddedValkey(Path(sys.argv[1]))
        server.start()
        print(server.process.pid, flush=True)
        time.sleep(60)
        """,
        scratch / "data",
    )
    with starter:
        pid = int(starter.stdout.readline())
        starter.kill()
    assert dies(pid)


def test_only_its_socket_leads_in(valkey):
    with client(valkey.start()) as db:
        assert db.config_get("port", "appendonly", "appendfsync") == {
            "port": "0",
            "appendonly": "yes",
            "appendfsync": "everysec",
        }
    assert valkey._home.stat().st_mode & 0o777 == 0o700
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 6379), timeout=1).close()


def test_for_tests_it_writes_nothing(scratch):
    server = EmbeddedValkey(scratch / "data", durable=False)
    remember(server.start(), screen="choose_time")
    server.stop()
    assert {path.name for path in server._home.iterdir()} == {"valkey.log"}


def test_a_path_that_no_socket_can_have_is_named(scratch):
    with pytest.raises(StartError, match="ZAMU_DATA_DIR to a shorter"):
        EmbeddedValkey(scratch / ("x" * 100)).start()


def test_an_address_survives_odd_characters_in_the_path(scratch):
    server = EmbeddedValkey(scratch / "a folder?&%")
    try:
        assert recall(server.start(), "screen") == [None]
    finally:
        server.stop()


def test_the_reason_it_does_not_start_is_told(valkey):
    valkey.start()
    valkey.stop()
    manifest = next((valkey._home / "appendonlydir").glob("*.manifest"))
    manifest.write_text("nonsense\n")
    with pytest.raises(StartError, match=r"Valkey did not start: .*manifest.*its log is"):
        valkey.start()
    assert not valkey.is_alive()
