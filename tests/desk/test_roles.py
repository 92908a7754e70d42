"""Every route of the desk with every role: who may see it sees it, and nobody sees another centre's citizens."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from core.booking.tables import Appointment
from core.clock import local_date
from core.messaging.tables import Message
from core.partners import appointments, keys
from core.people.audit import Actor
from core.people.identities import Identity
from core.people.sealing import Sealer
from core.people.tables import Person
from core.staff.roles import AT_A_CENTRE, MAY, Can, Role
from core.staff.tables import Staff
from core.tables import metadata
from core.tracking.consents import ask_consent
from core.tracking.stages import Stage
from tests.desk.day import Day, day
from tests.desk.papers import Papers, papers
from tests.hostile import asked_again_at, forms, signed
from tests.support import SECRET_KEY
from web.desk import MENU

__all__ = ["day", "papers"]

PHONE, IDENTITY = "+254711000777", "33445566"
CITIZENS = {"reference", "person_id", "message_id", "staff_id", "consent_id", "appointment_id"}
"""Arguments that name somebody."""
THERE = CITIZENS | {"token", "service", "site", "lane", "key_id"}
"""Arguments of what there is at Mombasa."""
WATCHED = [table.name for table in metadata.sorted_tables if table.name not in {"events", "requests"}]
"""Looking leaves an event; everything else stays as it was when a form is not ours."""


@dataclass
class Elsewhere:
    """What there is at Mombasa, far from the GPO: a booking and a document of one citizen, and a colleague."""

    reference: str
    number: str
    contact_id: int
    arguments: dict[str, str]

    def met_by(self, officer: Staff) -> None:
        """Let this officer have found the citizen by their phone: they may book for them."""
        sealed = Sealer(SECRET_KEY, "desk-citizen").seal(f"{officer.id}:{self.contact_id}".encode())
        self.arguments["token"] = base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def address(self, rule: Rule) -> str:
        """The route, about what is at Mombasa."""
        made = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
        for name in rule.arguments:
            value = self.arguments.get(name, "1")
            if name == "number" and "documents" in rule.rule:
                value = self.number
            made = re.sub(rf"<[^<>]*\b{name}>", value, made)
        return made

    def shown_in(self, page: str, asked: str) -> list[str]:
        """What of the citizen a page gives away, beside what its own address has said."""
        plain = re.sub(r"\s", "", page.replace(asked, ""))
        secrets = (self.reference, self.number, PHONE, PHONE[4:], IDENTITY)
        return [secret for secret in secrets if secret in plain]


@pytest.fixture
def elsewhere(desk, day: Day, papers: Papers) -> Elsewhere:
    booked = day.books(day.times(days=1, site="MSA")[0], site="MSA", phone=PHONE, number=IDENTITY)
    number = papers.make(Stage.RECEIVED, site="MSA", phone=PHONE, owner=IDENTITY, shelf="A1")
    [contact] = day.scalars(sa.select(Person.id).where(Person.phone_index == day.register.phone_index(PHONE)))
    [message] = day.scalars(sa.select(Message.id).where(Message.template == "booking_confirmed"))
    offering, now = day.offering("MSA"), day.clock()
    with day.transaction() as db:
        scopes, clerk = list(keys.Scope), Actor("desk", who="clerk")
        made = keys.make(db, agency_id=offering.service.agency_id, name="Server", scopes=scopes, actor=clerk, now=now)
        appointments.book(
            db,
            keys.authenticate(db, made.key, now=now),
            reference="NRB-77",
            offering=offering,
            starts_at=day.times(days=1, site="MSA")[1],
            closed_days=day.catalogue.closed_days,
            now=now,
        )
        asked = ask_consent(
            db,
            day.register,
            actor=clerk,
            document_id=papers.get(number).id,
            collector=Identity("national_id", "23456789"),
            request_key="a consent",
            now=now,
        )
    [appointment] = day.scalars(sa.select(Appointment.id))
    arguments = {
        "reference": booked.reference,
        "number": "1",
        "person_id": str(contact),
        "message_id": str(message),
        "staff_id": str(desk("counter", site="MSA").officer.id),
        "consent_id": str(asked),
        "appointment_id": str(appointment),
        "key_id": str(made.key_id),
        "service": offering.service.code,
        "site": "MSA",
        "code": "MSA",
        "day": local_date(day.clock() + timedelta(days=1)).isoformat(),
        "key": "0123456789abcdef0123",
        "lane": "bulk",
        "what": "approve",
        "answer": "sent",
    }
    return Elsewhere(booked.reference, number, contact, arguments)


def views(app: Flask, method: str) -> Iterator[tuple[Rule, Can]]:
    """The desk's views that need something, by what they need."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        needed = getattr(app.view_functions[rule.endpoint], "needs", None)
        if isinstance(needed, Can) and method in (rule.methods or set()):
            yield rule, needed


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_each_role_sees_its_own_pages_and_no_citizen_of_another_centre(app, desk, elsewhere: Elsewhere, role) -> None:
    client, faults, menu = desk(role.value), [], {endpoint for endpoint, _label, _can in MENU}
    elsewhere.met_by(client.officer)
    for rule, needed in views(app, "GET"):
        address = elsewhere.address(rule)
        answer = client.get(address)
        told = f"{address} ({needed}) answers {answer.status_code}"
        if needed not in MAY[role]:
            if answer.status_code != 403:
                faults.append(told)
            continue
        fine = {200, 302, 303} if rule.endpoint in menu else {200, 302, 303, 400, 404, 422}
        if answer.status_code not in fine or str(answer.location).startswith("/desk/sign-in"):
            faults.append(told)
        if role in AT_A_CENTRE:
            if rule.arguments & CITIZENS and answer.status_code != 404:
                faults.append(f"{told}: it is another centre's")
            if shown := elsewhere.shown_in(answer.text, address):
                faults.append(f"{told} and shows {shown}")
    assert faults == []


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_each_role_finds_what_is_its_own(app, desk, elsewhere: Elsewhere, catalogue, role) -> None:
    client, missing = desk(role.value, site="MSA"), []
    asked = f"centre=MSA&service=IDR&agency={catalogue.services['IDR'].agency_id}&reason=system_down"
    elsewhere.met_by(client.officer)
    for rule, needed in views(app, "GET"):
        of_documents = {"number"} if "documents" in rule.rule else set()
        if needed in MAY[role] and rule.arguments <= THERE | of_documents:
            address = elsewhere.address(rule)
            if client.get(f"{address}?{asked}").status_code not in (200, 302, 303):
                missing.append(address)
    assert missing == []


