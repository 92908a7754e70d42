"""`zamu messages`: an operator sees what is stuck or dead and acts on it, and sees nothing of what people were told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.campaigns.tables import Campaign, State
from core.messaging import lanes
from core.messaging.tables import Lane, Message, Status
from core.people.register import Register
from core.people.tables import Event
from tests.core.messaging.rows import PHONE, message, status, times
from tests.support import NOW
from workers.queues import Queues

HOUR = timedelta(hours=1)


@pytest.fixture
def write(transaction, register):
    """A message to a phone of the town, in any state."""

    def write(*given, **changes):
        with transaction() as db:
            return message(db, *given, **changes)

    return write


def test_what_is_stuck_is_told_by_kind_with_what_to_do(zamu, write):
    write(**times(NOW - HOUR))
    write(Status.SENT, lane=Lane.BULK, **times(NOW - 2 * HOUR))
    said = zamu("messages", "stuck").output
    assert "1 never_sent in interactive since 23 Nov 08:00" in said
    assert "1 unreported in bulk since 23 Nov 07:00" in said
    assert "is `zamu worker LANE` running?" in said
    assert "perhaps taken" not in said


def test_a_lane_that_stands_says_why(zamu, write, transaction):
    write(lane=Lane.NOTICE, **times(NOW - HOUR))
    with transaction() as db:
        lanes.freeze(db, Lane.NOTICE, reason="out_of_credit", now=NOW)
    said = zamu("messages", "stuck").output
    assert "frozen: out_of_credit" in said
    assert "Nothing is stuck." in said


def test_the_dead_are_listed_with_their_reasons_page_by_page(zamu, write):
    assert zamu("messages", "dead").output == "No message has come to nothing.\n"
    ids = [write(Status.FAILED, error="invalid_phone") for _ in range(51)]
    first = zamu("messages", "dead").output
    assert "51  failed  invalid_phone  interactive" in first
    assert str(ids[0]) not in [line.split()[0] for line in first.splitlines() if line]
    more = first.splitlines()[-1].removeprefix("More: zamu ").split()
    assert zamu(*more).output.splitlines()[-1].split()[0] == str(ids[0])
    assert zamu("messages", "dead", "--reason", "no_route").output.endswith("No message has come to nothing.\n")
    assert "--after is what" in zamu("messages", "dead", "--after", "yesterday").output


def test_the_unknown_are_listed_and_resolved_by_somebody_with_a_name(zamu, write, transaction, settings):
    message_id = write(Status.UNKNOWN, error="gateway_timeout")
    assert "gateway_timeout" in zamu("messages", "unknown").output
    assert zamu("messages", "resolve", str(message_id), "--arrived").exit_code == 2
    done = zamu("messages", "resolve", str(message_id), "--not-arrived", "--by", "Wanjiku")
    assert done.output == f"Message {message_id} is pending now.\n"
    assert Queues(settings.queue_url).waiting(Lane.INTERACTIVE) == 1
    with transaction() as db:
        assert status(db, message_id) == ("pending", None)
        assert db.scalars(sa.select(Event.who)).all() == ["Wanjiku"]
    again = zamu("messages", "resolve", str(message_id), "--arrived", "--by", "Wanjiku")
    assert (again.exit_code, again.output) == (1, f"Error: Message {message_id} is not unknown.\n")


def test_what_failed_is_sent_after_all_and_what_is_not_says_why(zamu, write, transaction, settings):
    good, late = write(Status.FAILED), write(Status.FAILED, valid_until=NOW)
    taken = write(Status.FAILED, gateway="at", gateway_id="1")
    said = zamu("messages", "requeue", str(good), str(late), str(taken), "--by", "Wanjiku").output
    assert "1 will be sent." in said
    assert f"its time is over; give it more with --hours: {late}" in said
    assert f"the gateway took it, and it may have been sent: {taken}" in said
    assert Queues(settings.queue_url).waiting(Lane.INTERACTIVE) == 1
    assert zamu("messages", "requeue", str(late), "--hours", "2", "--by", "Wanjiku").output == "1 will be sent.\n"
    with transaction() as db:
        assert [status(db, one)[0] for one in (good, late, taken)] == ["pending", "pending", "failed"]


def test_all_that_failed_for_a_reason_is_sent_after_all(zamu, write, transaction, monkeypatch):
    monkeypatch.setattr("web.commands.messages.AT_ONCE", 2)
    ids = [write(Status.FAILED, error="no_route") for _ in range(5)]
    other = write(Status.FAILED, error="invalid_phone")
    write(Status.WITHHELD, error="no_route")
    assert zamu("messages", "requeue", "--reason", "no_route", "--by", "Wanjiku").output == "5 will be sent.\n"
    with transaction() as db:
        assert {status(db, one)[0] for one in ids} == {"pending"}
        assert status(db, other)[0] == "failed"


@pytest.mark.parametrize(
    ("state", "becomes"), [(State.PAUSED, ("pending", None)), (State.CANCELLED, ("withheld", "cancelled"))]
)
def test_nothing_leaves_of_a_campaign_that_was_stopped(zamu, write, transaction, state, becomes):
    with transaction() as db:
        campaign = Campaign(
            name="a backlog", kind="ready", criteria={}, state=state, created_by="Wanjiku", created_at=NOW, ended_at=NOW
        )
        db.add(campaign)
        db.flush()
    of_it = {"campaign_id": campaign.id, "lane": Lane.BULK}
    failed, perhaps = write(Status.FAILED, **of_it), write(Status.UNKNOWN, **of_it)
    zamu("messages", "requeue", str(failed), "--by", "Wanjiku")
    zamu("messages", "resolve", str(perhaps), "--not-arrived", "--by", "Wanjiku")
    with transaction() as db:
        assert [status(db, one) for one in (failed, perhaps)] == [becomes] * 2
        due = sa.select(Message.id).where(Message.status == Status.PENDING, Message.not_before <= NOW)
        assert db.scalars(due).all() == []


def test_either_ids_or_a_reason_are_given(zamu):
    for given in ((), ("1", "--reason", "no_route")):
        assert zamu("messages", "requeue", *given, "--by", "Wanjiku").exit_code == 2


def test_what_a_phone_was_sent_is_told_without_a_word_of_it(zamu, write, transaction, register: Register):
    message_id = write(Status.FAILED, error="blocked", arguments={"reference": "48217096"})
    write(phone="+254711000002", template="booking_moved")
    with transaction() as db:
        contact = register.find_contact(db, PHONE)
        contact.opted_out_at, contact.blocked_at, contact.network = NOW, NOW, "63902"
    said = zamu("messages", "to", "0711 000 001").output
    assert f"{message_id}  interactive  booking_confirmed  booking:1  failed  blocked" in said
    assert "Safaricom, wants no messages since 23 Nov 09:00, blocks our messages since 23 Nov 09:00" in said
    for secret in ("booking_moved", "48217096", "711000001"):
        assert secret not in said


@pytest.mark.parametrize(
    ("phone", "told"), [("0722000000", "has never called"), ("12", "That phone number has"), ("Wanjiku", "not a phone")]
)
def test_a_phone_that_is_not_known_or_none_is_told(zamu, phone, told):
    answer = zamu("messages", "to", phone)
    assert answer.exit_code == 1
    assert told in answer.output


def test_without_a_database_or_settings_there_is_a_sentence_and_no_traceback(zamu, dead_database):
    away = zamu("messages", "dead", ZAMU_DATABASE_URL=dead_database)
    assert (away.exit_code, away.output) == (1, "Error: PostgreSQL does not answer at ZAMU_DATABASE_URL.\n")
    unset = zamu("messages", "dead", ZAMU_DATABASE_URL="")
    assert unset.exit_code == 1
    assert "ZAMU_DATABASE_URL is not set" in unset.output


def test_freezing_a_lane_says_what_waits_in_it(zamu, write):
    write(lane=Lane.BULK)
    write(Status.SENDING, lane=Lane.BULK)
    assert zamu("freeze", "bulk", "--reason", "a wrong text").output == (
        "The lane bulk is frozen (a wrong text). `zamu thaw bulk` thaws it.\n"
        "1 messages wait in it; 1 are being handed over and still go.\n"
    )
    assert "(a wrong text)" in zamu("freeze", "bulk", "--reason", "again").output
    assert zamu("thaw", "bulk").output == "The lane bulk is thawed.\n"
