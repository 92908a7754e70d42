"""Agencies, with services of a small catalogue."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.catalogue.snapshot import Offering
from core.partners.keys import Partner, Scope
from tests.core.booking.conftest import world  # noqa: F401 - the same small catalogue
from tests.core.booking.world import World

_AGENCY = sa.text("SELECT agency_id FROM services WHERE id = :service")
Agencies = Callable[[Offering], tuple[Partner, Offering]]


@pytest.fixture
def agency(world: World) -> Agencies:  # noqa: F811
    """`agency(offering)`: the system of the agency whose service this is, and the offering as it has it."""

    def of(offering: Offering) -> tuple[Partner, Offering]:
        with world.transaction() as db:
            agency_id = db.execute(_AGENCY, {"service": offering.service.id}).scalar_one()
        return Partner(agency_id, 1, frozenset(Scope)), replace(
            offering, service=replace(offering.service, agency_id=agency_id)
        )

    return of
