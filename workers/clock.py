"""The clock: everything that happens because time has passed. One declared list, one small process.

When a job last ran is a row, taken by a conditional UPDATE: two clocks do no
harm, and one that was away catches up with one run.
"""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

import structlog

from core.booking import closing, upkeep, waitlist
from core.booking import reminders as booking_reminders
from core.campaigns import pending, writing
from core.clock import local_date
from core.db import DatabaseDown, Session
from core.idempotency import forget_requests
from core.messaging import phone_codes, relay, reports
from core.messaging.tables import Lane
from core.partners import appointments
from core.schedule import take_run
from core.settings import Settings
from core.tracking import notices, promises, reminders
from core.tracking.lookup import forget_attempts
from core.visits import day_lists
from workers import watching
from workers.context import Context, build_context

TICK_SECONDS = 1.0
BATCH = 500
"""Rows a transaction of upkeep, so that nobody waits long for its locks."""
MOST_BATCHES = 200
"""A run; the next one goes on."""
MOVED, MOST_MOVED = 25, 8
"""People moved off a closed place in one transaction, and transactions a run."""

_log = structlog.get_logger("clock")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done again and again; `run` opens its own transactions and may run twice without harm."""

    name: str
    every: timedelta
    run: Callable[[Context, datetime], None]


def wake_lanes(context: Context, now: datetime) -> None:
    """What a lost wake-up, a retry that has become due, or a crash left lying."""
    with context.transaction() as db:
        due = relay.due_lanes(db, now=now)
    for lane in due:
        context.queues.wake(lane)


def sweep_messages(context: Context, now: datetime) -> None:
    """Messages left by a crash in mid-call, and the reports that tell what became of them."""
    with context.transaction() as db:
        stuck = relay.mark_stuck(db, now=now)
    if stuck:
        _log.warning("messages were left in mid-call: their outcome is unknown", messages=stuck)
    with context.transaction() as db:
        reports.settle_unknown(db, now=now)


def write_campaigns(context: Context, now: datetime) -> None:
    """Campaigns whose hour has come, a little ahead of their lane; and what comes back to stopped ones is stopped."""
    with context.transaction() as db:
        pending.keep_still(db, now=now)
    lead = max(writing.LEAD, writing.LEAD_SECONDS * context.settings.at_segments_a_second)
    for _ in range(writing.MOST_BATCHES):
        if context.stopping.is_set():
            return
        with context.transaction() as db:
            dealt = writing.write_due(db, now=now, sms_a_day=context.settings.sms_a_day, lead=lead)
        if not dealt:
            return
        context.queues.wake(Lane.BULK)


def free_expired_holds(context: Context, now: datetime) -> None:
    _in_batches(context, lambda db: upkeep.free_expired_holds(db, now=now, limit=BATCH))


def archive_past(context: Context, now: datetime) -> None:
    _in_batches(context, lambda db: upkeep.archive_past(db, now=now, limit=BATCH))
    _in_batches(context, lambda db: appointments.archive_past(db, now=now, limit=BATCH))


def tend_waitlist(context: Context, now: datetime) -> None:
    """One thing a transaction, until there is nothing left to do."""
    catalogue = context.catalogue.current()
    for _ in range(MOST_BATCHES):
        if context.stopping.is_set():
            return
        with context.transaction() as db:
            done = waitlist.tend(db, catalogue, now=now, limit=BATCH)
        if not done:
            return


def clear_closures(context: Context, now: datetime) -> None:
    """A batch a transaction. Not for ever: the other jobs wait, and it comes again soon."""
    catalogue = context.catalogue.current()
    for _ in range(MOST_MOVED):
        if context.stopping.is_set():
            return
        with context.transaction() as db:
            done = closing.clear(db, catalogue, now=now, limit=MOVED)
        if not done:
            return


def remind_bookings(context: Context, now: datetime) -> None:
    _in_batches(context, lambda db: booking_reminders.remind_bookings(db, now=now, limit=BATCH))


def note_told(context: Context, now: datetime) -> None:
    """Documents whose owners have been told since."""
    _in_batches(context, lambda db: notices.note_told(db, now=now, limit=BATCH))


def remind_documents(context: Context, now: datetime) -> None:
    _in_batches(context, lambda db: reminders.remind(db, now=now, limit=BATCH))


def tell_late(context: Context, now: datetime) -> None:
    _in_batches(context, lambda db: promises.tell_late(db, now=now, limit=BATCH))


def delete_past_windows(context: Context, now: datetime) -> None:
    _in_batches(context, lambda db: upkeep.delete_past_windows(db, now=now, limit=BATCH))


def save_day_lists(context: Context, now: datetime) -> None:
    """In the evening: who is expected tomorrow, a centre a transaction.

    A list that cannot be made is logged and comes again; every other centre has its own.
    """
    tomorrow = local_date(now) + timedelta(days=1)
    with context.transaction() as db:
        sites = day_lists.sites_to_save(db, now=now, limit=BATCH)
    for site_id in sites:
        if context.stopping.is_set():
            return
        try:
            with context.transaction() as db:
                day_lists.save_list(db, context.register, site_id=site_id, day=tomorrow, now=now)
        except DatabaseDown:
            raise
        except Exception:
            _log.exception("the list of a centre's day could not be saved", site=site_id)
    _in_batches(context, lambda db: day_lists.forget_lists(db, now=now, limit=BATCH))


def forget(context: Context, now: datetime) -> None:
    """What is kept only against repeats and guessing, once its time is over."""
    with context.transaction() as db:
        forget_attempts(db, now=now)
    _in_batches(context, lambda db: forget_requests(db, now=now, limit=BATCH))
    _in_batches(context, lambda db: phone_codes.forget(db, now=now, limit=BATCH))


JOBS = (
    Job("wake_lanes", timedelta(seconds=2), wake_lanes),
    Job("write_campaigns", timedelta(seconds=2), write_campaigns),
    Job("sweep_messages", timedelta(seconds=30), sweep_messages),
    Job("report_stuck", timedelta(minutes=1), watching.report_stuck),
    Job("ask_balance", timedelta(minutes=15), watching.ask_balance_aside),
    Job("free_expired_holds", timedelta(seconds=15), free_expired_holds),
    Job("clear_closures", timedelta(seconds=2), clear_closures),
    Job("tend_waitlist", timedelta(seconds=15), tend_waitlist),
    Job("remind_bookings", timedelta(minutes=5), remind_bookings),
    Job("note_told", timedelta(minutes=1), note_told),
    Job("remind_documents", timedelta(minutes=15), remind_documents),
    Job("tell_late", timedelta(hours=1), tell_late),
    Job("save_day_lists", timedelta(minutes=10), save_day_lists),
    Job("archive_past", timedelta(minutes=10), archive_past),
    Job("delete_past_windows", timedelta(hours=1), delete_past_windows),
    Job("forget", timedelta(hours=1), forget),
)


def tick(context: Context, now: datetime, declared: tuple[Job, ...] = JOBS) -> list[str]:
    """Run the jobs that are due and that no other clock has taken. Returns their names.

    A job that fails is logged, and comes again when it is due again.

    Raises:
        DatabaseDown: it is away, or hangs (core.db.MOST_PATIENCE); nothing is lost, the next tick tries again.
    """
    ran = []
    for job in declared:
        with context.transaction() as db:
            mine = take_run(db, job.name, job.every, now)
        if not mine:
            continue
        ran.append(job.name)
        try:
            job.run(context, now)
        except DatabaseDown:
            raise
        except Exception:
            _log.exception("a job of the clock failed", job=job.name)
    return ran


def run_clock(settings: Settings) -> None:
    """Tick until SIGTERM or SIGINT."""
    context = build_context(settings)

    def stop(signum: int, frame: FrameType | None) -> None:
        context.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        tick_until(context, context.stopping)
    finally:
        context.close()


def tick_until(context: Context, stopping: threading.Event) -> None:
    """Tick every second. The database may be away at the start or later."""
    while not stopping.is_set():
        try:
            tick(context, context.now())
        except DatabaseDown as error:
            _log.warning("the clock waits for the database", part="postgresql", error=type(error).__name__)
        stopping.wait(TICK_SECONDS)


def _in_batches(context: Context, act: Callable[[Session], int]) -> None:
    for _ in range(MOST_BATCHES):
        if context.stopping.is_set():
            return
        with context.transaction() as db:
            done = act(db)
        if done < BATCH:
            return
