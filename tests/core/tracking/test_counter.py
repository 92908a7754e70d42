from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking.errors import NoSuchBooking
from core.booking.tables import Booking, BookingHistory
from core.errors import Malformed
from core.messaging.tables import Message, Status
from core.people.identities import Identity
from core.people.tables import Person
from core.references import parse_reference
from core.tracking import counter
from core.tracking.counter import Application, Registered
from core.tracking.documents import lock, move
from core.tracking.errors import NumberInUse
from core.tracking.stages import Stage
from core.tracking.tables import Document, DocumentEvent
from tests.core.booking.world import World, an_hour, at_once
from tests.core.tracking.shelf import CLERK

PROMISED = date(2026, 12, 14)
APPLICATION = Application(proof="678", promised_on=PROMISED)


@pytest.fixture
def world(engine: sa.Engine, now: datetime) -> World:
    return World(engine, now)


def ends(world: World, reference: str, application: Application = APPLICATION, key: str = "") -> Registered:
    with world.transaction() as db:
        return counter.end_service(
            db,
            world.register,
            application,
            actor=CLERK,
            reference=reference,
            request_key=key or f"end {next(world.numbers)}",
            now=world.now,
        )


def comes(world: World, application: Application, key: str = "walk in") -> Registered:
    offering = world.offering()
    with world.transaction() as db:
        return counter.register_application(
            db,
            world.register,
            application,
            actor=CLERK,
            service_id=offering.service.id,
            site_id=offering.site.id,
            request_key=key,
            now=world.now,
        )


def only(world: World, table: Any) -> Any:
    [row] = world.scalars(sa.select(table))
    return row


def registered_messages(world: World) -> list[Message]:
    return list(world.scalars(sa.select(Message).where(Message.template == "document_registered")))


def test_ending_a_service_registers_the_application_in_one_step(world: World) -> None:
    offering, phone, person = world.offering(), world.phone(), world.person()
    booked = world.confirms(phone, offering, an_hour(8), person)
    registered = ends(world, booked.reference)
    assert world.scalars(sa.select(Booking)) == []
    assert only(world, BookingHistory).outcome == "served"
    document = only(world, Document)
    assert (document.id, document.tracking_number) == (registered.document_id, registered.tracking_number)
    assert (document.service_id, document.site_id) == (offering.service.id, offering.site.id)
    assert (document.contact_id, document.owner_id) == (phone, person.person_id)
    assert (document.stage, document.promised_on) == (Stage.APPLIED, PROMISED)
    event = only(world, DocumentEvent)
    assert (event.stage, event.who, event.channel, event.at) == ("applied", "w.njeri", "desk", world.now)


def test_the_citizen_gets_the_number_and_the_promised_date_at_once(world: World) -> None:
    booked = world.confirms(world.phone(), world.offering(), an_hour(8))
    registered = ends(world, booked.reference)
    [message] = registered_messages(world)
    assert (message.lane, message.asked_for, message.status) == ("interactive", True, Status.PENDING)
    told = {"reference": registered.tracking_number, "promised_on": PROMISED.isoformat(), "service": "IDR"}
    assert message.arguments.items() >= told.items()


def test_the_number_still_arrives_when_the_document_moves_on_at_once(world: World) -> None:
    booked = world.confirms(world.phone(), world.offering(), an_hour(8))
    registered = ends(world, booked.reference)
    with world.transaction() as db:
        document = lock(db, registered.document_id)
        move(db, document, Stage.SENT_TO_AGENCY, actor=CLERK, origin="desk", now=world.now)
    assert registered_messages(world)[0].status == Status.PENDING


def test_a_service_ended_at_two_counters_at_once_makes_one_document(world: World) -> None:
    booked = world.confirms(world.phone(), world.offering(), an_hour(8))
    outcomes = at_once([partial(ends, world, booked.reference) for _ in range(5)])
    assert [type(o) for o in outcomes if not isinstance(o, Registered)] == [NoSuchBooking] * 4
    only(world, Document)
    assert len(registered_messages(world)) == 1


def test_a_repeated_request_gets_the_same_number(world: World) -> None:
    booked = world.confirms(world.phone(), world.offering(), an_hour(8))
    outcomes = at_once([partial(ends, world, booked.reference, key="a form's token")] * 4)
    assert len(set(outcomes)) == 1
    only(world, Document)


def test_somebody_without_a_booking_is_registered_too(world: World) -> None:
    owner = Identity("national_id", "12345678")
    registered = comes(world, Application(proof="678", owner=owner, phone="+254711000001"))
    assert parse_reference(registered.tracking_number) == registered.tracking_number
    document = only(world, Document)
    [identity] = world.scalars(sa.select(Person.id).where(Person.identity_index.is_not(None)))
    assert document.owner_id == identity
    assert (document.contact_confirmed_at, document.contact_problem) == (world.now, None)
    assert registered_messages(world)[0].arguments["promised_on"] is None


def test_who_has_no_phone_is_registered_and_flagged_for_the_desk(world: World) -> None:
    comes(world, Application(proof="1990"))
    assert only(world, Document).contact_problem == "no_phone"
    assert registered_messages(world) == []


def test_the_number_on_the_waiting_card_is_taken(world: World) -> None:
    assert comes(world, Application(proof="678", tracking_number="4821 7092")).tracking_number == "48217092"


@pytest.mark.parametrize(
    ("application", "refusal"),
    [
        (Application(proof="67"), Malformed),
        (Application(proof="none"), Malformed),
        (Application(proof="678", tracking_number="48217093"), Malformed),
        (Application(proof="678", tracking_number="48217092"), NumberInUse),
    ],
)
def test_what_cannot_be_registered_leaves_the_booking_as_it_was(
    world: World, application: Application, refusal: type[Exception]
) -> None:
    comes(world, Application(proof="1990", tracking_number="48217092"))
    booked = world.confirms(world.phone(), world.offering(site="MAK"), an_hour(8))
    with pytest.raises(refusal):
        ends(world, booked.reference, application)
    assert [b.reference for b in world.scalars(sa.select(Booking))] == [booked.reference]
