"""Where a page of a list ended, as the address of the next one says it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from web.pages.paging import asked_position, next_page, one_page

ENDED = datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)
THEN = 1_763_877_600_000_000
Ask = Callable[..., Any]


@pytest.fixture
def at() -> Callable[[str], Any]:
    """Ask for an address; what is called within reads it."""
    return Flask("bare").test_request_context


@pytest.mark.parametrize("ended", [(ENDED, 7), (ENDED, 0, 1, 7)])
def test_the_next_page_begins_where_this_one_ended_and_asks_for_the_same_besides(at: Ask, ended: Any) -> None:
    with at("/list?shelf=&name=a+b%26c&after=1-2"):
        address = next_page(*ended)
    assert address.startswith("/list?shelf=&name=a+b%26c&after=")
    with at(address):
        assert asked_position(len(ended) - 1) == ended


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "7",
        f"{THEN}",
        f"{THEN}-",
        f"-{THEN}",
        f"{THEN}-2-3",
        f"{THEN}-٣",
        f"{THEN}-{2**63}",
        "1-1",
        f"{2**63 - 1}-1",
    ],
)
def test_a_broken_address_is_that_of_the_first_page(at: Ask, after: str) -> None:
    with at("/list", query_string={"after": after}):
        assert asked_position() is None


def test_a_list_that_just_fits_has_no_next_page() -> None:
    assert one_page("abc", 3) == ("abc", None)
    assert one_page("abcd", 3) == ("abc", "c")
