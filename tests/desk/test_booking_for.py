"""An agent books, moves and cancels for whoever calls; at a counter the same, and no further than the centre."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking.tables import Booking, BookingHistory
from core.catalogue.tables import Offering, Site
from core.db import Transaction
from core.messaging.tables import Message
from core.people.register import Register
from core.people.tables import Event
from tests.desk.conftest import Desk, DeskClient
from tests.desk.pages import fill, seen, unseen
from web.choosing import stamp

PHONE = "0711 000 131"
IDENTITY = "23456781"


def finds(client: DeskClient, text: str) -> str:
    """The address of the citizen's page."""
    found = fill(client, "/desk/citizens", text=text)
    assert found.status_code == 303, seen(found.text)
    return str(found.location)


def first_time(page: str) -> str:
    return (
        re.findall(r'name="at" value="(\d{12})"|value="(\d{12})" name="at"', page)[0][0]
        or re.findall(r'value="(\d{12})"', page)[0]
    )


def books(client: DeskClient, citizen: str, *, site: str = "GPO", number: str = IDENTITY, language: str = "en") -> Any:
    """Book a lost ID for a citizen at the first time offered; what came of the last press."""
    times = fill(client, f"{citizen}/book", service="IDR", site=site)
    assert times.status_code == 303, seen(times.text)
    page = client.get(times.location).text
    who = client.post(times.location, data=unseen(page) | {"at": first_time(page)})
    assert who.status_code == 303
    return fill(client, who.location, kind="national_id", number=number, language=language)


def bookings(transaction: Transaction) -> list[Booking]:
    with transaction() as db:
        return list(db.scalars(sa.select(Booking).order_by(Booking.id)))


def messages(transaction: Transaction) -> list[tuple[str, str]]:
    with transaction() as db:
        return [tuple(row) for row in db.execute(sa.select(Message.template, Message.language).order_by(Message.id))]


@pytest.mark.parametrize("role", ["agent", "counter", "manager"])
def test_an_officer_books_for_a_caller_and_the_callers_phone_is_told(
    desk: Desk, transaction: Transaction, register: Register, role: str
) -> None:
    client = desk(role)
    citizen = finds(client, PHONE)
    done = books(client, citizen, language="sw")
    assert done.location == citizen
    page = seen(client.get(citizen).text)
    [booking] = bookings(transaction)
    assert f"{booking.reference[:4]} {booking.reference[4:]}" in page
    assert messages(transaction) == [("booking_confirmed", "sw")]
    with transaction() as db:
        contact = register.find_contact(db, "+254711000131")
        assert contact is not None
        assert booking.contact_id == contact.id
        made = db.scalars(sa.select(Event).where(Event.name == "booking.confirmed")).one()
    assert (made.channel, made.who) == ("desk", client.officer.username)


def test_pressed_twice_it_is_booked_once(desk: Desk, transaction: Transaction) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    times = fill(client, f"{citizen}/book", service="IDR", site="GPO").location
    page = client.get(times).text
    who = client.post(times, data=unseen(page) | {"at": first_time(page)}).location
    answers = unseen(client.get(who).text) | {"kind": "national_id", "number": IDENTITY, "language": "en"}
    for _press in range(2):
        assert client.post(who, data=answers).location == citizen
    assert len(bookings(transaction)) == 1
    assert len(messages(transaction)) == 1


def test_an_agent_moves_and_cancels(desk: Desk, transaction: Transaction) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen)
    [before] = bookings(transaction)
    times = f"{citizen.replace('/desk/citizens', '/desk/citizens')}/times/IDR/MAK?moving={before.reference}"
    page = client.get(times).text
    client.post(times, data=unseen(page) | {"at": first_time(page)})
    [after] = bookings(transaction)
    assert after.reference == before.reference
    with transaction() as db:
        where = sa.select(Site.code).join(Offering, Offering.site_id == Site.id).where(Offering.id == after.offering_id)
        assert db.scalar(where) == "MAK"
    cancelled = fill(client, f"{citizen}/{after.reference}/cancel")
    assert cancelled.location == citizen
    assert bookings(transaction) == []
    with transaction() as db:
        assert db.scalars(sa.select(BookingHistory.outcome)).all() == ["given_up"]
    assert [template for template, _language in messages(transaction)] == [
        "booking_confirmed",
        "booking_moved",
        "booking_given_up",
    ]


