"""What the door looks like: the OpenAPI document for programs, and a page for people, made from it."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, json, render_template
from flask_smorest import Api

from core.partners.keys import SCOPES
from core.partners.news import NAMES
from core.settings import Settings
from web.api import appointments, bookings, catalogue, documents, problems, schemas, webhooks
from web.api.door import ROOT, Door, EightDigits, Row, allow_methods
from web.api.rates import RATE
from web.work import Work

ABOUT = (
    "For the systems of agencies. An agency sees and changes what is of its own services, and nothing else. Times "
    "carry their offset; services and centres go by their codes."
)


class _Described(Api):
    """flask-smorest, which describes; what goes wrong is answered by web.api.problems."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass


def install(app: Flask, work: Work) -> None:
    """Give the application its API, and the page that explains it."""
    described = _Described(app, spec_kwargs=_about(work.settings))
    described.spec.components.security_scheme(
        "key", {"type": "http", "scheme": "bearer", "description": "A key that an agency's clerk has made at the desk."}
    )
    described.spec.components.response(
        "Problem",
        {
            "description": "What is wrong, and where. See the kinds of problems at /api.",
            "content": {problems.TYPE: {"schema": schemas.Problem}},
        },
    )
    app.url_map.converters |= {"eight_digits": EightDigits, "row": Row}
    described.register_converter(EightDigits, lambda it: {"type": "string", "pattern": f"^{it.regex}$"})
    described.register_converter(Row, lambda it: {"type": "integer", "minimum": 1, "maximum": 999_999_999})
    door = Door(work)
    for module in (catalogue, documents, bookings, appointments):
        module.add(door)
    webhooks.add(door, work)
    described.register_blueprint(door)
    app.register_blueprint(_pages(described, work.settings))
    allow_methods(app)


def _about(settings: Settings) -> dict[str, Any]:
    return {
        "title": "Zamu for agencies",
        "version": "1",
        "openapi_version": "3.1.0",
        "info": {"description": ABOUT},
        "servers": [{"url": settings.public_url or "/"}],
        "tags": [
            {"name": catalogue.TAG},
            {"name": documents.TAG},
            {"name": "Bookings"},
            {"name": appointments.TAG},
            {"name": webhooks.TAG},
        ],
    }


def _pages(described: Api, settings: Settings) -> Blueprint:
    blueprint = Blueprint("api_guide", __name__, template_folder="templates")
    document = described.spec.to_dict()
    written = json.dumps(document, indent=1)
    base = settings.public_url or "http://127.0.0.1:8191"

    @blueprint.get(f"{ROOT}/openapi.json")
    def openapi() -> Response:
        """For programs."""
        return Response(written, content_type="application/json")

    @blueprint.get("/api")
    def guide() -> str:
        """For people."""
        return render_template(
            "api/guide.html",
            about=ABOUT,
            sections=list(_sections(document, base)),
            kinds=problems.KINDS,
            scopes=SCOPES,
            events=NAMES,
            rate=RATE,
            root=base + ROOT,
            samples=_SAMPLES,
        )

    return blueprint


def _sections(document: Mapping[str, Any], base: str) -> Iterator[dict[str, Any]]:
    operations = [
        {"method": method.upper(), "path": path, **said}
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if isinstance(said, Mapping) and "operationId" in said
    ]
    for tag in document["tags"]:
        mine = [_operation(document, said, base) for said in operations if tag["name"] in said["tags"]]
        yield {"name": tag["name"], "operations": mine}


def _operation(document: Mapping[str, Any], said: Mapping[str, Any], base: str) -> dict[str, Any]:
    path_parameters = document["paths"][said["path"]].get("parameters", [])
    parameters = [it for it in (*path_parameters, *said.get("parameters", [])) if it["in"] != "header"]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    fields = list(_fields(document, body)) if body else []
    example = _example(document, body) if body else None
    [scopes] = said["security"][0].values()
    return {
        "id": said["operationId"],
        "method": said["method"],
        "path": said["path"],
        "summary": said["summary"],
        "description": said.get("description", ""),
        "scopes": scopes,
        "parameters": parameters,
        "fields": fields,
        "curl": _curl(said, base, example),
        "statuses": sorted(said["responses"], key=str),
    }


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    whole = _resolved(document, schema)
    for name, field in whole.get("properties", {}).items():
        inner = _resolved(document, field.get("items", field))
        yield {
            "name": name,
            "needed": name in whole.get("required", ()),
            "description": field.get("description", ""),
            "values": inner.get("enum", ()),
            "inner": [it["name"] for it in _fields(document, inner)] if "properties" in inner else [],
        }


def _example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A body with what is needed in it."""
    whole = _resolved(document, schema)
    if "properties" in whole:
        needed = {name: it for name, it in whole["properties"].items() if name in whole.get("required", ())}
        return {name: _example(document, it) for name, it in needed.items()}
    if whole.get("type") == "array":
        return [_example(document, whole["items"])]
    return whole.get("example", whole.get("enum", [""])[0])


_SAMPLES = {"tracking_number": "48217096", "reference": "NRB-2026-000017", "webhook_id": "7"}
_QUERIES = {
    "/availability": "?service=IDR&centre=GPO",
    "/bookings": "?day=2026-11-24&centre=GPO",
    "/appointments": "?day=2026-11-24",
    "/documents": "?changed_since=2026-11-23T00:00:00%2B03:00",
}


def _curl(said: Mapping[str, Any], base: str, body: Any) -> str:
    path = said["path"]
    query = _QUERIES.get(path.removeprefix(ROOT), "") if said["method"] == "GET" else ""
    for name, value in _SAMPLES.items():
        path = path.replace(f"{{{name}}}", value)
    lines = [f"curl {shlex.quote(base + path + query)}", "-H 'Authorization: Bearer '\"$KEY\""]
    if said["method"] == "DELETE":
        lines[0] += " -X DELETE"
    if said["method"] == "POST":
        lines += [
            "-H 'Idempotency-Key: '\"$(openssl rand -hex 16)\"",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(body))}",
        ]
    return " \\\n  ".join(lines)
