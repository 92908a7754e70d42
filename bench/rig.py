"""Servers, the simulator and workers of their own, and an outbox to fill: what the measurements of SMS share.

Everything runs on this machine's loopback and ends with the block that started
it. At night the lane bulk rests, so all of Zamu's processes here read a clock
that is some whole hours ahead: far enough for it to be day.
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from bench.gateway import API_KEY, Simulator, end_group, simulator, until
from core.catalogue.importer import load_catalogue
from core.clock import local, utc_now
from core.db import Transaction, make_engine, transactions
from core.messaging import lanes
from core.messaging.tables import Lane, Message, Status
from core.people.register import Register
from core.people.sealing import Sealer
from core.people.tables import Person
from core.settings import Settings, environment
from migrations import migrate
from web.local.scratch import scratch_servers
from workers.queues import Queues

ROOT = Path(__file__).parents[1]
SECRET = "a-secret-for-the-benchmark"
NO_LIMIT = 100_000
"""Segments a second: the gateway's limit is not what is measured."""
DAY = range(9, 16)
"""Hours in Nairobi at which every lane is awake, for an hour to come too."""
ROWS = 1000
OPEN = (Status.PENDING, Status.SENDING)


def hours_to_day(now: datetime) -> timedelta:
    """By how much a clock must be ahead for it to be day in Nairobi."""
    return next(ahead for hours in range(24) if local(now + (ahead := timedelta(hours=hours))).hour in DAY)


def phone(number: int) -> str:
    return f"+2547{number:08d}"


class Crew:
    """Workers of one lane, forked from a process that has everything imported."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._said("ready")

    def add(self) -> int:
        """Start a worker; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._said())

    def _said(self, expected: str | None = None) -> str:
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if not said or expected not in (None, said):
            raise RuntimeError("the workers could not be started")
        return said


@dataclass(frozen=True, slots=True)
class Rig:
    """Where a measurement takes place."""

    environment: dict[str, str]
    """Of Zamu's processes."""
    simulator: Simulator
    ahead: timedelta
    settings: Settings
    transaction: Transaction
    register: Register
    queues: Queues
    sealer: Sealer
    """As the register seals phones: a hundred thousand are not added one by one."""

    def now(self) -> datetime:
        """The time as Zamu's processes here read it."""
        return utc_now() + self.ahead

    @contextmanager
    def crew(self, lane: Lane) -> Iterator[Crew]:
        """Workers of a lane; all are killed at the end of the block."""
        command = [sys.executable, "-m", "bench.worker", lane.value, str(self.ahead.total_seconds())]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, text=True, start_new_session=True
        )
        try:
            yield Crew(process)
        finally:
            end_group(process)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()

    def write(self, numbers: Iterable[int], *, lane: Lane, personal: Callable[[int], bool]) -> None:
        """Queue a message to each of these new phones: with a text of its own, or the same that others get."""
        remaining = iter(numbers)
        while batch := list(islice(remaining, ROWS)):
            with self.transaction() as db:
                people = db.scalars(
                    sa.insert(Person).returning(Person.id, sort_by_parameter_order=True), self._people(batch)
                )
                db.execute(sa.insert(Message), list(self._messages(batch, people.all(), lane, personal)))

    def _people(self, numbers: Iterable[int]) -> list[dict[str, object]]:
        at = self.now()
        return [
            {
                "phone_index": self.register.phone_index(phone(number)),
                "phone_sealed": self.sealer.seal(phone(number).encode()),
                "created_at": at,
            }
            for number in numbers
        ]

    def _messages(
        self, numbers: Iterable[int], people: Iterable[int], lane: Lane, personal: Callable[[int], bool]
    ) -> Iterator[dict[str, object]]:
        at = self.now()
        for number, person_id in zip(numbers, people, strict=True):
            yield {
                "person_id": person_id,
                "lane": lane.value,
                "template": "booking_confirmed",
                "arguments": self.booking(number if personal(number) else 0),
                "language": "en",
                "subject": f"bench:{number}",
                "asked_for": False,
                "valid_until": at + timedelta(days=1),
                "not_before": at,
                "status": Status.PENDING.value,
                "created_at": at,
                "status_at": at,
            }

    @staticmethod
    def booking(number: int) -> dict[str, str]:
        """What is confirmed; another text for each number."""
        return {
            "service": "IDR",
            "site": "GPO",
            "starts_at": "2026-11-24T08:00:00+03:00",
            "reference": f"{number:08d}",
        }

    def open(self, lane: Lane) -> bool:
        """Whether there is a message in the lane that is not settled."""
        # A question a status, because each has its own index: whoever looks must not slow down what is measured.
        opened = [sa.exists().where(Message.lane == lane, Message.status == status.value) for status in OPEN]
        with self.transaction() as db:
            return bool(db.scalar(sa.select(sa.or_(*opened))))

    def statuses(self, lane: Lane) -> dict[str, int]:
        """How many messages of a lane there are by status."""
        counted = sa.select(Message.status, sa.func.count()).where(Message.lane == lane).group_by(Message.status)
        with self.transaction() as db:
            return dict(db.execute(counted).all())

    def hold(self, lane: Lane) -> None:
        with self.transaction() as db:
            lanes.freeze(db, lane, reason="filling the outbox", now=self.now())

    def let_go(self, lane: Lane) -> None:
        with self.transaction() as db:
            lanes.thaw(db, lane)
        self.queues.wake(lane)


@contextmanager
def rig_on(env: dict[str, str], gateway: Simulator) -> Iterator[Rig]:
    """A rig on a database that has its tables and catalogue."""
    settings = Settings.from_environment(env)
    engine = make_engine(settings.database_url, pool_size=4)
    queues = Queues(settings.queue_url)
    with ExitStack() as ends:
        ends.callback(engine.dispose)
        ends.callback(queues.close)
        yield Rig(
            environment=env,
            simulator=gateway,
            ahead=hours_to_day(utc_now()),
            settings=settings,
            transaction=transactions(engine),
            register=Register(settings.secret_key),
            queues=queues,
            sealer=Sealer(settings.secret_key, "phone"),
        )


def environment_of(database_url: str, redis_url: str, gateway: Simulator, **more: str) -> dict[str, str]:
    """What Zamu's processes of a measurement are told."""
    return environment() | {
        "ZAMU_DATABASE_URL": database_url,
        "ZAMU_REDIS_URL": redis_url,
        "ZAMU_SECRET_KEY": "a key of the benchmark, nothing is kept",
        "ZAMU_CALLBACK_SECRETS": SECRET,
        "ZAMU_PUBLIC_URL": "http://127.0.0.1",
        "ZAMU_AT_BASE_URL": gateway.address,
        "ZAMU_AT_API_KEY": API_KEY,
        "ZAMU_AT_SEGMENTS_A_SECOND": str(NO_LIMIT),
        "PYTHONPATH": str(ROOT),
        **more,
    }


@contextmanager
def rig(**settings: str) -> Iterator[Rig]:
    """A rig on servers of its own, with these settings of Zamu's beside the usual ones."""
    with scratch_servers() as servers, simulator() as gateway:
        migrate(servers.database.owner)
        env = environment_of(servers.database.app, servers.redis_url, gateway, **settings)
        with rig_on(env, gateway) as built:
            with built.transaction() as db:
                load_catalogue(db, now=built.now())
            yield built


def wait_settled(built: Rig, lane: Lane, *, limit: float) -> None:
    """Until nothing in the lane is open.

    Raises:
        TimeoutError: something still is after `limit` seconds.
    """
    until(lambda: not built.open(lane), limit=limit, every=0.1)
