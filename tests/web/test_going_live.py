"""`zamu callbacks` and `zamu smoke`: what somebody needs who puts a gateway into service."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from core.messaging import lanes, money, seen
from core.messaging.seen import Kind
from core.messaging.tables import Lane, Message, Status
from core.people.tables import Event
from core.phones import WRONG_LENGTH
from tests.support import NOW, SECRET
from web.commands.going_live import CALLBACKS
from workers.queues import Queues

HOST = "https://zamu.example.go.ke"


# The addresses.


def test_the_addresses_are_those_that_are_answered(zamu, app):
    said = zamu("callbacks", ZAMU_PUBLIC_URL=HOST + "/").stdout
    addresses = [line.split()[-1] for line in said.splitlines()]
    assert len(addresses) == len(Kind) == len(CALLBACKS)
    for address in addresses:
        assert address.startswith(HOST + "/")
        path = urlsplit(address).path
        assert app.test_client().post(path, data={}).status_code == 400, path
        assert app.test_client().post(path.replace(SECRET, "x" * 20), data={}).status_code == 404, path


def test_without_an_address_of_our_own_there_is_nothing_to_paste(zamu):
    refused = zamu("callbacks", ZAMU_PUBLIC_URL="")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "ZAMU_PUBLIC_URL is not set" in refused.output


@pytest.mark.parametrize(
    ("address", "warning"),
    [
        (HOST, None),
        ("https://196.201.214.200", None),
        ("http://127.0.0.1:8191", "in the open"),
        ("https://localhost:8191", "cannot be reached"),
        ("https://127.0.0.1", "cannot be reached"),
        ("https://[::1]", "cannot be reached"),
        ("https://192.168.1.5", "cannot be reached"),
    ],
)
def test_an_address_that_cannot_be_right_is_warned_of(zamu, address, warning):
    answer = zamu("callbacks", ZAMU_PUBLIC_URL=address)
    assert answer.exit_code == 0
    if warning:
        assert warning in answer.stderr
    else:
        assert "Warning" not in answer.stderr
    assert address in answer.stdout


# The one real SMS.


@pytest.fixture
def becomes(transaction):
    """What a worker and the gateway's reports make of the only message, later."""

    def make(status, **changes):
        def later():
            with transaction() as db:
                db.execute(sa.update(Message).values(status=status, **changes))

        return later

    return make


TAKEN = {"gateway": "africastalking", "gateway_id": "ATXid_1", "segments": 1, "cost_kes": Decimal("0.8")}


def test_a_message_is_followed_from_the_outbox_to_the_phone(zamu, pauses, becomes, transaction, settings):
    pauses.then = iter(
        [
            becomes(Status.SENDING),
            becomes(Status.SENT, sender="22191", **TAKEN),
            lambda: None,
            becomes(Status.DELIVERED),
        ]
    )
    answer = zamu("smoke", "--phone", "0711 000 001", "--by", "Wanjiku")
    lines = answer.output.splitlines()
    assert lines[0].startswith("Written as message ")
    assert lines[1:3] == [
        "Handed over to africastalking as ATXid_1 from 22191: 1 SMS for KES 0.8000.",
        "Delivered: the network says that it is on the phone.",
    ]
    assert answer.exit_code == 0
    assert "711000001" not in answer.output
    with transaction() as db:
        message, event = db.scalars(sa.select(Message)).one(), db.scalars(sa.select(Event)).one()
    assert (message.lane, message.template, message.asked_for) == ("interactive", "smoke", True)
    assert message.valid_until > NOW
    assert (event.name, event.who) == ("message.smoke", "Wanjiku")
    assert Queues(settings.queue_url).waiting(Lane.INTERACTIVE) == 1


@pytest.mark.parametrize(
    ("status", "changes", "told"),
    [
        pytest.param(Status.FAILED, {"error": "invalid_phone"}, "Failed: invalid_phone.", id="refused"),
        pytest.param(Status.FAILED, TAKEN | {"error": "absent"}, "Failed: absent.", id="taken, and never arrived"),
        pytest.param(Status.UNKNOWN, {"error": "gateway_timeout"}, "Unknown: gateway_timeout.", id="unknown"),
        pytest.param(Status.WITHHELD, {"error": "a_day"}, "on purpose: a_day.", id="withheld"),
        pytest.param(Status.EXPIRED, {}, "its time was over", id="expired"),
    ],
)
def test_an_end_that_is_no_arrival_is_told_and_is_a_failure(zamu, pauses, becomes, status, changes, told):
    pauses.then = iter([becomes(status, **changes)])
    answer = zamu("smoke", "--phone", "0711000001")
    assert told in answer.output
    assert ("Handed over" in answer.output) == ("gateway" in changes)
    assert answer.exit_code == 1


def frozen(db):
    lanes.freeze(db, Lane.INTERACTIVE, reason="out_of_credit", now=NOW)


def capped(db):
    money.book(db, what="interactive", messages=1, segments=1, cost_kes=Decimal(9), now=NOW)


@pytest.mark.parametrize(
    ("why", "later", "told"),
    [
        pytest.param(lambda db: None, {}, "is `zamu worker interactive` running", id="nobody takes it"),
        pytest.param(frozen, {}, "frozen (out_of_credit)", id="its lane is frozen"),
        pytest.param(capped, {}, "its cap of KES 9 a day", id="its lane has cost enough"),
        pytest.param(
            lambda db: None, {"error": "gateway_unreachable"}, "failed (gateway_unreachable)", id="it is tried again"
        ),
        pytest.param(lambda db: None, {"status": Status.SENDING}, "has not answered yet", id="the gateway hangs"),
        pytest.param(lambda db: None, TAKEN | {"status": Status.SENT}, "No delivery report yet", id="no report"),
    ],
)
def test_a_wait_that_is_over_says_what_it_may_be(zamu, pauses, becomes, transaction, why, later, told):
    with transaction() as db:
        why(db)
    pauses.then = iter([becomes(**{"status": Status.PENDING} | later)])
    answer = zamu("smoke", "--phone", "0711000001", "--wait", "5", ZAMU_SMS_CAPS="interactive=9/day")
    assert told in answer.output
    assert (answer.exit_code, pauses.seconds) == (1, 5.0)


def test_each_kind_of_callback_is_told_when_it_last_came_or_what_to_do(zamu, transaction):
    with transaction() as db:
        seen.note(db, Kind.DELIVERY, NOW - timedelta(hours=1))
    said = zamu("smoke", "--phone", "0711000001", "--wait", "1").output
    assert f"{CALLBACKS[Kind.DELIVERY][1]:<32}last came 23 Nov 08:00" in said
    for kind in set(Kind) - {Kind.DELIVERY}:
        assert f"{CALLBACKS[kind][1]:<32}never came: " in said
    assert "dial *191*9#" in said
    assert "`zamu callbacks` prints the addresses." in said


def test_what_is_no_phone_gets_no_message(zamu, transaction):
    answer = zamu("smoke", "--phone", "0711")
    assert (answer.exit_code, answer.output) == (1, f"Error: {WRONG_LENGTH}\n")
    with transaction() as db:
        assert db.scalars(sa.select(Message)).all() == []
