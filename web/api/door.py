"""What every operation shares: the key and its scopes, how often it may be asked, and that nothing is done twice."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Flask, Response, g, json, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from core import wording
from core.catalogue.snapshot import Catalogue, Offering, Service, Site
from core.db import DatabaseDown, Session
from core.errors import ZamuError
from core.idempotency import Outcome
from core.partners.errors import BadKey
from core.partners.keys import Partner, Scope, authenticate
from core.partners.requests import Prints, carry_out
from web.api import problems, rates
from web.api.problems import Problem
from web.work import Work

ROOT = "/api/v1"
MOST_BODY = 16 * 1024
"""Bytes, of everything but a batch."""
_KEY = re.compile(r'"?([A-Za-z0-9_-]{16,64})"?')
_KEY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "Random, new for each thing that is to be done; the same when it is repeated.",
    "schema": {
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{16,64}$",
        "example": "7d3e0a7c-9a4e-4f55-b1c0-5a9f1c1f8a10",
    },
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that may be carried out: by whom, when, and in which transaction."""

    work: Work
    db: Session
    partner: Partner
    now: datetime
    request_key: str = ""
    """Of those that write: what core knows the request by."""

    @property
    def catalogue(self) -> Catalogue:
        return self.work.catalogue

    @property
    def services(self) -> dict[str, Service]:
        """The agency's, by code. Another's are not there for it."""
        services = self.catalogue.services
        return {code: it for code, it in services.items() if it.agency_id == self.partner.agency_id}

    def service(self, code: str, pointer: str) -> Service:
        """Raises:
        Problem: it is none of the agency's.
        """
        if code not in self.services:
            raise Problem("not-found", f"There is no service {code} of yours.", pointer=pointer)
        return self.services[code]

    def site(self, code: str, pointer: str) -> Site:
        """Raises:
        Problem: there is none of this code.
        """
        if code not in self.catalogue.sites:
            raise Problem("not-found", f"There is no centre {code}.", pointer=pointer)
        return self.catalogue.sites[code]

    def offering(self, service: Service, site: Site) -> Offering:
        """Raises:
        Problem: the service takes no bookings there now.
        """
        offering = self.catalogue.offering(service.code, site.code)
        if offering is None:
            raise Problem("not-offered", f"{service.code} takes no bookings at {site.code} now.")
        return offering


View = Callable[..., Any]


class EightDigits(BaseConverter):
    """A tracking number in a path. Anything else is no such address, and /documents/moves is no document."""

    regex = "[1-9][0-9]{7}"


class Row(BaseConverter):
    """The number of a row in a path."""

    regex = "[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is said of an operation once, for its documentation and for its checks."""

    scope: Scope | None
    """None: any key will do."""
    answer: type[Schema] | None
    """None: nothing is answered but that it is done."""
    status: int = 200
    tag: str
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    problems: tuple[int, ...] = ()
    """Beside those that any operation of its kind has."""
    most_body: int = MOST_BODY
    traced: bool = False
    """A GET that shows what is about citizens, and leaves an event that it has."""
    reveal: Callable[[Call, Outcome], Outcome] | None = None
    """Adds to the answer what must not be kept with it."""


