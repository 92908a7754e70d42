"""Who is expected for the agency's services."""

from typing import Any

from core.partners.keys import Scope
from core.partners.reading import Expected, bookings_of
from core.people.audit import SEEN, record_event
from web.api import schemas
from web.api.cursors import cursor_of, place_of
from web.api.door import Call, Door, Operation

PAGE = 100


def add(door: Door) -> None:
    @door.operation(
        "GET",
        "/bookings",
        Operation(
            scope=Scope.BOOKINGS_READ,
            answer=schemas.Bookings,
            query=schemas.DayQuery,
            problems=(404,),
            traced=True,
            tag="Bookings",
        ),
    )
    def list_bookings(call: Call, query: dict[str, Any]) -> dict[str, Any]:
        """Who is expected

        The bookings of a day that are still to come or have come, in the order of their times. No names, no phones: a
        citizen is known by the reference and the end of the ID. What is over is told by webhook.
        """
        mine = call.services
        wanted = [call.service(query["service"], "?service")] if "service" in query else list(mine.values())
        site = call.site(query["centre"], "?centre") if "centre" in query else None
        found = bookings_of(
            call.db,
            [service.id for service in wanted],
            day=query["day"],
            after=place_of(query.get("cursor")),
            limit=PAGE + 1,
            site_id=site.id if site else None,
        )
        rows, more = found[:PAGE], len(found) > PAGE
        record_event(
            call.db,
            f"bookings{SEEN}",
            f"agency:{call.partner.agency_id}",
            actor=call.partner.actor,
            now=call.now,
            day=query["day"].isoformat(),
            rows=len(rows),
            **({"site_id": site.id} if site else {}),
        )
        return {
            "items": [_shown(call, row) for row in rows],
            "next": cursor_of((rows[-1].starts_at, rows[-1].id)) if more else None,
        }


def _shown(call: Call, row: Expected) -> dict[str, Any]:
    sealed = row.identity_sealed
    return {
        "reference": row.reference,
        "service": call.catalogue.service_by_id(row.service_id).code,
        "centre": call.catalogue.site_by_id(row.site_id).code,
        "starts_at": row.starts_at,
        "came_at": row.came_at,
        "booked_at": row.created_at,
        "id_ends": call.work.register.last_digits(sealed) if sealed else None,
    }