def test_a_clerk_sees_no_document_of_another_agency(app, desk, elsewhere: Elsewhere, catalogue) -> None:
    """The document is NRB's; the clerk is of the police."""
    client, faults = desk("clerk", agency="NPS"), []
    elsewhere.met_by(client.officer)
    for rule, needed in views(app, "GET"):
        if needed not in MAY[Role.CLERK]:
            continue
        address = elsewhere.address(rule)
        answer = client.get(address)
        found = answer.status_code == 200 and elsewhere.number in address
        if (shown := elsewhere.shown_in(answer.text, address)) or found:
            faults.append(f"{address} answers {answer.status_code} and shows {shown}")
    assert faults == []


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_no_form_without_our_token_changes_anything_or_looks_done(
    app, desk, transaction, elsewhere: Elsewhere, role
) -> None:
    client, faults = desk(role.value, site="MSA"), []
    elsewhere.met_by(client.officer)
    client.get("/desk")

    def everything() -> dict[str, str]:
        with transaction() as db:
            return {
                name: db.scalar(sa.text(f"SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) FROM {name} row"))
                for name in WATCHED
            }

    before = everything()
    for rule, needed in views(app, "POST"):
        address = elsewhere.address(rule)
        answer = client.post(address, data={"request_key": "0123456789abcdef0123", "confirm": "yes", "do": "it"})
        asked_again_at(app, answer.text, address)
        if (answer.status_code == 403) != (needed not in MAY[role]) or answer.status_code >= 500:
            faults.append(f"POST {address} ({needed}) answers {answer.status_code}")
        elif answer.status_code == 200:
            faults.append(f"POST {address} was refused, and answers 200")
    assert faults == []
    assert everything() == before


BUTTONS = {"campaigns.press", "closures.lift", "keys.again", "keys.test", "messages.mend"}
"""Of what there is none of at Mombasa: nothing can be typed there."""


def test_a_form_that_is_shown_again_where_no_page_stands_is_marked(app, desk, elsewhere: Elsewhere) -> None:
    """By the mark it is kept when a sign-in has worn out. What shows what was typed again is seen when it refuses."""
    pages = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    clients = {role: desk(role.value, site="MSA") for role in Role}
    shows, unmarked = [], []
    for rule, needed in views(app, "POST"):
        if rule.rule in pages or rule.endpoint in BUTTONS:
            continue
        client = clients[max((role for role in Role if needed in MAY[role]), key=lambda role: len(MAY[role]))]
        elsewhere.met_by(client.officer)
        address = elsewhere.address(rule)
        answer = client.post(address)
        assert answer.status_code in (303, 422), f"{address} answers {answer.status_code}: nothing can be told"
        if again := asked_again_at(app, answer.text, address):
            heads = [re.findall("<h1.*?</h1>", page, re.S) for page in (answer.text, client.get(again).text)]
            assert heads[0] == heads[1], f"{address} is asked for again at {again}"
        if any(form.action == address for form in forms(answer.text, address)):
            shows.append(rule.endpoint)
            unmarked += [] if app.view_functions[rule.endpoint].shows_again else [rule.endpoint]
    assert shows
    assert unmarked == []


