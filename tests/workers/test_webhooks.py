"""Telling agencies over the wire: signed as the library checks, at least once, and nowhere but outside."""

import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook as Reader

from core.booking import commands
from core.booking.beneficiaries import Beneficiary
from core.db import Transaction
from core.partners import deliveries, watch, webhooks
from core.partners.tables import Delivery, Webhook
from core.partners.webhooks import Secrets
from core.people.audit import Actor, Intent
from tests.support import NOW, SECRET_KEY, Clock
from tests.workers.certificates import Authority
from workers.posting import Answer, post
from workers.webhooks import AN_AGENCY_AT_ONCE, ONE_GO, Sender, tell_until

CLERK = Actor("desk", who="amina")
AGENCY_HOST = "agency.example"


@dataclass
class Receiver:
    """An agency's server: it keeps what it is sent, and answers what it is told to."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[int], int] = lambda nth: 204
    """The status for the nth message."""
    location: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as kept:
        yield kept


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((dict(self.headers.items()), body))
            self.send_response(kept.answer(len(kept.got)))
            if kept.location:
                self.send_header("Location", kept.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = "127.0.0.1"
        if tls is not None:
            server.socket, host = tls.wrap_socket(server.socket, server_side=True), AGENCY_HOST
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kept.url = f"http{'s' if tls else ''}://{host}:{server.server_address[1]}/zamu?from=huduma"
        yield kept
        server.shutdown()


@pytest.fixture
def sender(transaction: Transaction, clock: Clock) -> Sender:
    # Now, and not the tests' own day: who checks a signature looks at the clock.
    clock.time = datetime.now(UTC).replace(microsecond=0)
    return Sender(transaction, Secrets(SECRET_KEY), practice=True, now=clock)


@pytest.fixture
def webhook(transaction: Transaction, catalogue, receiver: Receiver, sender: Sender) -> int:
    return listening(transaction, catalogue, receiver.url, sender)


def listening(transaction: Transaction, catalogue, url: str, sender: Sender) -> int:
    with transaction() as db:
        added = webhooks.add(
            db,
            sender.secrets,
            agency_id=catalogue.services["IDR"].agency_id,
            url=url,
            events=[],
            actor=CLERK,
            practice=True,
            now=NOW - timedelta(minutes=1),
        )
    sender.look()
    return added.id


@pytest.fixture
def books(transaction: Transaction, catalogue, register) -> Callable[[int], str]:
    """`books(3)`: the third citizen books a lost ID at the GPO; the reference."""

    def book(nth: int) -> str:
        with transaction() as db:
            contact = register.contact(db, f"+2547110000{nth:02d}", now=NOW).id
            return commands.confirm(
                db,
                Intent(contact, f"test-{nth}", Actor("ussd", contact), "en", NOW),
                offering=catalogue.offering("IDR", "GPO"),
                starts_at=NOW + timedelta(days=1),
                closed_days=catalogue.closed_days,
                beneficiary=Beneficiary(register.identity(db, "national_id", f"2765{nth:04d}", now=NOW).id),
            ).reference

    return book


def test_what_arrives_is_signed_and_says_what_happened(sender, webhook, receiver, books, transaction):
    reference = books(1)
    sender.look()
    assert sender.work_off(webhook) == 1
    [(headers, body)] = receiver.got
    with transaction() as db:
        secret = sender.secrets.open(db.get_one(Webhook, webhook).secret_sealed)
    told = Reader(secret).verify(body, headers)
    assert told["type"] == "booking.confirmed"
    assert told["data"]["reference"] == reference
    assert headers["webhook-id"].startswith("event-")
    assert b"27650001" not in body
    assert b"711000001" not in body
    assert sender.work_off(webhook) == 0, "once"


def test_what_is_not_taken_comes_again_with_the_same_id(sender, webhook, receiver, books, transaction, clock):
    books(1)
    sender.look()
    receiver.answer = lambda nth: 503 if nth == 1 else 200
    assert sender.work_off(webhook) == 0
    assert sender.work_off(webhook) == 0, "not before its time"
    assert len(receiver.got) == 1
    clock.time += timedelta(seconds=11)
    assert sender.work_off(webhook) == 1
    first, second = receiver.got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    with transaction() as db:
        delivery = db.scalars(sa.select(Delivery)).one()
        assert (delivery.attempts, delivery.answer, delivery.next_at) == (2, "200", None)


def test_what_waits_fails_and_is_given_up_is_known_to_the_operator(
    sender, webhook, receiver, books, transaction, clock
):
    def due():
        with transaction() as db:
            return watch.oldest_due(db, now=clock.time)

    def stands():
        with transaction() as db:
            [at] = watch.webhooks_now(db)
        assert (at.webhook_id, at.agency) == (webhook, "NRB")
        return at.failing_since, at.waiting, at.given_up

    assert due() is None
    books(1)
    assert due() == NOW, "nobody has looked"
    sender.look()
    began = clock.time
    assert due() == began, "nobody has sent it"
    receiver.answer = lambda nth: 503
    sender.work_off(webhook)
    assert due() is None, "it rests"
    assert stands() == (began, 1, 0)
    clock.time += timedelta(days=4)
    sender.tidy()
    assert stands() == (began, 0, 1)


def test_a_redirect_is_not_followed(sender, webhook, receiver, books, transaction):
    books(1)
    sender.look()
    receiver.answer, receiver.location = lambda nth: 302, receiver.url
    assert sender.work_off(webhook) == 0
    assert len(receiver.got) == 1
    with transaction() as db:
        assert db.scalars(sa.select(Delivery.answer)).one() == "302"


def test_one_that_hangs_holds_up_nobody_else(sender, webhook, receiver, books, transaction, catalogue):
    hangs, goes_on = threading.Event(), threading.Event()
    stuck = listening(transaction, catalogue, "https://stuck.example/", sender)

    def post_or_hang(url: str, body: bytes, headers: dict[str, str], *, practice: bool) -> Answer:
        if "stuck" in url:
            hangs.set()
            goes_on.wait(20)
            return Answer(False, "timeout")
        return post(url, body, headers, practice=practice)

    sender.post = post_or_hang
    for nth in (1, 2):
        books(nth)
    sender.look()
    with ThreadPoolExecutor(2) as executor:
        sender.hand_out(executor)
        assert hangs.wait(20)
        assert sender.under_way[webhook].result(20) == 2
        sender.hand_out(executor)
        assert not sender.under_way[stuck].done()
        goes_on.set()
        assert sender.under_way[stuck].result(20) == 0
    assert len(receiver.got) == 2


def test_over_tls_a_server_of_the_right_name_is_told_and_told_again(
    sender, books, transaction, catalogue, clock, tmp_path: Path
):
    """As in operation but for the authority that is trusted, and where the agency's name leads to."""
    authority = Authority(tmp_path)
    names: list[str | None] = []
    tls = authority.server_of(AGENCY_HOST)
    tls.sni_callback = lambda sock, name, context: names.append(name)  # type: ignore[assignment]
    sender.post = partial(post, tls=authority.client(), resolve=lambda host, port: ["127.0.0.1"])
    with receiving(tls) as agency:
        right = listening(transaction, catalogue, agency.url, sender)
        wrong = listening(transaction, catalogue, agency.url.replace(AGENCY_HOST, "another.example"), sender)
        books(1)
        sender.look()
        agency.answer = lambda nth: 503 if nth == 1 else 200
        assert [sender.work_off(right), sender.work_off(wrong)] == [0, 0]
        clock.time += timedelta(seconds=11)
        assert [sender.work_off(right), sender.work_off(wrong)] == [1, 0]
    assert names == [AGENCY_HOST, "another.example"] * 2
    (first, body), (again, same) = agency.got
    assert first["Host"] == again["Host"] == agency.url.split("/")[2]
    assert first["webhook-id"] == again["webhook-id"]
    with transaction() as db:
        secret = sender.secrets.open(db.get_one(Webhook, right).secret_sealed)
        answers = dict(db.execute(sa.select(Delivery.webhook_id, Delivery.answer)).all())
    for headers in (first, again):
        assert Reader(secret).verify(body, headers)["type"] == "booking.confirmed"
    assert same == body
    assert answers == {right: "200", wrong: "certificate"}


