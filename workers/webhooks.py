"""Telling agencies: a process of its own, so that an agency whose server hangs can hold up nothing else.

It needs no queue: what waits is rows. One loop looks through what has happened
and hands each webhook that something waits for to a thread, which sends one
message after the other, each in the order it is due. No transaction is open
while a message is on its way. Two such processes do no harm.
"""

import json
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType

import structlog
from standardwebhooks import Webhook as Signer

from core.clock import utc_now
from core.db import DatabaseDown, Session, Transaction, make_engine, transactions
from core.partners import deliveries
from core.partners.deliveries import Claimed
from core.partners.fanout import fan_out
from core.partners.news import Record
from core.partners.webhooks import Secrets
from core.people.sealing import Unsealable
from core.settings import Settings
from workers.posting import Answer, post

TICK_SECONDS = 1.0
TIDY_TICKS = 60
BATCH = 500
MOST_BATCHES = 200
"""A tick; the next one goes on."""
WEBHOOKS_AT_ONCE = 16
AN_AGENCY_AT_ONCE = 3
"""Threads that an agency's webhooks have at once: its slow servers hold up nobody else's news."""
IN_ONE_GO, ONE_GO = 100, timedelta(seconds=30)
"""Messages to one webhook, and how long they may take, before others have their turn."""

_log = structlog.get_logger("webhooks")
Post = Callable[..., Answer]


@dataclass(slots=True)
class Sender:
    """What the process needs, and what it has under way."""

    transaction: Transaction
    secrets: Secrets
    practice: bool
    now: Callable[[], datetime] = utc_now
    post: Post = post
    stopping: threading.Event = field(default_factory=threading.Event)
    under_way: dict[int, Future[int]] = field(default_factory=dict)
    turns: dict[int, int] = field(default_factory=dict)
    """Which turn was the last of each webhook: who has waited longest is next."""

    def look(self) -> int:
        """Look through what has happened since the last look. Returns how many batches that took."""
        return sum(self._in_batches(partial(self._fan_out, record)) for record in Record)

    def hand_out(self, executor: ThreadPoolExecutor) -> None:
        """Give each webhook that something is due for to a thread, unless it or enough of its agency's have one."""
        self.under_way = {webhook: going for webhook, going in self.under_way.items() if not going.done()}
        with self.transaction() as db:
            due = deliveries.due_webhooks(db, now=self.now())
            busy = Counter(deliveries.agencies_of(db, self.under_way))
        for webhook_id, agency_id in sorted(due.items(), key=lambda item: self.turns.get(item[0], 0)):
            if webhook_id not in self.under_way and busy[agency_id] < AN_AGENCY_AT_ONCE:
                busy[agency_id] += 1
                self.turns[webhook_id] = max(self.turns.values(), default=0) + 1
                self.under_way[webhook_id] = executor.submit(self.work_off, webhook_id)

    def work_off(self, webhook_id: int) -> int:
        """Send what is due to a webhook, until one is not taken. Returns how many were."""
        try:
            return self._work_off(webhook_id)
        except DatabaseDown as error:
            _log.warning("webhooks wait for the database", part="postgresql", error=type(error).__name__)
        except Exception:
            _log.exception("a webhook could not be worked off", webhook=webhook_id)
        return 0

    def _work_off(self, webhook_id: int) -> int:
        until = self.now() + ONE_GO
        for sent in range(IN_ONE_GO):
            if self.stopping.is_set() or self.now() >= until or not self._send_next(webhook_id):
                return sent
        return IN_ONE_GO

    def tidy(self) -> None:
        """Give up what has waited for too long, and delete what is long over."""
        self._in_batches(lambda db: deliveries.give_up_old(db, now=self.now(), limit=BATCH) == BATCH)
        self._in_batches(lambda db: deliveries.forget(db, now=self.now(), limit=BATCH) == BATCH)

    def _send_next(self, webhook_id: int) -> bool:
        """False: nothing is due, or it was not taken."""
        with self.transaction() as db:
            claimed = deliveries.claim(db, webhook_id, now=self.now())
        if claimed is None:
            return False
        answer = self._attempt(claimed)
        with self.transaction() as db:
            deliveries.settle(db, claimed, taken=answer.taken, answer=answer.said, now=self.now())
        if not answer.taken:
            _log.info("a webhook did not take a message", webhook=webhook_id, delivery=claimed.id, answer=answer.said)
        return answer.taken

    def _attempt(self, claimed: Claimed) -> Answer:
        try:
            secret = self.secrets.open(claimed.secret_sealed)
        except Unsealable:
            return Answer(False, "secret")
        body, at = json.dumps(claimed.payload, separators=(",", ":")), self.now().astimezone(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": claimed.news,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Signer(secret).sign(claimed.news, at, body),
        }
        return self.post(claimed.url, body.encode(), headers, practice=self.practice)

    def _fan_out(self, record: Record, db: Session) -> bool:
        return fan_out(db, record, now=self.now(), limit=BATCH)

    def _in_batches(self, act: Callable[[Session], bool]) -> int:
        for batches in range(1, MOST_BATCHES + 1):
            if self.stopping.is_set():
                return batches
            with self.transaction() as db:
                more = act(db)
            if not more:
                return batches
        return MOST_BATCHES


def run_webhooks(settings: Settings) -> None:
    """Tell agencies until SIGTERM or SIGINT; what is on its way is finished first."""
    engine = make_engine(settings.database_url, pool_size=WEBHOOKS_AT_ONCE // 2)
    sender = Sender(transactions(engine), Secrets(settings.secret_key), settings.practice)

    def stop(signum: int, frame: FrameType | None) -> None:
        sender.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        with ThreadPoolExecutor(WEBHOOKS_AT_ONCE, thread_name_prefix="webhook") as executor:
            tell_until(sender, executor)
    finally:
        engine.dispose()


def tell_until(sender: Sender, executor: ThreadPoolExecutor) -> None:
    """Every second, until the sender is told to stop. The database may be away at the start or later."""
    tick = 0
    while not sender.stopping.is_set():
        _try(sender.look, "a look at what is to be told failed")
        _try(partial(sender.hand_out, executor), "what is due could not be handed out")
        if tick % TIDY_TICKS == 0:
            _try(sender.tidy, "what is over could not be tidied away")
        tick += 1
        sender.stopping.wait(TICK_SECONDS)


def _try(act: Callable[[], object], failed: str) -> None:
    """One thing that fails keeps none of the others from being done: the next tick tries it again."""
    try:
        act()
    except DatabaseDown as error:
        _log.warning("webhooks wait for the database", part="postgresql", error=type(error).__name__)
    except Exception:
        _log.exception(failed)
