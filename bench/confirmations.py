"""`make bench-confirmations`: how soon confirmations leave while a campaign of 100,000 messages runs.

Twenty a second are written as a booking writes them: a row, its commit, and a
wake-up of the lane interactive. They have left when the gateway has taken them
and their row says so, which is a little later. The gateway takes 50 ms to
answer. Twice: as fast as this machine can, and with the lanes sharing a sender
whose limit the campaign uses up.
"""

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import sqlalchemy as sa

from bench.gateway import NEVER
from bench.rig import NO_LIMIT, Rig, phone, rig, wait_settled
from core.clock import utc_now
from core.messaging import outbox
from core.messaging.tables import Lane, Message, Status

CAMPAIGN = 100_000
A_SECOND = 20
GATEWAY_MS = 50
BULK_WORKERS = 2
PROMISE = timedelta(seconds=2)
SHARE = 0.95
"""Of the confirmations, that must have left within the promise."""
CONFIRMATION = 50_000_000
"""The first of the phones that are confirmed something."""


@dataclass(frozen=True, slots=True)
class Measured:
    waits: list[timedelta]
    """From commit to settled, in order."""
    lost: int
    """Confirmations that did not leave."""
    seconds: float
    campaign: int
    """Messages of the campaign that left meanwhile."""

    @property
    def kept(self) -> float:
        """The share that left in time."""
        return sum(wait <= PROMISE for wait in self.waits) / (len(self.waits) + self.lost)

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        return self.waits[int(share * (len(self.waits) - 1))].total_seconds() * 1000


def main() -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {BULK_WORKERS} workers of bulk, 1 of interactive")
    kept = [
        _tell("as fast as it goes", _case(NO_LIMIT, most_seconds=60)),
        _tell("one sender, 500 segments/s", _case(500, most_seconds=30)),
    ]
    sys.exit(not all(kept))


def _tell(name: str, measured: Measured) -> bool:
    enough = measured.kept >= SHARE
    print(
        f"{name:<28}{measured.kept:>7.1%} of {len(measured.waits) + measured.lost} confirmations within 2 s   "
        f"p50 {measured.quantile(0.5):,.0f} ms   p95 {measured.quantile(0.95):,.0f} ms   "
        f"p99 {measured.quantile(0.99):,.0f} ms   longest {measured.quantile(1):,.0f} ms   beside "
        f"{measured.campaign:,} messages in {measured.seconds:.0f} s{'' if enough else '   MISSED'}"
    )
    return enough


def _case(limit: int, *, most_seconds: float) -> Measured:
    with ExitStack() as ends:
        built = ends.enter_context(rig(ZAMU_AT_SEGMENTS_A_SECOND=str(limit)))
        bulk, interactive = (ends.enter_context(built.crew(lane)) for lane in (Lane.BULK, Lane.INTERACTIVE))
        for _ in range(BULK_WORKERS):
            bulk.add()
        interactive.add()
        built.simulator.turn(**NEVER, latency_ms=GATEWAY_MS)
        built.hold(Lane.BULK)
        built.write(range(CAMPAIGN), lane=Lane.BULK, personal=lambda number: number % 2 == 1)
        built.let_go(Lane.BULK)
        began = time.monotonic()
        committed = _confirm(built, most_seconds)
        seconds = time.monotonic() - began
        campaign = built.statuses(Lane.BULK).get(Status.SENT, 0)
        wait_settled(built, Lane.INTERACTIVE, limit=30)
        return _look(built, committed, seconds=seconds, campaign=campaign)


def _confirm(built: Rig, most_seconds: float) -> dict[str, datetime]:
    """Write confirmations until the campaign is through or the time is up; when each was committed, by its subject."""
    committed: dict[str, datetime] = {}
    began = time.monotonic()
    for number in count():
        due = began + number / A_SECOND
        if due - began > most_seconds or (number % A_SECOND == 0 and not built.open(Lane.BULK)):
            break
        time.sleep(max(0.0, due - time.monotonic()))
        subject = f"booking:{number}"
        with built.transaction() as db:
            contact = built.register.contact(db, phone(CONFIRMATION + number), now=built.now())
            outbox.write(
                db,
                person_id=contact.id,
                lane=Lane.INTERACTIVE,
                template="booking_confirmed",
                arguments=built.booking(number),
                language="en",
                subject=subject,
                asked_for=True,
                valid_until=built.now() + timedelta(days=1),
                now=built.now(),
            )
        committed[subject] = utc_now()
        built.queues.wake(Lane.INTERACTIVE)
        if number % (2 * A_SECOND) == 0:
            built.queues.wake(Lane.BULK)  # as the clock does
    return committed


def _look(built: Rig, committed: dict[str, datetime], *, seconds: float, campaign: int) -> Measured:
    with built.transaction() as db:
        settled = sa.select(Message.subject, Message.status_at).where(
            Message.lane == Lane.INTERACTIVE, Message.status == Status.SENT
        )
        left = dict(db.execute(settled).all())
    waits = sorted(left[subject] - built.ahead - at for subject, at in committed.items() if subject in left)
    return Measured(waits, lost=len(committed) - len(waits), seconds=seconds, campaign=campaign)


if __name__ == "__main__":
    main()
