"""Reading what a gateway posts."""

import pytest

from core.errors import Malformed
from core.forms import needed, parse_form


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {}),
        (b"text=", {"text": ""}),
        (b"text=1*2&phoneNumber=%2B254711000001", {"text": "1*2", "phoneNumber": "+254711000001"}),
        (b"text=Habari+yako", {"text": "Habari yako"}),
        (b"text=%F0%9F%98%80", {"text": "😀"}),
        ("text=é".encode(), {"text": "é"}),
        (b"text=1&text=2", {"text": "2"}),
        (b"no equals sign", {"no equals sign": ""}),
    ],
)
def test_a_form_is_read_as_it_was_posted(body, fields):
    assert parse_form(body) == fields


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"text=\xff", "not UTF-8"),
        (b"text=%FF", "not UTF-8"),
        (b"text=a%00b", "NUL"),
        (b"a%00=1", "NUL"),
        (b"&".join(b"a=1" for _ in range(41)), "more than 40 fields"),
    ],
)
def test_what_cannot_be_read_is_malformed(body, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_form(body)


@pytest.mark.parametrize(
    ("form", "sentence"), [({}, "missing"), ({"id": " "}, "missing"), ({"id": "1" * 101}, "longer than 100")]
)
def test_a_needed_field_must_be_there_and_bearable(form, sentence):
    with pytest.raises(Malformed, match=f"id is {sentence}"):
        needed(form, "id")


def test_a_needed_field_is_stripped():
    assert needed({"id": " 7 "}, "id") == "7"
