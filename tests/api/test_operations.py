"""What an agency's system can do, and what it gets to see."""

import base64
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.beneficiaries import Beneficiary
from core.clock import local_date
from core.messaging.tables import Message
from core.people.audit import Actor, Intent
from core.people.tables import Event
from core.references import new_reference
from core.staff import said
from core.tracking.tables import Document, DocumentEvent
from tests.api.agency import System, refused
from tests.support import NOW

ID, PHONE = "27654321", "+254711000001"
DAY = "2026-11-24"
A_TIME = f"{DAY}T08:00:00+03:00"
APPLICATION = {"service": "IDR", "centre": "GPO", "year_of_birth": 1994}
PLACE = {"reference": "N-1", "service": "IDR", "centre": "GPO", "starts_at": A_TIME}


@pytest.fixture
def applied(nrb: System):
    """`applied()`: a document that NRB has just registered; its tracking number."""

    def register(**more: object) -> str:
        response = nrb.post("/applications", APPLICATION | more)
        assert response.status_code == 201, response.json
        return response.json["tracking_number"]

    return register


@pytest.fixture
def booked(transaction, register, catalogue):
    """`booked("IDR")`: a citizen's booking at the GPO; its reference."""

    def book(service: str = "IDR", hour: int = 8, number: str = ID, phone: str = PHONE) -> str:
        offering = catalogue.offering(service, "GPO")
        starts_at = (NOW + timedelta(days=1)).replace(hour=hour - 3)
        with transaction() as db:
            contact = register.contact(db, phone, now=NOW).id
            person = register.identity(db, "national_id", number, now=NOW).id
            booking = commands.confirm(
                db,
                Intent(contact, f"test-{service}-{hour}-{number}-{phone}", Actor("ussd", contact), "en", NOW),
                offering=offering,
                starts_at=starts_at,
                closed_days=catalogue.closed_days,
                beneficiary=Beneficiary(person),
            )
        return booking.reference

    return book


# Services and times.


def test_an_agency_sees_its_own_services(nrb, other):
    mine = {item["code"]: item for item in nrb.get("/services").json["items"]}
    assert {"IDR", "IDN"} <= set(mine)
    assert mine["IDR"]["name"]["sw"] == "Kubadilisha kitambulisho kilichopotea"
    assert "GPO" in mine["IDR"]["centres"]
    assert not set(mine) & {item["code"] for item in other.get("/services").json["items"]}
    [gpo] = [it for it in nrb.get("/centres").json["items"] if it["code"] == "GPO"]
    assert {"IDR", "IDN"} <= set(gpo["services"]) <= set(mine)


def test_what_is_not_confirmed_is_said_not_to_be_and_a_guess_is_not_said(nrb, other):
    def fees(system):
        return {it["code"]: (it["fee_kes"], it["fee_confirmed"]) for it in system.get("/services").json["items"]}

    assert fees(nrb)["IDR"] == (1050, False)
    assert fees(other)["BCL"] == (None, None)
    towns = {it["code"]: (it["town"], it["town_confirmed"]) for it in nrb.get("/centres").json["items"]}
    assert towns["GPO"] == ("Nairobi", False)
    assert towns["KWL"] == (None, None), "nobody has published where it is"


def test_free_times_are_those_that_can_be_taken(nrb, idr, ledger):
    def free():
        answer = nrb.get("/availability", service="IDR", centre="GPO", **{"from": DAY, "days": 2}).json
        return {day["day"]: day["times"] for day in answer["days"]}

    assert A_TIME in free()[DAY]
    ledger.fill([idr], [local_date(NOW) + timedelta(days=1)])
    assert list(free()) == ["2026-11-25"]


def test_free_times_of_what_is_not_there_are_refused(nrb):
    refused(nrb.get("/availability", service="BCN", centre="GPO"), 404, "not-found")
    refused(nrb.get("/availability", service="IDR", centre="NONE"), 404, "not-found")
    refused(nrb.get("/availability", service="IDR", centre="GPO", days=99), 422, "invalid")
    assert nrb.get("/availability", service="IDR", centre="GPO", **{"from": "0001-01-01"}).json["days"] == []


# Applications and documents.


