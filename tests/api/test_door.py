"""What goes for every operation: keys, scopes, rates, idempotency, and the shape of what is refused."""

import re
import threading
from datetime import datetime

import pytest
import sqlalchemy as sa

from core.booking.tables import Appointment, Window
from core.idempotency import Request
from core.partners import keys
from core.partners.keys import Scope
from core.partners.tables import ApiKey, Webhook
from core.people.audit import Actor
from tests.api.agency import ROOT, System, refused
from tests.support import NOW

A_TIME = "2026-11-24T08:00:00+03:00"
PLACE = {"reference": "N-1", "service": "IDR", "centre": "GPO", "starts_at": A_TIME}


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer zamu_wrong", "Basic dXNlcjpwYXNz", "Bearer " + "zamu_" + "x" * 43]
)
def test_without_a_key_of_ours_nothing_is_answered(app, town, said):
    response = app.test_client().get(f"{ROOT}/services", headers={"Authorization": said})
    refused(response, 401, "no-key")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing_from_then_on(nrb, transaction):
    assert nrb.get("/services").status_code == 200
    with transaction() as db:
        keys.revoke(db, agency_id=nrb.agency_id, key_id=nrb.key_id, actor=Actor("desk", who="amina"), now=NOW)
    refused(nrb.get("/services"), 401, "no-key")


def test_a_key_does_what_its_scopes_say(systems, app):
    every = {rule.endpoint: rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert len(every) == 18
    modest = systems(scopes=[])
    assert modest.get("/services").status_code == modest.get("/centres").status_code == 200
    for endpoint, rule in every.items():
        if endpoint in ("api.list_services", "api.list_centres"):
            continue
        [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        path = re.sub("<[^>]+>", "48217096", rule.rule.removeprefix(ROOT))
        response = modest._open(method, path, json={} if method == "POST" else None)
        refused(response, 403, "no-scope")


def test_when_a_key_was_used_is_known_to_the_hour(nrb, clock, transaction):
    def used():
        with transaction() as db:
            return db.scalars(sa.select(ApiKey.used_at).where(ApiKey.id == nrb.key_id)).one()

    clock.time = NOW.replace(minute=35)
    nrb.get("/services")
    assert used() == NOW.replace(minute=0)
    clock.time = NOW.replace(minute=55)
    nrb.get("/services")
    assert used() == NOW.replace(minute=0)


def test_a_repeated_request_is_done_once_and_answered_the_same(nrb, transaction):
    first = nrb.post("/appointments", PLACE, once="the-same-key-twice")
    again = nrb.post("/appointments", dict(reversed(PLACE.items())), once="the-same-key-twice")
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Appointment)) == 1


def test_the_same_key_for_another_request_is_refused(nrb, other):
    assert nrb.post("/appointments", PLACE, once="one-key-for-everything").status_code == 201
    changed = PLACE | {"reference": "N-2"}
    refused(nrb.post("/appointments", changed, once="one-key-for-everything"), 422, "key-reused")
    elsewhere = nrb.post(
        "/appointments/N-1/moves", {"centre": "GPO", "starts_at": A_TIME}, once="one-key-for-everything"
    )
    refused(elsewhere, 422, "key-reused")
    theirs = other.post("/appointments", PLACE | {"service": "BCN"}, once="one-key-for-everything")
    assert theirs.status_code == 201, "another agency's keys are its own"


def test_a_refusal_is_not_kept(nrb, idr, transaction):
    at = datetime.fromisoformat(A_TIME)
    with transaction() as db:
        db.add(Window(kind="offering", owner_id=idr.id, starts_at=at, wanted=1, capacity=1, taken=1))
    refused(nrb.post("/appointments", PLACE, once="a-key-that-is-refused"), 409, "slot-full")
    with transaction() as db:
        db.execute(sa.update(Window).values(taken=0))
    assert nrb.post("/appointments", PLACE, once="a-key-that-is-refused").status_code == 201


