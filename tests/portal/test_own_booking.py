"""My booking: found by number and phone, moved, given up, told again; the line of those who wait."""

import contextlib
from datetime import datetime, timedelta

import pytest
import redis
import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.outcomes import booking_subject
from core.booking.tables import Booking, Counted, WaitlistEntry, WaitlistOffer, Window
from core.booking.waitlist import tend
from core.clock import NAIROBI
from core.people.audit import Actor, record_event
from core.references import grouped, new_reference
from core.tracking.demo import make_demo_documents
from tests.portal.test_booking import CENTRE, TOMORROW, at_the_check
from tests.support import NOW
from web.portal.proving import SENDING

BOOKED_WITH = "The phone that it was booked with"


@pytest.fixture
def booking(citizens, ledger):
    """Made in another browser."""
    at_the_check(citizens()).presses("Confirm my booking").sees("Booked")
    return ledger.only_booking()


def asks(citizen, reference, phone="0711 000 001"):
    citizen.opens("/booking").types("Booking number", reference).types(BOOKED_WITH, phone)
    return citizen.presses("Send me the code")


def finds(citizen, booking, sms):
    """With the number as it is written on the slip."""
    return asks(citizen, grouped(booking.reference)).types_code(sms("0711000001"))


def test_a_booking_is_found_by_its_number_and_phone(citizen, booking, sms):
    asks(citizen, grouped(booking.reference)).sees("If a booking has this number and phone, a code is on its way to")
    citizen.types_code(sms("0711000001")).sees(f"Booking {grouped(booking.reference)}", "Tue 24 Nov 7:00am")


def test_the_answer_is_the_same_for_a_number_that_is_not_theirs(citizens, booking, ledger, sms):
    """The words, the address, what a cookie holds, and what comes of guessing."""
    sent = ledger.messages().count("phone_code")
    right, wrong, unknown = citizens(), citizens(), citizens()
    asks(right, booking.reference)
    asks(wrong, new_reference(), phone="0711000001")
    asks(unknown, booking.reference, phone="0711 000 009")
    assert ledger.messages().count("phone_code") == sent + 1
    pages = [citizen.text.replace("0711 000009", "0711 000001") for citizen in (right, wrong, unknown)]
    assert pages[0] == pages[1] == pages[2]
    assert len({len(kept(citizen, "asking")) for citizen in (right, wrong, unknown)}) == 1
    # Not even the right digits open a page for whom none were sent.
    unknown.types_code(sms("0711000009")).sees("That is not the code.")


def kept(citizen, name):
    """What the cookie holds. Its own length says nothing: what is random in it is compressed."""
    with citizen.client.session_transaction() as session:
        return session[name]


@pytest.mark.parametrize("place", ["/booking", "/booking/phone", f"{CENTRE}/202611260900/phone"])
def test_from_one_address_only_so_many_codes_are_asked_for(place, citizens, settings):
    def asks_there():
        citizen = citizens().opens(place)
        for label, name in citizen.page.labels.items():
            citizen.types(label, {"reference": new_reference(), "phone": "0711 000 001"}[name])
        return citizen.presses("Send me the code").status

    assert asks_there() == 200
    with contextlib.closing(redis.Redis.from_url(settings.redis_url)) as valkey:
        [counted] = valkey.keys("LIMITS:*")
        assert valkey.get(counted) == b"1"
        valkey.set(counted, SENDING.partition(" ")[0], keepttl=True)
    assert asks_there() == 429


def test_a_mistyped_number_is_said_beside_the_field_and_the_phone_is_kept(citizen, ledger):
    asks(citizen, "48217").sees("There is a problem", "The number has 8 digits.")
    assert citizen.value_of(BOOKED_WITH) == "0711 000 001"
    assert ledger.messages() == []
    asks(citizen, "48217", phone="07").sees_in_this_order("There is a problem", "8 digits", "That phone number")


def test_whoever_lost_the_number_sees_all_that_the_phone_has_booked(citizen, booking):
    citizen.opens("/booking").follows("I do not have the number").proves()
    citizen.sees("My bookings", grouped(booking.reference), "Replace lost national ID")


