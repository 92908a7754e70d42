"""What messages about documents say, beyond the measuring of all messages."""

from datetime import date

import pytest

from core.catalogue.snapshot import Catalogue
from core.messaging.segments import segments
from core.messaging.senders import Sender
from core.messaging.templates import Speech, render
from core.people.register import Register
from core.tracking.corrections import Correction
from core.wording import LANGUAGES
from tests.support import COLLECTOR

CODE = "*191*9#"
ABOUT = {
    "service": "IDR",
    "site": "GPO",
    "document": 42,
    "arrival": 1,
    "reference": "48217092",
    "promised_on": date(2026, 11, 3).isoformat(),
    "collector": COLLECTOR,
    "correction": Correction.PHOTO,
}
SHARED = Sender("20880", answerable=True, keyword="HUDUMA")


def longest(catalogue: Catalogue, language: str) -> dict[str, str]:
    services, sites = catalogue.services.values(), catalogue.sites.values()
    return {
        "service": max(services, key=lambda s: len(s.names.short[language])).code,
        "site": max(sites, key=lambda s: len(s.names.short[language])).code,
    }


def said(template: str, speech: Speech, language: str = "en", **changes: object) -> str:
    return render(template, ABOUT | changes, language=language, speech=speech)


@pytest.fixture
def speech(catalogue: Catalogue, register: Register) -> Speech:
    return Speech(catalogue, CODE, register)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("document_registered", "Applied: Lost ID, GPO. Document number 4821 7092. Promised by 3 Nov. "),
        ("document_correction", "Lost ID: your application has stopped. The photo cannot be used. Come to GPO for "),
        ("document_rejected", "Lost ID: the agency has rejected your application. Ask at GPO why, and what "),
        ("document_late", "Lost ID was promised by 3 Nov and is late. No need to come and ask. "),
        ("document_collected", "Lost ID has been collected at GPO. If it was not you, tell the centre at once."),
        ("document_transferred", "Lost ID is moving to GPO. Wait for the SMS that says READY before you go there."),
        ("document_returned", "Lost ID has gone back from GPO to the agency: you cannot collect it now. Ask at the "),
        (
            "collection_consent",
            "Somebody with ID ...678 asks to collect: Lost ID, GPO. To allow it or not, dial *191*9#",
        ),
    ],
)
def test_each_says_what_to_do(speech: Speech, template: str, text: str) -> None:
    assert said(template, speech).startswith(text)


@pytest.mark.parametrize("template", ["document_ready", "document_reminder"])
def test_the_code_is_in_what_says_that_it_is_ready(speech: Speech, register: Register, template: str) -> None:
    assert f"Your code at the counter: {register.collection_code(42, 1)}." in said(template, speech)
    assert said(template, speech) != said(template, speech, arrival=2)


def test_where_no_day_was_promised_none_is_named(speech: Speech) -> None:
    assert "Promised" not in said("document_registered", speech, promised_on=None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("correction", Correction)
def test_every_correction_says_what_to_do_in_one_sms(
    catalogue: Catalogue, speech: Speech, language: str, correction: Correction
) -> None:
    text = said("document_correction", speech, language, **longest(catalogue, language), correction=correction)
    assert segments(text) == 1, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_it_can_be_answered_it_says_with_which_words(
    catalogue: Catalogue, register: Register, language: str
) -> None:
    speech = Speech(catalogue, CODE, register, SHARED)
    text = said("collection_consent", speech, language, **longest(catalogue, language))
    assert ("HUDUMA NDIYO" if language == "sw" else "HUDUMA YES") in text
    assert segments(text) == 1, text
    assert CODE not in text
