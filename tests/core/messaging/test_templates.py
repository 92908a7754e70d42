"""What messages say, measured with the longest real names in every language."""

from datetime import datetime
from itertools import product

import pytest

from core.booking.beneficiaries import MAX_LIVE_A_PHONE
from core.clock import NAIROBI
from core.gsm7 import septets
from core.messaging.segments import PART, SINGLE
from core.messaging.senders import NOBODY, Sender
from core.messaging.templates import TEMPLATES, Speech, Unworded, render
from core.messaging.templates.campaigns import MOST_SEGMENTS
from core.tracking.corrections import Correction
from core.tracking.stages import Stage
from core.wording import LANGUAGES
from tests.support import COLLECTOR

CODE = "*191*9#"
BOOKING = {
    "service": "IDR",
    "site": "GPO",
    "starts_at": datetime(2026, 11, 24, 8, tzinfo=NAIROBI).isoformat(),
    "reference": "48217096",
}
LONGEST_DAYS = [
    datetime(2027, month, day, 12, 30, tzinfo=NAIROBI) for month, day in product(range(1, 13), range(1, 29))
]


SENDERS = [
    NOBODY,
    Sender("22191", answerable=True, free=True),
    Sender("40404", answerable=True, keyword="HUDUMAKENYA", free=True),
]
"""A name, a short code of our own, and a shared one with the longest keyword that the settings take."""

WORDS = {
    "text": "x" * (PART * MOST_SEGMENTS),
    "reference": "48217096",
    "document": 1,
    "arrival": 1,
    "collector": COLLECTOR,
    "person": 1,
    "nth": 1,
    "references": ["48217096"] * MAX_LIVE_A_PHONE,
    "correction": Correction.PHOTO,
}
"""What is as long as any other value of its kind."""


@pytest.fixture
def speech(catalogue, register):
    return Speech(catalogue, CODE, register)


def arguments(template, service, site, when, stage=Stage.RECEIVED):
    known = WORDS | {
        "service": service,
        "site": site,
        "stage": stage.value,
        "since": when.isoformat(),
        "starts_at": when.isoformat(),
        "until": when.isoformat(),
        "last_day": when.date().isoformat(),
        "promised_on": when.date().isoformat(),
        "options": [{"starts_at": when.isoformat()}] * 3,
    }
    return {name: known[name] for name in TEMPLATES[template].takes}


def test_a_confirmation_reads_as_it_should(speech):
    assert render("booking_confirmed", BOOKING, language="en", speech=speech) == (
        "Booked: Lost ID, GPO, Tue 24 Nov 8:00am. Number 4821 7096. Late? Come, you will be served. "
        "To move: *191*9#. Booking is free."
    )


def test_it_is_worded_in_the_language_of_its_reader(speech):
    swahili = render("booking_confirmed", BOOKING, language="sw", speech=speech)
    assert "ID iliyopotea, GPO, Jumanne 24 Nov 8:00am" in swahili


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_message_fits_its_sms_with_the_longest_real_data(catalogue, register, template, language):
    """The longest service, site and day are found one after the other: the text is longest with all three."""
    speeches = [Speech(catalogue, CODE, register, sender) for sender in SENDERS]

    def length(service, site, when, stage, speech=speeches[0]):
        given = arguments(template, service, site, when, stage)
        text = render(template, given, language=language, speech=speech)
        count = septets(text)
        assert count is not None, f"not GSM-7: {text}"
        return count

    stage = max(Stage, key=lambda s: length("IDR", "GPO", LONGEST_DAYS[0], s))
    when = max(LONGEST_DAYS, key=lambda w: length("IDR", "GPO", w, stage))
    service = max(catalogue.services, key=lambda s: length(s, "GPO", when, stage))
    site = max(catalogue.sites, key=lambda s: length(service, s, when, stage))
    longest = max(length(service, site, when, stage, speech) for speech in speeches)
    assert longest <= (SINGLE if TEMPLATES[template].segments == 1 else PART * TEMPLATES[template].segments)


@pytest.mark.parametrize(("free", "said"), [(True, " or NO. Answering is free."), (False, " or NO.")])
def test_that_answering_is_free_is_said_only_where_it_is(catalogue, register, free, said):
    speech = Speech(catalogue, CODE, register, Sender("22191", answerable=True, free=free))
    given = {"service": "IDR", "site": "GPO", "collector": COLLECTOR}
    assert render("collection_consent", given, language="en", speech=speech).endswith(said)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_of_a_document_has_its_words(speech, stage):
    text = render(
        "document_status",
        arguments("document_status", "IDR", "GPO", LONGEST_DAYS[0], stage),
        language="en",
        speech=speech,
    )
    assert text.startswith("Document for Lost ID: ")
    assert "GPO" in text


@pytest.mark.parametrize(
    ("template", "changes", "code"),
    [
        ("no_such", {}, "unknown_template"),
        ("booking_confirmed", {"service": "NOSUCH"}, "bad_arguments"),
        ("booking_confirmed", {"starts_at": "tomorrow"}, "bad_arguments"),
        ("booking_confirmed", {"starts_at": None}, "bad_arguments"),
        ("booking_confirmed", {"reference": ...}, "bad_arguments"),
        ("document_status", {"stage": "eaten", "since": BOOKING["starts_at"]}, "bad_arguments"),
    ],
)
def test_what_cannot_be_worded_says_why(speech, template, changes, code):
    given = {name: value for name, value in (BOOKING | changes).items() if value is not ...}
    with pytest.raises(Unworded) as refused:
        render(template, given, language="en", speech=speech)
    assert refused.value.code == code