def test_without_a_proof_nothing_is_shown(citizen, booking):
    for address in ("", "/booked", "/slip", "/give-up"):
        citizen.opens(f"/booking/{booking.reference}{address}").sees(BOOKED_WITH).sees_not("Tue 24 Nov")
        assert citizen.value_of("Booking number") == booking.reference
    citizen.opens("/booking/mine").sees("Your phone number")
    citizen.opens("/booking/offers/1").sees("Your phone number")
    assert citizen.opens("/booking/12345678").status == 404


def test_a_browser_that_forgets_the_phone_knows_nothing_of_its_owner(citizen, booking, transaction, register):
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    citizen.opens("/language/en").opens("/booking/phone").proves()
    asks(citizen, booking.reference)
    citizen.opens("/document").types("Document number", "4821 7092").types("Last 3 digits of the owner's ID", "678")
    citizen.presses("Find it").sees("Document 4821 7092")
    citizen.opens("/booking/mine").presses("Forget my phone here").sees("This computer has forgotten your phone.")
    citizen.opens("/document/status").sees_not("4821 7092")
    citizen.opens("/booking/mine").sees("Your phone number")
    with citizen.client.session_transaction() as session:
        assert set(session) == {"language", "csrf_token", "_fresh"}


def test_another_phone_does_not_see_it(citizen, booking):
    citizen.opens("/booking/phone").proves("0711000002")
    citizen.opens(f"/booking/{booking.reference}").sees("This phone has no booking of that number.")


def test_a_booking_is_moved_on_the_same_pages_of_times(citizen, booking, sms, ledger):
    finds(citizen, booking, sms).follows("Move to another time").sees("Move to which time?")
    assert TOMORROW not in citizen.times()
    citizen.follows("Other day or time").follows("Thu 26 Nov").presses("2:30pm")
    citizen.sees("Thu 26 Nov 2:30pm is held for you", "Your time now", "Tue 24 Nov 7:00am", "You keep your old time")
    citizen.presses("Move my booking").sees("Your booking has been moved.", "Thu 26 Nov 2:30pm")
    assert ledger.only_booking().reference == booking.reference
    assert ledger.messages()[-1] == "booking_moved"
    assert ledger.holds() == []
    ledger.is_balanced()


def test_a_booking_is_moved_to_another_centre(citizen, booking, sms, ledger, catalogue):
    finds(citizen, booking, sms).follows("Move to another time").follows("Another centre").follows("All counties")
    citizen.follows("Wajir").presses(citizen.times()[-1]).presses("Move my booking").sees("has been moved")
    assert ledger.only_booking().offering_id == catalogue.offering("IDR", "WJR").id
    ledger.is_balanced()


def test_moving_twice_moves_once_and_shows_the_same_page(citizen, booking, sms, ledger):
    finds(citizen, booking, sms).follows("Move to another time").presses(citizen.times()[-1])
    first, second = citizen.sends("Move my booking"), citizen.sends("Move my booking")
    assert first.request.full_path == second.request.full_path
    assert ledger.messages().count("booking_moved") == 1


def test_a_new_time_that_is_gone_leaves_the_old_one(citizens, booking, sms, ledger, catalogue, clock):
    then = datetime(2026, 11, 26, 14, 30, tzinfo=NAIROBI)
    ledger.leave_one_place(catalogue.offering("IDR", "GPO"), then)
    one, two = citizens(), citizens()
    finds(one, booking, sms)
    one.opens(f"{CENTRE}/days/2026-11-26?moving={booking.reference}").presses("2:30pm").sees("Your time now")
    clock.time += timedelta(minutes=6)
    ledger.sweep(clock.time)
    two.opens(f"{CENTRE}/days/2026-11-26").presses("2:30pm").proves("0711000002").sees("is held for you")
    one.presses("Move my booking").sees("The time held for you is gone. Choose another.", "Move to which time?")
    assert ledger.only_booking().starts_at == booking.starts_at


