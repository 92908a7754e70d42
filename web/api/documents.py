"""Applications and documents of the agency's services."""

import re
from typing import Any

from core.errors import Malformed
from core.partners.keys import Scope
from core.partners.moving import Asked, Done, Result, move_documents
from core.partners.reading import document_of, documents_of, steps_of
from core.people.identities import Identity, parse_identity
from core.phones import parse_phone
from core.tracking import counter
from core.tracking.stages import Stage
from core.tracking.tables import Document
from web.api import schemas
from web.api.cursors import cursor_of, place_of
from web.api.door import Call, Door, Operation
from web.api.problems import Problem

PAGE = 100
MOST_BATCH = 256 * 1024
"""Bytes; 500 moves with everything in them take a third."""
TAG = "Documents"
_ONE = "/documents/<eight_digits:tracking_number>"


def add(door: Door) -> None:
    @door.operation(
        "POST",
        "/applications",
        Operation(
            scope=Scope.DOCUMENTS_WRITE,
            answer=schemas.Registered,
            status=201,
            body=schemas.Application,
            problems=(404, 409),
            tag=TAG,
        ),
    )
    def register_application(call: Call, body: dict[str, Any]) -> dict[str, Any]:
        """Register an application

        The document gets a tracking number, and its owner an SMS that says it. Give one kind of identity number, or
        none (a first ID, a child): then the owner is asked for the year of birth.
        """
        service, site = call.service(body["service"], "/service"), call.site(body["centre"], "/centre")
        phone, said = _phone(body.get("phone"))
        owner = _owner(body)
        application = counter.Application(
            proof=_proof(owner, body["year_of_birth"], service.identity),
            promised_on=body.get("promised_on"),
            owner=owner,
            phone=phone,
            tracking_number=body.get("tracking_number"),
        )
        registered = counter.register_application(
            call.db,
            call.work.register,
            application,
            actor=call.partner.actor,
            service_id=service.id,
            site_id=site.id,
            request_key=f"{call.request_key}:application",
            now=call.now,
        )
        return {"tracking_number": registered.tracking_number, "phone": said}

    _moves(door)

    @door.operation("GET", _ONE, Operation(scope=Scope.DOCUMENTS_READ, answer=schemas.DocumentInFull, tag=TAG))
    def read_document(call: Call, tracking_number: str) -> dict[str, Any]:
        """One document

        Where it is, and the steps that led there.
        """
        document = _find(call, tracking_number)
        sites = {site.id: site.code for site in call.catalogue.sites.values()}
        steps = [
            {"stage": step.stage, "at": step.at, "centre": sites.get(step.site_id or 0)}
            for step in steps_of(call.db, document.id)
        ]
        return _shown(call, document) | {"steps": steps}

    @door.operation(
        "GET",
        "/documents",
        Operation(scope=Scope.DOCUMENTS_READ, answer=schemas.Documents, query=schemas.DocumentsQuery, tag=TAG),
    )
    def list_documents(call: Call, query: dict[str, Any]) -> dict[str, Any]:
        """Documents that have moved

        In the order in which they last did, up to a minute ago. Follow `next` to the end; later, go on with
        `changed_since` the `since` of the last one. To hear of each step at once, add a webhook.
        """
        found = documents_of(
            call.db,
            [service.id for service in call.services.values()],
            since=query.get("changed_since"),
            after=place_of(query.get("cursor")),
            limit=PAGE + 1,
            now=call.now,
        )
        rows = found[:PAGE]
        last = rows[-1] if len(found) > PAGE else None
        return {
            "items": [_shown(call, row) for row in rows],
            "next": cursor_of((last.stage_since, last.id)) if last else None,
        }


def _moves(door: Door) -> None:
    @door.operation(
        "POST",
        _ONE + "/moves",
        Operation(scope=Scope.DOCUMENTS_WRITE, answer=schemas.Moved, body=schemas.Move, problems=(409,), tag=TAG),
    )
    def move_document(call: Call, body: dict[str, Any], tracking_number: str) -> dict[str, Any]:
        """Say where a document is

        Its owner is told what matters to them. Said again, it changes nothing.
        """
        if "centre" in body:
            call.site(body["centre"], "/centre")
        [done] = _move(call, [body | {"tracking_number": tracking_number}])
        if not done.known:
            raise Problem("not-found", done.detail)
        if done.result is Result.REFUSED:
            raise Problem("illegal-move", done.detail)
        return _outcome(done) | {"document": _shown(call, _find(call, tracking_number))}

    @door.operation(
        "POST",
        "/documents/moves",
        Operation(
            scope=Scope.DOCUMENTS_WRITE,
            answer=schemas.MoveOutcomes,
            body=schemas.Moves,
            most_body=MOST_BATCH,
            tag=TAG,
        ),
    )
    def move_many_documents(call: Call, body: dict[str, Any]) -> dict[str, Any]:
        """Say where many documents are

        Up to 500 at once, each with an outcome of its own: what is refused does not hold up the rest.
        """
        done = _move(call, body["moves"])
        outcomes = [{"line": nth + 1} | _outcome(one) for nth, one in enumerate(done)]
        return {str(result): sum(it.result is result for it in done) for result in Result} | {"outcomes": outcomes}


def _move(call: Call, moves: list[dict[str, Any]]) -> list[Done]:
    asked = [Asked(it["tracking_number"], Stage(it["stage"]), it.get("centre"), it.get("correction")) for it in moves]
    return move_documents(
        call.db,
        call.work.register,
        call.partner,
        asked,
        catalogue=call.catalogue,
        request_key=call.request_key,
        now=call.now,
    )


def _outcome(done: Done) -> dict[str, Any]:
    return {"tracking_number": done.asked.tracking_number, "result": str(done.result), "detail": done.detail}


def _find(call: Call, tracking_number: str) -> Document:
    mine = [service.id for service in call.services.values()]
    document = document_of(call.db, mine, tracking_number)
    if document is None:
        raise Problem("not-found", "There is no document of yours with this tracking number.")
    return document


def _shown(call: Call, document: Document) -> dict[str, Any]:
    return {
        "tracking_number": document.tracking_number,
        "service": call.catalogue.service_by_id(document.service_id).code,
        "centre": call.catalogue.site_by_id(document.site_id).code,
        "stage": document.stage,
        "since": document.stage_since,
        "promised_on": document.promised_on,
        "correction": document.correction,
    }


def _phone(given: str | None) -> tuple[str | None, str]:
    if given is None:
        return None, "no_phone"
    try:
        return parse_phone(given), "told"
    except Malformed:
        return None, "bad_phone"


def _owner(body: dict[str, Any]) -> Identity | None:
    """The first identity that is given, in the order in which they are described."""
    for kind in ("national_id", "passport", "alien_id", "birth_entry"):
        if kind in body:
            return parse_identity(kind, body[kind])
    return None


def _proof(owner: Identity | None, year_of_birth: int, asked: str) -> str:
    """What its owner is asked for: the end of the ID, or the year of birth where they have none of their own."""
    digits = re.sub(r"\D", "", owner.number)[-3:] if owner else ""
    return digits if len(digits) == 3 and asked != "none" else str(year_of_birth)
