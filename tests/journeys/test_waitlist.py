"""SMS me if earlier: a call, an SMS, a place."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking import waitlist
from core.booking.tables import WaitlistEntry, WaitlistOffer
from core.catalogue.snapshot import Catalogue, Offering
from tests.journeys.fixtures import CALLER, OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import NOW, Clock


@pytest.fixture
def gpo(catalogue: Catalogue) -> Offering:
    offering = catalogue.offering("IDR", "GPO")
    assert offering
    return offering


def entries(ledger: Ledger) -> list[WaitlistEntry]:
    with ledger.transaction() as db:
        return list(db.scalars(sa.select(WaitlistEntry).order_by(WaitlistEntry.id)))


def offers(ledger: Ledger) -> list[WaitlistOffer]:
    with ledger.transaction() as db:
        return list(db.scalars(sa.select(WaitlistOffer).order_by(WaitlistOffer.id)))


def open_a_day(ledger: Ledger, offering: Offering, day: int) -> None:
    """Somebody's place on that day has become free by other means."""
    with ledger.transaction() as db:
        db.execute(
            sa.text("UPDATE windows SET taken = 0 WHERE kind = 'day' AND owner_id = :offering AND starts_at = :begins"),
            {"offering": offering.id, "begins": ledger.next_days(day + 1)[day].isoformat() + "T00:00:00+03:00"},
        )
        waitlist.tend(db, ledger.catalogue, now=NOW, limit=1)


def test_a_far_day_is_booked_and_an_earlier_place_taken_by_dialling(
    caller: Phone, ledger: Ledger, gpo: Offering
) -> None:
    ledger.fill([gpo], ledger.next_days(14))
    caller.books(until="centres").chooses("GPO").sees("is full until").chooses("Book {day}, SMS me if earlier")
    caller.sees("is held for you").answers("12345678").chooses("Confirm").is_over()
    caller.sees("Booked: {site}, {when}", "Earlier place free? We SMS you.")
    assert caller.requests == 8, "as many as any first booking"
    far = ledger.only_booking()
    assert [(e.booking_id, e.beneficiary_id) for e in entries(ledger)] == [(far.id, far.beneficiary_id)]
    assert ledger.messages() == ["booking_confirmed", "waitlist_joined"]

    open_a_day(ledger, gpo, 2)
    [offer] = offers(ledger)
    assert ledger.messages()[-1] == "waitlist_offer"
    caller.dials().chooses("My booking").sees("Earlier place: {service}, {site}, {when}. Held for you until {until}.")
    assert caller.option("Take it") == "1"
    assert caller.option("Leave it") == "2"
    caller.answers("1").is_over().sees("Booked: {site}, {when}")
    taken = ledger.only_booking()
    assert (taken.reference, taken.starts_at) == (far.reference, offer.starts_at)
    assert ledger.messages()[-1] == "booking_moved"
    assert entries(ledger)[0].outcome == "taken"


def test_an_offer_left_is_passed_on_and_the_booking_stays(phones: Phones, ledger: Ledger, gpo: Offering) -> None:
    ledger.fill([gpo], ledger.next_days(14))
    for nth, number in enumerate((CALLER, OTHER)):
        phone = phones(number).books(until="centres").chooses("GPO", "SMS me if earlier")
        phone.answers(f"1234567{nth}").chooses("Confirm").is_over()
    open_a_day(ledger, gpo, 2)
    first, second = phones(CALLER), phones(OTHER)
    second.dials().chooses("My booking").does_not_see("Earlier place")
    first.dials().chooses("My booking", "Leave it").is_over().sees("The place goes to the next in line.")
    second.dials().chooses("My booking").sees("Earlier place").chooses("My booking").sees("Number")
    assert [o.outcome for o in offers(ledger)] == ["declined", None]
    assert len(ledger.bookings()) == 2


def test_where_nothing_is_free_a_caller_waits_and_leaves_again(caller: Phone, ledger: Ledger, gpo: Offering) -> None:
    ledger.fill([gpo], ledger.next_days(40))
    caller.books(until="centres").chooses("GPO", "SMS me if a place is free").answers("12345678")
    caller.sees("wait for a place until").chooses("Confirm").is_over().sees("You are in line.")
    assert ledger.messages() == ["waitlist_joined"]
    caller.dials().chooses("My booking").sees("Waiting: {place}, until {day}").chooses("Stop waiting").is_over()
    assert entries(ledger)[0].outcome == "left"


def test_days_before_the_first_free_one_can_be_waited_for(caller: Phone, ledger: Ledger, gpo: Offering) -> None:
    ledger.fill([gpo], ledger.next_days(3))
    caller.books(until="times").chooses("SMS me if earlier").answers("12345678").chooses("Confirm").is_over()
    [entry] = entries(ledger)
    assert (entry.first_day, entry.last_day) == (ledger.next_days(1)[0], ledger.next_days(3)[2])
    assert ledger.bookings() == []


def test_a_booking_that_nothing_is_free_before_can_be_waited_beside(
    caller: Phone, ledger: Ledger, gpo: Offering
) -> None:
    ledger.fill([gpo], ledger.next_days(3))
    caller.books()
    caller.dials().chooses("My booking", "SMS me if earlier").is_over().sees("You keep your booking")
    caller.dials().chooses("My booking").does_not_see("SMS me if earlier").chooses("Stop waiting for an earlier time")
    assert entries(ledger)[0].outcome == "left"
    assert len(ledger.bookings()) == 1


def test_nobody_is_asked_to_wait_where_an_earlier_time_is_free(phone: Phone) -> None:
    phone.books().dials().chooses("Book a visit", "Lost ID").does_not_see("SMS me if earlier").answers("00")
    phone.dials().chooses("My booking").does_not_see("SMS me if earlier")


def test_an_offer_that_has_run_out_says_so_kindly(phone: Phone, ledger: Ledger, gpo: Offering, clock: Clock) -> None:
    ledger.fill([gpo], ledger.next_days(14))
    phone.books(until="centres").chooses("GPO", "SMS me if earlier").answers("12345678").chooses("Confirm")
    open_a_day(ledger, gpo, 2)
    phone.dials().chooses("My booking").sees("Held for you until 9:30am")
    clock.time = NOW + timedelta(minutes=31)
    phone.chooses("Take it").goes_on().sees("That place is no longer held for you.")
    assert len(ledger.bookings()) == 1