def test_an_application_gets_a_number_that_its_owner_is_told(nrb, applied, transaction):
    number = applied(national_id=ID, phone=PHONE, promised_on="2026-12-24")
    with transaction() as db:
        document = db.scalars(sa.select(Document)).one()
        assert (document.tracking_number, document.stage) == (number, "applied")
        assert db.scalars(sa.select(Message.template)).all() == ["document_registered"]
        assert db.scalars(sa.select(DocumentEvent.who)).one() == f"key:{nrb.key_id}"
    shown = nrb.get(f"/documents/{number}").json
    assert (shown["stage"], shown["promised_on"]) == ("applied", "2026-12-24")
    assert [step["stage"] for step in shown["steps"]] == ["applied"]


def test_a_phone_that_none_can_be_does_not_lose_the_application(nrb):
    answer = nrb.post("/applications", APPLICATION | {"phone": "+25471"}).json
    refused(nrb.post("/applications", APPLICATION | {"phone": "0711000001"}), 422, "invalid")
    assert answer["type"] == "/api#invalid"
    assert nrb.post("/applications", APPLICATION | {"phone": "+254711000000000"}).json["phone"] == "bad_phone"
    assert nrb.post("/applications", APPLICATION).json["phone"] == "no_phone"


def test_an_application_that_cannot_be_is_refused(nrb, applied):
    number = applied()
    refused(nrb.post("/applications", APPLICATION | {"service": "BCN"}), 404, "not-found")
    refused(nrb.post("/applications", APPLICATION | {"centre": "NONE"}), 404, "not-found")
    refused(nrb.post("/applications", APPLICATION | {"tracking_number": number}), 409, "number-in-use")
    refused(nrb.post("/applications", APPLICATION | {"tracking_number": "12345678"}), 422, "invalid")
    refused(nrb.post("/applications", APPLICATION | {"national_id": "letters"}), 422, "invalid")


def test_a_document_is_moved_once_however_often_it_is_said(nrb, applied, transaction):
    number = applied(phone=PHONE)
    first = nrb.post(f"/documents/{number}/moves", {"stage": "sent_to_centre", "centre": "MAK"})
    again = nrb.post(f"/documents/{number}/moves", {"stage": "sent_to_centre", "centre": "MAK"})
    assert (first.json["result"], again.json["result"]) == ("taken", "unchanged")
    assert again.json["document"] | {"since": None} == {
        "tracking_number": number,
        "service": "IDR",
        "centre": "MAK",
        "stage": "sent_to_centre",
        "since": None,
        "promised_on": None,
        "correction": None,
    }
    with transaction() as db:
        assert list(db.scalars(sa.select(DocumentEvent.stage).order_by(DocumentEvent.id))) == [
            "applied",
            "sent_to_centre",
        ]


def test_its_owner_is_told_of_a_correction(nrb, applied, transaction):
    number = applied(phone=PHONE)
    moved = nrb.post(f"/documents/{number}/moves", {"stage": "needs_correction", "correction": "photo"})
    assert moved.json["document"]["correction"] == "photo"
    with transaction() as db:
        assert "document_correction" in db.scalars(sa.select(Message.template)).all()


def test_a_step_that_the_journey_does_not_have_is_refused(nrb, applied):
    number = applied()
    nrb.post(f"/documents/{number}/moves", {"stage": "rejected"})
    refused(nrb.post(f"/documents/{number}/moves", {"stage": "sent_to_centre"}), 409, "illegal-move")


def test_only_the_centre_says_that_it_has_received_a_document(nrb, applied):
    refused(nrb.post(f"/documents/{applied()}/moves", {"stage": "received"}), 422, "invalid")


def test_another_agencys_document_is_not_there(other, applied, transaction):
    number = applied()
    refused(other.get(f"/documents/{number}"), 404, "not-found")
    refused(other.post(f"/documents/{number}/moves", {"stage": "in_process"}), 404, "not-found")
    batch = other.post("/documents/moves", {"moves": [{"tracking_number": number, "stage": "in_process"}]}).json
    unknown = other.post(
        "/documents/moves", {"moves": [{"tracking_number": new_reference(), "stage": "in_process"}]}
    ).json
    assert batch["outcomes"][0]["result"] == "refused"
    assert batch["outcomes"][0]["detail"] == unknown["outcomes"][0]["detail"]
    assert other.get("/documents").json["items"] == []
    with transaction() as db:
        assert db.scalars(sa.select(Document.stage)).one() == "applied"


