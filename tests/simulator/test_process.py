"""`python -m simulator` as a process: it starts, serves, and ends."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.simulator.doubles import API_KEY, PATIENCE_SECONDS, PHONE, SECRET, Desk

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Starting Python twice on a busy machine may take a while."""


def until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(round(PATIENCE / 0.05)):
        if done():
            return
        pause.wait(0.05)
    raise AssertionError("It did not happen.")


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "simulator", f"--secret={SECRET}", f"--api-key={API_KEY}", *options]


@pytest.fixture
def process(zamu) -> Iterator[subprocess.Popen[str]]:
    options = ["--port=0", f"--callback={zamu.address}", "--codes=*191*9#, *384*7#=77"]
    with subprocess.Popen(
        command(*options), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def served(process) -> Desk:
    first_line = process.stdout.readline()
    found = re.fullmatch(r"Simulator: (http://127\.0\.0\.1:\d+)/\n", first_line)
    assert found, first_line
    desk = Desk(found[1])
    until(lambda: answers(desk))
    return desk


def answers(desk: Desk) -> bool:
    try:
        return desk.call("GET", "/healthz").json() == {"status": "ok"}
    except requests.ConnectionError:
        return False


def test_it_serves_the_phone_and_the_gateway(served, zamu):
    assert served.dial("*384*7#")["state"] == "open"
    assert zamu.texts() == ["77"]
    assert served.sms().codes(PHONE) == [101]
    zamu.wait_for("/sms/delivery", 3)
    assert requests.get(served.address, timeout=PATIENCE_SECONDS).status_code == 200


def test_the_real_server_closes_the_connection_in_mid_answer(served):
    served.turn(send_fault="close")
    with pytest.raises(requests.RequestException):
        served.sms().send_to(PHONE)
    assert len(served.taken()) == 1


def test_it_does_not_tell_its_address_when_somebody_else_does():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        command(f"--port={port}", "--quiet"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until(lambda: answers(Desk(f"http://127.0.0.1:{port}")))
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=PATIENCE) == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_also_with_a_connection_open(process, served, number):
    with requests.Session() as browser:
        browser.get(f"{served.address}/healthz", timeout=PATIENCE_SECONDS)
        process.send_signal(number)
        said, complained = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said, complained) == (0, "", "")


def test_nothing_is_left_when_it_is_killed(process, served):
    process.kill()
    until(lambda: not answers(served))


def test_a_port_that_is_taken_is_told_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            command(f"--port={port}"), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == f"simulator: port {port} is taken; choose another with --port.\n"
