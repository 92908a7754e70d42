"""The whole application in one process, and phones to call it with."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from core.settings import Settings
from tests.support import Clock, Database
from tests.journeys.phone import Phone
from web.app import create_app


@pytest.fixture
def app(town: Database, settings: Settings, clock: Clock) -> Iterator[Flask]:
    app = create_app(settings, now=clock)
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def phones(app: Flask) -> Callable[[str], Phone]:
    """Phones by number, all calling the same application."""
    return lambda number: Phone(app.test_client(), number)


@pytest.fixture
def phone(phones: Callable[[str], Phone]) -> Phone:
    return phones("+254711000001")
