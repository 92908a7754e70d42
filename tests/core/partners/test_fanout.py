"""What has happened goes to the webhooks that want to hear it: all of it, once, and to nobody else."""

from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.closing import What
from core.partners import appointments, webhooks
from core.partners.fanout import fan_out
from core.partners.news import EVENTS, NAMES, Record
from core.partners.tables import Delivery, WebhookCursor
from core.partners.webhooks import Secrets
from core.people.audit import Actor, record_event
from core.people.tables import Event
from core.staff import said
from core.tracking import documents
from core.tracking.documents import NewDocument
from core.tracking.stages import Stage
from tests.core.booking.world import NO_CLOSED_DAYS, TUESDAY, World, an_hour, hours

CLERK = Actor("desk", who="amina")


@pytest.fixture
def listens(world: World):
    """`listens(agency_id, "booking.confirmed")`: a webhook for these events; all of them unless any are said."""

    def add(agency_id: int, *events: str) -> int:
        with world.transaction() as db:
            return webhooks.add(
                db,
                Secrets("test"),
                agency_id=agency_id,
                url="https://agency.example/zamu",
                events=events,
                actor=CLERK,
                practice=False,
                now=world.now,
            ).id

    return add


@pytest.fixture
def tells(world: World):
    """Look through both records; what waits for a webhook then."""

    def look(webhook_id: int, limit: int = 100) -> list[dict]:
        for record in Record:
            while True:
                with world.transaction() as db:
                    if not fan_out(db, record, now=world.now, limit=limit):
                        break
        chosen = sa.select(Delivery.payload).where(Delivery.webhook_id == webhook_id).order_by(Delivery.id)
        return world.scalars(chosen)

    return look


def a_document(world: World, service_id: int, site_id: int) -> str:
    with world.transaction() as db:
        new = NewDocument(service_id, site_id, proof="678")
        document = documents.register(db, world.register, new, actor=CLERK, origin="test", now=world.now)
        documents.move(db, document, Stage.NEEDS_CORRECTION, actor=CLERK, origin="test", now=world.now, reason="photo")
        return document.tracking_number


def test_an_agency_is_told_of_bookings_appointments_and_documents_of_its_services(world, agency, listens, tells):
    partner, offering = agency(world.offering())
    webhook = listens(partner.agency_id)
    tells(webhook)
    phone = world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(9))
    world.gives_up(phone, booked)
    with world.transaction() as db:
        appointments.book(
            db,
            partner,
            reference="A",
            offering=offering,
            starts_at=an_hour(8),
            closed_days=NO_CLOSED_DAYS,
            now=world.now,
        )
    number = a_document(world, offering.service.id, offering.site.id)
    where = {"service": "IDR", "centre": "GPO"}
    at_eight, at_nine = "2026-11-24T08:00:00+03:00", "2026-11-24T09:00:00+03:00"
    told = tells(webhook)
    assert [(it["type"], it["data"]) for it in told] == [
        ("booking.confirmed", {"reference": booked.reference, "starts_at": at_eight} | where),
        ("booking.moved", {"reference": booked.reference, "starts_at": at_nine} | where),
        ("booking.given_up", {"reference": booked.reference, "starts_at": at_nine} | where),
        ("appointment.booked", {"reference": "A", "starts_at": at_eight} | where),
        ("document.applied", {"tracking_number": number, "stage": "applied"} | where),
        (
            "document.needs_correction",
            {"tracking_number": number, "stage": "needs_correction", "correction": "photo"} | where,
        ),
    ]
    assert told[0]["timestamp"] == "2026-11-23T09:00:00+03:00"
    assert tells(webhook) == told, "each once"
    assert {it["type"] for it in told} <= set(NAMES)


def test_an_agency_is_told_that_a_closure_moved_or_ended_its_appointment(world, agency, listens, tells):
    last = TUESDAY + timedelta(days=1)
    mornings = tuple(hours(day.weekday(), time(8), time(8, 30), valid_until=last) for day in (TUESDAY, last))
    partner, offering = agency(world.offering(hours=mornings))
    webhook = listens(partner.agency_id)
    with world.transaction() as db:
        where = {"offering": offering, "closed_days": NO_CLOSED_DAYS, "now": world.now}
        appointments.book(db, partner, reference="A", starts_at=an_hour(8), **where)
    tells(webhook)
    for day in (TUESDAY, last):
        world.closes(What(offering.site), an_hour(0, day=day), an_hour(0, day=day + timedelta(days=1)))
        world.clears()
    told = [(it["type"], it["data"]["starts_at"]) for it in tells(webhook)]
    assert told == [
        ("appointment.moved", "2026-11-25T08:00:00+03:00"),
        ("appointment.closed", "2026-11-25T08:00:00+03:00"),
    ]


def test_all_that_agencies_are_told_of_has_words_in_the_record():
    assert set(EVENTS) <= set(said.EVENTS)