def test_a_batch_is_taken_item_by_item(nrb, applied):
    """As somebody at an agency does it who sends the day's work, with mistakes in it, and sends it again."""
    numbers = [applied() for _ in range(4)]
    nrb.post(f"/documents/{numbers[3]}/moves", {"stage": "rejected"})
    moves = [
        {"tracking_number": numbers[0], "stage": "sent_to_centre", "centre": "MAK"},
        {"tracking_number": numbers[1], "stage": "sent_to_centre", "centre": "NONE"},
        {"tracking_number": new_reference(), "stage": "sent_to_centre"},
        {"tracking_number": numbers[3], "stage": "sent_to_centre"},
        {"tracking_number": numbers[0], "stage": "sent_to_centre", "centre": "MAK"},
        {"tracking_number": numbers[2], "stage": "needs_correction"},
    ]
    answer = nrb.post("/documents/moves", {"moves": moves}).json
    assert [it["result"] for it in answer["outcomes"]] == [
        "taken",
        "refused",
        "refused",
        "refused",
        "unchanged",
        "taken",
    ]
    assert [it["line"] for it in answer["outcomes"]] == [1, 2, 3, 4, 5, 6]
    assert all(it["detail"] for it in answer["outcomes"] if it["result"] != "taken")
    assert (answer["taken"], answer["unchanged"], answer["refused"]) == (2, 1, 3)
    again = nrb.post("/documents/moves", {"moves": moves}).json
    assert (again["taken"], again["unchanged"], again["refused"]) == (0, 3, 3)


def test_a_batch_of_five_hundred_fits_and_one_more_does_not(nrb, applied):
    number = applied()
    move = {"tracking_number": number, "stage": "needs_correction", "centre": "GPO", "correction": "details_differ"}
    assert nrb.post("/documents/moves", {"moves": [move] * 500}).json["taken"] == 1
    refused(nrb.post("/documents/moves", {"moves": [move] * 501}), 422, "invalid")
    refused(nrb.post("/documents/moves", {"moves": []}), 422, "invalid")


def test_what_has_moved_is_read_page_by_page(nrb, clock, register, transaction, catalogue):
    with transaction() as db:
        for service in ("IDR", "IDN", "IDC"):
            for nth in range(70):
                db.add(
                    Document(
                        tracking_number=new_reference(),
                        service_id=catalogue.services[service].id,
                        site_id=catalogue.sites["GPO"].id,
                        stage="in_process",
                        stage_since=NOW + timedelta(seconds=nth % 7),
                        proof_index=b"",
                        created_at=NOW,
                    )
                )
    clock.time = NOW + timedelta(seconds=62)
    seen, cursor = [], {}
    while True:
        page = nrb.get("/documents", **cursor).json
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    settled = [item for item in seen if item["since"] <= "2026-11-23T09:00:02+03:00"]
    assert len(seen) == len(settled) == len({item["tracking_number"] for item in seen}) == 90
    assert [item["since"] for item in seen] == sorted(item["since"] for item in seen)
    clock.time = NOW + timedelta(minutes=5)
    assert len(nrb.get("/documents", changed_since="2026-11-23T06:00:06Z").json["items"]) == 30
    endless = base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00", 1e999]').decode()
    for nobodys in ("bm90IG91cnM", endless, "W10", base64.urlsafe_b64encode(b"[" * 9000).decode()):
        refused(nrb.get("/documents", cursor=nobodys), 422, "invalid")


# Bookings.


def test_who_is_expected_is_shown_without_names_phones_and_full_ids(nrb, other, booked, transaction):
    reference = booked("IDR", 8)
    booked("BCN", 9, number="11223344")
    answer = nrb.get("/bookings", day=DAY)
    assert answer.json == {
        "items": [
            {
                "reference": reference,
                "service": "IDR",
                "centre": "GPO",
                "starts_at": A_TIME,
                "came_at": None,
                "booked_at": "2026-11-23T09:00:00+03:00",
                "id_ends": "321",
            }
        ],
        "next": None,
    }
    assert ID not in answer.text
    assert "711000001" not in answer.text
    assert [item["service"] for item in other.get("/bookings", day=DAY).json["items"]] == ["BCN"]
    with transaction() as db:
        seen = db.scalars(sa.select(Event).where(Event.name == "bookings.seen").order_by(Event.id)).first()
        assert (seen.who, seen.details["rows"]) == (f"key:{nrb.key_id}", 1)
    assert seen.name in said.EVENTS