def test_two_copies_at_once_are_one(nrb, transaction):
    answers = []
    start = threading.Barrier(4)

    def ask():
        start.wait(10)
        answers.append(nrb.post("/appointments", PLACE, once="four-copies-at-once"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3


@pytest.mark.parametrize("key", [None, "short", "with spaces in the key", "x" * 65])
def test_a_post_without_a_usable_key_is_refused(nrb, key):
    refused(nrb._open("POST", "/appointments", json=PLACE, once=key), 400, "no-idempotency-key")


def test_what_cannot_be_read_is_said_with_a_pointer(nrb):
    body = refused(nrb.post("/appointments", PLACE | {"starts_at": "tomorrow", "colour": "red"}), 422, "invalid")
    assert {error["pointer"] for error in body["errors"]} == {"#/starts_at", "#/colour"}
    nested = {
        "moves": [{"tracking_number": "48217096", "stage": "in_process"}, {"tracking_number": "1", "stage": "lost"}]
    }
    body = refused(nrb.post("/documents/moves", nested), 422, "invalid")
    assert {error["pointer"] for error in body["errors"]} == {"#/moves/1/tracking_number", "#/moves/1/stage"}
    body = refused(nrb.get("/bookings", day="soon", dya="2026-11-24"), 422, "invalid")
    assert {error["parameter"] for error in body["errors"]} == {"day", "dya"}


def test_a_body_that_is_no_json_is_refused(nrb):
    once = "a-key-for-bad-bodies"
    refused(nrb._open("POST", "/appointments", data="a=b", once=once), 415, "not-json")
    json = {"content_type": "application/json", "once": once}
    refused(nrb._open("POST", "/appointments", data="{", **json), 400, "bad-request")
    refused(nrb._open("POST", "/appointments", data=b"\xff\xfe", **json), 400, "bad-request")
    refused(nrb._open("POST", "/appointments", data="[" * 16_000, **json), 400, "bad-request")
    refused(nrb._open("POST", "/appointments", data="[" + "1," * 20_000 + "1]", **json), 413, "too-big")


def test_an_address_that_is_none_is_a_problem_too(nrb):
    refused(nrb.get("/nothing"), 404, "not-found")
    refused(nrb.get("/documents/1"), 404, "not-found")
    for method in ("DELETE", "PATCH"):
        wrong = nrb._open(method, "/bookings")
        refused(wrong, 405, "not-allowed")
        assert wrong.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_fault_of_ours_is_a_problem_too_and_tells_nothing(nrb, transaction):
    added = nrb.post("/webhooks", {"url": "https://nrb.example/"}, once="a-seal-that-breaks").json
    with transaction() as db:
        db.execute(sa.update(Webhook).values(secret_sealed=b"damaged"))
    failed = refused(nrb.post("/webhooks", {"url": "https://nrb.example/"}, once="a-seal-that-breaks"), 500, "failed")
    assert "seal" not in str(failed).lower()
    with transaction() as db:
        db.execute(sa.update(ApiKey).values(scopes=["no:such"]))
    broken = refused(nrb.get(f"/webhooks/{added['id']}"), 500, "failed")
    assert "no:such" not in str(broken)


def test_whoever_asks_too_often_is_told_when_to_come_again(systems, app):
    eager, patient = systems(), systems()
    app.config["API_RATE"] = "3 per minute"
    try:
        answers = [eager.get("/services") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"api";q=3;w=60'
        assert answers[0].headers["RateLimit"].startswith('"api";r=2;')
        refused(answers[3], 429, "too-often")
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
        assert patient.get("/services").status_code == 200, "each key has its own"
    finally:
        del app.config["API_RATE"]


def test_nothing_personal_is_kept_of_a_request(nrb, transaction):
    body = {
        "service": "IDR",
        "centre": "GPO",
        "year_of_birth": 1994,
        "national_id": "27654321",
        "phone": "+254711000001",
    }
    assert nrb.post("/applications", body).status_code == 201
    with transaction() as db:
        kept = " ".join(f"{row.key} {row.outcome}" for row in db.scalars(sa.select(Request)))
    assert "27654321" not in kept
    assert "711000001" not in kept


def test_a_database_that_is_away_is_a_problem_and_not_a_page(make_app, dead_database):
    app = make_app(database_url=dead_database)
    away = System(app, "NRB", 1, 1, "zamu_" + "x" * 43)
    response = away.get("/services")
    refused(response, 503, "away")
    assert response.headers["Retry-After"]


def test_scopes_are_all_used(app):
    document = app.test_client().get(f"{ROOT}/openapi.json").json
    used = {
        scope
        for methods in document["paths"].values()
        for said in methods.values()
        if isinstance(said, dict)
        for scope in said["security"][0]["key"]
    }
    assert used == set(Scope)


def test_whoever_tries_keys_is_stopped(app, town):
    app.config["API_RATE_WRONG"] = "2 per minute"
    try:
        tries = [app.test_client().get(f"{ROOT}/services", headers={"Authorization": f"Bearer {n}"}) for n in range(3)]
    finally:
        del app.config["API_RATE_WRONG"]
    assert [answer.status_code for answer in tries] == [401, 401, 429]


def test_the_page_for_people_says_which_numbers_in_its_examples_are_made_up(app):
    page = app.test_client().get("/api").text
    assert all(f"<code>{value}</code>" in page for value in ("48217096", "NRB-2026-000017", "7"))
    assert "are made up" in page
