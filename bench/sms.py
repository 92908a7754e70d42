"""`make bench-sms`: messages a second handed to the simulator, against a loop over the SDK's own `send`.

Both over HTTP on loopback, in one run, in turns. Ours is measured from rows in
PostgreSQL, through worker processes, until the simulator has them and every row
is settled; the loop has its texts and phones ready and keeps no record. The
simulator posts no delivery reports meanwhile. The gateway's own limit is set
out of the way.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from statistics import median

import africastalking

from bench.gateway import API_KEY, NEVER
from bench.rig import Rig, phone, rig, wait_settled
from core.messaging.tables import Lane, Status

WORKERS = 3
TURNS = 5
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Case:
    """What the gateway takes to answer, and how much is sent for one figure."""

    milliseconds: int
    loop: int
    personal: int
    identical: int
    personal_times: float
    """What must be reached, in times of the loop."""
    identical_times: float


CASES = (
    Case(0, loop=800, personal=12_000, identical=80_000, personal_times=3, identical_times=25),
    Case(50, loop=60, personal=3_000, identical=30_000, personal_times=20, identical_times=500),
)


class PlainSdk(africastalking.SMSService):  # type: ignore[misc]  # the SDK has no types
    """The SDK as it is shipped; only its address is another."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__("sandbox", API_KEY)

    def _init_service(self) -> None:
        super()._init_service()
        self._baseUrl = f"{self._address}/version1"


def main() -> None:
    missed = 0
    numbers = count()
    with rig() as built, built.crew(Lane.BULK) as crew:
        for _ in range(WORKERS):
            crew.add()
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {WORKERS} workers, median of {TURNS} turns")
        for case in CASES:
            missed += _measure(built, case, numbers)
    sys.exit(f"{missed} of {2 * len(CASES)} were missed" if missed else 0)


def _measure(built: Rig, case: Case, numbers: Iterator[int]) -> int:
    """Print a case's figures; how many of them fall short."""
    built.simulator.turn(**NEVER, latency_ms=case.milliseconds)
    turns = [
        {
            "loop": _loop(built, case.loop),
            "personal": _ours(built, [next(numbers) for _ in range(case.personal)], personal=True),
            "identical": _ours(built, [next(numbers) for _ in range(case.identical)], personal=False),
        }
        for _ in range(TURNS)
    ]
    rate = {name: median(turn[name] for turn in turns) for name in turns[0]}
    print(f"the gateway answers after {case.milliseconds} ms")
    print(f"  a loop over the SDK's send {rate['loop']:>10,.1f} messages/s")
    missed = 0
    for name, wanted in (("personal", case.personal_times), ("identical", case.identical_times)):
        # A turn at a time, because what else the machine does changes from one to the next.
        times = median(turn[name] / turn["loop"] for turn in turns)
        short = times < wanted
        missed += short
        verdict = f"MISSED: {wanted:g} wanted" if short else f"{wanted:g} wanted"
        print(f"  ours, {name + ' texts':<20} {rate[name]:>10,.1f} messages/s {times:>8.1f} times ({verdict})")
    return missed


def _loop(built: Rig, calls: int) -> float:
    sdk = PlainSdk(built.simulator.address)
    began = time.perf_counter()
    for number in range(calls):
        sdk.send(f"Booked: Lost ID, GPO, Tue 24 Nov 8:00am. Number {number:08d}. Booking is free.", [phone(number)])
    return calls / (time.perf_counter() - began)


def _ours(built: Rig, numbers: list[int], *, personal: bool) -> float:
    built.hold(Lane.BULK)
    built.write(numbers, lane=Lane.BULK, personal=lambda number: personal)
    taken, settled = built.simulator.count(), built.statuses(Lane.BULK).get(Status.SENT, 0)
    began = time.perf_counter()
    built.let_go(Lane.BULK)
    wait_settled(built, Lane.BULK, limit=PATIENCE)
    wall = time.perf_counter() - began
    # No figure for a batch that arrived in part, or twice.
    taken, settled = built.simulator.count() - taken, built.statuses(Lane.BULK).get(Status.SENT, 0) - settled
    if (taken, settled) != (len(numbers), len(numbers)):
        sys.exit(f"of {len(numbers)} messages the simulator took {taken}, and {settled} are settled as sent")
    return len(numbers) / wall


if __name__ == "__main__":
    main()
