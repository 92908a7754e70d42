"""Messages at the desk: what was sent to a phone, and what is done about those that did not leave."""

import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import core.messaging
import workers.calls
from core.booking.beneficiaries import Beneficiary
from core.booking.commands import confirm
from core.catalogue.snapshot import Catalogue
from core.clock import at_local
from core.db import Transaction
from core.messaging.tables import Message, Status
from core.messaging.templates import TEMPLATES
from core.people.audit import Actor, Intent
from core.people.register import Register
from core.people.tables import Event
from sms import gateways
from tests.desk.conftest import Desk
from tests.desk.pages import fill, seen, unseen
from tests.support import NOW
from web.desk.messages.wording import BECAUSE, REPLY, SAYS, because

PHONE = "+254711000101"
_keys = itertools.count()


@pytest.fixture
def booked(transaction: Transaction, catalogue: Catalogue, register: Register) -> int:
    """A booking at GPO; the id of its confirmation."""
    offering = catalogue.offering("IDR", "GPO")
    assert offering is not None
    tomorrow = at_local((NOW + timedelta(days=1)).date(), offering.hours[0].opens)
    with transaction() as db:
        contact = register.contact(db, PHONE, now=NOW)
        person = register.identity(db, "national_id", "23456789", now=NOW)
        intent = Intent(contact.id, f"test:{next(_keys)}", Actor("ussd", contact.id), "en", NOW)
        confirm(
            db,
            intent,
            offering=offering,
            starts_at=tomorrow,
            closed_days=catalogue.closed_days,
            beneficiary=Beneficiary(person.id),
        )
        return db.scalars(sa.select(Message.id)).one()


def set_status(transaction: Transaction, message_id: int, status: Status, **values: Any) -> None:
    with transaction() as db:
        db.execute(sa.update(Message).where(Message.id == message_id).values(status=status, **values))


def status(transaction: Transaction, message_id: int) -> str:
    with transaction() as db:
        return str(db.scalar(sa.select(Message.status).where(Message.id == message_id)))


def press(client: Any, button: str, form: dict[str, str]) -> str:
    """What the next page says."""
    answer = client.post(f"/desk/messages/{button}", data=form)
    assert answer.status_code == 303
    return str(client.get(answer.location).text)


@pytest.mark.parametrize(("role", "site"), [("agent", ""), ("secretariat", ""), ("manager", "GPO")])
def test_a_phones_messages_are_found_by_its_number(
    booked: int, desk: Desk, transaction: Transaction, role: str, site: str
) -> None:
    client = desk(role, site=site)
    found = fill(client, "/desk/messages", phone="0711 000 101")
    assert PHONE[-9:] not in found.location
    page = seen(client.get(found.location).text)
    assert "phone ending in 101" in page
    assert "Booking confirmed" in page
    assert "waiting to be sent" in page
    with transaction() as db:
        looked = db.scalars(sa.select(Event).where(Event.name == "messages.seen")).one()
    assert looked.who == client.officer.username


def test_a_manager_learns_nothing_of_what_another_centre_has_written(booked: int, desk: Desk) -> None:
    """Not even that the phone is known."""
    client = desk("manager", site="KIB")
    known, unknown = (seen(fill(client, "/desk/messages", phone=phone).text) for phone in (PHONE, "0711 000 999"))
    assert known.replace(PHONE, "") == unknown.replace("0711 000 999", "")
    assert "Nothing that you can see" in known


def test_the_messages_of_a_phone_are_for_whoever_asked_for_them(booked: int, desk: Desk) -> None:
    one, other = desk("agent"), desk("agent")
    address = fill(one, "/desk/messages", phone=PHONE).location
    assert one.get(address).status_code == 200
    assert other.get(address).status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [("0711 000 999", "Nothing that you can see"), ("12", "number"), ("", "number")],
)
def test_a_number_that_finds_nothing_is_told_and_kept(booked: int, desk: Desk, typed: str, said: str) -> None:
    page = fill(desk("agent"), "/desk/messages", phone=typed).text
    assert said in seen(page)
    assert f'value="{typed}"' in page or not typed


@pytest.mark.parametrize(
    ("answer", "becomes"), [("arrived", Status.SENT), ("not-arrived", Status.PENDING)], ids=["arrived", "did not"]
)
def test_an_unknown_message_is_settled_once(
    booked: int, desk: Desk, transaction: Transaction, answer: str, becomes: Status
) -> None:
    set_status(transaction, booked, Status.UNKNOWN)
    client = desk("administrator")
    form = unseen(client.get("/desk/messages/unknown").text)
    for _again in range(2):
        assert "Done." in press(client, f"{booked}/{answer}", form)
    assert status(transaction, booked) == becomes
    late = press(client, f"{booked}/arrived", form | {"request_key": "pressed-on-another-page"})
    assert "no longer unknown" in late
    assert "no longer unknown" not in client.get("/desk/messages/unknown").text


def test_two_messages_settled_from_one_page_are_two_deeds(
    booked: int, desk: Desk, transaction: Transaction, register: Register
) -> None:
    """Back, and the next button of the same page: its key is the same, its message is another."""
    with transaction() as db:
        first = db.get_one(Message, booked)
        copy = {c.name: getattr(first, c.name) for c in Message.__table__.columns if c.name != "id"}
        other = db.execute(sa.insert(Message).values(copy).returning(Message.id)).scalar_one()
    for message_id in (booked, other):
        set_status(transaction, message_id, Status.UNKNOWN)
    client = desk("administrator")
    form = unseen(client.get("/desk/messages/unknown").text)
    for message_id in (booked, other):
        client.post(f"/desk/messages/{message_id}/arrived", data=form)
    assert [status(transaction, m) for m in (booked, other)] == [Status.SENT, Status.SENT]


def test_a_failed_message_is_sent_again_and_one_the_gateway_took_is_not(
    booked: int, desk: Desk, transaction: Transaction
) -> None:
    client = desk("administrator")
    set_status(transaction, booked, Status.FAILED, error="invalid_phone", gateway="at", gateway_id="ATXid_1")
    page = client.get("/desk/messages/dead").text
    assert "no such phone number" in seen(page)
    assert "may have sent it" in press(client, f"{booked}/again", unseen(page))
    set_status(transaction, booked, Status.FAILED, gateway_id=None)
    page = client.get("/desk/messages/dead").text
    assert "Done." in press(client, f"{booked}/again", unseen(page))
    assert status(transaction, booked) == Status.PENDING


def test_why_nobody_knows_of_a_message_is_told_in_words(booked: int, desk: Desk, transaction: Transaction) -> None:
    set_status(transaction, booked, Status.UNKNOWN, error="gateway_broke_off")
    page = seen(desk("administrator").get("/desk/messages/unknown").text)
    assert "unknown: perhaps sent (the line broke before the gateway answered)" in page
    assert because("unlisted_777") == "the gateway answered 777"


def test_every_code_of_ours_for_a_message_that_did_not_leave_has_words() -> None:
    places = [Path(workers.calls.__file__), *Path(gateways.__file__).parent.glob("*.py")]
    places += Path(core.messaging.__file__).parent.glob("*.py")
    source = "".join(place.read_text(encoding="utf-8") for place in places)
    written = set(
        re.findall(r"""(?:GatewayError\(|Refusal\(|error=|receipt.error or |Fate.UNKNOWN, )"([a-z_]+)\"""", source)
    )
    assert len(written) > 20
    assert (written | gateways.STOPS_LANE) - set(BECAUSE) == set()


def test_every_template_has_words_at_the_desk() -> None:
    assert {name for name in TEMPLATES if not name.startswith(REPLY)} == set(SAYS)
