"""Pushing a lane: claim, commit, call, settle, until there is nothing left.

Calls are made by threads; one coordinator claims ahead of them and settles
behind them, as much at a time as has come together meanwhile.

What can go wrong, and what becomes of a message then:

    before the claim is committed           to be sent
    claimed, and its call not begun when
    there is trouble or we are to stop      to be sent
    no connection to the gateway            to be sent again, later and not for ever
    the gateway says no                     failed, with its reason
    no credit, or a wrong setting           to be sent when an operator lets the lane go on
    no answer, or none to be read           unknown: not sent again by itself
    we die while it is claimed              unknown, when the sweep finds it
    the database is away when we settle     tried again for a while, then as if we had died
    Valkey is away                          nothing is claimed, because nobody knows the pace: to be sent

How many can be unknown at once is bounded (`Window`): what is claimed and not
settled is at most one call's worth more than there are threads where every text
differs, and ten calls' worth where texts are shared.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import redis
import structlog

from core.db import DatabaseDown, Session
from core.messaging import lanes, money, relay
from core.messaging.relay import Claimed, Result
from core.messaging.tables import Lane
from sms.gateways import STOPS_LANE
from workers import calls
from workers.context import Context
from workers.letters import Call, Letter, group, word

SHIFT_SECONDS = 60.0
"""After this long a push leaves the rest to the next job, so that the worker shows that it is alive."""
SETTLE_PAUSES = (0.2, 1.0, 3.0, 9.0)
"""Seconds between tries to settle when the database is away: what is not settled becomes unknown."""
CALLS_WORTH = 10
"""Most messages claimed and not settled, in full calls."""
NOT_BEGUN_SECONDS = 30.0
"""A call that no thread has begun so long after its claim is not made: far from when the sweep takes us for dead."""
GATHER_SECONDS = 0.03
"""Results are waited for so long after the first, to be settled together."""
EMPTY_SECONDS = 0.2
"""Between two looks into an empty lane while calls are still under way."""
WAKE_SECONDS = 1.0
"""Between two wake-ups of the other workers."""

_log = structlog.get_logger("workers")


def push_lane(context: Context, lane: Lane) -> int:
    """Hand over what is due in a lane; returns how many messages were claimed.

    It ends when the lane is empty, frozen, at rest or at its cap, when the
    gateway or Valkey fails (the clock comes back to it), or after
    `SHIFT_SECONDS`, and then wakes the lane again.

    Raises:
        DatabaseDown: it was away, or stayed away so long that the sweep will call messages unknown.
    """
    push = Push(context, lane)
    try:
        push.run()
    except redis.RedisError as error:
        _log.warning("a push was broken off", part="valkey", lane=lane, error=type(error).__name__)
    return push.claimed


@dataclass(frozen=True, slots=True)
class Finished:
    """A call that has come back, or was not made."""

    results: list[Result]
    trouble: str | None
    made: bool


@dataclass(slots=True)
class Window:
    """How many messages may be claimed and not settled.

    Where every text differs: one call's worth more than there are threads. The
    more recipients a call of the last claim had, the more.
    """

    threads: int
    at_batch: int
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.learn(1, 1)

    def learn(self, letters: int, calls: int) -> None:
        personal = self.threads + self.at_batch
        self.size = min(max(personal, CALLS_WORTH * self.at_batch), personal * letters // calls)

    def free(self, out: int, calls: int) -> int:
        """How many to claim when so many messages are out, in so many calls.

        None while a call waits for a thread, and none until much of the window
        is free, so that a claim is worth its transaction.
        """
        return self.size - out if calls <= self.threads and out <= max(self.threads, self.size // 2) else 0


class Push:
    """One push of a lane."""

    def __init__(self, context: Context, lane: Lane) -> None:
        self.claimed = 0
        self._context, self._lane = context, lane
        self._window = Window(context.calls_at_once, context.settings.at_batch)
        self._segments = 1.0
        """A message, in the last claim."""
        self._began = time.monotonic()
        self._woke = 0.0
        self._done: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._calls = 0
        """Submitted, not come back."""
        self._out = 0
        """Messages claimed and not settled."""
        self._unsettled: list[Result] = []
        self._halt = threading.Event()
        self._trouble: set[str] = set()

    def run(self) -> None:
        """Raises:
        DatabaseDown, RedisError: it is away; everything that was begun has been settled if it could be.
        """
        try:
            while not (self._context.stopping.is_set() or self._halt.is_set()):
                if time.monotonic() - self._began > SHIFT_SECONDS:
                    self._context.queues.wake(self._lane)
                    break
                wait = self._claim_more()
                if wait is None:
                    break
                self._collect(wait)
                self._settle()
        finally:
            self._finish()
        if self._trouble:
            _log.warning("a push was broken off", lane=self._lane, trouble=self._worst())

    def _finish(self) -> None:
        """Wait for what has been begun, and settle all of it."""
        while self._calls:
            self._collect(NOT_BEGUN_SECONDS)
        self._settle()

    def _claim_more(self) -> float | None:
        """Claim and submit what there is room for.

        Returns how many seconds there are to wait for a call to come back
        before it is worth claiming again, or None if nothing is left.
        """
        limit = self._window.free(self._out, self._calls)
        if self._lane in self._context.memory.doubted:
            limit = 0 if self._out else 1
        if not limit:
            return NOT_BEGUN_SECONDS
        room = self._context.pace.room(self._lane)
        if room.wait:
            return room.wait
        limit = max(1, min(limit, int(room.segments / self._segments)))
        claimed = self._claim(limit)
        if not claimed:
            return EMPTY_SECONDS if self._calls else None
        if claimed == limit and time.monotonic() - self._woke > WAKE_SECONDS:
            self._woke = time.monotonic()
            self._context.queues.wake(self._lane)  # more than one worker can carry: another may join in
        return 0.0

    def _claim(self, limit: int) -> int:
        """Claim and word messages in one transaction, so that dying in between leaves them to be sent."""
        catalogue = self._context.catalogue.current()
        with self._context.transaction() as db:
            claimed = self._take(db, limit)
            letters, unworded = word(self._context, catalogue, claimed)
        self.claimed += len(claimed)
        self._out += len(claimed)
        self._unsettled += unworded
        if letters:
            self._submit(letters)
        return len(claimed)

    def _take(self, db: Session, limit: int) -> list[Claimed]:
        settings, now = self._context.settings, self._context.now()
        cap = money.reached_cap(db, self._lane, settings.caps, now)
        if cap != self._context.memory.caps.get(self._lane):
            self._context.memory.caps[self._lane] = cap
            if cap:
                _log.error("a lane has reached its cap", lane=self._lane, kes=cap.kes, span=cap.span)
            else:
                _log.info("a lane may spend again", lane=self._lane)
        if cap:
            return []
        return relay.claim(db, self._lane, limit=limit, now=now, sms_a_day=settings.sms_a_day)

    def _submit(self, letters: Sequence[Letter]) -> None:
        calls = list(group(letters, self._context.settings.at_batch))
        taken: Counter[str | None] = Counter()
        for call in calls:
            taken[call.sender] += call.segments * len(call.letters)
        self._segments = max(1.0, taken.total() / len(letters))
        self._window.learn(len(letters), len(calls))
        begin_by = time.monotonic() + NOT_BEGUN_SECONDS
        for call in calls:
            self._calls += 1
            self._context.executor.submit(self._make, call, begin_by)
        try:
            self._context.pace.take(taken)
        except redis.RedisError:
            # They are claimed and on their way; before the next claim Valkey is asked again.
            _log.warning("the pace was not noted", part="valkey", lane=self._lane)

    def _make(self, call: Call, begin_by: float) -> None:
        """In a thread: make a call, unless there is a reason not to."""
        if self._halt.is_set() or self._context.stopping.is_set() or time.monotonic() > begin_by:
            self._done.put(Finished(calls.not_made(call), None, made=False))
            return
        results, trouble = calls.make(self._context.gateway, call)
        if trouble:
            self._halt.set()
        self._done.put(Finished(results, trouble, made=True))

    def _collect(self, wait: float) -> None:
        """Take what has come back, waiting so long for the first, and shortly for those behind it."""
        until = time.monotonic() + wait
        while self._calls:
            try:
                finished = self._done.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            self._note(finished)
            until = min(until, time.monotonic() + GATHER_SECONDS)
            if len(self._unsettled) >= self._window.size // 2:
                return
        if wait and not self._unsettled:
            # Nothing is under way: it is the pace that has to be waited for.
            self._context.stopping.wait(max(0.0, until - time.monotonic()))

    def _note(self, finished: Finished) -> None:
        self._calls -= 1
        self._unsettled += finished.results
        if finished.trouble:
            self._trouble.add(finished.trouble)
            self._context.memory.doubted.add(self._lane)
        elif finished.made:
            self._context.memory.doubted.discard(self._lane)

    def _settle(self) -> None:
        """Settle, and freeze the lane if everything else in it would fail too.

        Raises:
            DatabaseDown: it stayed away; the sweep will call these messages unknown.
        """
        results, stop = self._unsettled, self._worst() in STOPS_LANE

        def settle() -> None:
            with self._context.transaction() as db:
                relay.settle(db, results, now=self._context.now())
                if stop and lanes.freeze(db, self._lane, reason=self._worst(), now=self._context.now()):
                    _log.error("a lane was frozen; put it right, then thaw it", lane=self._lane, reason=self._worst())

        if not results:
            return
        insist(settle, pause=self._context.stopping.wait)
        self._out -= len(results)
        self._unsettled = []

    def _worst(self) -> str:
        """The trouble that counts: one that stops the lane before any other."""
        return next(iter(sorted(self._trouble & STOPS_LANE) or sorted(self._trouble)), "")


def insist(act: Callable[[], None], *, pause: Callable[[float], object], pauses: Sequence[float] | None = None) -> None:
    """Do something although the database is away for a moment.

    Raises:
        DatabaseDown: it was away for all the tries.
    """
    for seconds in SETTLE_PAUSES if pauses is None else pauses:
        try:
            return act()
        except DatabaseDown as error:
            _log.warning("settling is tried again", part="postgresql", error=type(error).__name__)
            pause(seconds)
    return act()
