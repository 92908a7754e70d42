"""A citizen books a time."""

from tests.journeys.phone import Phone


def test_a_first_booking_of_a_common_service_in_a_big_town_takes_eight_requests(phone: Phone) -> None:
    phone.dials().sees("1 Book a visit", "5 Weka miadi")
    phone.answers("1").sees("Which service?", "1 Lost ID").answers("1").sees("Where?", "1 Nairobi")
    phone.answers("1").sees("GPO").answers("1").sees("Mon 23 Nov")
    phone.answers("1").sees("is held for you", "Type the ID number").answers("12345678").sees("1 Confirm")
    phone.answers("1").is_over().sees("Booked: GPO, Mon 23 Nov", "Number")
    assert phone.requests == 8
