"""`make kill`: workers killed with SIGKILL again and again during a campaign of 20,000 messages.

A worker here is RQ's simple one, which does not fork: worker and work horse are
one process. Of two, one after the other is killed while both are calling the
gateway. Half of the texts are identical and leave many a call, half are of
their own.

At the end every message is settled, and none was received twice. What a killed
worker had under way is `unknown`: it may or may not have been received, and is
not sent again.
"""

import os
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog

from bench.gateway import NEVER, until
from bench.rig import Crew, Rig, phone, rig
from bench.sms import PlainSdk
from core.messaging.relay import STUCK_AFTER
from core.messaging.tables import Lane, Message, Status
from workers import clock
from workers.context import Context, build_context

MESSAGES = 20_000
EVERY = 500
"""Messages received between two kills."""
WORKERS = 2
LATENCY_MS = 40
PATIENCE = 60.0
OUTSIDER = 99_999_999
"""The number of a phone that is in no campaign."""


@dataclass(frozen=True, slots=True)
class Outcome:
    messages: int
    kills: int
    received: int
    """Messages that the simulator took."""
    twice: int
    """Phones that it took more than one for."""
    doubtful: int
    """Unknown messages that were received."""
    statuses: dict[str, int]
    disagreed: int
    """Messages said to be sent that were not received, or the other way round; unknown says neither."""
    seconds: float

    @property
    def unknown(self) -> int:
        return self.statuses.get(Status.UNKNOWN, 0)

    @property
    def unsettled(self) -> int:
        return self.statuses.get(Status.PENDING, 0) + self.statuses.get(Status.SENDING, 0)

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, {self.kills} workers killed, {self.received} received, {self.twice} twice, "
            f"{self.unknown} unknown ({self.doubtful} of them received), "
            f"{self.unsettled} unsettled, {self.disagreed} told wrongly, {self.seconds:.0f} s"
        )


def campaign(built: Rig, *, messages: int, every: int) -> Outcome:
    """Send to `messages` new phones while all workers are killed each time that `every` more were received."""
    began = time.monotonic()
    built.simulator.turn(**NEVER, latency_ms=LATENCY_MS)
    before = built.simulator.count()
    built.hold(Lane.BULK)
    built.write(range(messages), lane=Lane.BULK, personal=lambda number: number % 2 == 1)
    context = build_context(built.settings)
    try:
        with built.crew(Lane.BULK) as crew:
            built.let_go(Lane.BULK)
            kills = 0
            while built.open(Lane.BULK):
                kills += _send(built, context, crew, every)
        _let_arrive(built)
        _tick(context, built.now())
    finally:
        context.close()
    return _look(built, before=before, messages=messages, kills=kills, seconds=time.monotonic() - began)


def _send(built: Rig, context: Context, crew: Crew, every: int) -> int:
    """Let workers send, and be killed, until nothing is left; how many were killed.

    Those alive at the end finish what they have under way, and may give back some of it.
    """
    workers, kills = [crew.add() for _ in range(WORKERS)], 0
    while _goes_on(built, context, until_received=built.simulator.count() + every):
        os.kill(workers.pop(0), signal.SIGKILL)
        kills += 1
        workers.append(crew.add())
        _tick(context, built.now())
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    until(lambda: not any(map(_lives, workers)), limit=PATIENCE)
    return kills


def _goes_on(built: Rig, context: Context, *, until_received: int) -> bool:
    """Wait, ticking as the clock does; False when nothing is left to be sent."""
    looks = 0

    def reached() -> bool:
        nonlocal looks
        looks += 1
        if looks % 100 == 1:
            _tick(context, built.now())
        return built.simulator.count() >= until_received or (looks % 10 == 0 and not built.open(Lane.BULK))

    until(reached, limit=PATIENCE, every=0.002)
    return built.open(Lane.BULK)


def _tick(context: Context, now: datetime) -> None:
    """The clock wakes the lane, and sweeps as if it were late enough to find what was just left behind.

    What a living worker has under way is called unknown too, until that worker settles it.
    """
    clock.wake_lanes(context, now)
    clock.sweep_messages(context, now + STUCK_AFTER)


def _lives(worker: int) -> bool:
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    return True


def _let_arrive(built: Rig) -> None:
    """What was under way to the gateway has arrived when later calls, which take as long, have."""
    sdk = PlainSdk(built.simulator.address)
    for _ in range(3):
        sdk.send("The last one", [phone(OUTSIDER)])


def _look(built: Rig, *, before: int, messages: int, kills: int, seconds: float) -> Outcome:
    outsider = phone(OUTSIDER)
    times = Counter(taken.to for taken in built.simulator.taken(after=before) if taken.to != outsider)
    disagreed = doubtful = 0
    with built.transaction() as db:
        rows = db.execute(sa.select(Message.subject, Message.status)).all()
    for subject, status in rows:
        received = times[phone(int(subject.partition(":")[2]))] > 0
        doubtful += status == Status.UNKNOWN and received
        disagreed += status != Status.UNKNOWN and received != (status == Status.SENT)
    return Outcome(
        messages=messages,
        kills=kills,
        received=times.total(),
        twice=sum(count > 1 for count in times.values()),
        doubtful=doubtful,
        statuses=built.statuses(Lane.BULK),
        disagreed=disagreed,
        seconds=seconds,
    )


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    # The clock warns of every crash; here they are wanted.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    with rig() as built:
        outcome = campaign(built, messages=messages, every=EVERY)
    print(outcome)
    sys.exit(bool(outcome.twice or outcome.unsettled or outcome.disagreed))


if __name__ == "__main__":
    main()
