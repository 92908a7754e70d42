"""Counting septets (3GPP TS 23.038)."""

import pytest

from core.gsm7 import BASIC, EXTENSION, is_gsm7, septets


def test_the_alphabet_has_the_size_of_the_specification():
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("Huduma", 6), ("1 Book\n0 Back", 13), ("@£Δà", 4), ("{", 2), ("[a]", 5), ("€5|^~\\\f", 13)],
)
def test_characters_of_the_extension_table_cost_two(text, count):
    assert is_gsm7(text)
    assert septets(text) == count


@pytest.mark.parametrize("text", ["ç", "`", "\t", "\x1b", "’", "–", "😀", "a\u00a0b", "ŵ", "Huduma…"])
def test_one_character_outside_makes_the_text_uncountable(text):
    assert not is_gsm7(text)
    assert septets(text) is None
