"""A centre's day, in the small world of bookings; when a test ends, its places are counted."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from tests.core.booking.world import assert_counted_right
from tests.core.visits.centre import Centre


@pytest.fixture
def centre(engine: sa.Engine, now: datetime) -> Iterator[Centre]:
    centre = Centre(engine, now)
    yield centre
    with centre.transaction() as db:
        assert_counted_right(db)
