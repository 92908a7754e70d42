"""Whom an agency sent is checked in and served like anybody."""

from functools import partial

import pytest
import sqlalchemy as sa

from core.booking.errors import NoSuchBooking
from core.booking.seats import Exchange
from core.booking.tables import Appointment
from core.catalogue.snapshot import Offering
from core.catalogue.tables import Agency, Service
from core.visits import appointments
from core.visits.errors import AlreadyOver, AnotherDay
from core.visits.expected import State
from core.visits.turning_away import Reason
from tests.core.booking.world import an_hour, at_once
from tests.core.visits.centre import Centre


def sends(centre: Centre, offering: Offering | None = None, agency: str = "") -> int:
    """An agency's NRB/7, expected at GPO on Tuesday at 8:00; `agency`: the code of another than the service's own."""
    offering = offering or centre.gpo()
    with centre.transaction() as db:
        exchange = Exchange()
        exchange.take(offering, an_hour(8))
        exchange.settle(db)
        agency_id = db.scalar(sa.select(Service.agency_id).where(Service.id == offering.service.id))
        if agency:
            agency_id = db.scalars(sa.insert(Agency).values(code=agency).returning(Agency.id)).one()
        row = Appointment(
            agency_id=agency_id,
            reference="NRB/7",
            offering_id=offering.id,
            starts_at=an_hour(8),
            created_at=centre.now,
        )
        db.add(row)
        db.flush()
        return row.id


@pytest.fixture
def sent(centre: Centre) -> int:
    return sends(centre)


def does(
    centre: Centre, command: object, appointment_id: int, site: str = "GPO", key: str = "", **more: object
) -> object:
    return centre.acts(command, key, appointment_id=appointment_id, site_id=centre.sites[site].id, **more)


def test_they_come_and_are_served_and_their_place_is_free(centre: Centre, sent: int) -> None:
    centre.now = an_hour(7, 50)
    came = at_once([partial(does, centre, appointments.check_in, sent)] * 3)
    assert came == [centre.now] * 3
    assert len(centre.events("appointment.checked_in")) == 1
    assert [row.state for row in centre.day().rows] == [State.CAME]
    for _ in range(2):
        does(centre, appointments.end_served, sent, key="a form")
    assert [row.state for row in centre.day().rows] == [State.SERVED]
    assert len(centre.events("appointment.served")) == 1
    with pytest.raises(AlreadyOver):
        does(centre, appointments.check_in, sent)


def test_a_check_in_of_somebody_else_is_taken_back_once(centre: Centre, sent: int) -> None:
    centre.now = an_hour(7, 50)
    does(centre, appointments.check_in, sent)
    for key in ("a form", "a form", "another"):
        does(centre, appointments.undo_check_in, sent, key=key)
    assert [row.state for row in centre.day().rows] == [State.EXPECTED]
    assert len(centre.events("appointment.check_in_undone")) == 1


def test_who_could_not_be_served_is_over_with_the_reason_and_counted(centre: Centre, sent: int) -> None:
    centre.now = an_hour(7, 50)
    for _ in range(2):
        does(centre, appointments.turn_away, sent, key="a form", reason=Reason.SYSTEM_DOWN)
    [row] = centre.day().rows
    assert (row.state, row.reason, row.came_at) == (State.NOT_SERVED, "system_down", centre.now)
    service_id = centre.gpo().service.id
    [event] = centre.events("appointment.turned_away")
    assert (event.details["reason"], event.details["service_id"]) == ("system_down", service_id)
    assert centre.not_served() == {"system_down": 1}
    with pytest.raises(AlreadyOver):
        does(centre, appointments.turn_away, sent, reason=Reason.OTHER)


def test_another_day_and_another_centre_are_refused(centre: Centre, sent: int) -> None:
    centre.site("MAK")
    with pytest.raises(AnotherDay):
        does(centre, appointments.check_in, sent)
    centre.now = an_hour(8)
    with pytest.raises(NoSuchBooking):
        does(centre, appointments.check_in, sent, "MAK")
    with pytest.raises(NoSuchBooking):
        does(centre, appointments.end_served, sent, "MAK")
