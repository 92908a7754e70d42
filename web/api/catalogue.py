"""What there is: the agency's services, the centres that give them, and the times that are free."""

from datetime import timedelta
from typing import Any, TypeVar

from core.booking.availability import free_times
from core.booking.queries import fullness
from core.catalogue.snapshot import Names
from core.catalogue.tables import Trust
from core.clock import local_date
from core.partners.keys import Scope
from web.api import schemas
from web.api.door import Call, Door, Operation

TAG = "Services and times"
Value = TypeVar("Value", int, str)


def add(door: Door) -> None:
    @door.operation("GET", "/services", Operation(scope=None, answer=schemas.Services, tag=TAG))
    def list_services(call: Call) -> dict[str, Any]:
        """Your services

        With what they cost and where they take bookings now.
        """
        today = local_date(call.now)
        items = []
        for service in call.services.values():
            fee = service.fee_on(today)
            amount, confirmed = _told(fee.amount_kes, fee.trust) if fee else (None, None)
            items.append(
                {
                    "code": service.code,
                    "name": _name(service.names),
                    "identity": service.identity,
                    "fee_kes": amount,
                    "fee_confirmed": confirmed,
                    "centres": [offering.site.code for offering in call.catalogue.offerings_of(service.code)],
                }
            )
        return {"items": items}

    @door.operation("GET", "/centres", Operation(scope=None, answer=schemas.Centres, tag=TAG))
    def list_centres(call: Call) -> dict[str, Any]:
        """All centres

        With those of your services that take bookings there now.
        """
        here: dict[str, list[str]] = {code: [] for code in call.catalogue.sites}
        for code in call.services:
            for offering in call.catalogue.offerings_of(code):
                here[offering.site.code].append(code)
        items = []
        for site in call.catalogue.sites.values():
            town, confirmed = _told(site.town, site.town_trust)
            items.append(
                {
                    "code": site.code,
                    "name": _name(site.names),
                    "town": town,
                    "town_confirmed": confirmed,
                    "window_minutes": site.window_minutes,
                    "services": here[site.code],
                }
            )
        return {"items": items}

    @door.operation(
        "GET",
        "/availability",
        Operation(
            scope=Scope.AVAILABILITY_READ,
            answer=schemas.Availability,
            query=schemas.AvailabilityQuery,
            problems=(404, 409),
            tag=TAG,
        ),
    )
    def read_availability(call: Call, query: dict[str, Any]) -> dict[str, Any]:
        """Free times

        Of one of your services at one centre. A time may be gone by the time you take it: then taking it answers 409.
        """
        service, site = call.service(query["service"], "?service"), call.site(query["centre"], "?centre")
        offering = call.offering(service, site)
        first = query.get("first") or local_date(call.now)
        days = [first + timedelta(days=ahead) for ahead in range(query["days"])]
        full = fullness(call.db, [offering], days[0], days[-1])
        closed = call.catalogue.closed_days
        free = [(day, free_times(offering, day, full=full, now=call.now, closed_days=closed)) for day in days]
        return {
            "service": service.code,
            "centre": site.code,
            "window_minutes": site.window_minutes,
            "days": [{"day": day, "times": times} for day, times in free if times],
        }


def _told(value: Value | None, trust: Trust) -> tuple[Value | None, bool | None]:
    """A value, and whether it is confirmed. A guess is told to nobody, as in core.catalogue.telling."""
    if value is None or trust is Trust.ESTIMATE:
        return None, None
    return value, trust is Trust.VERIFIED


def _name(names: Names) -> dict[str, str]:
    return {"en": names.full["en"], "sw": names.full["sw"]}
