"""My document: the caller's own at once, any other by its number and what its owner knows."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.people.register import Register
from core.references import grouped
from core.tracking import documents
from core.tracking.documents import NewDocument
from core.tracking.lookup import CONFIRMED_FOR_DAYS, MAX_LOOKUPS_AN_HOUR
from core.tracking.stages import Stage
from tests.journeys.fixtures import CALLER, OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import NOW, Clock

NUMBER, PROOF = "48217092", "678"
TO_READY = (Stage.IN_PROCESS, Stage.SENT_TO_CENTRE, Stage.RECEIVED)

Enter = Callable[..., str]


@pytest.fixture
def enters(transaction: Transaction, register: Register, catalogue: Catalogue) -> Enter:
    """A document of a phone, in a stage."""

    def enter(
        *,
        of: str = CALLER,
        number: str = NUMBER,
        proof: str = PROOF,
        service: str = "IDR",
        to: tuple[Stage, ...] = TO_READY,
    ) -> str:
        with transaction() as db:
            new = NewDocument(
                service_id=catalogue.services[service].id,
                site_id=catalogue.sites["GPO"].id,
                proof=proof,
                contact_id=register.contact(db, of, now=NOW).id,
                tracking_number=number,
            )
            document = documents.register(db, register, new, origin="test", now=NOW - timedelta(days=3))
            document.contact_confirmed_at = NOW
            for stage in to:
                documents.move(db, document, stage, origin="test", now=NOW - timedelta(days=1))
        return number

    return enter


def test_ones_own_document_takes_two_requests(caller: Phone, enters: Enter) -> None:
    enters()
    caller.dials().chooses("My document")
    caller.sees("{service}: {stage}", "READY", "GPO", "Send it by SMS")
    assert caller.requests == 2


def test_several_documents_are_listed_the_last_changed_first(caller: Phone, enters: Enter) -> None:
    enters()
    enters(number="33055184", proof="1994", service="BCN", to=(Stage.IN_PROCESS,))
    caller.dials().chooses("My document").sees("Your documents:", "{service}: READY").chooses("Birth cert: child")
    caller.sees("Next: it is sent to the centre.")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "Next: it goes to the agency."),
        ((Stage.SENT_TO_AGENCY,), "Next: the agency works on it."),
        ((Stage.NEEDS_CORRECTION,), "Go to the centre to correct it."),
        ((Stage.REJECTED,), "Ask at the centre why, and what you can do."),
        ((Stage.SENT_TO_CENTRE,), "Next: the centre receives it."),
        ((*TO_READY, Stage.COLLECTED), "If it was not you, tell the centre at once."),
        ((*TO_READY, Stage.TRANSFERRED), "Next: the new centre receives it."),
        ((*TO_READY, Stage.RETURNED), "Ask at the centre how to have it sent again."),
    ],
)
def test_every_stage_says_what_happens_next(caller: Phone, enters: Enter, steps: tuple[Stage, ...], said: str) -> None:
    enters(to=steps)
    caller.dials().chooses("My document").sees(said)


def test_the_status_can_be_had_by_sms(caller: Phone, enters: Enter, ledger: Ledger) -> None:
    enters()
    caller.dials().chooses("My document", "Send it by SMS").is_over().sees("The SMS is on its way.")
    assert ledger.messages() == ["document_status"]


def test_the_status_is_not_sent_for_ever(phone: Phone, enters: Enter, ledger: Ledger) -> None:
    enters()
    for _time in range(3):
        phone.dials().chooses("My document", "Send it by SMS").is_over()
    phone.dials().chooses("My document", "Send it by SMS").goes_on().sees("We have just sent it.")
    assert len(ledger.messages()) == 3


def test_another_document_is_found_by_its_number_and_proof(caller: Phone, enters: Enter) -> None:
    enters(of=OTHER)
    caller.dials().chooses("My document").sees("Type the 8 digits").answers(grouped(NUMBER))
    caller.sees("Type the last 3 digits of the owner's ID").answers(PROOF).sees("READY", "GPO")
    assert caller.requests == 4


def test_a_document_without_an_id_is_proved_by_the_year_of_birth(caller: Phone, enters: Enter) -> None:
    enters(of=OTHER, proof="1994")
    caller.dials().chooses("My document").answers(NUMBER, "1994").sees("READY")


def test_an_unknown_number_and_a_wrong_proof_get_the_same_words(phones: Phones, enters: Enter, language: str) -> None:
    enters(of=OTHER)
    wrong = phones(CALLER, language=language).dials().chooses("My document").answers(NUMBER, "679")
    unknown = phones("+254711000003", language=language).dials().chooses("My document")
    unknown.answers("33055184", PROOF)
    assert wrong.screen == unknown.screen
    wrong.sees("No document with that number and ID.").does_not_see("GPO").chooses("Try again")
    wrong.sees("Type the 8 digits").answers(NUMBER, PROOF).sees("READY")


@pytest.mark.parametrize("number", ["48217093", "11111111", "4821709", "482170922", "waiting", "48 21 70 93"])
def test_a_mistyped_number_is_told_before_anything_is_asked(caller: Phone, number: str) -> None:
    caller.dials().chooses("My document").answers(number).sees("That number is not right.", "Type the 8 digits")
    caller.answers(NUMBER).sees("last 3 digits")


@pytest.mark.parametrize("proof", ["67", "67890", "abc", ""])
def test_a_proof_that_can_be_none_is_told_what_one_is(caller: Phone, proof: str) -> None:
    caller.dials().chooses("My document").answers(NUMBER, proof).sees("Type 3 digits of the ID, or a year")


def test_a_document_cannot_be_guessed(phone: Phone, enters: Enter) -> None:
    enters(of=OTHER)
    phone.dials().chooses("My document").answers(NUMBER, "000")
    for guess in range(1, MAX_LOOKUPS_AN_HOUR):
        phone.chooses("Try again").answers(NUMBER, f"{guess:03}")
    phone.chooses("Try again").answers(NUMBER, PROOF).is_over().sees("Too many tries")


def test_a_phone_confirmed_long_ago_is_shown_nothing_unasked(phone: Phone, enters: Enter, clock: Clock) -> None:
    enters()
    clock.time += timedelta(days=CONFIRMED_FOR_DAYS + 1)
    phone.dials().chooses("My document").sees("Type the 8 digits").does_not_see("READY")


def test_a_document_shown_to_its_own_phone_again_confirms_it(phone: Phone, enters: Enter, clock: Clock) -> None:
    enters()
    clock.time += timedelta(days=CONFIRMED_FOR_DAYS + 1)
    phone.dials().chooses("My document").answers(NUMBER, PROOF).sees("READY")
    phone.dials().chooses("My document").sees("READY")


def test_a_number_can_be_typed_where_the_own_documents_are_shown(phone: Phone, enters: Enter) -> None:
    enters()
    enters(of=OTHER, number="33055184", proof="1994", service="BCN")
    phone.dials().chooses("My document").sees("Lost ID").answers("33055184", "1994").sees("Birth cert: child")
