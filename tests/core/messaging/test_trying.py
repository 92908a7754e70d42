"""The message with which an operator tries the line."""

import pytest

from core.gsm7 import septets
from core.messaging.senders import NOBODY, Sender
from core.messaging.templates import Speech, render
from core.wording import LANGUAGES

OURS = Sender("22191", answerable=True)
SHARED = Sender("40404", answerable=True, keyword="HUDUMAKENYA")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("sender", "answer"), [(NOBODY, None), (OURS, " HELP."), (SHARED, " HUDUMAKENYA HELP.")], ids=repr
)
def test_it_says_how_to_answer_where_it_can_be_answered(catalogue, register, sender, answer, language):
    text = render("smoke", {}, language=language, speech=Speech(catalogue, "*191*9#", register, sender))
    assert septets(text) <= 160
    assert "*191*9#" in text
    assert (answer in text) if answer else ("HELP" not in text)