def test_the_sms_is_sent_again_and_not_without_end(desk: Desk) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen)
    said = []
    for _time in range(4):
        page = client.get(citizen).text
        [again] = re.findall(r'action="(/desk/citizens/[^"]+/sms)"', page)
        client.post(again, data=unseen(page))
        said.append("often enough" in seen(client.get(citizen).text))
    assert said == [False, False, False, True]


@pytest.mark.parametrize("by", ["reference", "identity", "phone"])
def test_a_citizen_is_found_by_whatever_they_say(desk: Desk, transaction: Transaction, by: str) -> None:
    client = desk("agent")
    books(client, finds(client, PHONE))
    [booking] = bookings(transaction)
    number = {"reference": booking.reference, "identity": IDENTITY, "phone": PHONE}[by]
    page = seen(client.get(finds(client, number)).text)
    assert booking.reference[:4] in page


def test_at_a_counter_nobody_sees_what_is_booked_elsewhere(desk: Desk, transaction: Transaction) -> None:
    agent, counter = desk("agent"), desk("counter", site="KIB")
    books(agent, finds(agent, PHONE))
    [booking] = bookings(transaction)
    assert "Nothing is booked" in seen(fill(counter, "/desk/citizens", text=booking.reference).text)
    assert "Nothing is booked" in seen(fill(counter, "/desk/citizens", text=IDENTITY).text)
    assert "No SMS can reach that number." in seen(fill(counter, "/desk/citizens", text="020 222 3344").text)
    citizen = finds(counter, PHONE)
    assert booking.reference[:4] not in seen(counter.get(citizen).text)
    assert "Nothing is booked with this phone that you can see." in seen(counter.get(citizen).text)
    assert "This phone has no booking." in seen(counter.get(finds(counter, "0711 000 199")).text)
    assert counter.get(f"{citizen}/{booking.reference}/cancel").status_code == 404
    form = unseen(counter.get(citizen + "/book").text)
    counter.post(f"{citizen}/{booking.reference}/cancel", data=form)
    assert "Nothing was changed" in seen(counter.get(citizen).text)
    assert len(bookings(transaction)) == 1
    assert counter.get(f"/desk/citizens/of/{booking.reference}").status_code == 404
    assert counter.get(f"{citizen}/times/IDR/GPO").status_code == 404


def test_a_citizens_page_is_of_use_to_whoever_found_them_alone(desk: Desk) -> None:
    one, other = desk("agent"), desk("agent")
    citizen = finds(one, PHONE)
    assert one.get(citizen).status_code == 200
    assert other.get(citizen).status_code == 404
    assert one.get("/desk/citizens/made-up").status_code == 404


def test_who_has_a_booking_is_not_booked_twice(desk: Desk, transaction: Transaction) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen)
    client.get(citizen)
    books(client, citizen)
    assert "Move it instead" in seen(client.get(citizen).text)
    other = finds(client, "0711 000 132")
    books(client, other)
    assert "made by another phone" in seen(client.get(other).text)
    assert len(bookings(transaction)) == 1


def test_a_number_that_is_none_is_told_beside_the_field_and_kept(desk: Desk, transaction: Transaction) -> None:
    client = desk("agent")
    page = books(client, finds(client, PHONE), number="12")
    assert page.status_code == 422
    assert "An ID number has 6 to 9 digits." in seen(page.text)
    assert 'value="12"' in page.text
    assert bookings(transaction) == []


def test_the_phone_a_citizen_is_found_by_stands_in_no_address(desk: Desk) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen)
    assert "711000131" not in citizen
    assert "711000131" not in client.get(citizen).text


def test_one_page_books_two_people_when_it_is_sent_with_two_numbers(desk: Desk, transaction: Transaction) -> None:
    """Back to the page, another number: another person, not the first one's booking told again."""
    client = desk("agent")
    citizen = finds(client, PHONE)
    times = fill(client, f"{citizen}/book", service="IDR", site="GPO").location
    page = client.get(times).text
    who = client.post(times, data=unseen(page) | {"at": first_time(page)}).location
    answers = unseen(client.get(who).text) | {"kind": "national_id", "language": "en"}
    for number in (IDENTITY, "23456782"):
        client.post(who, data=answers | {"number": number})
    assert len({booking.beneficiary_id for booking in bookings(transaction)}) == 2


