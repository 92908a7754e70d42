"""What a citizen's SMS does, over HTTP and in the database."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from core.booking import commands, waitlist
from core.booking.another_phone import change_phone
from core.booking.beneficiaries import MAX_LIVE_A_PHONE, Beneficiary
from core.booking.tables import Booking
from core.booking.waitlist import queries as waits
from core.catalogue.live import LiveCatalogue
from core.clock import local_date
from core.messaging import outbox, questions, seen
from core.messaging.tables import Consent, InboundMessage, Lane, Message, Question, Status
from core.people.audit import Actor, Intent
from core.people.identities import Identity
from core.people.tables import Event, Person
from core.references import grouped
from core.settings import ShortCode
from core.tracking import collection, consents, documents
from core.tracking.documents import NewDocument
from core.tracking.lookup import MAX_LOOKUPS_AN_HOUR
from core.tracking.stages import Stage
from core.tracking.tables import CollectionConsent
from core.wording import dates
from sms import acting, metrics
from sms.endpoint import create_blueprint
from sms.talk import MOST_REPLIES_AN_HOUR
from tests.core.booking.world import at_once
from tests.sms.conftest import CITIZEN, NEIGHBOUR
from tests.support import NOW, SECRET

NUMBER, PROOF = "48217092", "678"
CLERK = Actor("desk", who="w.njeri")
HELP = "Send STATUS, MOVE or CANCEL and your number, BOOK, LANGUAGE or STOP. Or dial *191*9#."


@pytest.fixture
def enters(transaction, register, catalogue):
    """A document that lies ready at the GPO."""

    def enter(*, of=CITIZEN, number=NUMBER, proof=PROOF):
        with transaction() as db:
            new = NewDocument(
                service_id=catalogue.services["IDR"].id,
                site_id=catalogue.sites["GPO"].id,
                proof=proof,
                contact_id=register.contact(db, of, now=NOW).id,
                tracking_number=number,
            )
            document = documents.register(db, register, new, actor=CLERK, origin="test", now=NOW - timedelta(days=3))
            document.contact_confirmed_at = NOW
            for stage in (Stage.IN_PROCESS, Stage.SENT_TO_CENTRE, Stage.RECEIVED):
                documents.move(db, document, stage, actor=CLERK, origin="test", now=NOW - timedelta(days=1))
            return document.id

    return enter


@pytest.fixture
def books(transaction, register, catalogue, ledger):
    """A booking at the GPO, in a window of the third free day; nothing about it waits to be sent."""

    def book(*, of=CITIZEN, service="IDR", nth=0, identity="12345678"):
        offering = catalogue.offering(service, "GPO")
        day = ledger.days(offering)[2]
        with transaction() as db:
            contact = register.contact(db, of, now=NOW)
            booked = commands.confirm(
                db,
                Intent(contact.id, f"test:{of}:{service}:{nth}", Actor("ussd", contact.id), "en", NOW),
                offering=offering,
                starts_at=ledger.times(offering, day)[nth],
                closed_days=catalogue.closed_days,
                beneficiary=Beneficiary(register.identity(db, "national_id", identity, now=NOW).id),
            )
            db.execute(sa.update(Message).values(status=Status.SENT, claimed_at=NOW))
            return booked

    return book


@pytest.fixture
def reminds(transaction, clock):
    """A message that has asked whether somebody will come."""

    def remind(booked):
        with transaction() as db:
            booking = db.get_one(Booking, booked.id)
            message = outbox.write(
                db,
                person_id=booking.contact_id,
                lane=Lane.NOTICE,
                template="reply_help",
                arguments={},
                language="en",
                subject=f"booking:{booked.id}",
                valid_until=booked.starts_at,
                now=clock.time,
                asked_for=False,
            )
            message.status, message.claimed_at = Status.DELIVERED, clock.time
            questions.ask(
                db,
                message,
                questions.Kind.APPOINTMENT,
                expires_at=booked.starts_at,
                reference=booked.reference,
                starts_at=booked.starts_at.isoformat(),
            )

    return remind


def events(transaction, name):
    with transaction() as db:
        return list(db.scalars(sa.select(Event).where(Event.name == name)))


# STATUS


@pytest.mark.parametrize("text", ["STATUS", f"status {NUMBER}", "4821 7092", "hati yangu iko wapi?"])
def test_ones_own_document_is_told_without_proof(citizen, enters, text):
    enters()
    (said,) = citizen.sends(text)
    assert said.startswith("Document for Lost ID: READY at GPO since")


def test_the_language_of_the_keyword_wins(citizen, enters):
    enters()
    citizen.sends("LANGUAGE ENGLISH")
    assert citizen.sends("HALI")[0].startswith("Hati ya ID iliyopotea")
    assert citizen.sends("STATUS")[0].startswith("Document for Lost ID")


def test_else_it_is_the_language_of_the_phone(citizen):
    assert citizen.sends("lugha kiswahili") == ["Tutakuandikia kwa Kiswahili."]
    assert citizen.person().language == "sw"
    assert citizen.sends("???") == [
        "Samahani, hatukuelewa. Tuma HALI, HAMISHA au FUTA na nambari yako, MIADI, LUGHA au ACHA. Au piga *191*9#."
    ]


def test_anothers_document_needs_its_proof(citizen, enters):
    enters(of=NEIGHBOUR)
    how = f"Send STATUS {NUMBER} and the last 3 digits of the owner's ID. No ID: the year of birth."
    assert citizen.sends(f"STATUS {NUMBER}") == [how]
    assert citizen.sends(f"STATUS {NUMBER} 679") == [
        "No document with that number and ID. Check both, or ask at the centre."
    ]
    assert citizen.sends(f"STATUS {NUMBER} {PROOF}")[0].startswith("Document for Lost ID: READY")


def test_a_number_that_does_not_exist_is_answered_like_one_that_does(citizen, enters):
    enters(of=NEIGHBOUR)
    there = [citizen.sends(f"STATUS {NUMBER}"), citizen.sends(f"STATUS {NUMBER} 000")]
    not_there = [citizen.sends("STATUS 33055184"), citizen.sends("STATUS 33055184 000")]
    assert there == [[text.replace("33055184", NUMBER) for text in texts] for texts in not_there]


def test_a_number_cannot_be_guessed_through(citizen, enters):
    enters(of=NEIGHBOUR)
    for guess in range(MAX_LOOKUPS_AN_HOUR):
        citizen.sends(f"STATUS {NUMBER} {guess:03}")
    assert citizen.sends(f"STATUS {NUMBER} {PROOF}")[0].startswith("Too many tries")


def test_a_mistyped_number_is_told_apart_from_an_unknown_one(citizen):
    assert citizen.sends("STATUS 48217096") == ["That number is not right. It has 8 digits, such as 4821 7096."]


def test_the_number_of_ones_own_booking_tells_about_the_booking(citizen, books):
    booked = books()
    (said,) = citizen.sends(grouped(booked.reference))
    assert said.startswith("Your booking: Lost ID, GPO, ")
    assert citizen.sends("STATUS") == [said]


def test_the_number_of_anothers_booking_tells_nothing(citizen, books):
    booked = books(of=NEIGHBOUR)
    assert citizen.sends(booked.reference)[0].startswith(f"Send STATUS {booked.reference} and the last 3 digits")


def test_without_a_document_status_says_how(citizen):
    assert citizen.sends("STATUS")[0].startswith("Send STATUS, the document number")


# YES and NO


def test_yes_keeps_the_place(citizen, books, reminds, ledger, transaction):
    booked = books()
    reminds(booked)
    (said,) = citizen.sends("Yes.")
    assert said.startswith("Thank you, we expect you: Lost ID, GPO, ")
    assert ledger.only_booking().reference == booked.reference
    (kept,) = events(transaction, "booking.kept")
    assert (kept.subject, kept.channel, kept.actor_id) == (f"booking:{booked.id}", "sms", citizen.person().id)
    assert citizen.answers() == ["yes"]


def test_no_gives_the_place_up(citizen, books, reminds, ledger):
    booked = books()
    reminds(booked)
    (said,) = citizen.sends("HAPANA")
    assert said.startswith("Umefuta")
    assert ledger.given_up() == [booked.reference]
    ledger.is_balanced()


def test_an_answer_may_change_while_there_is_time(citizen, books, reminds, ledger):
    booked = books()
    reminds(booked)
    citizen.sends("YES")
    citizen.sends("NO")
    assert ledger.given_up() == [booked.reference]
    assert citizen.sends("YES")[0].startswith("It is too late to answer that.")


def test_the_same_answer_twice_is_one_answer(citizen, books, reminds, ledger):
    """The second NO must not give up what an older question asked about."""
    first, second = books(), books(service="PPN", nth=1)
    reminds(first)
    citizen.later(minutes=1)
    reminds(second)
    citizen.sends("NO")
    assert citizen.sends("NO") == ["Thank you, we have your answer."]
    assert ledger.given_up() == [second.reference]


def test_a_no_to_reminders_that_came_together_is_asked_back(citizen, books, reminds, ledger):
    """A family's bookings on one day: none was asked about last."""
    first, second = books(), books(service="PPN", nth=1)
    reminds(first)
    reminds(second)
    (said,) = citizen.sends("NO")
    assert grouped(first.reference) in said
    assert grouped(second.reference) in said
    assert ledger.given_up() == []
    citizen.sends(f"HAPANA {second.reference}")
    assert ledger.given_up() == [second.reference]


