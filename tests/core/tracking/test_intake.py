"""What rows of a file do to documents: on the real catalogue, with the real journey and outbox."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.catalogue.live import LiveCatalogue
from core.catalogue.snapshot import Catalogue
from core.db import Transaction
from core.messaging.tables import Message, Status
from core.people.audit import Actor
from core.people.register import Register
from core.people.tables import Event, Person
from core.tracking import documents
from core.tracking.files import Row
from core.tracking.intake import MOST_ROWS, Bounds, Delivery, Outcome, Result, take_rows
from core.tracking.stages import Stage
from core.tracking.tables import Document, DocumentEvent, Notice
from tests.core.booking.world import at_once
from tests.core.tracking.numbers import reference
from tests.support import NOW

NUMBER, OTHER = "48217092", "33055184"
CLERK = Actor("terminal", who="W. Otieno")
FULL = {"tracking_number": NUMBER, "service": "IDR", "centre": "GPO", "id_number": "12345678", "phone": "0711000001"}
TAKEN, UNCHANGED, REFUSED = Result.TAKEN, Result.UNCHANGED, Result.REFUSED


class Desk:
    """Takes rows in, each call a transaction and a file of its own."""

    def __init__(self, transaction: Transaction, register: Register, catalogue: Catalogue) -> None:
        self.transaction = transaction
        self.register = register
        self.catalogue = catalogue
        self.now = NOW
        self.files = 0

    def takes(self, *rows: dict[str, str], stage: Stage = Stage.RECEIVED, **terms: Any) -> list[Outcome]:
        self.files += 1
        if "centre" in terms:
            terms["centre"] = self.catalogue.sites[terms["centre"]]
        delivery = Delivery(self.catalogue, f"file:{self.files}", stage, CLERK, self.now, **terms)
        given = [Row(line, cells, tuple(cells.values())) for line, cells in enumerate(rows, start=2)]
        with self.transaction() as db:
            return take_rows(db, self.register, given, delivery)

    def take(self, cells: dict[str, str] | None = None, stage: Stage = Stage.RECEIVED, **terms: Any) -> Outcome:
        [outcome] = self.takes(FULL if cells is None else cells, stage=stage, **terms)
        return outcome

    def all(self, what: Any) -> Sequence[Any]:
        with self.transaction() as db:
            return db.scalars(sa.select(what).order_by(*sa.inspect(what).primary_key)).all()

    def document(self, number: str = NUMBER) -> Document:
        with self.transaction() as db:
            return db.scalars(sa.select(Document).where(Document.tracking_number == number)).one()

    def move(self, *stages: Stage, site: str | None = None) -> None:
        with self.transaction() as db:
            for stage in stages:
                site_id = self.catalogue.sites[site].id if site else None
                document = documents.lock(db, self.document().id)
                documents.move(db, document, stage, actor=CLERK, origin="desk", now=self.now, site_id=site_id)


@pytest.fixture
def desk(transaction: Transaction, register: Register) -> Desk:
    return Desk(transaction, register, LiveCatalogue(transaction).current())


def but(**changes: str | None) -> dict[str, str]:
    """FULL with other cells, or without some."""
    return {name: cell for name, cell in (FULL | changes).items() if cell is not None}


# A document that is new


def test_a_row_registers_a_document_and_tells_its_owner_in_one_transaction(desk: Desk) -> None:
    outcome = desk.take(but(shelf="A-12", promised_on="30/11/2026"))
    assert (outcome.result, outcome.phone) == (TAKEN, None)
    document = desk.document()
    assert document.id == outcome.document_id
    assert (document.stage, document.arrivals, document.shelf) == (Stage.RECEIVED, 1, "A-12")
    assert document.site_id == desk.catalogue.sites["GPO"].id
    assert document.promised_on == date(2026, 11, 30)
    assert document.proof_index == desk.register.proof_index(NUMBER, "678")
    [notice] = desk.all(Notice)
    [message] = desk.all(Message)
    assert (message.id, message.template, message.lane) == (notice.message_id, "document_ready", "notice")
    assert message.person_id == document.contact_id
    steps = [(e.stage, e.origin, e.who, e.channel) for e in desk.all(DocumentEvent)]
    assert steps == [(stage, "file:1", "W. Otieno", "terminal") for stage in ("applied", "received")]


def test_the_lane_is_noted_for_whoever_commits(desk: Desk) -> None:
    with desk.transaction() as db:
        row = Row(2, FULL, ())
        take_rows(db, desk.register, [row], Delivery(desk.catalogue, "file:1", Stage.RECEIVED, CLERK, NOW))
        assert db.info["lanes"] == {"notice"}


def test_without_notice_nobody_is_told(desk: Desk) -> None:
    assert desk.take(tell=False).result is TAKEN
    assert desk.document().stage == Stage.RECEIVED
    assert desk.all(Message) == []


PROOFS = [
    ("an ID", but(), "678"),
    ("a year of birth", but(id_number=None, year_of_birth="1994"), "1994"),
    ("both", but(year_of_birth="1994"), "678"),
    ("a date of birth", but(id_number=None, year_of_birth="03/04/1969"), "1969"),
    ("a short date of birth", but(id_number=None, year_of_birth="03/04/69"), "1969"),
    ("both, of one who has no ID yet", but(service="IDN", year_of_birth="2008"), "2008"),
    ("a passport", but(service="PPR", id_number="AK0123456"), "456"),
]


@pytest.mark.parametrize(("cells", "proof"), [case[1:] for case in PROOFS], ids=[case[0] for case in PROOFS])
def test_its_proof_is_what_the_owner_knows(desk: Desk, cells: dict[str, str], proof: str) -> None:
    assert desk.take(cells).result is TAKEN
    assert desk.document().proof_index == desk.register.proof_index(NUMBER, proof)


PHONES = [
    ("0711000001", None, None),
    ("711000001", None, None),
    ("254711000001", None, None),
    ("+254 711-000 001", None, None),
    (None, "no_phone", "no_phone"),
    ("0711", "bad_phone", "bad_phone"),
    ("0711ABC001", "bad_phone", "bad_phone"),
    ("none", "bad_phone", "bad_phone"),
    ("0711000001 / 0722000002", "bad_phone", "bad_phone"),
]


@pytest.mark.parametrize(("phone", "flag", "said"), PHONES)
def test_a_bad_phone_keeps_the_document_and_flags_it(
    desk: Desk, phone: str | None, flag: str | None, said: str | None
) -> None:
    outcome = desk.take(but(phone=phone))
    assert (outcome.result, outcome.phone) == (TAKEN, said)
    document = desk.document()
    assert document.contact_problem == flag
    contacts = [person for person in desk.all(Person) if person.phone_index]
    if flag is None:
        assert [desk.register.phone_of(person) for person in contacts] == ["+254711000001"]
        assert document.contact_id == contacts[0].id
        assert len(desk.all(Message)) == 1
    else:
        assert contacts == desk.all(Message) == []


NAMES = [
    ("service", "idr", "IDR"),
    ("service", "Lost ID", "IDR"),
    ("service", "ID ILIYOPOTEA", "IDR"),
    ("service", "Kubadilisha kitambulisho kilichopotea", "IDR"),
    ("service", "Replace lost natonal ID", "IDR"),
    ("service", "Leseni ya udereva", "DLS"),
    ("service", "Driving license", "DLS"),
    ("centre", "gpo", "GPO"),
    ("centre", "Huduma Centre Nairobi GPO", "GPO"),
    ("centre", "Nairobi G.P.O.", "GPO"),
    ("centre", "Makadara huduma center", "MAK"),
    ("centre", "Kituo cha Huduma Kisumu", "KSM"),
    ("centre", "Kisummu", "KSM"),
    ("centre", "Muranga", "MRG"),
    ("centre", "Lodwar", "TRK"),
    ("centre", "Thika", "THK"),
]


@pytest.mark.parametrize(("column", "typed", "code"), NAMES)
def test_services_and_centres_are_found_by_any_name(desk: Desk, column: str, typed: str, code: str) -> None:
    outcome = desk.take(but(**{column: typed}))
    assert outcome.reason == ""
    document = desk.document()
    found = desk.catalogue.service_by_id(document.service_id), desk.catalogue.site_by_id(document.site_id)
    assert code in [thing.code for thing in found]


BAD = [
    ("no such service", but(service="Haircut"), 'no service "Haircut"'),
    ("a service that could be two", but(service="IDX"), 'no service "IDX"'),
    ("no such centre", but(centre="Atlantis"), 'no centre "Atlantis"'),
    ("a town of several centres", but(centre="Nairobi"), "centre"),
    ("a mistyped tracking number", but(tracking_number="48217093"), '"48217093" is no document number'),
    ("a short tracking number", but(tracking_number="4821"), "8 digits"),
    ("what Excel made of a number", but(phone="2.54711E+11"), "Format the column as text"),
    ("the same of an ID", but(id_number="1,23E7"), "Format the column as text"),
    ("an ID too short", but(id_number="123"), "6 to 9 digits"),
    ("no proof", but(id_number=None), "no ID number and no year of birth"),
    ("a year to come", but(id_number=None, year_of_birth="2040"), "no year of birth"),
    ("a year of nobody", but(id_number=None, year_of_birth="94"), "no year of birth"),
    ("a new one without a service", but(service=None), "say for which service"),
    ("a new one without a centre", but(centre=None), "at which centre"),
    ("nothing to tell it by", but(tracking_number=None, id_number=None), "Nothing tells which document"),
    ("a date that is none", but(promised_on="31/31/2026"), "no date"),
    ("the month first", but(promised_on="11/30/2026"), "no date"),
    ("a stage that a file cannot give", but(stage="collected"), '"collected" is no stage'),
    ("a correction that nobody knows", but(stage="needs correction", reason="magic"), "Type one of: photo"),
    ("a correction without a reason", but(stage="needs correction"), "what must be put right"),
]


@pytest.mark.parametrize(("cells", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_row_that_cannot_be_taken_says_what_to_do_and_leaves_nothing(
    desk: Desk, cells: dict[str, str], said: str
) -> None:
    [bad, good] = desk.takes(cells, but(tracking_number=OTHER, id_number="87654321"))
    assert (bad.result, bad.row.line) == (REFUSED, 2)
    assert said in bad.reason
    assert good.result is TAKEN
    assert [document.tracking_number for document in desk.all(Document)] == [OTHER]


def test_a_row_that_is_no_row_is_refused_with_its_fault(desk: Desk) -> None:
    row = Row(7, {}, ("a", "b"), "This row has 9 cells.")
    with desk.transaction() as db:
        [outcome] = take_rows(db, desk.register, [row], Delivery(desk.catalogue, "file:1", Stage.RECEIVED, CLERK, NOW))
    assert (outcome.result, outcome.reason) == (REFUSED, "This row has 9 cells.")


def test_the_file_says_centre_and_stage_where_a_row_does_not(desk: Desk) -> None:
    desk.takes(but(centre=None), but(tracking_number=OTHER, id_number="87654321", stage="Njiani"), centre="MAK")
    assert desk.catalogue.site_by_id(desk.document().site_id).code == "MAK"
    other = desk.document(OTHER)
    assert (other.stage, desk.catalogue.site_by_id(other.site_id).code) == (Stage.SENT_TO_CENTRE, "GPO")


# The same again


def test_the_same_rows_change_nothing_and_say_so(desk: Desk) -> None:
    desk.take()
    before = desk.document(), len(desk.all(DocumentEvent)), len(desk.all(Message)), len(desk.all(Person))
    desk.now += timedelta(days=1)
    again = desk.take()
    assert (again.result, again.reason) == (UNCHANGED, "Already known: it is received at the centre.")
    assert again.document_id == before[0].id
    after = desk.document()
    assert (after.stage_since, after.arrivals) == (before[0].stage_since, 1)
    assert (len(desk.all(DocumentEvent)), len(desk.all(Message)), len(desk.all(Person))) == before[1:]


def test_the_same_document_twice_in_one_file_is_taken_once(desk: Desk) -> None:
    outcomes = desk.takes(FULL, FULL, but(tracking_number="4821 7092"), but(phone=None), but(phone="0722000002"))
    assert [outcome.result for outcome in outcomes] == [TAKEN, UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED]
    assert outcomes[1].reason == "The same as line 2."
    assert outcomes[4].phone == "other_phone"
    assert len(desk.all(Document)) == len(desk.all(Message)) == 1


def test_one_document_may_make_several_steps_in_one_file(desk: Desk) -> None:
    steps = [but(stage=stage) for stage in ("applied", "in process", "sent to centre", "ready")]
    assert {outcome.result for outcome in desk.takes(*steps)} == {TAKEN}
    assert [event.stage for event in desk.all(DocumentEvent)] == ["applied", "in_process", "sent_to_centre", "received"]


def test_without_a_tracking_number_a_document_is_known_by_its_owner_and_service(desk: Desk) -> None:
    cells = but(tracking_number=None)
    [first, second] = desk.takes(cells, cells | {"phone": "+254711000001"}, stage=Stage.APPLIED)
    assert (first.result, second.result) == (TAKEN, UNCHANGED)
    assert desk.take(cells).document_id == first.document_id
    assert desk.take(cells).result is UNCHANGED
    assert len(desk.all(Document)) == 1
    assert desk.take(cells | {"service": "DLS"}).result is TAKEN
    assert len(desk.all(Document)) == 2


def test_a_document_collected_lately_is_not_entered_anew_by_an_old_row_without_a_number(desk: Desk) -> None:
    cells = but(tracking_number=None)
    document_id = desk.take(cells).document_id
    with desk.transaction() as db:
        document = documents.lock(db, document_id or 0)
        documents.move(db, document, Stage.COLLECTED, actor=CLERK, origin="desk", now=NOW)
    again = desk.take(cells)
    assert (again.result, again.document_id) == (UNCHANGED, document_id)
    desk.now += timedelta(days=200)
    assert desk.take(cells).document_id != document_id


def test_children_of_one_parent_are_told_apart_by_their_years(desk: Desk) -> None:
    cells = but(tracking_number=None, service="BCN")
    rows = [cells | {"year_of_birth": year} for year in ("2019", "2021", "2021")]
    assert [outcome.result for outcome in desk.takes(*rows)] == [TAKEN, TAKEN, UNCHANGED]
    assert desk.takes(*rows)[0].result is UNCHANGED
    assert len(desk.all(Document)) == 2


def test_a_number_for_a_document_that_is_known_without_it_is_refused(desk: Desk) -> None:
    """Entered twice, its owner would be told twice."""
    desk.take(but(tracking_number=None))
    [known] = desk.all(Document)
    outcome = desk.take()
    assert outcome.result is REFUSED
    assert known.tracking_number[:4] in outcome.reason


def test_which_of_two_open_documents_is_meant_is_not_guessed(desk: Desk) -> None:
    years = {"tracking_number": None, "service": "BCN"}
    desk.takes(but(**years, year_of_birth="2019"), but(**years, year_of_birth="2021"))
    outcome = desk.take(but(**years))
    assert outcome.result is REFUSED
    assert "several open documents for BCN" in outcome.reason


# Contradictions

CONFLICTS = [
    ("another owner", but(id_number="87654321"), "not that of this document's owner"),
    ("another service", but(service="DLS"), "a document for IDR, not DLS"),
    ("another centre has it", but(centre="MAK"), "lies at GPO already"),
    ("news of what is over", but(stage="needs correction", reason="photo"), "received at the centre"),
    ("rejected after it came", but(stage="rejected"), "received at the centre"),
]


@pytest.mark.parametrize(("cells", "said"), [case[1:] for case in CONFLICTS], ids=[case[0] for case in CONFLICTS])
def test_a_row_that_contradicts_what_is_known_is_refused(desk: Desk, cells: dict[str, str], said: str) -> None:
    desk.take()
    steps = len(desk.all(DocumentEvent))
    outcome = desk.take(cells)
    assert outcome.result is REFUSED
    assert said in outcome.reason
    assert len(desk.all(DocumentEvent)) == steps


def test_a_year_of_birth_that_is_not_the_one_registered_is_refused(desk: Desk) -> None:
    desk.take(but(id_number=None, year_of_birth="1994"), stage=Stage.APPLIED)
    assert desk.take(but(id_number=None, year_of_birth="1995")).result is REFUSED
    assert desk.take(but(id_number="12345678")).result is TAKEN, "a first ID has a number once it is made"
    assert desk.document().owner_id is None, "nothing shows that it is the same person"


def test_the_identity_is_filled_in_where_the_row_knows_the_proof(desk: Desk) -> None:
    desk.take(but(id_number=None, year_of_birth="1994"), stage=Stage.APPLIED)
    assert desk.take(but(year_of_birth="1994")).result is TAKEN
    assert desk.document().owner_id is not None


def test_received_without_a_centre_is_refused(desk: Desk) -> None:
    desk.take(stage=Stage.APPLIED)
    outcome = desk.take(but(centre=None))
    assert outcome.result is REFUSED
    assert "Which centre" in outcome.reason


# The journey

JOURNEY = [
    ("sent to another centre than expected", (Stage.SENT_TO_CENTRE,), but(centre="MAK"), TAKEN, "received"),
    ("straight from the application", (), but(), TAKEN, "received"),
    ("old news", (Stage.SENT_TO_CENTRE,), but(stage="in process"), UNCHANGED, "sent_to_centre"),
    ("older news", (Stage.IN_PROCESS,), but(stage="applied"), UNCHANGED, "in_process"),
    ("skipping a step", (), but(stage="sent to centre"), TAKEN, "sent_to_centre"),
    ("a rejection", (Stage.IN_PROCESS,), but(stage="rejected"), TAKEN, "rejected"),
    ("a rejection twice", (Stage.REJECTED,), but(stage="rejected"), UNCHANGED, "rejected"),
    ("after a rejection", (Stage.REJECTED,), but(), REFUSED, "rejected"),
    ("collected long ago", (Stage.RECEIVED, Stage.COLLECTED), but(), UNCHANGED, "collected"),
    ("back at the agency", (Stage.RECEIVED, Stage.RETURNED), but(), REFUSED, "returned"),
    ("sent again", (Stage.RECEIVED, Stage.RETURNED), but(stage="sent to centre"), TAKEN, "sent_to_centre"),
    (
        "sent elsewhere already",
        (Stage.SENT_TO_CENTRE,),
        but(stage="dispatched", centre="MAK"),
        REFUSED,
        "sent_to_centre",
    ),
]


@pytest.mark.parametrize(
    ("path", "cells", "result", "stage"), [case[1:] for case in JOURNEY], ids=[case[0] for case in JOURNEY]
)
def test_moves_follow_the_journey(
    desk: Desk, path: Sequence[Stage], cells: dict[str, str], result: Result, stage: str
) -> None:
    desk.take(stage=Stage.APPLIED)
    desk.move(*path)
    outcome = desk.take(cells)
    assert (outcome.result, desk.document().stage) == (result, stage), outcome.reason
    assert bool(outcome.reason) == (result is not TAKEN)


def test_what_is_transferred_arrives_where_it_was_sent(desk: Desk) -> None:
    desk.take()
    desk.move(Stage.TRANSFERRED, site="MAK")
    assert "on its way to MAK" in desk.take().reason
    assert desk.take(but(centre="MAK", shelf="B1")).result is TAKEN
    document = desk.document()
    assert (document.arrivals, document.shelf) == (2, "B1")
    assert len(desk.all(Notice)) == 2


def test_an_owner_is_told_what_to_correct_and_of_another_fault_again(desk: Desk) -> None:
    faulty = partial(but, stage="Inahitaji marekebisho")
    assert desk.take(faulty(reason="Picha")).result is TAKEN
    assert desk.document().correction == "photo"
    assert desk.take(faulty(reason="photo")).result is UNCHANGED
    assert desk.take(faulty(reason="Fingerprints")).result is TAKEN
    templates = [(message.template, message.status) for message in desk.all(Message)]
    assert templates == [("document_correction", Status.WITHHELD), ("document_correction", Status.PENDING)]
    assert desk.take().result is TAKEN, "it has evidently been corrected"
    assert desk.document().correction is None


# Where it lies


def test_one_shelf_has_one_name(desk: Desk) -> None:
    desk.take(but(shelf=" a  12"))
    assert desk.document().shelf == "A 12"
    assert desk.take(but(shelf="A 12")).result is UNCHANGED


@pytest.mark.parametrize("shelf", ["A" * 21, "A" * 300, "A\x0012"])
def test_a_shelf_that_fits_no_label_is_a_wrong_row(desk: Desk, shelf: str) -> None:
    outcome = desk.take(but(shelf=shelf))
    assert (outcome.result, desk.all(Document)) == (REFUSED, [])
    assert "Name the shelf or bin, such as A12: at most 20 characters." in outcome.reason


# What is filled in later


def test_a_phone_that_was_missing_is_filled_in_and_its_owner_told(desk: Desk) -> None:
    desk.take(but(phone="0711"))
    assert desk.all(Message) == []
    assert desk.take().result is TAKEN
    assert desk.document().contact_problem is None
    assert len(desk.all(Message)) == len(desk.all(Notice)) == 1
    assert desk.take().result is UNCHANGED


def test_a_phone_that_is_known_is_kept_and_the_other_leaves_no_trace(desk: Desk) -> None:
    desk.take()
    outcome = desk.take(but(phone="0722000002"))
    assert (outcome.result, outcome.phone) == (UNCHANGED, "other_phone")
    assert sum(person.phone_index is not None for person in desk.all(Person)) == 1


def test_another_promise_is_kept_with_an_event(desk: Desk) -> None:
    promised = partial(desk.take, stage=Stage.IN_PROCESS)
    promised(but(promised_on="2026-11-30"))
    assert promised(but(promised_on="2026-12-15")).result is TAKEN
    assert promised(but(promised_on="15 Dec 2026")).result is UNCHANGED
    assert desk.document().promised_on == date(2026, 12, 15)
    assert [event.name for event in desk.all(Event)] == ["document.promised"]


def test_a_document_on_the_shelf_may_be_put_elsewhere_on_it(desk: Desk) -> None:
    desk.take(but(shelf="A-12"))
    assert desk.take(but(shelf="B-1")).result is TAKEN
    assert desk.document().shelf == "B-1"
    assert len(desk.all(Message)) == 1


# What is another centre's or another agency's


def at_gpo(desk: Desk) -> Bounds:
    return Bounds(site_id=desk.catalogue.sites["GPO"].id)


def kept(desk: Desk) -> list[tuple[Any, ...]]:
    return [
        (d.tracking_number, d.stage, d.site_id, d.contact_id, d.shelf, d.promised_on, d.owner_id)
        for d in sorted(desk.all(Document), key=lambda d: d.id)
    ]


THEIRS = but(centre="WJR", phone=None)
NEWS = ["applied", "sent to agency", "in process", "needs correction", "rejected", "sent to centre"]


@pytest.mark.parametrize("number", [None, OTHER, NUMBER])
def test_a_file_does_not_reach_what_lies_at_another_centre(desk: Desk, number: str | None) -> None:
    """Not by its number, and not by its owner: the code to collect it would go to whoever's phone the row gives."""
    desk.take(THEIRS)
    before = kept(desk)
    row = but(tracking_number=number, centre=None, phone="0722000002", shelf="Z99", reason="photo")
    stages = [*NEWS, "received"]
    outcomes = [desk.take(row | {"stage": stage}, bounds=at_gpo(desk), centre="GPO") for stage in stages]
    assert {outcome.result for outcome in outcomes} == {REFUSED}
    assert (kept(desk), desk.all(Message)) == (before, [])
    said = " ".join(outcome.reason for outcome in outcomes)
    assert [secret for secret in ("4821", "WJR", desk.catalogue.sites["WJR"].names.spoken) if secret in said] == []