def test_nobody_is_told_of_anothers_services_or_of_what_they_did_not_ask_for(world, agency, listens, tells):
    partner, offering = agency(world.offering())
    other, theirs = agency(world.offering("BCN"))
    everything, some, others = (
        listens(partner.agency_id),
        listens(partner.agency_id, "booking.given_up"),
        listens(other.agency_id),
    )
    tells(everything)
    phone = world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.confirms(world.phone(), theirs, an_hour(8))
    world.gives_up(phone, booked)
    assert [it["type"] for it in tells(everything)] == ["booking.confirmed", "booking.given_up"]
    assert [it["type"] for it in tells(some)] == ["booking.given_up"]
    assert [it["data"]["service"] for it in tells(others)] == ["BCN"]


def test_what_was_before_a_webhook_is_not_told(world, agency, listens, tells):
    partner, offering = agency(world.offering())
    world.confirms(world.phone(), offering, an_hour(8))
    world.later(minutes=1)
    webhook = listens(partner.agency_id)
    assert tells(webhook) == []
    world.later(minutes=1)
    world.confirms(world.phone(), offering, an_hour(9))
    assert len(tells(webhook)) == 1


def test_what_is_committed_late_is_told_too(world, agency, listens, tells):
    """Of two transactions, the one that wrote first commits last: its event has the lower id, and is there later."""
    partner, offering = agency(world.offering())
    webhook = listens(partner.agency_id)
    tells(webhook)
    first = world.confirms(world.phone(), offering, an_hour(8))
    second = world.confirms(world.phone(), offering, an_hour(9))
    tells(webhook)
    with world.transaction() as slow:
        record_event(slow, "booking.served", f"booking:{first.id}", actor=CLERK, now=world.now)
        slow.flush()
        with world.transaction() as quick:
            record_event(quick, "booking.not_come", f"booking:{second.id}", actor=CLERK, now=world.now)
        assert len(tells(webhook)) == 2, "what came after it has to wait"
    assert [it["type"] for it in tells(webhook)][2:] == ["booking.served", "booking.not_come"]


def test_a_long_record_is_read_in_batches(world, agency, listens, tells):
    partner, offering = agency(world.offering(seats=20))
    webhook = listens(partner.agency_id)
    tells(webhook)
    for nth in range(7):
        world.confirms(world.phone(), offering, an_hour(8 + nth))
    assert len(tells(webhook, limit=2)) == 7


def test_two_who_look_at_once_tell_once(world, agency, listens, tells):
    partner, offering = agency(world.offering())
    webhook = listens(partner.agency_id)
    tells(webhook)
    world.confirms(world.phone(), offering, an_hour(8))
    with world.transaction() as db:
        fan_out(db, Record.EVENTS, now=world.now, limit=100)
        with world.transaction() as other:
            assert not fan_out(other, Record.EVENTS, now=world.now, limit=100), "passed over"
    assert len(tells(webhook)) == 1


def test_without_webhooks_nothing_is_read(world, agency, tells, listens):
    partner, offering = agency(world.offering())
    world.confirms(world.phone(), offering, an_hour(8))
    assert tells(0) == []
    webhook = listens(partner.agency_id)
    booked = world.confirms(world.phone(), offering, an_hour(9))
    assert [it["data"]["reference"] for it in tells(webhook)] == [booked.reference]


def test_a_copy_of_the_database_on_another_server_goes_on(world, agency, listens, tells):
    """Its transactions are counted anew: the cursor is far ahead of them."""
    partner, offering = agency(world.offering())
    webhook = listens(partner.agency_id)
    tells(webhook)
    world.confirms(world.phone(), offering, an_hour(8))
    assert len(tells(webhook)) == 1
    with world.transaction() as db:
        # Written there by a transaction whose number this server will come to.
        ours = db.scalar(sa.text("SELECT pg_current_xact_id()::text::bigint"))
        old = db.scalars(sa.select(Event).where(Event.name == "booking.confirmed")).one()
        told = {"at": world.now, "channel": "ussd", "name": old.name, "subject": old.subject}
        db.add(Event(**told, transaction_id=ours + 10))
        db.execute(sa.update(WebhookCursor).values(transaction_id=2**40))
    tells(webhook)
    world.later(minutes=1)
    new = world.confirms(world.phone(), offering, an_hour(9))
    for _ in range(20):
        with world.transaction() as db:
            db.execute(sa.text("SELECT pg_current_xact_id()"))
    assert [it["data"]["reference"] for it in tells(webhook)[1:]] == [new.reference], "the old ones have been told"


def test_an_ended_webhook_is_told_nothing(world, agency, listens, tells):
    partner, offering = agency(world.offering())
    webhook, other = listens(partner.agency_id), listens(partner.agency_id)
    tells(webhook)
    world.confirms(world.phone(), offering, an_hour(8))
    tells(webhook)
    with world.transaction() as db:
        webhooks.end(db, agency_id=partner.agency_id, webhook_id=webhook, actor=CLERK, now=world.now)
    world.confirms(world.phone(), offering, an_hour(9))
    assert [len(tells(it)) for it in (webhook, other)] == [1, 2]
    assert world.scalars(sa.select(Delivery.next_at).where(Delivery.webhook_id == webhook)) == [None]