def test_a_no_after_other_questions_is_asked_back(citizen, books, reminds, ledger):
    first, second = books(), books(service="PPN", nth=1)
    reminds(first)
    citizen.later(minutes=1)
    reminds(second)
    with citizen.transaction() as db:
        newest = db.scalars(sa.select(Question).order_by(Question.id.desc())).first()
        newest.answer, newest.answered_at, newest.expires_at = "yes", NOW, NOW
    citizen.later(minutes=20)
    assert citizen.sends("NO") == [f"To cancel that booking send CANCEL {first.reference}. Nothing has been changed."]
    assert ledger.given_up() == []


def test_an_answer_to_a_question_that_is_over_answers_no_older_one(citizen, books, reminds, ledger):
    first, second = books(), books(service="PPN", nth=1)
    reminds(first)
    citizen.later(minutes=1)
    reminds(second)
    with citizen.transaction() as db:
        db.execute(
            sa.update(Question)
            .where(Question.arguments["reference"].as_string() == second.reference)
            .values(expires_at=NOW)
        )
    assert citizen.sends("NO")[0].startswith("It is too late to answer that.")
    assert citizen.sends("NO") == ["Thank you, we have your answer."]
    assert ledger.given_up() == []


def test_a_no_that_names_another_booking_is_asked_back(citizen, books, reminds, ledger):
    first, second = books(), books(service="PPN", nth=1)
    reminds(second)
    (said,) = citizen.sends(f"HAPANA {first.reference}")
    assert f"FUTA {first.reference}" in said
    assert ledger.given_up() == []