class Door(Blueprint):
    """The blueprint of the API, which checks everybody before a view is asked."""

    def __init__(self, work: Work) -> None:
        super().__init__("api", __name__, url_prefix=ROOT)
        self._work = work
        self._prints = Prints(work.settings.secret_key)
        self.before_request(lambda: wording.speak(wording.DEFAULT))
        self.after_request(_tell_rate)
        self.register_error_handler(Problem, problems.of_problem)
        self.register_error_handler(ZamuError, problems.of_refusal)
        self.register_error_handler(HTTPException, problems.of_http)
        self.register_error_handler(RecursionError, lambda error: problems.answer("bad-request"))
        for kind in DatabaseDown:
            self.register_error_handler(kind, lambda error: problems.away())

    def operation(self, method: str, rule: str, declared: Operation) -> Callable[[View], View]:
        """Declare one. The view gets a Call, then body or query as they have been checked, then what is in the path.

        What a POST answers is kept and given again to whoever repeats it; the view must not call anything twice that
        the transaction does not undo.
        """

        def mark(view: View) -> View:
            checked = self._documented(method, rule, declared, self._carried_out(method, declared, view))

            @wraps(checked)
            def guarded(**path: Any) -> Response:
                self._check(method, declared)
                answer: Response = checked(**path)
                return answer

            self.route(rule, methods=[method], endpoint=view.__name__, tags=[declared.tag])(guarded)
            return view

        return mark

    def _check(self, method: str, declared: Operation) -> None:
        """Who asks, whether they may, how often, and whether it can be read."""
        partner = g.partner = self._authenticate()
        rates.count(f"key:{partner.key_id}")
        if declared.scope is not None and declared.scope not in partner.scopes:
            raise Problem("no-scope", f"The key lacks the scope {declared.scope}.")
        if declared.body is not None:
            request.max_content_length = declared.most_body
            if not request.is_json:
                raise Problem("not-json")
        if method == "POST":
            given = _KEY.fullmatch(request.headers.get("Idempotency-Key", ""))
            if given is None:
                raise Problem("no-idempotency-key")
            g.idempotency_key = given[1]

    def _authenticate(self) -> Partner:
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        try:
            if kind.lower() != "bearer":
                raise BadKey
            with self._work.transaction() as db:
                return authenticate(db, key.strip(), now=self._work.now())
        except BadKey:
            rates.count_wrong(request.remote_addr or "nobody")
            raise

    def _carried_out(self, method: str, declared: Operation, view: View) -> View:
        """The view in its transaction, and what it answers as JSON."""
        schema = declared.answer() if declared.answer else None

        def dumped(found: Any) -> Outcome:
            return {} if schema is None else dict(schema.dump(found))

        @wraps(view)
        def carried(*given: Any, **path: Any) -> Response:
            work, now, partner = self._work, self._work.now(), g.partner
            if method == "GET":
                with work.writing() if declared.traced else work.reading() as db:
                    answer = dumped(view(Call(work, db, partner, now), *given, **path))
                return _json(answer, declared.status)
            with work.writing() as db:
                if method == "DELETE":
                    view(Call(work, db, partner, now), *given, **path)
                    return _empty(declared.status)
                carried = carry_out(
                    db,
                    partner,
                    key=g.idempotency_key,
                    print_=self._prints.of(method, request.path, _canonical()),
                    work=lambda key: dumped(view(Call(work, db, partner, now, key), *given, **path)),
                    now=now,
                )
                answer = carried.outcome
                if declared.reveal is not None:
                    answer = declared.reveal(Call(work, db, partner, now), answer)
            response = _json(answer, declared.status)
            if carried.replayed:
                response.headers["Idempotent-Replayed"] = "true"
            return response

        return carried

    def _documented(self, method: str, rule: str, declared: Operation, view: View) -> View:
        """With what comes in checked, and everything described."""
        view = self.response(declared.status, declared.answer)(view)
        for status in sorted(_problems(method, rule, declared)):
            view = self.alt_response(status, "Problem")(view)
        if declared.query is not None:
            view = self.arguments(declared.query(), location="query", unknown=RAISE)(view)
        if declared.body is not None:
            view = self.arguments(declared.body())(view)
        more: dict[str, Any] = {"security": [{"key": [declared.scope] if declared.scope else []}]}
        if method == "POST":
            more["parameters"] = [_KEY_PARAMETER]
        described: View = self.doc(operationId=view.__name__, **more)(view)
        return described


def _problems(method: str, rule: str, declared: Operation) -> set[int]:
    found = {401, 429, 503, *declared.problems}
    if declared.scope is not None:
        found.add(403)
    if "<" in rule:
        found.add(404)
    if declared.body is not None:
        found |= {400, 413, 415, 422}
    if declared.query is not None:
        found |= {422}
    return found


def _canonical() -> bytes:
    """The body however it is spelt: who repeats a request may put its fields in another order."""
    return json.dumps(request.get_json(silent=True), sort_keys=True).encode()


def _json(answer: Outcome, status: int) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")


def _empty(status: int) -> Response:
    response = Response("", status)
    del response.headers["Content-Type"]
    return response


def _tell_rate(response: Response) -> Response:
    response.headers.update(g.get("rate_headers", {}))
    # What is answered is one agency's, and true for a moment.
    response.headers["Cache-Control"] = "no-store"
    return response


def allow_methods(app: Flask) -> None:
    """Whoever is told that there is no such method is told which there are."""

    def allow(response: Response) -> Response:
        if response.status_code == 405 and request.path.startswith("/api/"):
            adapter = app.create_url_adapter(request)
            if adapter is not None:
                response.headers["Allow"] = ", ".join(sorted(adapter.allowed_methods(request.path)))
        return response

    app.after_request(allow)
