"""How many SMS a text is (3GPP TS 23.038 and 23.040)."""

import pytest

from core.messaging.segments import segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("a" * 152 + "[" + "a" * 151, 2),
        ("a" * 152 + "[" + "a" * 152, 3),
        ("ŵ" * 70, 1),
        ("ŵ" * 71, 2),
        ("ŵ" * 134, 2),
        ("ŵ" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ŵ" * 66 + "😀" + "ŵ" * 66, 3),
    ],
)
def test_a_text_takes_as_many_sms_as_the_network_makes_of_it(text, count):
    assert segments(text) == count