def test_a_no_to_a_time_that_has_been_moved_since_changes_nothing(citizen, books, reminds, ledger, catalogue):
    booked = books()
    reminds(booked)
    offering = catalogue.offering("IDR", "GPO")
    with citizen.transaction() as db:
        commands.move(
            db,
            Intent(citizen.person().id, "moved", Actor("ussd"), "en", NOW),
            reference=booked.reference,
            offering=offering,
            starts_at=booked.starts_at + timedelta(days=1),
            closed_days=catalogue.closed_days,
        )
    citizen.receives()
    assert citizen.sends("NO")[0].startswith("Your booking: ")
    assert ledger.given_up() == []


def test_a_question_that_was_not_sent_yet_is_not_answered(citizen, books, reminds, ledger):
    reminds(books())
    with citizen.transaction() as db:
        db.execute(
            sa.update(Message)
            .where(Message.lane == "notice")
            .values(status=Status.PENDING, not_before=NOW + timedelta(days=1))
        )
    assert citizen.sends("NO") == [f"Thank you, but we had not asked you anything. {HELP}"]
    assert ledger.given_up() == []


def test_a_question_that_is_over_is_not_answered(citizen, books, reminds, transaction):
    booked = books()
    reminds(booked)
    citizen.clock.time = booked.starts_at + timedelta(minutes=1)
    assert citizen.sends("NO")[0].startswith("It is too late to answer that.")
    assert events(transaction, "booking.given_up") == []


def test_an_answer_that_is_none_is_asked_again(citizen, books, reminds):
    reminds(books())
    assert citizen.sends("maybe, who knows") == ["Please send only YES or NO. Or dial *191*9#."]
    assert citizen.sends("2") == ["Please send only YES or NO. Or dial *191*9#."]


@pytest.mark.parametrize("text", ["YES", "no", "2"])
def test_an_answer_to_nothing_says_what_can_be_sent(citizen, text):
    assert citizen.sends(text) == [f"Thank you, but we had not asked you anything. {HELP}"]


