"""What is refused to an agency's system: RFC 9457 problems, each of a kind that a program can tell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, json
from werkzeug.exceptions import HTTPException

from core.booking.errors import NotOffered, SlotFull
from core.errors import Malformed, ZamuError
from core.partners import errors
from core.tracking.errors import DocumentRefused, NoSuchDocument, NumberInUse
from web import logs

TYPE = "application/problem+json"
AGAIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: what it is called, which status it has, and what to do about it."""

    status: int
    title: str
    remedy: str


KINDS: Mapping[str, Kind] = {
    "bad-request": Kind(400, "The request cannot be read", "Mend what `errors` points at."),
    "no-idempotency-key": Kind(
        400,
        "There is no usable Idempotency-Key",
        "Send a new random key of 16 to 64 letters, digits, - or _ with each thing you want done, and the same one "
        "when you repeat it.",
    ),
    "no-key": Kind(
        401, "There is no usable key", "Send `Authorization: Bearer zamu_...`, with a key that is in force."
    ),
    "no-scope": Kind(403, "The key may not do this", "Ask whoever made the key for one with the scope that is named."),
    "not-found": Kind(404, "There is no such thing", "It does not exist, or is not of your agency's services."),
    "not-allowed": Kind(405, "This address has no such method", "See `Allow` in the answer."),
    "slot-full": Kind(409, "No place is left at this time", "Ask for the availability again, and choose another time."),
    "not-offered": Kind(
        409,
        "This time cannot be booked",
        "It is no window's start, too soon, too far ahead, closed, or the service is not given there.",
    ),
    "reference-in-use": Kind(409, "You have had an appointment of this reference", "Give each one of its own."),
    "number-in-use": Kind(409, "Another document has this tracking number", "Look at what is printed on the card."),
    "illegal-move": Kind(409, "The document cannot go there", "See `detail`: its journey has no such step."),
    "too-many": Kind(409, "You have as many as you may", "End one first."),
    "too-big": Kind(413, "The body is too big", "Send fewer items at once."),
    "not-json": Kind(415, "The body is not JSON", "Send `Content-Type: application/json`."),
    "invalid": Kind(422, "What was sent is not valid", "Mend what `errors` points at."),
    "key-reused": Kind(
        422,
        "This Idempotency-Key belongs to another request",
        "A key is for one request: take a new one for a new request, and the same body for the same key.",
    ),
    "too-often": Kind(429, "Too many requests", "Wait for as many seconds as `Retry-After` says."),
    "failed": Kind(500, "Something failed here", "Nothing was changed. The operator has been told; try again later."),
    "away": Kind(503, "The database does not answer", "Nothing was changed. Repeat it with the same Idempotency-Key."),
}

_BY_STATUS = {kind.status: name for name, kind in reversed(list(KINDS.items()))}
"""The first kind of each status, which is the most general one where one is."""
_OF_ERROR: Mapping[type[Exception], str] = {
    SlotFull: "slot-full",
    NotOffered: "not-offered",
    NumberInUse: "number-in-use",
    NoSuchDocument: "not-found",
    DocumentRefused: "illegal-move",
    errors.BadKey: "no-key",
    errors.NoSuchAppointment: "not-found",
    errors.NoSuchWebhook: "not-found",
    errors.ReferenceInUse: "reference-in-use",
    errors.TooManyWebhooks: "too-many",
    errors.AnotherRequest: "key-reused",
    errors.BadAddress: "invalid",
    Malformed: "invalid",
}


class Problem(Exception):
    """Answers the request. `pointer` is a JSON pointer into the body, or the name of a parameter as `?name`."""

    def __init__(self, name: str, detail: str = "", *, pointer: str = "", headers: Mapping[str, str] = {}) -> None:
        super().__init__(detail or KINDS[name].title)
        self.name, self.detail, self.headers = name, detail, headers
        self.errors = [said_at(pointer, detail or KINDS[name].title)] if pointer else []


def said_at(pointer: str, detail: str) -> dict[str, str]:
    """One entry of `errors`: a place in the body as a JSON pointer, or a parameter by its name."""
    where = {"parameter": pointer[1:]} if pointer.startswith("?") else {"pointer": f"#{pointer}"}
    return where | {"detail": detail}


def answer(
    name: str, detail: str = "", *, errors: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] = {}
) -> Response:
    """The problem as it is sent."""
    kind = KINDS[name]
    body: dict[str, Any] = {
        "type": f"/api#{name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.remedy,
    }
    if errors:
        body["errors"] = list(errors)
    response = Response(json.dumps(body), kind.status, content_type=TYPE)
    response.headers.update(headers)
    if kind.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Zamu"'
    return response


def of_problem(problem: Problem) -> Response:
    return answer(problem.name, problem.detail, errors=problem.errors, headers=problem.headers)


def of_refusal(error: ZamuError) -> Response:
    """A refusal of the core's. One that no agency can cause, such as a seal that does not open, is a fault of ours."""
    name = next((_OF_ERROR[kind] for kind in type(error).__mro__ if kind in _OF_ERROR), "failed")
    if name == "failed":
        logs.logger("web").exception("request failed", error=type(error).__name__)
    told = name in ("invalid", "illegal-move", "too-many")
    return answer(name, str(error) if told else "")


def of_http(error: HTTPException) -> Response:
    """What Werkzeug refuses, and what does not fit a schema."""
    messages = getattr(error, "data", {}).get("messages", {})
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    return answer(_name(error.code or 500), errors=list(_flat(messages)), headers=headers)


def of_status(status: int, detail: str) -> Response:
    """What is refused before it is known which operation was meant, or fails."""
    return answer(_name(status), detail)


def away() -> Response:
    return answer("away", headers={"Retry-After": str(AGAIN_SECONDS)})


def _name(status: int) -> str:
    return _BY_STATUS.get(status, "bad-request" if status < 500 else "failed")


def _flat(messages: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """marshmallow's messages, by where they were found, as `errors`."""
    for location, found in messages.items():
        for path, said in _leaves(found, ()):
            if location == "json":
                pointer = "".join("/" + re.sub("~", "~0", step).replace("/", "~1") for step in path)
                yield said_at(pointer or "/", said) if path else {"pointer": "#", "detail": said}
            else:
                yield said_at("?" + ".".join(path[:1]), said)


def _leaves(found: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(found, Mapping):
        for step, inner in found.items():
            yield from _leaves(inner, path if step == "_schema" else (*path, str(step)))
    elif isinstance(found, list | tuple):
        for said in found:
            yield path, str(said)
    else:
        yield path, str(found)
