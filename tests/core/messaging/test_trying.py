"""The message with which an operator tries the line."""

import pytest

from core.messaging.senders import NOBODY, Sender
from core.messaging.templates import Speech, render

OURS = Sender("22191", answerable=True)
SHARED = Sender("40404", answerable=True, keyword="HUDUMAKENYA")


@pytest.mark.parametrize(("language", "word"), [("en", "HELP"), ("sw", "MSAADA")])
@pytest.mark.parametrize(("sender", "answer"), [(NOBODY, None), (OURS, " {}."), (SHARED, " HUDUMAKENYA {}.")], ids=repr)
def test_it_says_how_to_answer_where_it_can_be_answered(catalogue, register, sender, answer, language, word):
    text = render("smoke", {}, language=language, speech=Speech(catalogue, "*191*9#", register, sender))
    assert "*191*9#" in text
    assert (answer.format(word) in text) if answer else (word not in text)