@pytest.fixture
def consent_id(citizen, enters, transaction, register):
    """The owner has been asked whether somebody else may collect."""
    document_id = enters()
    with transaction() as db:
        return collection.ask_consent(
            db,
            register,
            actor=CLERK,
            document_id=document_id,
            collector=Identity("national_id", "33445566"),
            request_key="desk:1",
            now=NOW,
        )


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("YES", True, "Thank you. That person may collect your document until {}. If you change your mind send NO."),
        ("hapana", False, "Asante. Mtu huyo hatapewa hati yako."),
    ],
)
def test_the_owner_says_who_may_collect(citizen, consent_id, transaction, text, given, said):
    citizen.receives()
    assert citizen.sends(text) == [said.format(dates.clock(NOW + consents.LASTS))]
    with transaction() as db:
        assert db.get_one(CollectionConsent, consent_id).given is given


def test_too_late_to_say_who_may_collect(citizen, consent_id, transaction):
    citizen.receives()
    citizen.later(hours=3)
    assert citizen.sends("YES")[0].startswith("It is too late to answer that.")
    with transaction() as db:
        assert db.get_one(CollectionConsent, consent_id).given is None


@pytest.fixture
def offered(citizen, citizens, books, transaction, register, catalogue, ledger):
    """The neighbour waits for an earlier place than their own; the citizen's is given up, and offered."""
    earlier, later = books(), books(of=NEIGHBOUR, nth=4, identity="22334455")
    with transaction() as db:
        neighbour = register.contact(db, NEIGHBOUR, now=NOW)
        waitlist.join(
            db,
            Intent(neighbour.id, "join", Actor("ussd", neighbour.id), "en", NOW),
            service=catalogue.services["IDR"],
            sites=[catalogue.sites["GPO"]],
            first_day=local_date(NOW),
            last_day=local_date(earlier.starts_at),
            beneficiary=Beneficiary(),
            booking=None,
        )
    citizen.sends(f"CANCEL {earlier.reference}")
    return citizens(NEIGHBOUR), earlier, later


def test_yes_takes_the_place_on_offer(offered, ledger, transaction):
    neighbour, earlier, _later = offered
    neighbour.receives()
    (said,) = neighbour.sends("YES")
    assert said.startswith(("Moved: ", "Booked: "))
    with transaction() as db:
        assert earlier.starts_at in set(db.scalars(sa.select(Booking.starts_at)))
    ledger.is_balanced()


def test_no_passes_the_place_on(offered, ledger):
    neighbour, _earlier, later = offered
    neighbour.receives()
    assert neighbour.sends("NO") == [
        "Thank you. The place goes to the next in line. You are still in line, and a booking you have stays."
    ]
    assert [b.reference for b in ledger.bookings()] == [later.reference]
    ledger.is_balanced()


def test_a_yes_to_a_place_that_was_taken_on_the_web_says_that_it_is_theirs(offered, transaction, register, catalogue):
    neighbour, earlier, _later = offered
    neighbour.receives()
    with transaction() as db:
        contact = register.find_contact(db, NEIGHBOUR).id
        [offer] = waits.open_offers(db, contact, NOW)
        taken = Intent(contact, "on the web", Actor("portal", contact), "en", NOW)
        booked = waitlist.accept(db, taken, offer_id=offer.id, catalogue=catalogue)
    neighbour.receives()
    (said,) = neighbour.sends("perhaps")
    assert said.startswith("Sorry, we did not understand. Send STATUS, "), "there is nothing to say YES or NO to"
    (said,) = neighbour.sends("YES")
    when, number = dates.when(earlier.starts_at), grouped(booked.reference)
    assert said == f"Your booking: Lost ID, GPO, {when}. Number {number}. To change it dial *191*9#."


def test_a_yes_that_there_is_no_room_for_leaves_the_place_held(offered, books, ledger):
    neighbour, earlier, later = offered
    neighbour.receives()
    for nth in range(1, MAX_LIVE_A_PHONE):
        books(of=NEIGHBOUR, nth=4 + nth, identity=f"3344556{nth}")
    assert neighbour.sends("YES") == ["This phone cannot have more bookings. Cancel one first."]
    neighbour.sends(f"CANCEL {later.reference}")
    (said,) = neighbour.sends("YES")
    assert said.startswith("Booked: ")
    assert earlier.starts_at in {b.starts_at for b in ledger.bookings()}
    ledger.is_balanced()


