import pytest

from core.errors import Malformed
from core.people.identities import KINDS, parse_identity


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("national_id", "12345678", "12345678"),
        ("national_id", " 12 345-678 ", "12345678"),
        ("national_id", "012345678", "12345678"),
        ("national_id", "000123456", "123456"),
        ("national_id", "123456789", "123456789"),
        ("passport", "ak 012 3456", "AK0123456"),
        ("alien_id", "012345", "012345"),
        ("birth_entry", "123/45-6789", "123456789"),
    ],
)
def test_spellings_of_a_number_are_one(kind: str, text: str, number: str) -> None:
    assert parse_identity(kind, text).number == number


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("national_id", ""),
        ("national_id", "12345"),
        ("national_id", "0012345"),
        ("national_id", "1234567890"),
        ("national_id", "A1234567"),
        ("national_id", "٣٣٣٣٣٣٣"),
        ("passport", "A123"),
        ("passport", "A123456789012"),
        ("passport", "A12*456"),
        ("birth_entry", "ß12345"),
    ],
)
def test_what_cannot_be_a_number_is_told_what_one_looks_like(kind: str, text: str) -> None:
    with pytest.raises(Malformed, match=r"to (9|12) "):
        parse_identity(kind, text)


def test_every_kind_says_what_its_numbers_look_like() -> None:
    for kind, rule in KINDS.items():
        with pytest.raises(Malformed) as refusal:
            parse_identity(kind, "?")
        assert str(refusal.value) == rule.otherwise