ANYTHING = {
    "do": "it",
    "confirm": "yes",
    "centre": "MSA",
    "site": "MSA",
    "service": "IDR",
    "kind": "national_id",
    "way": "receive",
    "who": "booking",
    "what": "served",
    "day": "23/11/2026",
    "time": "08:30",
    "start": "none",
    "reason": "system_down",
    "phone": "+254711000778",
    "number": "44556677",
    "code": "1234",
    "language": "en",
    "name": "Juma Ali",
    "counters": "1",
    "minutes": "10",
    "cap": "5",
    "lead_minutes": "1",
    "horizon_days": "20",
    "note": "as asked",
}
"""What forms about one thing ask for, all of it right. Where it names a place, that is Mombasa."""
TASKS = ("receive", "shelve&shelf=A1", "collect", "send&to=NAK", "return", "look")


@pytest.mark.parametrize("role", [*sorted(AT_A_CENTRE), Role.CLERK], ids=str)
def test_no_form_of_ours_changes_or_shows_what_is_elsewhere(app, desk, transaction, elsewhere: Elsewhere, role) -> None:
    """Only a booking may be received: whoever holds its number stands at the other centre."""
    client, faults = desk(role.value, agency="NPS"), []
    elsewhere.met_by(client.officer)

    def everything() -> dict[str, list[str]]:
        with transaction() as db:
            return {name: sorted(db.scalars(sa.text(f"SELECT row::text FROM {name} row"))) for name in WATCHED}

    client.get("/desk")
    before = everything()
    for rule, needed in views(app, "POST"):
        if needed not in MAY[role] or rule.endpoint == "visits.receive":
            continue
        address = elsewhere.address(rule)
        for more in [f"&task={task}" for task in TASKS] if rule.endpoint == "documents.scan" else [""]:
            for number in (elsewhere.reference, elsewhere.number, PHONE, IDENTITY, IDENTITY[-4:]):
                named = ANYTHING | {"scanned": number, "text": number, "reference": number}
                answer = client.post(f"{address}?centre=MSA{more}", data=signed(app, client) | named)
                told = f"POST {address}{more} answers {answer.status_code}"
                said = [one for one in elsewhere.shown_in(answer.text, address) if one not in number]
                if said or answer.status_code >= 500:
                    faults.append(f"{told} and shows {said}")
                if rule.arguments & CITIZENS and answer.status_code not in (302, 303, 404):
                    faults.append(told)
                if rule.arguments:
                    break  # its address has said what it is about
    assert faults == []
    assert everything() == before
    if Can.SERVE in MAY[role]:
        client.post(f"/desk/visit/{elsewhere.reference}/receive", data=signed(app, client))
        assert everything()["bookings"] != before["bookings"]


def test_whoever_was_met_by_phone_has_a_page_on_which_nothing_of_another_centre_stands(
    desk, elsewhere: Elsewhere
) -> None:
    for role, sees in (("agent", True), ("counter", False)):
        client = desk(role)
        elsewhere.met_by(client.officer)
        page = client.get(f"/desk/citizens/{elsewhere.arguments['token']}")
        assert page.status_code == 200
        assert (elsewhere.reference in re.sub(r"\s", "", page.text)) == sees


def test_the_menu_shows_each_role_where_it_may_go_and_nothing_else(app, desk) -> None:
    for endpoint, _label, can in MENU:
        assert getattr(app.view_functions[endpoint], "needs", None) == can, endpoint
    for role in Role:
        page = desk(role.value).get("/desk").text
        menu = page.partition("<nav")[2].partition("</nav>")[0]
        assert menu.count("href=") == len([can for _endpoint, _label, can in MENU if can in MAY[role]])


def test_what_a_page_may_do_in_a_browser_is_bounded(desk, make_app) -> None:
    headers = desk("counter").get("/desk").headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    app = make_app(public_url="https://zamu.example.go.ke")
    answer = app.test_client().get("/desk/sign-in", base_url="https://zamu.example.go.ke")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-zamu=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