@pytest.mark.parametrize("number", [None, NUMBER])
def test_a_file_says_nothing_of_what_another_centre_waits_for(desk: Desk, number: str | None) -> None:
    desk.take(THEIRS, stage=Stage.APPLIED)
    before = kept(desk)
    row = but(tracking_number=number, centre=None, shelf="Z99", promised_on="2026-12-15", reason="photo")
    outcomes = [desk.take(row | {"stage": stage}, bounds=at_gpo(desk), centre="GPO") for stage in NEWS]
    assert {outcome.result for outcome in outcomes} == {REFUSED}
    assert (kept(desk), desk.all(Message)) == (before, [])


@pytest.mark.parametrize("number", [None, NUMBER])
def test_what_was_to_go_elsewhere_is_received_by_the_centre_that_has_it(desk: Desk, number: str | None) -> None:
    desk.take(THEIRS, stage=Stage.SENT_TO_CENTRE)
    outcome = desk.take(but(tracking_number=number, shelf="A1"), bounds=at_gpo(desk))
    assert outcome.result is TAKEN
    document = desk.document()
    assert (desk.catalogue.site_by_id(document.site_id).code, document.stage) == ("GPO", Stage.RECEIVED)


def test_of_several_documents_of_one_owner_a_centre_is_told_only_of_its_own(desk: Desk) -> None:
    years = {"tracking_number": None, "service": "BCN"}
    desk.takes(*(but(**years, year_of_birth=year) for year in ("2017", "2019")))
    desk.take(but(**years | {"tracking_number": NUMBER}, year_of_birth="2021", centre="WJR"))
    outcome = desk.take(but(**years), bounds=at_gpo(desk))
    ours = [d.tracking_number[:4] for d in desk.all(Document) if d.tracking_number != NUMBER]
    assert outcome.result is REFUSED
    assert [number in outcome.reason for number in (*ours, NUMBER[:4])] == [True, True, False]