def test_a_booking_is_given_up_only_after_it_was_asked(citizen, booking, sms, ledger):
    finds(citizen, booking, sms).follows("Cancel my booking").sees("Cancel this booking?")
    citizen.follows("No, keep it").follows("Cancel my booking")
    first, second = citizen.sends("Yes, cancel it"), citizen.sends("Yes, cancel it")
    assert first.request.full_path == second.request.full_path == "/booking/mine?said=given-up"
    assert ledger.given_up() == [booking.reference]
    assert ledger.messages().count("booking_given_up") == 1
    citizen.opens(f"/booking/{booking.reference}").sees("This phone has no booking of that number.")
    ledger.is_balanced()


def test_the_sms_is_sent_again_but_not_for_ever(citizen, booking, sms, ledger):
    finds(citizen, booking, sms).presses("Send the SMS again").sees("The SMS is on its way.")
    for _ in range(3):
        citizen.presses("Send the SMS again")
    citizen.sees("We have just sent it. Please wait for it.")
    assert ledger.messages().count("booking_confirmed") == 4


def later(citizen, sms, ledger, catalogue):
    """A booking far away, with everything before it full."""
    offering = catalogue.offering("IDR", "GPO")
    days = ledger.days(offering)
    ledger.fill([offering], days[:5])
    citizen.opens(f"{CENTRE}/days/{days[5]}")
    citizen.presses(citizen.times()[0]).proves()
    citizen.types("The ID number of the person coming", "12345678").presses("Continue").presses("Confirm my booking")
    return offering, days


def test_an_earlier_time_is_waited_for_and_taken(citizen, sms, ledger, catalogue, transaction, clock):
    offering, days = later(citizen, sms, ledger, catalogue)
    citizen.presses("SMS me if an earlier time is free").sees("You are in line.", "You wait for an earlier time")
    free(transaction, offering, days[3], catalogue, clock)
    citizen.opens("/booking/mine").sees("Earlier place:").follows("Take it or leave it")
    first, second = citizen.sends("Take it"), citizen.sends("Take it")
    assert first.request.path == second.request.path
    assert ledger.only_booking().starts_at.date() == days[3]
    assert "Booked" in first.text


def test_a_place_on_offer_can_be_left_and_waiting_stopped(citizen, sms, ledger, catalogue, transaction, clock):
    offering, days = later(citizen, sms, ledger, catalogue)
    citizen.presses("SMS me if an earlier time is free")
    free(transaction, offering, days[3], catalogue, clock)
    citizen.opens("/booking/mine").follows("Take it or leave it").presses("Leave it")
    citizen.sees("The place goes to the next in line.")
    citizen.opens(f"/booking/{ledger.only_booking().reference}").presses("Stop waiting for an earlier time")
    citizen.sees("You are no longer waiting.")
    citizen.opens("/booking/offers/999").sees("That place is no longer held for you.")


def free(transaction, offering, day, catalogue, clock):
    """Somebody gives back a place of a full day, and the clock offers it."""
    with transaction() as db:
        db.execute(
            sa.delete(Window).where(
                Window.kind == Counted.DAY, Window.owner_id == offering.id, Window.starts_at == day_begins(day)
            )
        )
    with transaction() as db:
        tend(db, catalogue, now=clock.time, limit=10)
        assert db.scalars(sa.select(WaitlistOffer.id)).one()


def test_a_phone_is_forgotten_on_a_computer_that_others_use(citizen, booking, sms):
    finds(citizen, booking, sms).presses("Forget my phone here").sees("This computer has forgotten your phone.")
    citizen.opens(f"/booking/{booking.reference}").sees(BOOKED_WITH)


def test_what_was_booked_by_dialling_is_found_on_the_web(citizen, phone, ledger, sms):
    phone.dials("*191*9#").answers("1").answers("1").answers("1").answers("1").answers("1")
    phone.answers("12345678").answers("1")
    booking = ledger.only_booking()
    finds(citizen, booking, sms).sees(f"Booking {grouped(booking.reference)}")


def test_a_booking_that_the_centre_moved_says_where_it_was(citizen, booking, sms, transaction, clock):
    """As a closure leaves it (core.booking.closing.clearing)."""
    was = {"was_at": booking.starts_at.isoformat(), "was_offering_id": booking.offering_id}
    with transaction() as db:
        later = {"starts_at": booking.starts_at + timedelta(days=1), "closure_id": 7}
        db.execute(sa.update(Booking).values(later))
        subject = booking_subject(booking.id)
        record_event(db, "booking.moved", subject, actor=Actor("clock"), now=clock.time, closure_id=7, **was)
    finds(citizen, booking, sms).sees(f"The centre had to move it: it was for {TOMORROW}.")
    citizen.opens("/booking/mine").sees("The centre had to move it")