def test_two_senders_send_each_message_once(sender, webhook, receiver, books):
    for nth in range(6):
        books(nth)
    sender.look()
    with ThreadPoolExecutor(3) as executor:
        assert sum(executor.map(sender.work_off, [webhook] * 3)) == 6
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == len(receiver.got) == 6


def test_the_process_looks_sends_and_stops(sender, webhook, receiver, books):
    books(1)
    receiver.answer = lambda nth: (sender.stopping.set(), 200)[1]
    with ThreadPoolExecutor(2) as executor:
        tell_until(sender, executor)
    assert json.loads(receiver.got[0][1])["type"] == "booking.confirmed"


def test_what_is_due_goes_out_also_while_the_look_fails(sender, webhook, receiver, books):
    class Blind(Sender):
        def look(self) -> int:
            raise RuntimeError("a row like no other")

    books(1)
    sender.look()
    blind = Blind(sender.transaction, sender.secrets, practice=True, now=sender.now)
    receiver.answer = lambda nth: (blind.stopping.set(), 200)[1]
    with ThreadPoolExecutor(2) as executor:
        tell_until(blind, executor)
    assert len(receiver.got) == 1


def test_an_agency_has_a_few_threads_and_all_its_webhooks_have_their_turn(sender, transaction, catalogue):
    ours = catalogue.services["IDR"].agency_id
    other = next(s.agency_id for s in catalogue.services.values() if s.agency_id != ours)
    goes_on = threading.Event()
    sender.post = lambda *_, **__: Answer(goes_on.wait(20), "200")
    with transaction() as db:
        added = [
            webhooks.add(
                db,
                sender.secrets,
                agency_id=agency_id,
                url="https://agency.example/zamu",
                events=[],
                actor=CLERK,
                practice=True,
                now=NOW,
            )
            for agency_id in [ours] * (AN_AGENCY_AT_ONCE + 1) + [other]
        ]
        for webhook in added:
            deliveries.send_test(db, webhook, actor=CLERK, now=sender.now())
        ids = [webhook.id for webhook in added]
    with ThreadPoolExecutor(8) as executor:
        for _ in range(2):
            sender.hand_out(executor)
            assert sorted(sender.under_way) == [*ids[:AN_AGENCY_AT_ONCE], ids[-1]]
        goes_on.set()
        assert [going.result(20) for going in sender.under_way.values()] == [1] * 4
        with transaction() as db:
            deliveries.send_test(db, db.get_one(Webhook, ids[0]), actor=CLERK, now=sender.now())
        sender.hand_out(executor)
        assert list(sender.under_way) == [ids[AN_AGENCY_AT_ONCE], ids[0]], "who has waited longest is first"


