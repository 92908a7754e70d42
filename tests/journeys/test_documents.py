"""My document: the caller's own at once, any other by its number and what its owner knows."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from core.catalogue.snapshot import Catalogue
from core.clock import local_date
from core.db import Transaction
from core.people.audit import Actor
from core.people.identities import Identity
from core.people.register import Register
from core.people.tables import Person
from core.references import grouped
from core.tracking import consents, documents
from core.tracking.corrections import Correction
from core.tracking.documents import NewDocument
from core.tracking.lookup import MAX_LOOKUPS_AN_HOUR
from core.tracking.showing import CONFIRMED_FOR_DAYS
from core.tracking.stages import Stage
from core.tracking.tables import Document
from tests.journeys.fixtures import CALLER, OTHER, Phones
from tests.journeys.ledger import Ledger
from tests.journeys.phone import Phone
from tests.support import NOW, Clock

NUMBER, PROOF = "48217092", "678"
TO_READY = (Stage.IN_PROCESS, Stage.SENT_TO_CENTRE, Stage.RECEIVED)

CLERK = Actor("desk", who="w.njeri")

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
        correction: Correction = Correction.PHOTO,
        promised_on: date | None = None,
    ) -> str:
        with transaction() as db:
            new = NewDocument(
                service_id=catalogue.services[service].id,
                site_id=catalogue.sites["GPO"].id,
                proof=proof,
                contact_id=register.contact(db, of, now=NOW).id,
                tracking_number=number,
                promised_on=promised_on,
            )
            document = documents.register(db, register, new, actor=CLERK, origin="test", now=NOW - timedelta(days=3))
            document.contact_confirmed_at = NOW
            for stage in to:
                reason = correction if stage is Stage.NEEDS_CORRECTION else None
                at = NOW - timedelta(days=1)
                documents.move(db, document, stage, actor=CLERK, origin="test", now=at, reason=reason)
        return number

    return enter


@pytest.fixture
def code(transaction: Transaction, register: Register) -> Callable[[], str]:
    """The collection code of the one document there is."""

    def read() -> str:
        with transaction() as db:
            [document] = db.scalars(sa.select(Document))
        return register.collection_code(document.id, document.arrivals)

    return read


def test_ones_own_document_takes_two_requests(caller: Phone, enters: Enter) -> None:
    enters()
    caller.dials().chooses("My document")
    caller.sees("{service}: {stage}", "READY", "GPO", "Send it by SMS")
    assert caller.requests == 2


def test_several_documents_are_listed_the_last_changed_first(caller: Phone, enters: Enter) -> None:
    enters()
    enters(number="33055184", proof="1994", service="BCN", to=(Stage.IN_PROCESS,))
    caller.dials().chooses("My document").sees("Your documents:", "{service}: READY").chooses("Birth cert: child")
    caller.sees("We SMS you when it is ready.")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "Next: it goes to the agency."),
        ((Stage.SENT_TO_AGENCY,), "Next: the agency works on it."),
        ((Stage.IN_PROCESS,), "Next: it is sent to the centre."),
        ((Stage.REJECTED,), "Ask at the centre why, and what you can do."),
        ((Stage.SENT_TO_CENTRE,), "Next: the centre receives it."),
        ((*TO_READY, Stage.COLLECTED), "If it was not you, tell the centre at once."),
        ((*TO_READY, Stage.TRANSFERRED), "Next: the new centre receives it."),
        ((*TO_READY, Stage.RETURNED), "Ask at the centre how to have it sent again."),
        ((*TO_READY, Stage.DESTROYED), "Ask at the centre how to apply again."),
    ],
)
def test_every_stage_says_what_happens_next(caller: Phone, enters: Enter, steps: tuple[Stage, ...], said: str) -> None:
    enters(of=OTHER, to=steps)
    caller.dials().chooses("My document").answers(NUMBER, PROOF).sees(said).does_not_see("We SMS you when it is ready.")


@pytest.mark.parametrize("steps", [(), (Stage.SENT_TO_AGENCY,), (Stage.IN_PROCESS,), (Stage.SENT_TO_CENTRE,)])
def test_its_owner_need_not_travel_to_ask(caller: Phone, enters: Enter, steps: tuple[Stage, ...]) -> None:
    enters(to=steps)
    caller.dials().chooses("My document").sees("We SMS you when it is ready.")


@pytest.mark.parametrize("column", ["opted_out_at", "blocked_at"])
def test_no_sms_is_promised_to_a_phone_that_gets_none(
    phone: Phone, enters: Enter, transaction: Transaction, column: str
) -> None:
    enters(to=(Stage.IN_PROCESS,))
    with transaction() as db:
        db.execute(sa.update(Person).values({column: NOW}))
    phone.dials().chooses("My document").does_not_see("We SMS you when it is ready.").sees(
        "Next: it is sent to the centre."
    )


@pytest.mark.parametrize(
    ("correction", "said"),
    [
        (Correction.PHOTO, "The photo cannot be used. Come to the centre for a new one."),
        (Correction.FINGERPRINTS, "Fingerprints must be taken again. Come to the centre yourself."),
        (Correction.PAPER_MISSING, "A paper is missing. Ask at the centre which one, and bring it."),
    ],
)
def test_a_correction_says_what_to_do(phone: Phone, enters: Enter, correction: Correction, said: str) -> None:
    enters(to=(Stage.NEEDS_CORRECTION,), correction=correction)
    phone.dials().chooses("My document").sees("NEEDS CORRECTION at GPO", said)


@pytest.mark.parametrize(
    ("days", "said"), [(0, "Promised by 23 Nov."), (9, "Promised by 2 Dec."), (-1, "Promised by 22 Nov: it is late.")]
)
def test_the_promised_day_is_shown_and_when_it_has_passed(phone: Phone, enters: Enter, days: int, said: str) -> None:
    enters(to=(Stage.IN_PROCESS,), promised_on=local_date(NOW) + timedelta(days=days))
    phone.dials().chooses("My document").sees(said)


def test_what_is_ready_is_no_longer_promised(phone: Phone, enters: Enter) -> None:
    enters(promised_on=local_date(NOW) - timedelta(days=9))
    phone.dials().chooses("My document").sees("READY").does_not_see("Promised by 14 Nov: it is late.")


def test_it_is_ready_since_it_came_and_not_since_its_owner_was_told(
    phone: Phone, enters: Enter, transaction: Transaction
) -> None:
    enters(to=TO_READY)
    with transaction() as db:
        [document] = db.scalars(sa.select(Document))
        documents.move(db, document, Stage.NOTIFIED, actor=CLERK, origin="test", now=NOW)
    phone.dials().chooses("My document").sees("READY at GPO since 22 Nov.")


# The collection code.


def test_the_owners_own_phone_is_shown_the_code(caller: Phone, enters: Enter, code: Callable[[], str]) -> None:
    enters()
    caller.dials().chooses("My document").sees("READY", code())


def test_whoever_knows_only_number_and_proof_is_shown_no_code(
    caller: Phone, enters: Enter, code: Callable[[], str]
) -> None:
    enters(of=OTHER)
    caller.dials().chooses("My document").answers(NUMBER, PROOF).sees("READY").does_not_see(code())


def test_a_phone_confirmed_long_ago_is_shown_the_code_once_it_has_proved_itself(
    phone: Phone, enters: Enter, code: Callable[[], str], clock: Clock
) -> None:
    enters()
    clock.time += timedelta(days=CONFIRMED_FOR_DAYS + 1)
    phone.dials().chooses("My document").does_not_see(code()).answers(NUMBER, PROOF).sees(code())


# Somebody else at the counter.


@pytest.fixture
def asks(transaction: Transaction, register: Register) -> Callable[[], int]:
    """A clerk asks the owner whether somebody may collect the one document there is."""

    def ask() -> int:
        with transaction() as db:
            return consents.ask_consent(
                db,
                register,
                actor=CLERK,
                document_id=db.scalars(sa.select(Document.id)).one(),
                collector=Identity("national_id", "23456789"),
                request_key="ask",
                now=NOW,
            )

    return ask


@pytest.mark.parametrize(
    ("choice", "said", "given"),
    [("Yes, allow it", "Allowed. The centre may hand it", True), ("No", "Not allowed. It stays at the centre", False)],
)
def test_an_owner_who_is_asked_answers_in_the_menu(
    caller: Phone,
    enters: Enter,
    asks: Callable[[], int],
    transaction: Transaction,
    choice: str,
    said: str,
    given: bool,
) -> None:
    enters()
    consent = asks()
    caller.dials().chooses("My document").sees("...789", "Lost ID", "GPO").chooses(choice).is_over().sees(said)
    with transaction() as db:
        assert consents.consent_of(db, consent).given is given
    caller.dials().chooses("My document").sees("READY")


def test_an_owner_who_is_asked_can_look_at_the_document_first(
    phone: Phone, enters: Enter, asks: Callable[[], int]
) -> None:
    enters()
    asks()
    phone.dials().chooses("My document", "My document").sees("READY")


def test_an_answer_that_comes_too_late_allows_nothing(
    phone: Phone, enters: Enter, asks: Callable[[], int], transaction: Transaction, clock: Clock
) -> None:
    enters()
    consent = asks()
    phone.dials().chooses("My document")
    clock.time += consents.LASTS
    phone.chooses("Yes, allow it").is_over().sees("That request is over.")
    with transaction() as db:
        assert consents.consent_of(db, consent).given is None


# By SMS.


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
    caller.dials().chooses("My document").sees("Type your document number").answers(grouped(NUMBER))
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
    wrong.sees("Type your document number").answers(NUMBER, PROOF).sees("READY")


@pytest.mark.parametrize("number", ["48217093", "11111111", "4821709", "482170922", "waiting", "48 21 70 93"])
def test_a_mistyped_number_is_told_before_anything_is_asked(caller: Phone, number: str) -> None:
    caller.dials().chooses("My document").answers(number).sees("That number is not right.", "Type your document number")
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
    phone.dials().chooses("My document").sees("Type your document number").does_not_see("READY")


def test_a_document_shown_to_its_own_phone_again_confirms_it(phone: Phone, enters: Enter, clock: Clock) -> None:
    enters()
    clock.time += timedelta(days=CONFIRMED_FOR_DAYS + 1)
    phone.dials().chooses("My document").answers(NUMBER, PROOF).sees("READY")
    phone.dials().chooses("My document").sees("READY")


def test_a_number_can_be_typed_where_the_own_documents_are_shown(phone: Phone, enters: Enter) -> None:
    enters()
    enters(of=OTHER, number="33055184", proof="1994", service="BCN")
    phone.dials().chooses("My document").sees("Lost ID").answers("33055184", "1994").sees("Birth cert: child")
