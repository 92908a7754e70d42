import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Malformed
from core.references import grouped, new_reference, parse_reference

REFERENCES = st.builds(new_reference)


@given(REFERENCES)
def test_a_reference_is_eight_digits_and_reads_back(reference: str) -> None:
    assert re.fullmatch("[1-9][0-9]{7}", reference)
    assert parse_reference(reference) == reference
    assert parse_reference(f" {grouped(reference)} ") == reference
    assert parse_reference(f"{reference[:4]}-{reference[4:]}") == reference


@given(REFERENCES)
def test_every_wrong_digit_is_caught(reference: str) -> None:
    for place, right in enumerate(reference):
        for digit in "0123456789".replace(right, ""):
            with pytest.raises(Malformed):
                parse_reference(reference[:place] + digit + reference[place + 1 :])


@given(REFERENCES)
def test_every_swap_of_neighbours_is_caught(reference: str) -> None:
    for place in range(7):
        first, second = reference[place : place + 2]
        if first != second:
            with pytest.raises(Malformed):
                parse_reference(reference[:place] + second + first + reference[place + 2 :])


@pytest.mark.parametrize("text", ["", "4821709", "482170921", "ABCDEFGH", "04821709", "4821 709\u0662", "٤٨٢١٧٠٩٢"])
def test_what_is_not_eight_digits_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="8 digits"):
        parse_reference(text)


def test_references_differ() -> None:
    assert len({new_reference() for _ in range(1000)}) > 990