def test_bookings_are_chosen_by_day_service_and_centre(nrb, booked):
    booked("IDR", 8)
    assert nrb.get("/bookings", day="2026-11-25").json["items"] == []
    assert nrb.get("/bookings", day=DAY, service="IDN").json["items"] == []
    assert nrb.get("/bookings", day=DAY, centre="MAK").json["items"] == []
    assert len(nrb.get("/bookings", day=DAY, service="IDR", centre="GPO").json["items"]) == 1
    refused(nrb.get("/bookings", day=DAY, service="BCN"), 404, "not-found")
    refused(nrb.get("/bookings"), 422, "invalid")


# Appointments.


def test_an_appointment_is_taken_moved_and_given_back(nrb, ledger):
    assert nrb.post("/appointments", PLACE).status_code == 201
    ledger.is_balanced()
    moved = nrb.post("/appointments/N-1/moves", {"centre": "MAK", "starts_at": f"{DAY}T10:00:00+03:00"}).json
    assert (moved["centre"], moved["starts_at"]) == ("MAK", f"{DAY}T10:00:00+03:00")
    ledger.is_balanced()
    assert nrb.get("/appointments/N-1").json == moved
    assert nrb.get("/appointments", day=DAY).json["items"] == [moved]
    assert nrb.get("/appointments", day=DAY, centre="GPO").json["items"] == []
    assert nrb.delete("/appointments/N-1").status_code == 204
    ledger.is_balanced()
    refused(nrb.get("/appointments/N-1"), 404, "not-found")
    refused(nrb.delete("/appointments/N-1"), 404, "not-found")
    assert nrb.get("/appointments", day=DAY).json["items"] == []


def test_an_appointment_occupies_what_a_citizen_would(nrb, idr, ledger, booked):
    ledger.leave_one_place(idr, NOW.replace(hour=5) + timedelta(days=1))
    booked("IDR", 8)
    refused(nrb.post("/appointments", PLACE), 409, "slot-full")
    answer = nrb.get("/availability", service="IDR", centre="GPO", **{"from": DAY, "days": 1}).json
    assert A_TIME not in answer["days"][0]["times"]


def test_an_appointment_that_cannot_be_is_refused(nrb, other):
    refused(nrb.post("/appointments", PLACE | {"service": "BCN"}), 404, "not-found")
    refused(nrb.post("/appointments", PLACE | {"starts_at": f"{DAY}T08:07:00+03:00"}), 409, "not-offered")
    refused(nrb.post("/appointments", PLACE | {"starts_at": "0001-01-01T00:00:00Z"}), 409, "not-offered")
    refused(nrb.post("/appointments", PLACE | {"starts_at": f"{DAY}T08:00:00"}), 422, "invalid")
    nrb.post("/appointments", PLACE)
    refused(nrb.post("/appointments", PLACE), 409, "reference-in-use")
    refused(other.get("/appointments/N-1"), 404, "not-found")
    refused(other.delete("/appointments/N-1"), 404, "not-found")


# Webhooks.


def test_a_webhook_is_added_seen_and_ended(nrb, other, transaction):
    body = {"url": "https://nrb.example/zamu", "events": ["booking.confirmed"]}
    added = nrb.post("/webhooks", body, once="a-webhook-of-ours")
    assert added.status_code == 201
    assert added.json["secret"].startswith("whsec_")
    assert nrb.post("/webhooks", body, once="a-webhook-of-ours").json == added.json
    with transaction() as db:
        kept = db.execute(sa.text("SELECT string_agg(outcome::text, ' ') FROM requests")).scalar_one()
    assert added.json["secret"] not in kept
    path = f"/webhooks/{added.json['id']}"
    shown = nrb.get(path).json
    assert "secret" not in shown
    assert nrb.get("/webhooks").json["items"] == [shown]
    refused(other.get(path), 404, "not-found")
    refused(other.delete(path), 404, "not-found")
    assert nrb.delete(path).status_code == 204
    refused(nrb.get(path), 404, "not-found")


@pytest.mark.parametrize(
    "url",
    [
        "http://nrb.example/zamu",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://user:pass@nrb.example/",
        "https://nrb.example:0/",
        "ftp://nrb.example/",
        "https://",
        "nrb.example",
    ],
)
def test_a_webhook_goes_nowhere_but_outside(nrb, url):
    refused(nrb.post("/webhooks", {"url": url}), 422, "invalid")


def test_an_agency_has_ten_webhooks_at_most(nrb):
    for nth in range(10):
        assert nrb.post("/webhooks", {"url": f"https://nrb.example/{nth}"}).status_code == 201
    refused(nrb.post("/webhooks", {"url": "https://nrb.example/11"}), 409, "too-many")
