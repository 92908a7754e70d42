"""Putting a booking on another phone, while something else happens to it."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from core.booking.tables import Booking
from core.db import Transaction
from core.people.register import Register
from tests.desk.bookers import Books
from tests.desk.conftest import Desk
from tests.desk.pages import seen, unseen
from tests.desk.test_booking_for import finds
from tests.journeys.ledger import Ledger
from tests.support import NOW


def test_a_booking_that_comes_to_this_phone_while_the_form_is_read_is_refused(
    desk: Desk, transaction: Transaction, register: Register, ledger: Ledger
) -> None:
    client, booked = desk("counter"), Books(transaction, register, ledger)()
    citizen = finds(client, "0711 000 132")
    form = unseen(client.get(f"{citizen}/book").text) | {"phone": "0711 000 133", "language": "en"}
    with ThreadPoolExecutor(1) as pool:
        with transaction() as db:
            # Waits for the phone that both of them see for the first time.
            here = register.contact(db, "+254711000132", now=NOW).id
            register.contact(db, "+254711000133", now=NOW)
            db.execute(sa.update(Booking).values(contact_id=here))
            sending = pool.submit(client.post, f"{citizen}/{booked.reference}/phone", data=form)
            until_it_waits(transaction, sending)
        answer = sending.result()
    assert answer.location == citizen
    assert "Nothing was changed." in seen(client.get(citizen).text)
    with transaction() as db:
        assert db.scalar(sa.select(Booking.contact_id)) == here


def until_it_waits(transaction: Transaction, work: Future[Any]) -> None:
    """For a lock that somebody else has, or until it is done."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
    while not work.done():
        with transaction() as db:
            if db.scalar(waiting):
                return
