"""What is said about waiting and about tomorrow, where it can be answered and where it cannot."""

from datetime import datetime

import pytest

from core.clock import NAIROBI
from core.messaging.senders import NOBODY, Sender
from core.messaging.templates import Speech, render

OURS = Sender("22191", answerable=True)
SHARED = Sender("40404", answerable=True, keyword="HUDUMA")
AT = datetime(2026, 11, 24, 8, tzinfo=NAIROBI).isoformat()
GIVEN = {
    "service": "IDR",
    "site": "GPO",
    "starts_at": AT,
    "until": AT,
    "reference": "48217096",
    "last_day": "2026-11-25",
}


def said(catalogue, register, template, sender=NOBODY, language="en", **changes):
    return render(template, GIVEN | changes, language=language, speech=Speech(catalogue, "*191*9#", register, sender))


@pytest.mark.parametrize("template", ["waitlist_offer", "booking_reminder"])
def test_an_answer_is_asked_for_only_where_it_can_be_given(catalogue, register, template):
    assert "*191*9#" in said(catalogue, register, template)
    assert "YES" not in said(catalogue, register, template)
    assert "send yes" in said(catalogue, register, template, OURS).lower()
    assert "HUDUMA YES" in said(catalogue, register, template, SHARED)
    assert "HUDUMA HAPANA" in said(catalogue, register, template, SHARED, "sw")


def test_a_reminder_says_what_an_empty_place_costs(catalogue, register):
    for sender in (NOBODY, OURS):
        assert "an empty place is a day lost to somebody else" in said(catalogue, register, "booking_reminder", sender)


def test_a_reminder_says_what_to_bring_and_where_the_rest_is_read(catalogue, register):
    texts = {s: said(catalogue, register, "booking_reminder", SHARED, service=s) for s in catalogue.services}
    assert any("Bring: " in text and "and more" not in text for text in texts.values())
    assert any("What to bring: ask at the centre." in text for text in texts.values())
