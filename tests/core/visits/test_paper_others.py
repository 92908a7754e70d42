"""Paper about people without a citizen's booking: whom an agency sent, and who just walked in."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking.ending import end_appointments
from core.booking.errors import NoSuchBooking
from core.booking.serving import Paid
from core.booking.tables import Appointment
from core.booking.waitlist.line import pass_on
from core.partners.appointments import archive_past
from core.tracking.counter import Application
from core.tracking.errors import NumberInUse
from core.tracking.tables import Document, DocumentEvent
from core.visits.errors import Ambiguous, Contradicted, TimeRefused
from core.visits.paper import What
from core.visits.paper_agency import Sent, key_in_sent
from core.visits.paper_walk_in import KeyedWalkIn, WalkIn, key_in_walk_in
from core.visits.turning_away import Reason, note_walk_in
from tests.core.booking.world import TUESDAY, an_hour, at_once, hours
from tests.core.visits.centre import ASHA, Centre
from tests.core.visits.test_appointments import sends

WEEK = tuple(hours(weekday, time(8), time(17)) for weekday in range(5))


def keys(centre: Centre, command: Any, *entry: Any, key: str = "", site: str = "GPO") -> Any:
    with centre.transaction() as db:
        at_site = replace(centre.sites[site], hours=WEEK)
        request_key = key or f"paper {next(centre.numbers)}"
        return command(db, *entry, site=at_site, actor=ASHA, request_key=request_key, now=centre.now)


def sent(centre: Centre, what: What, at: datetime, reference: str = "NRB/7", **more: Any) -> bool:
    reason = more.pop("reason", Reason.OTHER)
    return bool(keys(centre, key_in_sent, Sent(reference, what, at, more.pop("service_id", None), reason), **more))


def walked_in(centre: Centre, at: datetime, **more: Any) -> KeyedWalkIn:
    service_id = centre.gpo().service.id
    keyed = keys(centre, key_in_walk_in, centre.register, WalkIn(service_id, at, **more))
    assert isinstance(keyed, KeyedWalkIn)
    return keyed


def the_appointment(centre: Centre) -> Appointment:
    [row] = centre.scalars(sa.select(Appointment))
    return row


def test_whom_an_agency_sent_came_and_was_served_at_the_times_on_paper(centre: Centre) -> None:
    sends(centre)
    centre.now = an_hour(15)
    assert at_once([partial(sent, centre, What.CAME, an_hour(8, 5))] * 3).count(False) == 1
    assert not sent(centre, What.SERVED, an_hour(8, 40))
    row = the_appointment(centre)
    assert (row.came_at, row.outcome, row.ended_at) == (an_hour(8, 5), "served", an_hour(8, 40))
    assert sent(centre, What.SERVED, an_hour(8, 40))
    assert sent(centre, What.CAME, an_hour(8, 5))
    [came], [served] = centre.events("appointment.checked_in"), centre.events("appointment.served")
    assert (came.at, served.at) == (an_hour(8, 5), an_hour(8, 40))
    assert served.details["keyed_at"] == an_hour(15).isoformat()


def test_an_appointment_filed_away_meanwhile_is_put_right(centre: Centre) -> None:
    sends(centre)
    centre.now = an_hour(10, day=TUESDAY + timedelta(days=1))
    with centre.transaction() as db:
        assert archive_past(db, now=centre.now, limit=10) == 1
    assert not sent(centre, What.CAME, an_hour(8, 5))
    assert (the_appointment(centre).outcome, the_appointment(centre).came_at) == ("past", an_hour(8, 5))
    assert not sent(centre, What.SERVED, an_hour(8, 40))
    row = the_appointment(centre)
    assert (row.came_at, row.outcome, row.ended_at) == (an_hour(8, 5), "served", an_hour(8, 40))


def test_what_cannot_be_of_an_appointment_is_refused(centre: Centre) -> None:
    appointment_id = sends(centre)
    centre.site("MAK")
    centre.now = an_hour(15, day=TUESDAY + timedelta(days=1))
    with pytest.raises(TimeRefused) as refused:
        sent(centre, What.CAME, an_hour(9, day=TUESDAY + timedelta(days=1)))
    assert (refused.value.why, refused.value.starts_at) == ("another_day", an_hour(8))
    with pytest.raises(TimeRefused):
        sent(centre, What.CAME, an_hour(7))
    with pytest.raises(NoSuchBooking):
        sent(centre, What.CAME, an_hour(9), reference="NRB/8")
    with pytest.raises(NoSuchBooking):
        sent(centre, What.CAME, an_hour(9), site="MAK")
    with centre.transaction() as db:
        seats = end_appointments(db, Appointment.id == appointment_id, outcome="closed", now=an_hour(8))
        pass_on(db, seats, now=centre.now)
    with pytest.raises(Contradicted):
        sent(centre, What.SERVED, an_hour(9))


def test_where_two_agencies_gave_the_same_number_the_service_says_which_is_meant(centre: Centre) -> None:
    sends(centre)
    other = centre.offering(service="PAS")
    sends(centre, other, agency="DIS")
    centre.now = an_hour(15)
    with pytest.raises(Ambiguous):
        sent(centre, What.CAME, an_hour(9))
    assert not sent(centre, What.CAME, an_hour(9), service_id=other.service.id)
    came = centre.scalars(sa.select(Appointment.offering_id).where(Appointment.came_at.is_not(None)))
    assert came == [other.id]


def test_who_walked_in_is_registered_with_the_time_on_paper_and_once(centre: Centre) -> None:
    centre.gpo()
    centre.now = an_hour(15)
    lines = at_once([partial(walked_in, centre, an_hour(9), application=Application(proof="678"))] * 3)
    assert [line.already for line in lines].count(False) == 1
    [document] = centre.scalars(sa.select(Document))
    assert document.tracking_number in {line.tracking_number for line in lines}
    assert centre.scalars(sa.select(DocumentEvent.at)) == [an_hour(9)]
    assert not walked_in(centre, an_hour(9), application=Application(proof="679")).already
    assert not walked_in(centre, an_hour(9, 1), application=Application(proof="678")).already


def test_a_waiting_card_keyed_twice_is_known_and_anybody_elses_is_refused(centre: Centre) -> None:
    centre.gpo()
    centre.now = an_hour(15)
    card = Application(proof="678", tracking_number="48217092")
    assert walked_in(centre, an_hour(9), application=card).tracking_number == "48217092"
    assert walked_in(centre, an_hour(9), application=card).already
    with pytest.raises(NumberInUse):
        walked_in(centre, an_hour(10), application=card)
    assert len(centre.scalars(sa.select(Document))) == 1


def test_a_walk_in_without_a_document_is_noted_once_by_time_and_receipt(centre: Centre) -> None:
    centre.gpo()
    centre.now = an_hour(15)
    assert not walked_in(centre, an_hour(9), paid=Paid(100, "B-1")).already
    assert walked_in(centre, an_hour(9), paid=Paid(100, "B-1")).already
    assert not walked_in(centre, an_hour(9), paid=Paid(100, "B-2")).already
    assert [event.at for event in centre.events("visit.served")] == [an_hour(9)] * 2
    with pytest.raises(TimeRefused):
        walked_in(centre, an_hour(15, 1))


@pytest.mark.parametrize("days_later", [0, 1])
def test_who_could_not_be_served_is_counted_with_the_reason_and_once(centre: Centre, days_later: int) -> None:
    """Also where the appointment was filed away meanwhile."""
    sends(centre)
    centre.now = an_hour(15, day=TUESDAY + timedelta(days=days_later))
    with centre.transaction() as db:
        assert archive_past(db, now=centre.now, limit=10) == days_later
    assert not sent(centre, What.NOT_SERVED, an_hour(8, 40), reason=Reason.CLOSED_EARLY)
    assert sent(centre, What.NOT_SERVED, an_hour(8, 40))
    row = the_appointment(centre)
    assert (row.outcome, row.reason, row.ended_at) == ("not_served", "closed_early", an_hour(8, 40))
    with pytest.raises(Contradicted):
        sent(centre, What.SERVED, an_hour(9))
    assert centre.not_served() == {"closed_early": 1}


def test_of_many_turned_away_in_one_minute_the_line_says_how_many_and_they_count_once(centre: Centre) -> None:
    """Two officers with the same sheet; who keys in more of them adds those who were not counted yet."""
    centre.gpo()
    centre.now = an_hour(15)
    down = partial(walked_in, centre, an_hour(9), turned_away=Reason.SYSTEM_DOWN)
    with centre.transaction() as db:
        where = {"service_id": centre.gpo().service.id, "site_id": centre.sites["GPO"].id}
        note_walk_in(db, **where, reason=Reason.OTHER, actor=ASHA, request_key="there", now=an_hour(9))
    assert [line.already for line in at_once([partial(down, people=3)] * 3)].count(False) == 1
    assert [down().already, down(people=5).already, down(people=5).already] == [True, False, True]
    assert not walked_in(centre, an_hour(9), turned_away=Reason.CLOSED_EARLY).already
    assert walked_in(centre, an_hour(9), turned_away=Reason.OTHER).already
    assert centre.not_served() == {"system_down": 5, "closed_early": 1, "other": 1}
