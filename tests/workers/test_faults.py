"""Every fault of the gateway, through the adapter, over HTTP, against the simulator: what becomes of each message.

Each row of the table says how it stands when the fault strikes, how it stands
when the fault is over and the lane has been let go on, and how often the phone
was sent it in the end.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from bench.gateway import free_port, until
from core.messaging import lanes, reports
from core.messaging.tables import DeliveryReport, Lane, Message
from core.people.tables import Person
from simulator.app import create_app
from simulator.config import Config
from simulator.telco import EXTENSION
from sms.endpoint import create_blueprint
from sms.gateways import transport
from sms.gateways.africastalking import AfricasTalking
from tests.simulator.doubles import Desk
from tests.support import SECRET
from tests.workers.support import phone
from workers.context import Context
from workers.push import push_lane

API_KEY = "a-key"
NEVER = {"report_delay_ms": 3_600_000}
PHONES = [phone(number) for number in range(3)]
LANE = Lane.INTERACTIVE


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def door(settings, context, register, clock) -> Iterator[str]:
    """Zamu's SMS callbacks."""
    app = Flask("sms")
    app.register_blueprint(
        create_blueprint(
            settings,
            transaction=context.transaction,
            catalogue=context.catalogue,
            register=register,
            wake=lambda lane: None,
            now=clock,
        )
    )
    with served(app) as address:
        yield address


@pytest.fixture
def desk(door) -> Iterator[Desk]:
    app = create_app(Config(callback=door, secret=SECRET, api_key=API_KEY))
    with served(app) as address:
        yield Desk(address)
        app.extensions[EXTENSION].stop()


@dataclass
class Bench:
    """A lane's worker in this process, beside the simulator."""

    context: Context
    desk: Desk
    connected: list[AfricasTalking] = field(default_factory=list)

    def push(self, *, address: str | None = None, key: str = API_KEY) -> None:
        settings = replace(self.context.settings, at_base_url=address or self.desk.address, at_api_key=key)
        gateway = AfricasTalking(settings)
        self.connected.append(gateway)
        push_lane(replace(self.context, settings=settings, gateway=gateway), LANE)

    def go_on(self) -> None:
        """The fault is over, an operator has thawed the lane, an hour has passed, and the clock has swept."""
        self.desk.turn(**NEVER)
        self.context.now.time += timedelta(hours=1)
        with self.context.transaction() as db:
            lanes.thaw(db, LANE)
            reports.settle_unknown(db, now=self.context.now())
        # After trouble a worker tries a single message first, and then the others.
        self.push()
        self.push()

    def received(self) -> Counter[str]:
        return Counter(message["to"] for message in self.desk.taken())

    def standing(self) -> list[tuple[str, str | None]]:
        """Status and error of each message, in the order they were written."""
        with self.context.transaction() as db:
            rows = db.execute(sa.select(Message.status, Message.error).order_by(Message.id)).all()
        return [(row.status, row.error) for row in rows]

    def frozen(self) -> str | None:
        with self.context.transaction() as db:
            return lanes.frozen(db, LANE)


@pytest.fixture
def bench(context, desk) -> Iterator[Bench]:
    bench = Bench(context, desk)
    yield bench
    for gateway in bench.connected:
        gateway.close()


@dataclass(frozen=True)
class Row:
    """A fault, and the outcome for every message; `received` is how often each phone was sent it in the end."""

    knobs: dict[str, object]
    struck: tuple[str, str | None]
    received: int
    afterwards: tuple[str, str | None] | None = None
    """None: as it stood when the fault struck."""
    frozen: str | None = None


SENT, DELIVERED = ("sent", None), ("delivered", None)
NO_ANSWER = {"send_fault": "hang"} | NEVER
FAULTS = {
    "slow, but in time": Row({"latency_ms": 60} | NEVER, SENT, 1),
    "it takes the call and hangs": Row(NO_ANSWER, ("unknown", "gateway_timeout"), 1),
    "it answers 500": Row({"send_fault": "error_500"} | NEVER, ("unknown", "gateway_error"), 0),
    "text instead of JSON": Row({"send_fault": "text"} | NEVER, ("unknown", "unreadable_answer"), 1),
    "it closes after taking the call": Row({"send_fault": "close"} | NEVER, ("unknown", "gateway_broke_off"), 1),
    "201, and every recipient failed": Row(
        {"send_fault": "all_failed"} | NEVER, ("pending", "gateway_failed"), 1, afterwards=SENT
    ),
    "out of credit": Row(
        {"send_fault": "out_of_credit"} | NEVER,
        ("pending", "out_of_credit"),
        1,
        afterwards=SENT,
        frozen="out_of_credit",
    ),
    "numbers that block us": Row({"failing": dict.fromkeys(PHONES, 406)} | NEVER, ("failed", "blocked"), 0),
    "numbers that are none": Row({"failing": dict.fromkeys(PHONES, 403)} | NEVER, ("failed", "invalid_phone"), 0),
    "no route for a while": Row(
        {"failing": dict.fromkeys(PHONES, 407)} | NEVER, ("pending", "no_route"), 1, afterwards=SENT
    ),
    "networks that reject": Row({"fail_rate": 1} | NEVER, ("failed", "rejected"), 0),
    "reports before the answer": Row({"early_reports": True}, DELIVERED, 1),
    "every report twice, and early": Row({"early_reports": True, "duplicate_reports": True}, DELIVERED, 1),
    "every callback twice, and early": Row({"early_reports": True, "duplicate_callbacks": True}, DELIVERED, 1),
    "bad news before the answer": Row(
        {"early_reports": True, "final_report": "Failed"}, ("failed", "delivery_failure"), 1
    ),
    "text instead of JSON, reports in time": Row(
        {"send_fault": "text", "early_reports": True}, ("unknown", "unreadable_answer"), 1, afterwards=DELIVERED
    ),
    "it closes, reports in time": Row(
        {"send_fault": "close", "early_reports": True}, ("unknown", "gateway_broke_off"), 1, afterwards=DELIVERED
    ),
}


