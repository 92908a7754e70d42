"""A booking that a closure took, with no other time to be had: every door says so, until its day is over."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from core.booking import closing, commands
from core.booking.beneficiaries import Beneficiary
from core.booking.closing import What
from core.booking.tables import BookingHistory
from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Closure
from core.catalogue.version import bump_version
from core.clock import local_date
from core.db import Transaction
from core.messaging.senders import Sender
from core.messaging.templates import Speech
from core.people.audit import Actor, Intent
from core.people.register import Register, set_language
from core.references import grouped
from tests.desk.bookers import Books, clears
from tests.journeys.fixtures import CALLER
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.portal.citizen import Citizen
from tests.sms.conftest import Citizen as Writer
from tests.support import NOW, Clock

LONG = timedelta(days=61)


@pytest.fixture
def lost(
    transaction: Transaction, catalogue: Catalogue, register: Register, ledger: Ledger
) -> Iterator[BookingHistory]:
    """GPO is closed for longer than anybody is moved, and the other centres are full."""
    booked = Books(transaction, register, ledger)()
    gpo = catalogue.sites["GPO"]
    others = [offering for offering in catalogue.offerings_of("IDR") if offering.site != gpo]
    ledger.fill(others, ledger.next_days(15))
    with transaction() as db:
        closing.close(
            db,
            what=What(gpo),
            starts_at=NOW,
            ends_at=NOW + LONG,
            reason="a fire",
            asking=False,
            actor=Actor("desk", who="manager"),
            request_key="closing",
            now=NOW,
        )
    clears(transaction, catalogue)
    with transaction() as db:
        [over] = db.scalars(sa.select(BookingHistory)).all()
    assert (over.id, over.outcome) == (booked.id, "closed")
    yield over
    with transaction() as db:
        db.execute(sa.delete(Closure))
        bump_version(db)


@pytest.fixture
def writer(
    app: Flask, transaction: Transaction, catalogue: Catalogue, register: Register, clock: Clock, lost: BookingHistory
) -> Writer:
    """Who has read what came when it was closed."""
    speech = Speech(catalogue, "*191*9#", register, Sender("22191", answerable=True))
    writer = Writer(app, transaction, speech, clock)
    writer.receives()
    return writer


def test_my_booking_says_that_the_centre_cancelled_it_until_its_day_is_over(
    phones: Callable[..., Phone],
    language: str,
    lost: BookingHistory,
    transaction: Transaction,
    register: Register,
    clock: Clock,
) -> None:
    with transaction() as db:
        set_language(db, register.contact(db, CALLER, now=NOW), language)
    caller = phones(CALLER, language=language)
    caller.dials().chooses("My booking").sees("Cancelled by the centre: {booking}", "GPO", "Waiting: ")
    assert caller.requests == 2
    caller.chooses("Book a visit").sees("Which service?")
    clock.time += timedelta(days=local_date(lost.starts_at).toordinal() - local_date(clock.time).toordinal() + 1)
    caller.dials().chooses("My booking").does_not_see("Cancelled by the centre").sees("Stop waiting")


def test_status_says_so_by_the_phone_alone_and_by_the_number(writer: Writer, lost: BookingHistory) -> None:
    for text in ("STATUS", f"STATUS {lost.reference}", lost.reference):
        [said] = writer.sends(text)
        assert said.startswith("Cancelled by the centre: Lost ID, GPO, "), text
        assert "Do not come." in said


def test_the_web_says_so_and_finds_it_by_its_number(app: Flask, lost: BookingHistory, writer: Writer) -> None:
    def code(_phone: str) -> str:
        [said] = writer.receives()
        return re.findall(r"\d{6}", said)[0]

    citizen = Citizen(app, code)
    citizen.opens("/booking").types("Booking number", lost.reference)
    citizen.types("The phone that it was booked with", "0711000001").presses("Send me the code")
    citizen.types_code(code("")).sees("The centre had to cancel it", grouped(lost.reference))
    citizen.sees_not("This phone has no booking")


def test_who_has_booked_again_does_not_hear_of_it(
    lost: BookingHistory,
    writer: Writer,
    phones: Callable[..., Phone],
    transaction: Transaction,
    register: Register,
    ledger: Ledger,
) -> None:
    offering = ledger.catalogue.offering("IDR", "MAK")
    assert offering is not None
    with transaction() as db:
        contact = register.contact(db, CALLER, now=NOW)
        set_language(db, contact, "en")
        assert closing.lost_by_closure(db, contact.id, now=NOW) != []
        commands.confirm(
            db,
            Intent(contact.id, "again", Actor("ussd", contact.id), "en", NOW),
            offering=offering,
            starts_at=ledger.times(offering, ledger.days(offering)[-1])[0],
            closed_days=ledger.catalogue.closed_days,
            beneficiary=Beneficiary(lost.beneficiary_id),
        )
    writer.receives()
    phones().dials().chooses("My booking").does_not_see("Cancelled by the centre")
    [said] = writer.sends("STATUS")
    assert said.startswith("Your booking: ")
