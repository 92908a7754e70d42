"""The slip: what one takes along, and a QR code with the number that check-in scans."""

import re

import pytest
import qrcode

from core.references import grouped
from tests.portal.test_booking import at_the_check
from web.pages.qr import qr_code


@pytest.fixture
def booking(citizen, ledger):
    at_the_check(citizen).presses("Confirm my booking")
    return ledger.only_booking()


def modules(svg):
    """The dark squares of a QR code, by column and row."""
    return {(int(x), int(y)) for x, y in re.findall(r"M(\d+),(\d+)H", svg)}


def test_the_slip_says_all_that_one_needs(citizen, booking):
    citizen.follows("Slip to print or save")
    citizen.sees(
        grouped(booking.reference),
        "Replace lost national ID",
        "Huduma Centre Nairobi GPO",
        "Kenyatta Avenue",
        "Tue 24 Nov 7:00am",
        "What to bring",
        "Fee",
        "Never pay anyone for a place.",
        "To move or cancel it dial *191*9#.",
    )
    assert qr_code(booking.reference) in citizen.html
    assert "12345678" not in citizen.html


def test_the_code_holds_the_eight_digits_and_nothing_else():
    """Compared with what the library makes of the digits themselves: numeric mode, version 1, 21 by 21."""
    expected = qrcode.QRCode(version=1, error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4)
    expected.add_data(qrcode.util.QRData(b"48217096", mode=qrcode.util.MODE_NUMBER))
    expected.make(fit=False)
    dark = {(x, y) for y, row in enumerate(expected.get_matrix()) for x, module in enumerate(row) if module}
    assert modules(qr_code("48217096")) == dark


def test_it_needs_no_style_of_its_own(citizen, booking):
    """The policy of the pages allows none."""
    citizen.follows("Slip to print or save")
    assert "style=" not in citizen.html
    assert "<style" not in citizen.html


def test_in_kiswahili(citizen, booking):
    citizen.opens(f"/language/sw?back=/booking/{booking.reference}/slip")
    citizen.sees("Usimlipe mtu yeyote kwa ajili ya nafasi.", "Vitu vya kuleta")