def test_what_another_centre_handed_over_lately_is_not_told_of(desk: Desk) -> None:
    desk.take(THEIRS)
    desk.move(Stage.COLLECTED)
    outcome = desk.take(but(tracking_number=None), bounds=at_gpo(desk))
    assert (outcome.result, len(desk.all(Document))) == (REFUSED, 1)
    assert "collected" not in outcome.reason


# Many, and several at once


def some(count: int) -> list[dict[str, str]]:
    return [
        but(tracking_number=reference(n), id_number=str(20_000_000 + n), phone=f"07{11_000_000 + n}")
        for n in range(count)
    ]


def test_five_hundred_rows_are_taken_in_a_handful_of_statements(desk: Desk) -> None:
    statements: Counter[str] = Counter()
    with desk.transaction() as db:
        engine = db.get_bind()

        def count(*arguments: Any) -> None:
            statements[arguments[2].split()[0]] += 1

        sa.event.listen(engine, "before_cursor_execute", count)
        rows = [Row(line, cells, ()) for line, cells in enumerate(some(500), start=2)]
        try:
            outcomes = take_rows(db, desk.register, rows, Delivery(desk.catalogue, "f", Stage.RECEIVED, CLERK, NOW))
        finally:
            sa.event.remove(engine, "before_cursor_execute", count)
    assert Counter(outcome.result for outcome in outcomes) == {TAKEN: 500}
    assert statements.total() < 30, statements


