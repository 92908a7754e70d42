"""A world to book in; when a test ends, its places are counted."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from tests.core.booking.world import World, assert_counted_right


@pytest.fixture
def world(engine: sa.Engine, now: datetime) -> Iterator[World]:
    """It works through transactions of its own. Whatever a test did, places taken are live bookings and holds."""
    world = World(engine, now)
    yield world
    with world.transaction() as db:
        assert_counted_right(db)
