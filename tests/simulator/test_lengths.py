"""What a text costs on the air."""

import pytest

from simulator.errors import Refusal
from simulator.gsm7 import measure
from simulator.msisdn import parse_msisdn


@pytest.mark.parametrize(
    ("text", "coding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("[]{}^~|\\€", "GSM-7", 18, 1),
        ("é@£Ω\n", "GSM-7", 5, 1),
        ("`", "UCS-2", 1, 1),
        ("ç", "UCS-2", 1, 1),
        ("ā" * 70, "UCS-2", 70, 1),
        ("ā" * 71, "UCS-2", 71, 2),
        ("ā" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        # 153 is odd: the escape pair that would straddle the seam moves to the next part.
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
    ],
)
def test_a_text_is_measured_as_the_network_codes_it(text, coding, units, segments):
    length = measure(text)
    assert (length.coding, length.units, length.segments) == (coding, units, segments)
    assert length.screen == (160 if coding == "GSM-7" else 70)


@pytest.mark.parametrize("written", ["0711000001", "254711000001", "+254711000001", "0711 000 001"])
def test_a_number_is_known_in_all_the_ways_it_is_written(written):
    assert parse_msisdn(written) == "+254711000001"


def test_the_new_prefix_is_a_mobile_number_too():
    assert parse_msisdn("0110000001") == "+254110000001"


@pytest.mark.parametrize("written", ["", "0711", "+255711000001", "0211000001", "07110000012", "07١1000001"])
def test_what_is_no_kenyan_mobile_number_is_refused(written):
    with pytest.raises(Refusal):
        parse_msisdn(written)