def test_more_than_a_batch_at_once_is_refused_by_the_caller(desk: Desk) -> None:
    with pytest.raises(ValueError, match="at most"):
        desk.takes(*[FULL] * (MOST_ROWS + 1))


@pytest.mark.parametrize("without", ["shelf", "tracking_number", "id_number"])
def test_files_with_the_same_documents_at_once_take_each_once(desk: Desk, without: str) -> None:
    rows = [row | {"year_of_birth": "1994"} for row in some(40)]
    rows = [{name: cell for name, cell in row.items() if name != without} for row in rows]
    orders: list[Callable[[], list[Outcome]]] = [partial(desk.takes, *rows), partial(desk.takes, *rows[::-1])] * 3
    outcomes = [outcome for file in at_once(orders) for outcome in file]
    assert Counter(outcome.result for outcome in outcomes) == {TAKEN: 40, UNCHANGED: 200}
    assert len(desk.all(Document)) == len(desk.all(Notice)) == len(desk.all(Message)) == 40


def test_documents_of_people_known_already_are_entered_once_by_files_at_once(desk: Desk) -> None:
    rows = [{name: cell for name, cell in row.items() if name != "tracking_number"} for row in some(20)]
    desk.takes(*[row | {"service": "DLS"} for row in rows])
    outcomes = [outcome for file in at_once([partial(desk.takes, *rows)] * 6) for outcome in file]
    assert Counter(outcome.result for outcome in outcomes) == {TAKEN: 20, UNCHANGED: 100}
    assert len(desk.all(Document)) == 40
