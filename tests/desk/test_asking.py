"""What people type into the desk's fields, as they write it."""

import re
from datetime import time
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from tests.desk.pages import seen
from web.desk.asking import TimeField


class Asked(Form):
    at = TimeField("When?")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("8:30am", time(8, 30)),
        ("8.30 AM", time(8, 30)),
        ("08:30", time(8, 30)),
        ("16:37", time(16, 37)),
        ("4:37pm", time(16, 37)),
        ("8am", time(8)),
        ("12:00am", time(0)),
        ("12:15pm", time(12, 15)),
        ("8", None),
        ("0:30am", None),
        ("16:37pm", None),
        ("24:00", None),
        ("8:60am", None),
    ],
)
def test_a_time_is_taken_as_pages_say_it_and_as_clocks_do(typed: str, meant: time | None) -> None:
    form = Asked(MultiDict({"at": typed}))
    assert form.validate() is (meant is not None)
    assert form.at.data == meant
    if meant is not None:
        shown = Asked(at=meant).at._value()
        assert Asked(MultiDict({"at": shown})).at.data == meant, "what a form shows it takes again"


@pytest.mark.parametrize(
    ("role", "address", "days"),
    [
        ("manager", "/desk/closures/new?centre=GPO", 2),
        ("manager", "/desk/figures", 2),
        ("auditor", "/desk/audit", 2),
        ("manager", "/desk/capacity/GPO/IDR/hours", 1),
    ],
)
def test_wherever_a_day_is_asked_for_it_says_how(desk: Any, role: str, address: str, days: int) -> None:
    page = desk(role).get(address).text
    assert seen(page).count("Such as 24/11/2026.") == days
    assert 'type="date"' not in page


def test_a_number_is_typed_on_keys_with_digits(desk: Any) -> None:
    page = desk("manager").get("/desk/capacity/GPO/IDR").text
    fields = [field for field in re.findall(r"<input[^>]*>", page) if 'type="text"' in field]
    assert len(fields) == 5
    assert [field for field in fields if 'inputmode="numeric"' not in field] == []
