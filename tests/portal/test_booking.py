"""A citizen books on the web: one question a page, no account, the phone proven by a code."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from core.booking.tables import Booking
from core.clock import NAIROBI
from core.people.tables import Event, Person

ID_NUMBER = "The ID number of the person coming"
CENTRE = "/book/IDR/GPO"
TOMORROW = "Tue 24 Nov 7:00am"


def tomorrow(catalogue):
    return catalogue.offering("IDR", "GPO"), datetime(2026, 11, 24, 7, tzinfo=NAIROBI)


def at_the_check(citizen, number="12345678", at=CENTRE, phone="0711 000 001"):
    """From the times of a centre to the last page before the booking."""
    citizen.opens(at)
    citizen.presses(TOMORROW)
    if "Your phone number" in citizen.page.labels:
        citizen.proves(phone)
    if number:
        citizen.types(ID_NUMBER, number).presses("Continue")
    return citizen.sees("Check your answers")


def test_a_citizen_books_from_the_first_page_to_the_last(citizen, ledger):
    citizen.opens("/book").follows("Replace lost national ID").sees("Where?").follows("Nairobi")
    citizen.sees("Which centre?", "First free day: Mon 23 Nov").follows("Huduma Centre Nairobi GPO").sees("When?")
    citizen.presses("Mon 23 Nov 10:00am").sees("Your phone number").proves("0711 000 001")
    citizen.sees("Mon 23 Nov 10:00am is held for you until 9:05am.")
    citizen.types(ID_NUMBER, "12 345 678").presses("Continue")
    citizen.sees("Check your answers", "Replace lost national ID", "Number ending 678", "What to bring", "Fee")
    citizen.presses("Confirm my booking").sees("Booked", "An SMS follows", "Booking is free")
    booking = ledger.only_booking()
    assert booking.reference[:4] in citizen.text
    assert ledger.messages() == ["phone_code", "booking_confirmed"]
    ledger.is_balanced()


def test_the_same_in_kiswahili(citizens, ledger):
    citizen = citizens("sw")
    citizen.opens(CENTRE).sees("Lini?")
    citizen.presses(citizen.times()[0])
    citizen.proves(label="Nambari yako ya simu").sees("Tumekushikia Jumatatu 23 Nov 10:00am hadi 9:05am.")
    citizen.types("Nambari ya ID ya atakayekuja", "12345678").presses("Endelea").presses("Thibitisha miadi yangu")
    citizen.sees("Umepata miadi", "Utapata SMS")
    assert ledger.only_booking()


def test_neither_phone_nor_number_stands_in_an_address_or_in_the_cookie(citizen, app):
    seen = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(__import__("flask").request.full_path))
    try:
        at_the_check(citizen).presses("Confirm my booking")
    finally:
        app.before_request_funcs[None].pop()
    session = app.session_interface.get_signing_serializer(app).loads(citizen.client.get_cookie("zamu").value)
    for kept in (*seen, str(session)):
        assert "12345678" not in kept
        assert "711000001" not in kept.replace(" ", "")
    assert set(session) <= {"proven", "csrf_token", "language", "_fresh"}


def test_a_service_is_found_by_its_name_and_by_its_kind(citizen):
    citizen.opens("/book").types("Name of the service", "leseni").presses("Search").sees("Smart driving licence")
    citizen.opens("/book").follows("All services").follows("Passport - first time (34 pages)").sees("Where?")
    citizen.opens("/book?q=zzzzz").sees("No service begins like that.")


def test_a_place_is_found_by_its_first_letters_and_by_county(citizen):
    citizen.opens("/book/IDR").types("Town or county", "waj").presses("Search").sees("Wajir", "When?")
    citizen.opens("/book/IDR").follows("All counties").follows("Nakuru").sees("Nakuru")
    citizen.opens("/book/IDR?q=zzzzz").sees("No such place.")


def test_a_service_without_booking_says_how_it_is_had(citizen, catalogue):
    walk_in = next(s.code for s in catalogue.services.values() if s.appointment == "walk_in" and not s.elsewhere)
    citizen.opens(f"/book/{walk_in}").sees("No booking needed: walk in.")
    assert citizen.opens("/book/NOSUCH").status == 404
    assert citizen.opens("/book/IDR/NOSUCH").status == 404
    assert citizen.opens("/book/IDR/GPO/sometime/who").status == 404


def test_any_day_and_time_with_room_can_be_chosen(citizen, ledger):
    citizen.opens(CENTRE).follows("Other day or time").follows("Thu 26 Nov").presses("2:30pm")
    citizen.proves().sees("Thu 26 Nov 2:30pm is held for you")


def test_a_second_booking_asks_for_no_code(citizen, catalogue, ledger):
    at_the_check(citizen).presses("Confirm my booking")
    codes = {o.service.code for o in catalogue.offerings if o.service.identity == "national_id"} - {"IDR"}
    citizen.opens(f"/book/{min(codes)}/GPO")
    citizen.presses(citizen.times()[0]).sees(ID_NUMBER)
    citizen.follows("Same person as last time (number ending 678)").presses("Confirm my booking").sees("Booked")
    one, two = ledger.bookings()
    assert one.beneficiary_id == two.beneficiary_id
    assert ledger.messages().count("phone_code") == 1


def test_after_half_an_hour_the_phone_is_asked_for_again(citizen, clock, sms):
    at_the_check(citizen)
    clock.time += timedelta(minutes=31)
    citizen.opens(citizen.at).sees("Your phone number").proves()
    citizen.sees("Check your answers", "Number ending 678", "is held for you until 9:36am")


def test_whoever_is_asked_for_their_phone_again_is_told_why(citizen):
    again = "We no longer know your phone here. Type its number again to go on."
    at_the_check(citizen)
    on_the_way = [citizen.at, citizen.at.replace("/check", "/who"), citizen.at.replace("/check", "/code")]
    citizen.client.delete_cookie("zamu")
    for address in on_the_way:
        citizen.opens(address).sees("Your phone number", again)
    citizen.proves().sees_not(again)


def test_a_phone_from_abroad_books(citizen, ledger, transaction, register):
    citizen.opens(CENTRE)
    citizen.presses(citizen.times()[0]).proves("+44 7700 900123").sees("is held for you")
    with transaction() as db:
        assert register.find_contact(db, "+447700900123")


def test_what_has_digits_only_is_typed_on_keys_with_digits_only(citizen):
    citizen.opens("/booking")
    assert citizen.keys_for("Booking number") == "numeric"
    assert citizen.keys_for("The phone that it was booked with") == "tel"
    citizen.opens(CENTRE)
    citizen.presses(citizen.times()[0])
    assert citizen.keys_for("Your phone number") == "tel"
    citizen.proves()
    assert citizen.keys_for(ID_NUMBER) == "numeric"


def test_what_is_no_phone_or_no_number_is_said_beside_the_field_and_kept(citizen):
    citizen.opens(CENTRE)
    citizen.presses(citizen.times()[0]).types("Your phone number", "07").presses("Send me the code")
    citizen.sees("There is a problem", "Type one like 0711 000 001")
    assert citizen.value_of("Your phone number") == "07"
    assert citizen.page.title.startswith("Error:")
    citizen.types("Your phone number", "0711 000 00").presses("Send me the code").sees("the wrong number of digits")
    citizen.proves().types(ID_NUMBER, "12").presses("Continue").sees("An ID number has 6 to 9 digits.")
    assert citizen.value_of(ID_NUMBER) == "12"


def test_a_wrong_code_is_said_and_another_can_be_sent(citizen, sms):
    citizen.opens(CENTRE)
    citizen.presses(citizen.times()[0]).types("Your phone number", "0711000001").presses("Send me the code")
    wrong = f"{(int(sms('0711000001')) + 1) % 1_000_000:06}"
    citizen.types_code("12").sees("The code has 6 digits.")
    citizen.types_code(wrong).sees("That is not the code.")
    citizen.presses("Send the code again").sees("The code has been sent again.")
    citizen.types_code(sms("0711000001")).sees("is held for you")


def test_a_code_guessed_at_five_times_is_over(citizen, sms):
    citizen.opens(CENTRE)
    citizen.presses(citizen.times()[0]).types("Your phone number", "0711000001").presses("Send me the code")
    right = sms("0711000001")
    for guess in range(1, 6):
        citizen.types_code(f"{(int(right) + guess) % 1_000_000:06}")
    citizen.sees("That code can no longer be used.").types_code(right).sees("That code can no longer be used.")
    citizen.presses("Send the code again").types_code(sms("0711000001")).sees("is held for you")


def test_a_phone_that_had_enough_codes_is_told_so(citizens):
    for _ in range(4):
        citizen = citizens()
        citizen.opens(CENTRE)
        citizen.presses(citizen.times()[0]).types("Your phone number", "0711000001").presses("Send me the code")
    citizen.sees("This phone has had enough codes for now.")


def test_pressing_twice_books_once_and_shows_the_same_page(citizen, ledger):
    at_the_check(citizen)
    first, second = citizen.sends("Confirm my booking"), citizen.sends("Confirm my booking")
    assert first.request.path == second.request.path
    assert ledger.only_booking().reference in first.request.path
    ledger.is_balanced()


def test_going_back_after_booking_and_pressing_again_shows_the_booking(citizen, ledger):
    check = at_the_check(citizen).at
    citizen.presses("Confirm my booking")
    citizen.opens(check).sees("You have booked Replace lost national ID already")
    citizen.follows(next(said for said, _ in citizen.page.links if "number" in said)).sees("Booking ")
    assert ledger.only_booking()


def test_two_tabs_with_the_same_person_book_once(citizen, ledger):
    at_the_check(citizen)
    other = citizen.html, citizen.at
    citizen.opens(citizen.at).presses("Confirm my booking").sees("Booked")
    citizen.html, citizen.at = other
    citizen.presses("Confirm my booking").sees("This person has a booking for this service already: here it is.")
    assert ledger.only_booking()


def test_a_person_without_a_number_is_not_booked_twice_unasked(citizen, ledger):
    def without_number():
        citizen.opens(CENTRE)
        citizen.presses(citizen.times()[0])
        if "Your phone number" in citizen.page.labels:
            citizen.proves()
        return citizen.follows("I do not know the number")

    without_number().sees("Check your answers")
    tab = citizen.html, citizen.at
    citizen.opens(citizen.at).presses("Confirm my booking").sees("Booked")
    citizen.html, citizen.at = tab
    citizen.presses("Confirm my booking").sees("You have booked Replace lost national ID already")
    assert ledger.only_booking()
    without_number().follows("Book for another person").sees("Check your answers").presses("Confirm my booking")
    assert [b.beneficiary_no for b in ledger.bookings()] == [1, 2]
    ledger.is_balanced()


def test_a_form_that_was_open_for_hours_comes_back_with_what_was_typed(citizen, app, ledger):
    citizen.opens(CENTRE)
    citizen.presses(citizen.times()[0]).types("Your phone number", "0711 000 001")
    citizen.html = citizen.html.replace(
        'name="csrf_token" type="hidden" value="', 'name="csrf_token" type="hidden" value="x'
    )
    citizen.presses("Send me the code").sees("This page was open for a long time.")
    assert citizen.value_of("Your phone number") == "0711 000 001"
    assert ledger.messages() == []
    citizen.proves().sees("is held for you")


def test_an_old_page_of_times_offers_the_chosen_time_again(citizen):
    citizen.opens(f"{CENTRE}/days/2026-11-26")
    citizen.html = citizen.html.replace(
        'name="csrf_token" type="hidden" value="', 'name="csrf_token" type="hidden" value="x'
    )
    citizen.presses("2:30pm").sees("This page was open for a long time.")
    assert citizen.times()[0] == "Thu 26 Nov 2:30pm"


def test_a_time_that_has_filled_up_says_so_on_the_page_of_times(citizens, catalogue, ledger):
    ledger.leave_one_place(*tomorrow(catalogue))
    late, fast = citizens(), citizens()
    late.opens(CENTRE)
    time = TOMORROW
    fast.opens(CENTRE).presses(time).proves("0711000002").sees("is held for you")
    late.presses(time).proves("0711000001").sees("That time has just filled up.", "When?")
    assert time not in late.times()


def test_a_hold_that_ran_out_can_be_taken_again_or_is_gone(citizens, catalogue, ledger, clock):
    ledger.leave_one_place(*tomorrow(catalogue))
    one, two = citizens(), citizens()
    at_the_check(one)
    clock.time += timedelta(minutes=6)
    one.opens(one.at).sees("is not held for you now").presses("Hold it for me").sees(
        "Check your answers", "until 9:11am"
    )
    clock.time += timedelta(minutes=6)
    ledger.sweep(clock.time)
    at_the_check(two, number="23456789", phone="0711000002")
    one.presses("Confirm my booking").sees("The time held for you is gone. Choose another.", "When?")
    two.presses("Confirm my booking").sees("Booked")
    ledger.is_balanced()


def test_two_sessions_and_one_last_place(app, citizens, catalogue, ledger):
    """Both held nothing: they press at the same moment, and one has it."""
    ledger.leave_one_place(*tomorrow(catalogue))
    both = citizens(), citizens()
    for citizen, phone in zip(both, ("0711000001", "0711000002"), strict=True):
        citizen.opens("/booking/phone").proves(phone).opens(CENTRE)
    answers = {}
    threads = [threading.Thread(target=lambda c=c: answers.update({c: c.sends(TOMORROW).request.path})) for c in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.rpartition("/")[2] for path in answers.values()) == ["GPO", "who"]
    assert len(ledger.holds()) == 1
    ledger.is_balanced()


def test_somebody_booked_by_another_phone_is_not_booked_again(citizens, ledger):
    at_the_check(citizens()).presses("Confirm my booking")
    other = citizens()
    at_the_check(other, phone="0711000002").presses("Confirm my booking")
    other.sees("Another phone has booked Replace lost national ID for this person.")
    assert ledger.only_booking()


def test_a_service_may_ask_for_one_of_several_papers(citizen, catalogue, ledger):
    service = next(o.service.code for o in catalogue.offerings if o.service.identity == "document")
    citizen.opens(f"/book/{service}/GPO")
    citizen.presses(citizen.times()[0]).proves().chooses("Passport").presses("Continue")
    citizen.types("The passport number of the person coming", "A1234567").presses("Continue").sees("Number ending 567")
    citizen.presses("Confirm my booking").sees("Booked")
    assert ledger.only_booking().beneficiary_id


def test_a_service_may_ask_for_nobody(citizen, catalogue, ledger):
    service = next((o.service.code for o in catalogue.offerings if o.service.identity == "none"), None)
    if service is None:
        pytest.skip("every service asks who is coming")
    citizen.opens(f"/book/{service}/GPO")
    citizen.presses(citizen.times()[0]).proves().sees("Check your answers").presses("Confirm my booking").sees("Booked")
    assert ledger.only_booking().beneficiary_no == 1


def test_a_full_centre_names_its_first_day_and_the_nearest_that_is_earlier(citizen, catalogue, ledger):
    offering = catalogue.offering("IDR", "GPO")
    ledger.fill([offering], ledger.days(offering)[:10])
    citizen.opens(CENTRE).sees("GPO is full until", "Earlier at another centre", "First free day: Mon 23 Nov")
    assert citizen.times()
    citizen.opens("/book/IDR/centres?place=Nairobi").sees("Which centre?")


def test_where_all_is_full_one_can_wait(citizen, catalogue, ledger, transaction):
    for offering in catalogue.offerings_of("IDR"):
        ledger.fill([offering], ledger.days(offering))
    citizen.opens(CENTRE).sees("is full everywhere").follows("SMS me if a time is free").proves()
    citizen.types(ID_NUMBER, "12345678").presses("Continue").sees("Wait until").presses("Wait for a place")
    citizen.sees("You are in line.", "You are waiting for", "GPO")
    citizen.presses("Stop waiting").sees("You are no longer waiting.")


def test_a_token_of_another_phone_is_worth_nothing(citizens):
    theirs = at_the_check(citizens())
    other = citizens()
    other.opens(CENTRE).presses(TOMORROW).proves("0711000002").sees("is held for you")
    other.opens(theirs.at).sees_not("678").sees(ID_NUMBER)


def test_events_tell_ids_and_nothing_personal(citizen, transaction):
    at_the_check(citizen).presses("Confirm my booking")
    with transaction() as db:
        events = list(db.scalars(sa.select(Event).order_by(Event.id)))
        contact = db.scalars(sa.select(Booking.contact_id)).one()
        assert db.get_one(Person, contact).language == "en"
    assert [event.name for event in events if event.channel == "portal"] == [
        "phone.code_sent",
        "phone.proven",
        "hold.taken",
        "booking.confirmed",
    ]
    assert not any("12345678" in str(event.details) for event in events)