@pytest.mark.parametrize("row", FAULTS.values(), ids=FAULTS)
def test_what_becomes_of_each_message(bench, box, monkeypatch, row):
    if row.knobs.get("send_fault") == "hang":
        monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.2)
    for to in PHONES:
        box.write(to)
    bench.desk.turn(**row.knobs)
    bench.push()
    monkeypatch.undo()
    assert bench.standing() == [row.struck] * 3
    assert bench.frozen() == row.frozen
    bench.go_on()
    assert bench.standing() == [row.afterwards or row.struck] * 3
    assert bench.received() == Counter({to: row.received for to in PHONES if row.received})


def test_a_gateway_that_is_down_costs_nothing_but_time(bench, box):
    for to in PHONES:
        box.write(to)
    bench.push(address=f"http://127.0.0.1:{free_port()}")
    assert bench.standing() == [("pending", "gateway_unreachable")] * 3
    bench.go_on()
    assert bench.standing() == [SENT] * 3
    assert bench.received() == Counter(PHONES)


def test_a_key_that_is_refused_stops_the_lane_and_loses_nothing(bench, box):
    for to in PHONES:
        box.write(to)
    bench.push(key="an-older-key")
    assert bench.frozen() == "account_refused"
    bench.go_on()
    assert bench.standing() == [SENT] * 3
    assert bench.received() == Counter(PHONES)


def test_out_of_credit_the_operator_is_told_and_nothing_more_is_tried(bench, box, capsys):
    for number in range(40):
        box.write(phone(number), reference=f"{number:08d}")
    bench.desk.turn(send_fault="out_of_credit", **NEVER)
    bench.push()
    bench.desk.turn(**NEVER)
    bench.push()
    assert bench.received() == Counter()
    assert {status for status, _ in bench.standing()} == {"pending"}
    assert "a lane was frozen" in capsys.readouterr().out
    bench.go_on()
    assert bench.standing() == [SENT] * 40
    assert set(bench.received().values()) == {1}


def test_a_share_that_fails_fails_alone(bench, box):
    phones = [phone(number) for number in range(60)]
    for to in phones:
        box.write(to)
    bench.desk.turn(fail_rate=0.5, **NEVER)
    bench.push()
    stood = bench.standing()
    # 60 tosses of a coin that all fall on one side: once in 10^18 runs.
    assert set(stood) == {SENT, ("failed", "rejected")}
    bench.go_on()
    assert bench.standing() == stood
    assert bench.received() == Counter(to for to, standing in zip(phones, stood, strict=True) if standing == SENT)


def test_recipients_of_one_call_have_fates_of_their_own(bench, box):
    for to in PHONES:
        box.write(to)
    bench.desk.turn(failing={PHONES[1]: 406, PHONES[2]: 500}, **NEVER)
    bench.push()
    assert bench.standing() == [SENT, ("failed", "blocked"), ("pending", "gateway_failed")]
    bench.go_on()
    assert bench.standing() == [SENT, ("failed", "blocked"), SENT]
    assert bench.received() == Counter([PHONES[0], PHONES[2]])


def test_who_blocks_us_is_remembered_until_a_message_arrives(bench, box):
    def blocked() -> bool:
        with bench.context.transaction() as db:
            return db.scalars(sa.select(Person.blocked_at)).one() is not None

    box.write(PHONES[0])
    bench.desk.turn(failing={PHONES[0]: 406}, **NEVER)
    bench.push()
    assert blocked()
    box.write(PHONES[0])
    bench.desk.turn(early_reports=True)
    bench.push()
    assert not blocked()


def test_reports_of_messages_that_nobody_knows_are_kept_and_answered_200(bench, box):
    """They are of another system on the same account. What is not answered 200 holds up the reports behind it."""
    bench.desk.sms(API_KEY).send_to(PHONES[0])

    def kept() -> list[str]:
        with bench.context.transaction() as db:
            return list(db.scalars(sa.select(DeliveryReport.status).where(DeliveryReport.message_id.is_(None))))

    until(lambda: len(kept()) == 3, limit=10)
    assert sorted(kept()) == ["delivered", "sent", "submitted"]


def test_reports_that_come_when_they_like_settle_every_message(bench, box):
    for to in PHONES:
        box.write(to)
    bench.desk.turn(duplicate_reports=True)
    bench.push()
    until(lambda: bench.standing() == [DELIVERED] * 3, limit=10)
    assert bench.received() == Counter(PHONES)