@pytest.fixture
def waits(citizen, sms, ledger, catalogue):
    """Two lines for an earlier time, seen on one page."""
    for code in ("IDR", "IDN"):
        for offering in catalogue.offerings_of(code):
            ledger.fill([offering], ledger.days(offering))
    for code in ("IDR", "IDN"):
        citizen.opens(f"/book/{code}/GPO").follows("SMS me if a time is free")
        if "Your phone number" in citizen.text:
            citizen.proves()
        if "The ID number of the person coming" in citizen.page.labels:
            citizen.types("The ID number of the person coming", "12345678").presses("Continue")
        citizen.presses("Wait for a place")
    return citizen.opens("/booking/mine")


def test_each_button_of_one_page_does_its_own(waits, transaction):
    def waiting():
        with transaction() as db:
            return db.scalar(sa.select(sa.func.count()).where(WaitlistEntry.ended_at.is_(None)))

    assert waiting() == 2
    for form in [form for form in waits.page.forms if form.action.endswith("/stop")]:
        waits._submit(form, form.buttons[0])
    assert waiting() == 0


def test_a_place_that_was_left_cannot_be_taken_from_the_same_page(citizen, sms, ledger, catalogue, transaction, clock):
    offering, days = later(citizen, sms, ledger, catalogue)
    citizen.presses("SMS me if an earlier time is free")
    free(transaction, offering, days[3], catalogue, clock)
    citizen.opens("/booking/mine").follows("Take it or leave it")
    assert "The place goes to the next in line." in citizen.sends("Leave it").text
    taken = citizen.sends("Take it")
    assert (taken.status_code, taken.request.args["said"]) == (200, "offer-over")


def test_a_wait_ends_within_the_days_that_can_be_booked(citizen, transaction):
    citizen.opens("/booking/phone").proves()
    for day in ("2028-01-01", "9999-12-31"):
        assert citizen.opens(f"/book/IDR/GPO/wait-{day}/check?who=nobody").status == 404


def test_after_three_codes_the_page_says_enough_whether_or_not_it_is_their_number(citizens, booking, ledger):
    pages = []
    for reference in (booking.reference, new_reference()):
        citizen = citizens()
        for _ in range(3):
            asks(citizen, reference).sees("a code is on its way")
        asks(citizen, reference).sees("has had enough codes for now").sees_not("a code is on its way")
        pages.append(citizen.text)
        citizen.presses("Send the code again").sees("has had enough codes for now").sees_not("a code is on its way")
    assert pages[0] == pages[1]


def test_whoever_asks_with_wrong_numbers_leaves_the_owner_all_codes(citizens, citizen, booking, sms):
    wrong = new_reference()
    for _ in range(5):
        asks(citizens(), new_reference()).types_code("123456")
        asks(citizens(), wrong).types_code("123456")
    finds(citizen, booking, sms).sees(f"Booking {grouped(booking.reference)}")


def test_send_again_on_a_page_that_was_open_for_too_long_says_so(citizen, booking):
    asks(citizen, booking.reference)
    [form] = [form for form in citizen.page.forms if form.buttons[0]["says"] == "Send the code again"]
    for field in form.fields:
        field["value"] = "old" if "csrf" in field["name"] else field["value"]
    citizen._arrive(citizen._submit(form, form.buttons[0]))
    citizen.sees("There is a problem", "This page was open for a long time.")


def test_a_phone_abroad_gets_one_code_an_hour_and_is_told_what_to_do(citizen):
    for sentence in ("We have sent a code to +44 7700 900123", "No more codes can be sent to phones outside Kenya"):
        citizen.opens("/booking/phone").types("Your phone number", "+44 7700 900123").presses("Send me the code")
        citizen.sees(sentence)
    citizen.sees_not("We have sent a code").sees("Use a number from Kenya, or dial *191*9#.")