# CANCEL


def test_a_bare_cancel_after_another_question_is_asked_back(offered, ledger):
    neighbour, _earlier, later = offered
    neighbour.receives()
    assert neighbour.sends("CANCEL") == [
        f"To cancel that booking send CANCEL {later.reference}. Nothing has been changed."
    ]
    assert [b.reference for b in ledger.bookings()] == [later.reference]


def test_a_bare_cancel_after_a_reminder_of_another_booking_is_asked_back(
    citizen, books, reminds, transaction, register, ledger
):
    """The one that was asked about is on another phone by now."""
    gone, kept = books(), books(service="PPN", nth=1)
    reminds(gone)
    with transaction() as db:
        other = register.contact(db, NEIGHBOUR, now=NOW).id
        booking = db.get_one(Booking, gone.id)
        intent = Intent(booking.contact_id, "to the other phone", CLERK, "en", NOW)
        change_phone(db, register, intent, reference=gone.reference, contact_id=other, shown=[booking.beneficiary_id])
    citizen.receives()
    assert citizen.sends("CANCEL") == [
        f"To cancel that booking send CANCEL {kept.reference}. Nothing has been changed."
    ]
    assert ledger.given_up() == []


@pytest.mark.parametrize("text", ["CANCEL {}", "futa {}", "Tafadhali futa miadi yangu {}", "cancel"])
def test_cancel_gives_the_booking_up(citizen, books, ledger, text):
    booked = books()
    (said,) = citizen.sends(text.format(grouped(booked.reference)))
    assert said.startswith(("You cancelled: ", "Umefuta"))
    assert ledger.given_up() == [booked.reference]


@pytest.mark.parametrize("text", ["cancle {}", "don't cancel {}", "cancelled? {}", "fute {}"])
def test_a_doubtful_cancel_is_asked_back(citizen, books, ledger, text):
    booked = books()
    (said,) = citizen.sends(text.format(booked.reference))
    assert booked.reference in said
    assert ledger.given_up() == []


def test_cancel_with_several_bookings_asks_which(citizen, books, ledger):
    numbers = [grouped(b.reference) for b in (books(), books(service="PPN", nth=1))]
    assert citizen.sends("CANCEL") == [f"Which booking? Send CANCEL and its number: {numbers[0]}, {numbers[1]}"]
    assert ledger.given_up() == []


def test_nobody_cancels_anothers_booking(citizen, books, ledger):
    booked = books(of=NEIGHBOUR)
    assert citizen.sends(f"CANCEL {booked.reference}")[0].startswith("This phone has no booking of that number.")
    assert citizen.sends("CANCEL") == ["This phone has no booking. To book dial *191*9#."]
    assert ledger.given_up() == []


# MOVE


def test_move_offers_three_times_and_a_number_moves(citizen, books, ledger):
    booked = books()
    (said,) = citizen.sends(f"MOVE {booked.reference}")
    assert said.startswith(f"Booking {grouped(booked.reference)}. Other times: 1) ")
    (question,) = citizen.rows(Question)
    options = [datetime.fromisoformat(option["starts_at"]) for option in question.arguments["options"]]
    assert len(options) == 3
    assert booked.starts_at not in options
    (moved,) = citizen.sends("2.")
    assert moved.startswith("Moved: Lost ID, GPO, ")
    assert ledger.only_booking().starts_at == options[1]
    ledger.is_balanced()
    citizen.sends("3")
    assert ledger.only_booking().starts_at == options[2]
    ledger.is_balanced()


def test_a_time_that_is_gone_meanwhile_is_told_and_others_are_offered(citizen, books, ledger, catalogue):
    booked = books()
    citizen.sends("HAMISHA")
    (question,) = citizen.rows(Question)
    taken = datetime.fromisoformat(question.arguments["options"][0]["starts_at"])
    ledger.fill([catalogue.offering("IDR", "GPO")], [local_date(taken)])
    (said,) = citizen.sends("1")
    assert said.startswith("Taken just now, you keep your time. Others: 1) ")
    assert ledger.only_booking().starts_at == booked.starts_at
    citizen.sends("1")
    assert ledger.only_booking().starts_at not in (booked.starts_at, taken)