def test_moved_back_and_forth_from_one_page_it_is_where_it_was_last_put(desk: Desk, transaction: Transaction) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen)
    [booking] = bookings(transaction)
    times = f"{citizen}/times/IDR/GPO?moving={booking.reference}"
    page = client.get(times).text
    shown, otherwise = (re.findall(r'value="(\d{12})"', one) for one in (page, client.get(times.split("?")[0]).text))
    assert len(shown) == len(otherwise), "in the place of the time they have there is another"
    first, second = shown[:2]
    that_day = client.get(f"{times}&day={first[:4]}-{first[4:6]}-{first[6:8]}").text
    assert f'value="{first}"' in that_day
    for one in (page, that_day):
        assert f'value="{stamp(booking.starts_at)}"' not in one, "it is the time they have"
    for at in (first, second, first):
        client.post(times, data=unseen(page) | {"at": at})
    [moved] = bookings(transaction)
    assert stamp(moved.starts_at) == first


def test_a_booking_can_be_moved_to_any_other_centre(desk: Desk, transaction: Transaction) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen)
    [booking] = bookings(transaction)
    times = fill(client, f"{citizen}/book?moving={booking.reference}", service="IDR", site="MSA").location
    page = client.get(times).text
    client.post(times, data=unseen(page) | {"at": first_time(page)})
    [moved] = bookings(transaction)
    assert moved.reference == booking.reference
    assert moved.offering_id != booking.offering_id


def test_an_officer_is_not_told_when_somebody_is_expected_at_another_centre(desk: Desk) -> None:
    agent, counter = desk("agent"), desk("counter")
    books(agent, finds(agent, PHONE), site="KIB")
    citizen = finds(counter, PHONE)
    books(counter, citizen)
    said = seen(counter.get(citizen).text)
    assert "at another centre" in said
    assert "Move it instead" not in said


OTHER = {"phone": "0711 000 132", "number": IDENTITY, "language": "sw"}


def test_a_booking_is_put_on_another_phone_once_whoever_asks_has_the_id(desk: Desk, transaction: Transaction) -> None:
    client = desk("counter")
    citizen = finds(client, PHONE)
    books(client, citizen)
    [booking] = bookings(transaction)
    page = f"{citizen}/{booking.reference}/phone"
    assert page in client.get(citizen).text
    for wrong, said in (
        ({"number": "23456782"}, "Tries left in this hour for it: 4."),
        ({"number": ""}, "Type the number on the ID."),
        ({"phone": PHONE}, "on this phone already"),
        ({"phone": "abc"}, "That is not a phone number."),
    ):
        answer = fill(client, page, **(OTHER | wrong))
        assert (answer.status_code, said in seen(answer.text)) == (422, True), wrong
    data = unseen(client.get(page).text) | OTHER
    for _press in range(2):
        answer = client.post(page, data=data)
    shown = seen(client.get(answer.location).text)
    assert shown.count("is now on the phone ending in 132") == 2
    assert booking.reference[:4] in shown
    assert client.get(page).status_code == 404
    assert messages(transaction)[1:] == [("booking_confirmed", "sw"), ("booking_phone_changed", "en")]
    fill(client, page, at=f"{citizen}/book", **OTHER)
    assert "Nothing was changed." in seen(client.get(citizen).text)
    assert desk("counter", site="KIB").get(page).status_code == 404


def test_an_officer_cannot_try_one_id_number_after_another(desk: Desk, transaction: Transaction) -> None:
    client = desk("counter")
    citizen = finds(client, PHONE)
    books(client, citizen)
    page = f"{citizen}/{bookings(transaction)[0].reference}/phone"
    form = OTHER | unseen(client.get(page).text)
    said = [seen(client.post(page, data=form | {"number": f"3345678{nth}"}).text) for nth in range(5)]
    assert "Tries left in this hour for it: 1." in said[3]
    for last in (said[4], seen(client.post(page, data=form).text)):
        assert "Too many wrong numbers for this booking." in last
    with transaction() as db:
        tried = db.scalars(sa.select(Event.who).where(Event.name == "booking.wrong_number")).all()
    assert tried == [client.officer.username] * 5


def test_a_booking_that_names_nobody_is_put_on_another_phone_when_they_know_what_is_booked(
    desk: Desk, transaction: Transaction
) -> None:
    client = desk("agent")
    citizen = finds(client, PHONE)
    books(client, citizen, number="")
    page = f"{citizen}/{bookings(transaction)[0].reference}/phone"
    assert "Let them say it" in seen(fill(client, page, **OTHER).text)
    fill(client, page, sure="y", **OTHER)
    assert messages(transaction)[-1] == ("booking_phone_changed", "en")
