"""An agency's system, as a test plays it: a key, and requests with it."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from core.catalogue.tables import Agency
from core.db import Transaction
from core.partners import keys
from core.partners.keys import Scope
from core.people.audit import Actor
from tests.support import NOW

ROOT = "/api/v1"
_count = itertools.count(1)


@dataclass
class System:
    """One key of an agency, and what its holder asks."""

    app: Flask
    agency: str
    agency_id: int
    key_id: int
    key: str
    said: dict[str, str] = field(default_factory=dict)
    """Headers of every request."""

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._open("GET", path, query_string=query)

    def delete(self, path: str) -> TestResponse:
        return self._open("DELETE", path)

    def post(self, path: str, body: Any, *, once: str | None = None) -> TestResponse:
        """`once` is the idempotency key; a new one unless it is given."""
        return self._open("POST", path, json=body, once=once or f"a-key-for-this-{next(_count):06d}")

    def _open(self, method: str, path: str, *, once: str | None = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **self.said}
        if once:
            headers["Idempotency-Key"] = once
        return self.app.test_client().open(ROOT + path, method=method, headers=headers, **more)


def system(
    app: Flask, transaction: Transaction, agency: str = "NRB", *, scopes: Collection[Scope] = tuple(Scope)
) -> System:
    with transaction() as db:
        agency_id = db.scalars(sa.select(Agency.id).where(Agency.code == agency)).one()
        made = keys.make(
            db, agency_id=agency_id, name="Tests", scopes=scopes, actor=Actor("desk", who="amina"), now=NOW
        )
    return System(app, agency, agency_id, made.key_id, made.key)


def refused(response: TestResponse, status: int, kind: str) -> dict[str, Any]:
    """That it is a problem of this kind; its body."""
    body: dict[str, Any] = response.get_json(force=True)
    assert (response.status_code, response.content_type) == (status, "application/problem+json"), body
    assert (body["status"], body["type"]) == (status, f"/api#{kind}")
    assert body["title"]
    assert body["detail"]
    return body