def test_no_keeps_the_old_time(citizen, books, ledger):
    booked = books()
    citizen.sends("MOVE")
    assert citizen.sends("NO")[0].startswith("Your booking: ")
    assert ledger.only_booking().starts_at == booked.starts_at


def test_yes_is_no_answer_to_which_time(citizen, books, ledger):
    booked = books()
    citizen.sends("MOVE")
    assert citizen.sends("YES") == ["Please send only the number of the time you choose, such as 1."]
    assert ledger.only_booking().starts_at == booked.starts_at


def test_where_nothing_else_is_free_the_booking_stays(citizen, books, ledger, catalogue):
    booked = books()
    offering = catalogue.offering("IDR", "GPO")
    with citizen.transaction() as db:
        db.execute(sa.text("DELETE FROM windows WHERE kind = 'day'"))
    ledger.fill([offering], ledger.days(offering))
    assert citizen.sends(f"MOVE {booked.reference}")[0].startswith("No other time is free at your centre now.")
    assert citizen.rows(Question) == []


# The rest


def test_book_and_help_say_how(citizen):
    assert citizen.sends("BOOK") == ["To book a visit dial *191*9# and choose 1. Booking is free: pay no broker."]
    assert citizen.sends("HELP") == [f"Huduma. {HELP}"]
    assert citizen.sends("LANGUAGE") == ["Send LANGUAGE ENGLISH or LUGHA KISWAHILI."]
    assert citizen.sends("") == [f"Sorry, we did not understand. {HELP}"]
    assert citizen.understood() == ["book", "help", "language", "nothing"]


def test_on_a_shared_short_code_the_keyword_comes_first(citizens, enters, make_app, speech):
    app = make_app(short_codes=(ShortCode("40404", "HUDUMA"), ShortCode("22191")))
    citizen = citizens(app=app)
    enters()
    assert citizen.sends("HUDUMA STATUS", to="40404")[0].startswith("Document for Lost ID")
    assert citizen.sends("huduma: lugha kiswahili", to="40404") == ["Tutakuandikia kwa Kiswahili."]
    assert citizen.understood() == ["status", "language"]


def test_the_network_of_the_phone_is_remembered(citizen):
    citizen.sends("HELP", networkCode="63903")
    assert citizen.person().network == "63903"
    citizen.sends("HELP", networkCode="")
    assert citizen.person().network == "63903"


# STOP and START


def waiting(citizen, *, asked_for):
    with citizen.transaction() as db:
        message = outbox.write(
            db,
            person_id=citizen.speech.register.contact(db, citizen.number, now=NOW).id,
            lane=Lane.BULK,
            template="reply_help",
            arguments={},
            language="en",
            subject="campaign:1",
            valid_until=NOW + timedelta(days=3),
            now=NOW,
            asked_for=asked_for,
            not_before=NOW + timedelta(days=1),
        )
        message.attempts = int(asked_for)  # one that waits to be tried again
        db.flush()
        return message.id


@pytest.mark.parametrize("text", ["STOP", "acha", "please stop texting me", "sotp"])
def test_stop_withholds_at_once_what_nobody_asked_for(citizen, text):
    unasked, asked = waiting(citizen, asked_for=False), waiting(citizen, asked_for=True)
    (said,) = citizen.sends(text)
    assert "START" in said or "ANZA" in said
    assert citizen.person().opted_out_at == NOW
    with citizen.transaction() as db:
        assert (db.get_one(Message, unasked).status, db.get_one(Message, unasked).error) == ("withheld", "opted_out")
        assert db.get_one(Message, asked).status == "pending"


def test_stop_is_told_once_and_undone_by_start(citizen):
    assert len(citizen.sends("STOP")) == 1
    assert citizen.sends("STOP") == []
    assert citizen.sends("ANZA") == ["Utapata tena vikumbusho na habari zetu. Kusimamisha tuma ACHA."]
    assert citizen.person().opted_out_at is None
    assert len(citizen.sends("STOP")) == 1
    history = [(row.given, row.channel) for row in citizen.rows(Consent)]
    assert history == [(False, "sms"), (True, "sms"), (False, "sms")]


def test_after_a_stop_a_question_is_still_answered(citizen, enters):
    enters()
    citizen.sends("STOP")
    assert citizen.sends("STATUS")[0].startswith("Document for Lost ID")


