"""Reading what Africa's Talking posts."""

from decimal import Decimal

import pytest

from core.calls.endings import Ending
from core.errors import Malformed
from core.settings import ServiceCode
from ussd.gateways.africastalking import UnknownCode, read_ending, read_hop
from ussd.hop import Hop

CODES = (ServiceCode("*191*9#"), ServiceCode("*384*7#", prefix="77"), ServiceCode("*384*8#", prefix="77*5"))
FORM = {
    "sessionId": "ATUid_1",
    "phoneNumber": "+254711000001",
    "networkCode": "63902",
    "serviceCode": "*191*9#",
    "text": "",
}


def test_a_form_becomes_a_hop() -> None:
    assert read_hop(FORM | {"text": "1*2"}, CODES) == Hop(
        gateway="africastalking",
        session_id="ATUid_1",
        phone="+254711000001",
        network="63902",
        code="*191*9#",
        answers=("1", "2"),
    )


@pytest.mark.parametrize(
    ("code", "text", "answers"),
    [
        ("*191*9#", "", ()),
        ("*191*9#", "1", ("1",)),
        ("*191*9#", "1*", ("1", "")),
        ("*191*9#", "*", ("", "")),
        ("*191*9#", "1*1*12", ("1", "1", "12")),
        ("*191*9#", "77*1", ("77", "1")),
        ("*384*7#", "77", ()),
        ("*384*7#", "77*1*2", ("1", "2")),
        ("*384*7#", "", ()),
        ("*384*7#", "1", ("1",)),
        ("*384*7#", "771", ("771",)),
        ("*384*8#", "77*5*1", ("1",)),
        ("*384*8#", "77*51", ("77", "51")),
    ],
)
def test_the_text_is_parted_and_the_prefix_of_a_shared_code_taken_off(
    code: str, text: str, answers: tuple[str, ...]
) -> None:
    assert read_hop(FORM | {"serviceCode": code, "text": text}, CODES).answers == answers


@pytest.mark.parametrize("code", ["*999#", "*191*9*2#", "191*9"])
def test_another_code_is_unknown(code: str) -> None:
    with pytest.raises(UnknownCode):
        read_hop(FORM | {"serviceCode": code}, CODES)


@pytest.mark.parametrize("field", ["sessionId", "phoneNumber", "serviceCode"])
def test_a_missing_field_is_malformed(field: str) -> None:
    with pytest.raises(Malformed, match=field):
        read_hop({name: value for name, value in FORM.items() if name != field}, CODES)


@pytest.mark.parametrize(
    ("cost", "kes"),
    [
        ("KES 0.8000", Decimal("0.8")),
        ("0.25", Decimal("0.25")),
        ("", None),
        ("USD 1", None),
        ("Infinity", None),
        ("9" * 9, None),
    ],
)
def test_a_cost_is_read_or_left_out(cost: str, kes: Decimal | None) -> None:
    assert read_ending({"sessionId": "1", "status": "Failed", "cost": cost}).cost_kes == kes


def test_an_ending_holds_neither_phone_nor_input_nor_screen() -> None:
    assert read_ending(
        {
            "sessionId": "1",
            "status": "Incomplete",
            "phoneNumber": "+254711000001",
            "input": "1*12345678",
            "lastAppResponse": "CON secret",
            "networkCode": "63903",
            "hopsCount": "3",
            "durationInMillis": "900",
            "errorMessage": "Timeout",
        }
    ) == Ending("1", "Incomplete", "63903", 3, 900, None, "Timeout")