def test_one_go_is_bounded_by_time(sender, webhook, receiver, books, clock):
    def slow(nth: int) -> int:
        clock.time += ONE_GO / 2
        return 200

    for nth in range(4):
        books(nth)
    sender.look()
    receiver.answer = slow
    assert [sender.work_off(webhook) for _ in range(3)] == [2, 2, 0]


# Where messages may go.


def sends(url: str, *addresses: str, practice: bool = False) -> str:
    return post(url, b"{}", {}, practice=practice, resolve=lambda host, port: list(addresses)).said


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.1.2.3"])
def test_a_name_that_leads_behind_our_walls_is_refused(address):
    assert sends("https://agency.example/", address) == "refused"
    assert sends("https://agency.example/", "8.8.8.8", address) == "refused"


def test_an_address_that_should_not_be_there_is_refused(receiver):
    assert sends("http://agency.example/", "8.8.8.8") == "refused"
    assert sends(receiver.url, "127.0.0.1") == "refused"
    assert sends(receiver.url, "10.0.0.1", practice=True) == "refused"
    assert sends(receiver.url, "127.0.0.1", practice=True) == "204"


def test_a_server_that_is_not_there_is_told_apart():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_address[1]
    assert sends(f"http://127.0.0.1:{port}/", "127.0.0.1", practice=True) == "unreachable"
    assert sends("https://agency.example/") == "unreachable"


def test_a_server_without_a_certificate_of_its_name_is_not_talked_to(receiver):
    port = receiver.url.partition(":")[2].rpartition(":")[2].partition("/")[0]
    assert sends(f"https://127.0.0.1:{port}/", "127.0.0.1", practice=True) == "certificate"
    assert receiver.got == []