def test_the_gateways_opt_out_does_the_same_and_says_nothing(citizen):
    unasked = waiting(citizen, asked_for=False)
    path = f"/sms/africastalking/{SECRET}/opt-out"
    form = {"senderId": "22191", "phoneNumber": citizen.number}
    assert citizen.app.test_client().post(path, data=form).status_code == 200
    assert citizen.receives() == []
    assert citizen.person().opted_out_at == NOW
    with citizen.transaction() as db:
        assert db.get_one(Message, unasked).error == "opted_out"
    assert citizen.sends("STOP") == []
    assert [row.channel for row in citizen.rows(Consent)] == ["gateway"]


def test_start_says_that_the_phone_no_longer_blocks_us(citizen):
    citizen.sends("HELP")
    with citizen.transaction() as db:
        db.execute(sa.update(Person).values(blocked_at=NOW))
    citizen.sends("START")
    assert citizen.person().blocked_at is None


# Once, and not for ever


def test_the_same_sms_again_does_nothing(citizen, books, ledger):
    first = books()
    assert citizen.sends("CANCEL", id="same")[0].startswith("You cancelled: ")
    books(service="PPN", nth=1)
    for _ in range(2):
        assert citizen.sends("CANCEL", id="same") == []
    assert ledger.given_up() == [first.reference]
    assert len(citizen.rows(InboundMessage)) == 1


def test_copies_of_an_sms_that_come_at_once_do_it_once(citizen, books, ledger):
    booked = books()
    copies = [lambda: citizen.posts(f"CANCEL {booked.reference}", id="same") for _ in range(6)]
    assert at_once(copies) == [200] * 6
    assert ledger.given_up() == [booked.reference]
    assert len(citizen.receives()) == 1
    ledger.is_balanced()


def test_yes_and_no_that_come_at_once_are_taken_one_after_the_other(citizen, books, reminds, ledger):
    reminds(books())
    assert at_once([lambda text=text: citizen.posts(text) for text in ("YES", "NO", "YES", "NO")]) == [200] * 4
    ledger.is_balanced()
    assert len(citizen.understood()) == 4
    assert "failed" not in citizen.understood()


def test_replies_to_a_phone_are_limited_an_hour(citizen):
    said = [citizen.sends(f"what about this {nth}") for nth in range(MOST_REPLIES_AN_HOUR + 3)]
    assert [len(texts) for texts in said] == [1] * MOST_REPLIES_AN_HOUR + [0] * 3
    citizen.later(hours=1, seconds=1)
    assert len(citizen.sends("and this")) == 1


def test_the_limit_holds_for_sms_that_come_at_once(citizen):
    citizen.sends("HELP")
    many = [lambda nth=nth: citizen.posts(f"what about this {nth}") for nth in range(MOST_REPLIES_AN_HOUR + 4)]
    assert set(at_once(many)) <= {200, 503}
    assert len(citizen.receives()) <= MOST_REPLIES_AN_HOUR - 1


def test_stop_is_honoured_even_then(citizen):
    for nth in range(MOST_REPLIES_AN_HOUR + 1):
        citizen.sends(f"what about this {nth}")
    assert citizen.sends("STOP") == []
    assert citizen.person().opted_out_at is not None


def test_a_command_is_carried_out_even_then(citizen, books, ledger):
    booked = books()
    for nth in range(MOST_REPLIES_AN_HOUR + 1):
        citizen.sends(f"what about this {nth}")
    assert len(citizen.sends(f"CANCEL {booked.reference}")) == 1
    assert ledger.given_up() == [booked.reference]


@pytest.mark.parametrize("opening", ["hello", "STATUS", "YES", "MOVE", "CANCEL", "STOP", "START", "LUGHA", "1"])
def test_two_machines_fall_silent(citizen, books, enters, reminds, opening):
    """The other one sends back whatever it gets, at once."""
    reminds(books())
    enters()
    texts, exchanged = citizen.sends(opening), 0
    while texts:
        exchanged += len(texts)
        assert exchanged < 3 * MOST_REPLIES_AN_HOUR, "they talk for ever"
        texts = [said for text in texts for said in citizen.sends(text)]
    citizen.later(hours=2)
    assert citizen.receives() == []


@pytest.mark.parametrize(
    "sender", ["22191", "HUDUMA", "MPESA", "Safaricom", "20880", "40404040", "+22191", "INFO123456"]
)
def test_a_short_code_or_a_name_is_kept_and_never_answered(citizen, sender):
    assert citizen.posts("STOP", **{"from": sender}) == 200
    assert citizen.understood() == ["no_phone"]
    assert citizen.rows(Person) == []
    assert citizen.rows(Message) == []


