"""The running server keeps what its OpenAPI document promises: schemathesis tries what that allows, and what not.

What it makes up is the same every time, and little enough for the suite.
"""

import re
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import EngineFinished, FatalError, NonFatalError, ScenarioFinished
from werkzeug.serving import WSGIRequestHandler, make_server

from core.db import Transaction
from tests.api.agency import system

EXAMPLES = 5
"""An operation and phase."""
USUAL = ["2xx", "401", "403", "404", "409"]
NOT_SAID = {
    # A number without its check digit, or a letter in an ID: which numbers there can be is more than a pattern says.
    "POST /api/v1/applications": "422",
    # An address behind our walls looks like any other.
    "POST /api/v1/webhooks": "422",
    # Nobody but us can make a cursor.
    "GET /api/v1/bookings": "422",
    "GET /api/v1/documents": "422",
    "GET /api/v1/appointments": "422",
}
"""What may be refused although the document allows it."""


@pytest.fixture
def contract(app: Any, transaction: Transaction) -> Iterator[Any]:
    """The document as the running server gives it, to be tried with a key of NRB's."""

    class Silent(WSGIRequestHandler):
        def log(self, *_: object) -> None:
            pass

    app.config["API_RATE"] = app.config["API_RATE_WRONG"] = "1000000 per minute"
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json", config=_config(system(app, transaction).key))
    server.shutdown()
    thread.join(10)
    server.server_close()
    del app.config["API_RATE"], app.config["API_RATE_WRONG"]


def _config(key: str) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "auth": {"openapi": {"key": {"bearer": key}}},
            "checks": {"positive_data_acceptance": {"expected-statuses": USUAL}},
            "operations": [
                {"include-name": name, "checks": {"positive_data_acceptance": {"expected-statuses": [*USUAL, more]}}}
                for name, more in NOT_SAID.items()
            ],
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
        }
    )


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A new thing has a new key: a key that is made up twice would mean that it is the same thing."""
    given = (case.headers or {}).get("Idempotency-Key")
    if isinstance(given, str) and re.fullmatch("[A-Za-z0-9_-]{16,64}", given):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


def test_the_server_keeps_what_its_document_promises(contract: Any) -> None:
    faults, tried, statuses = [], set(), Counter()
    for event in from_schema(contract).execute():
        if isinstance(event, ScenarioFinished):
            tried |= {case.value.operation.label for case in event.recorder.cases.values()}
            statuses.update(it.response.status_code for it in event.recorder.interactions.values() if it.response)
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        case = event.recorder.cases[case_id].value
                        found = check.failure_info
                        faults.append(f"{event.phase} {case.operation.label}: {found.failure}\n{found.code_sample}")
        elif isinstance(event, FatalError | NonFatalError):
            faults.append(str(event.info))
        elif isinstance(event, EngineFinished):
            break
    assert faults == [], "\n\n".join(faults)
    assert len(tried) == 18
    assert {200, 201, 401, 404, 422} <= set(statuses), statuses
    assert not {429, 500} & set(statuses), statuses
