"""A booking that the centre has moved, on every phone: the SMS and its answers, the first screen, STATUS."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking import closing
from core.booking.closing import What
from core.booking.tables import Booking, BookingHistory
from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Closure
from core.catalogue.version import bump_version
from core.clock import local_date
from core.db import Transaction
from core.messaging.tables import Message, Status
from core.people.audit import Actor
from core.people.register import Register, set_language
from core.wording import dates
from tests.desk.bookers import Books, clears, times
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.sms.conftest import Citizen
from tests.support import NOW

NUMBER = "+254711000001"
Close = Callable[..., None]


@pytest.fixture
def close(transaction: Transaction, catalogue: Catalogue, register: Register, ledger: Ledger) -> Iterator[Close]:
    """Somebody has booked at GPO; their day there is closed, and they are moved."""

    def close(*, asking: bool = False) -> None:
        Books(transaction, register, ledger)()
        with transaction() as db:
            db.execute(sa.update(Message).values(status=Status.SENT, claimed_at=NOW))
            closing.close(
                db,
                what=What(catalogue.sites["GPO"]),
                starts_at=NOW,
                ends_at=NOW + timedelta(days=1),
                reason="no power",
                asking=asking,
                actor=Actor("desk", who="manager"),
                request_key="closing",
                now=NOW,
            )
        clears(transaction, catalogue)

    yield close
    with transaction() as db:
        db.execute(sa.delete(Closure))
        bump_version(db)


def test_they_are_told_where_and_when_and_what_to_send(
    close: Close, citizen: Citizen, transaction: Transaction
) -> None:
    close()
    [said] = citizen.receives()
    [now_at] = times(transaction)
    assert said.startswith(f"The centre had to move your booking. Now: Lost ID, GPO, {dates.when(now_at)}. Number ")
    assert said.endswith("Another time? Send MOVE. To give it up: CANCEL.")
    assert local_date(now_at) > local_date(NOW)


def test_status_says_that_the_centre_moved_it(close: Close, citizen: Citizen) -> None:
    close()
    citizen.receives()
    [said] = citizen.sends("STATUS")
    assert said.startswith("The centre moved your booking: Lost ID, GPO, ")


def test_yes_keeps_the_new_time_and_no_gives_it_up(
    close: Close, citizen: Citizen, transaction: Transaction, ledger: Ledger
) -> None:
    close(asking=True)
    [asked] = citizen.receives()
    assert asked.endswith("Coming? Send YES. If not: NO. Another time: MOVE.")
    [kept] = citizen.sends("YES")
    assert kept.startswith("Thank you, we expect you: Lost ID, GPO")
    citizen.later(hours=1)
    citizen.sends("NO")
    with transaction() as db:
        assert db.scalars(sa.select(BookingHistory.outcome)).all() == ["given_up"]
    ledger.is_balanced()


def test_cancel_and_move_are_understood_as_ever(close: Close, citizen: Citizen, transaction: Transaction) -> None:
    close()
    citizen.receives()
    [offered] = citizen.sends("MOVE")
    assert "1" in offered
    citizen.sends("1")
    with transaction() as db:
        assert db.scalars(sa.select(Booking.closure_id)).all() == [None], "their own choice"
    citizen.sends("CANCEL")
    assert times(transaction) == []


def test_the_phone_says_so_on_its_first_screen_until_they_move_it_themselves(
    close: Close, phones: Callable[..., Phone], language: str, transaction: Transaction, register: Register
) -> None:
    close()
    with transaction() as db:
        set_language(db, register.contact(db, NUMBER, now=NOW), language)
    caller = phones(NUMBER, language=language)
    caller.dials().sees("Moved by the centre: {service}, {site}, {when}")
    caller.chooses("My booking").sees("Moved by the centre: {booking}. Number {reference}")
    caller.chooses("Move to another time").answers("1").chooses("Confirm").is_over()
    caller.dials().sees("Your booking: {service}, {site}, {when}")
