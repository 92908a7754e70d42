"""A simulator and a Zamu on loopback ports, talking real HTTP over a clock that tests move."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from simulator.app import create_app
from simulator.config import Config, ServiceCode
from simulator.telco import EXTENSION
from tests.simulator.doubles import API_KEY, SECRET, Desk, ManualClock, Zamu


class QuietHandler(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def zamu(clock) -> Iterator[Zamu]:
    zamu = Zamu(clock)
    yield zamu
    zamu.stop()


@pytest.fixture
def start(clock, zamu) -> Iterator[Callable[..., Desk]]:
    """Starts a simulator with other settings than the usual ones."""
    running = []

    def start(**settings: Any) -> Desk:
        given = {"callback": zamu.address, "secret": SECRET, "api_key": API_KEY} | settings
        app = create_app(Config(**given), clock=clock)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((app, server, thread))
        return Desk(f"http://127.0.0.1:{server.server_port}")

    yield start
    for app, server, thread in running:
        app.extensions[EXTENSION].stop()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def desk(start) -> Desk:
    codes = (ServiceCode("*191*9#"), ServiceCode("*384*7#"), ServiceCode("*384*7*1#"), ServiceCode("*500#", "77"))
    return start(codes=codes)