# What nobody foresaw


def test_an_sms_that_cannot_be_dealt_with_is_kept_and_apologised_for(citizen, books, ledger, transaction):
    booked = books()
    with transaction() as db:
        # A question from a release that knew other arguments.
        person = citizen.person().id
        message = db.scalars(sa.select(Message).where(Message.person_id == person)).first()
        questions.ask(db, message, questions.Kind.APPOINTMENT, expires_at=NOW + timedelta(days=1))
    (said,) = citizen.sends("NO")
    assert said.startswith("Sorry, that did not work, and nothing has been changed.")
    assert citizen.understood() == ["failed"]
    assert ledger.only_booking().reference == booked.reference
    assert citizen.sends("HELP") == [f"Huduma. {HELP}"]


def test_everything_that_can_be_understood_has_an_act():
    assert set(acting._ACTS) == set(acting.Kind)


def test_a_whole_conversation(citizen, books, enters, ledger):
    booked = books()
    enters(of=NEIGHBOUR)
    assert citizen.sends("Habari")[0].startswith("Sorry, we did not understand.")
    assert citizen.sends("KISWAHILI") == ["Tutakuandikia kwa Kiswahili."]
    assert citizen.sends(f"hali {NUMBER}")[0].startswith(f"Tuma HALI {NUMBER}")
    assert citizen.sends(f"hali {NUMBER} {PROOF}")[0].startswith("Hati ya ID iliyopotea")
    assert citizen.sends("Hamisha miadi yangu tafadhali")[0].startswith(f"Miadi {grouped(booked.reference)}.")
    citizen.sends("namba 3")
    moved = ledger.only_booking()
    assert moved.starts_at != booked.starts_at
    assert citizen.sends(f"fute {booked.reference}")[0].startswith("Kufuta miadi hiyo tuma FUTA")
    assert citizen.sends(f"futa {booked.reference}")[0].startswith("Umefuta")
    assert citizen.sends("acha")[0].startswith("Hutapata tena")
    assert citizen.understood() == [
        "nothing",
        "language",
        "status",
        "status",
        "move",
        "choice",
        "cancel_doubtful",
        "cancel",
        "stop",
    ]
    ledger.is_balanced()


# What the operator sees


def test_every_callback_is_counted(citizen):
    path = f"/sms/africastalking/{SECRET}"
    posted = [
        ("inbound", "taken", {"from": citizen.number, "id": "counted", "text": "HELP"}),
        ("inbound", "repeated", {"from": citizen.number, "id": "counted", "text": "HELP"}),
        ("inbound", "no_phone", {"from": "HUDUMA", "id": "counted 2", "text": "HELP"}),
        ("inbound", "malformed", {"from": citizen.number}),
        ("delivery", "unmatched", {"id": "x", "status": "Success", "phoneNumber": citizen.number}),
        ("delivery", "malformed", {"id": "x"}),
        ("opt_out", "taken", {"phoneNumber": citizen.number}),
        ("opt_out", "malformed", {"phoneNumber": "12"}),
    ]
    for kind, outcome, form in posted:
        counter = metrics.CALLBACKS.labels(kind, outcome)._value
        before = counter.get()
        citizen.app.test_client().post(f"{path}/{kind.replace('_', '-')}", data=form)
        assert counter.get() == before + 1, (kind, outcome)


def test_when_each_kind_last_came_is_noted(citizen):
    citizen.sends("HELP")
    with citizen.transaction() as db:
        assert seen.last_seen(db)[seen.Kind.INBOUND] == NOW


def test_the_lane_is_woken_after_the_commit(settings, transaction, catalogue, register, clock, citizens):
    woken = []

    def wake(lane):
        with transaction() as db:
            woken.append((lane, db.scalar(sa.select(sa.func.count()).select_from(Message))))

    app = Flask("sms")
    app.register_blueprint(
        create_blueprint(
            settings,
            transaction=transaction,
            catalogue=LiveCatalogue(transaction),
            register=register,
            wake=wake,
            now=clock,
        )
    )
    citizen = citizens(app=app)
    citizen.posts("HELP", id="woken")
    citizen.posts("HELP", id="woken")
    assert woken == [("interactive", 1)]
