"""Africa's Talking's USSD callbacks.

`text` is cumulative: every answer so far, joined by stars, empty on the first
hop. A replay therefore adds nothing to it, and a late copy is a beginning of
what is already known.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.calls.endings import Ending
from core.errors import Malformed
from core.phones import parse_msisdn
from core.settings import ServiceCode
from ussd.hop import Hop

NAME = "africastalking"
MOST_TEXT = 2000
"""Characters of cumulative text: far beyond what a session of 180 s can hold."""
ENDINGS = ("Success", "Incomplete", "Failed")
"""What the gateway says of a session's end; anything else is kept as other."""


class UnknownCode(Exception):
    """The service code is not one of ours."""


def read_hop(form: Mapping[str, str], codes: Sequence[ServiceCode]) -> Hop:
    """Raises:
    Malformed: a field is missing or cannot be what it should.
    UnknownCode: somebody else's service code.
    """
    session_id = _field(form, "sessionId")
    phone = parse_msisdn(_field(form, "phoneNumber"))
    dialled = _field(form, "serviceCode")
    text = form.get("text", "")
    if len(text) > MOST_TEXT:
        raise Malformed(f"text is longer than {MOST_TEXT} characters.")
    code = next((c for c in codes if c.code == dialled), None)
    if code is None:
        raise UnknownCode(dialled)
    answers = tuple(text.split("*")) if text else ()
    if code.prefix:
        prefix = tuple(code.prefix.split("*"))
        if answers[: len(prefix)] == prefix:
            answers = answers[len(prefix) :]
    return Hop(NAME, session_id, phone, form.get("networkCode", ""), code.code, answers)


def read_ending(form: Mapping[str, str]) -> Ending:
    """The end-of-session event. Its input, last screen and phone are left out on purpose.

    Raises:
        Malformed: the session or the status is missing.
    """
    return Ending(
        session_id=_field(form, "sessionId"),
        status=status if (status := _field(form, "status")) in ENDINGS else "other",
        network=form.get("networkCode", "")[:10],
        hops=_whole(form.get("hopsCount", "")),
        duration_ms=_whole(form.get("durationInMillis", "")),
        cost_kes=_money(form.get("cost", "")),
        error=re.sub(r"\d", "#", form.get("errorMessage", ""))[:60] or None,  # it may quote a number
    )


def _field(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not value or len(value) > 200:
        raise Malformed(f"The field {name} is missing or too long.")
    return value


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _money(text: str) -> Decimal | None:
    """`KES 0.8000` → 0.8; anything else is no figure."""
    figure = re.fullmatch(r"(?:KES\s*)?(\d{1,5}(?:\.\d{1,6})?)", text.strip())
    return Decimal(figure[1]) if figure else None
