"""An agency's own appointments: they occupy the same counters as citizens' bookings."""

from datetime import timedelta
from typing import Any

from core.booking.availability import day_begins
from core.partners import appointments
from core.partners.appointments import Known
from core.partners.keys import Scope
from web.api import schemas
from web.api.cursors import cursor_of, place_of
from web.api.door import Call, Door, Operation

PAGE = 100
TAG = "Appointments"
_ONE = "/appointments/<string(maxlength=64):reference>"


def add(door: Door) -> None:
    scope = Scope.APPOINTMENTS_WRITE

    @door.operation(
        "POST",
        "/appointments",
        Operation(
            scope=scope,
            answer=schemas.Appointment,
            status=201,
            body=schemas.NewAppointment,
            problems=(404, 409),
            tag=TAG,
        ),
    )
    def book_appointment(call: Call, body: dict[str, Any]) -> dict[str, Any]:
        """Take a place

        For one of your services, under a reference of your own. It counts as a citizen's booking does: the last place
        at a time goes to whoever takes it first.
        """
        offering = call.offering(call.service(body["service"], "/service"), call.site(body["centre"], "/centre"))
        known = appointments.book(
            call.db,
            call.partner,
            reference=body["reference"],
            offering=offering,
            starts_at=body["starts_at"],
            closed_days=call.catalogue.closed_days,
            now=call.now,
        )
        return _shown(call, known)

    @door.operation(
        "POST",
        _ONE + "/moves",
        Operation(
            scope=scope,
            answer=schemas.Appointment,
            body=schemas.AppointmentMove,
            problems=(409,),
            tag=TAG,
        ),
    )
    def move_appointment(call: Call, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Take another place for an appointment

        At another time, or another centre. The old place is given back only once the new one is taken: if there is
        none, nothing changes.
        """
        service_id = appointments.find(call.db, call.partner, reference).service_id
        service = call.catalogue.service_by_id(service_id)
        known = appointments.move(
            call.db,
            call.partner,
            reference=reference,
            offering=call.offering(service, call.site(body["centre"], "/centre")),
            starts_at=body["starts_at"],
            closed_days=call.catalogue.closed_days,
            now=call.now,
        )
        return _shown(call, known)

    @door.operation("GET", _ONE, Operation(scope=scope, answer=schemas.Appointment, tag=TAG))
    def read_appointment(call: Call, reference: str) -> dict[str, Any]:
        """One appointment

        Also one that is over. One that you have given up is gone.
        """
        return _shown(call, appointments.find(call.db, call.partner, reference))

    @door.operation("DELETE", _ONE, Operation(scope=scope, answer=None, status=204, tag=TAG))
    def give_up_appointment(call: Call, reference: str) -> None:
        """Give a place back

        It is somebody else's at once. Repeated, it answers 404: the appointment is gone.
        """
        appointments.give_up(call.db, call.partner, reference=reference, now=call.now)

    @door.operation(
        "GET",
        "/appointments",
        Operation(scope=scope, answer=schemas.Appointments, query=schemas.DayQuery, problems=(404,), tag=TAG),
    )
    def list_appointments(call: Call, query: dict[str, Any]) -> dict[str, Any]:
        """Your appointments of a day

        In the order of their times.
        """
        service = call.service(query["service"], "?service") if "service" in query else None
        site = call.site(query["centre"], "?centre") if "centre" in query else None
        found = appointments.page(
            call.db,
            call.partner,
            begins=day_begins(query["day"]),
            ends=day_begins(query["day"] + timedelta(days=1)),
            after=place_of(query.get("cursor")),
            limit=PAGE + 1,
            service_id=service.id if service else None,
            site_id=site.id if site else None,
        )
        rows = found[:PAGE]
        last = rows[-1] if len(found) > PAGE else None
        return {
            "items": [_shown(call, row) for row in rows],
            "next": cursor_of((last.starts_at, last.id)) if last else None,
        }


def _shown(call: Call, known: Known) -> dict[str, Any]:
    return {
        "reference": known.reference,
        "service": call.catalogue.service_by_id(known.service_id).code,
        "centre": call.catalogue.site_by_id(known.site_id).code,
        "starts_at": known.starts_at,
        "came_at": known.came_at,
        "outcome": known.outcome,
    }
