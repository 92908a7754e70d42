"""Keeps the parts of Zamu alive and stops them in order."""

import time
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType

from web.local.console import Output, StopSignals
from web.local.errors import StartError
from web.local.part import Part
from web.local.process import wait_until

START_LIMIT = 60
"""Seconds for a part to become ready."""
RESTARTS = 5
STEADY = 60
"""Seconds alive after which earlier deaths are forgotten."""
HURRIED_LIMIT = 1
"""Seconds left to a part once somebody is in a hurry."""
LOOK_EVERY = 0.1


@dataclass(slots=True)
class _Kept:
    part: Part
    started_at: float
    deaths: int = 0
    again_at: float | None = None
    """When it will be started again, while it is down."""


class Supervisor:
    """Watches the parts it has started; one that ends unasked is started again, at most `restarts` times.

    At the end of the block all of them are stopped, whatever has happened. first_wait: seconds before the first
    restart; each further one waits twice as long.
    """

    def __init__(
        self, output: Output, signals: StopSignals, *, restarts: int = RESTARTS, first_wait: float = 0.5
    ) -> None:
        self._output = output
        self._signals = signals
        self._restarts = restarts
        self._first_wait = first_wait
        self._kept: list[_Kept] = []

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._signals.begin_stop()
        if any(kept.part.is_alive() for kept in self._kept):
            self._output.say("\nStopping in order (Ctrl-C again to hurry).")
            self.stop()
            self._output.say("Stopped.")

    def start(self, part: Part) -> None:
        """Start a part and wait until it is ready.

        Raises:
            StartError: it ended first, or is not ready after START_LIMIT seconds.
        """
        self._kept.append(_Kept(part, time.monotonic()))
        part.start()
        # Asked no second time: on a busy machine the next answer of a part that is ready can come too late.
        in_time = wait_until(lambda: not part.is_alive() or part.is_ready(), limit=START_LIMIT, every=0.05)
        if not part.is_alive():
            raise StartError(f"{part.name} did not start ({part.how_it_ended()}).")
        if not in_time:
            raise StartError(f"{part.name} was not ready after {START_LIMIT} seconds: see its lines above.")

    def watch(self) -> None:
        """Returns only when a part cannot be kept alive, having said so."""
        while all(self._keep_alive(kept, time.monotonic()) for kept in self._kept):
            self._signals.check()
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """Stop all that run, stage by stage: ask, wait for what is in flight, and kill what takes too long."""
        in_order = sorted((kept.part for kept in self._kept), key=lambda part: part.stage)
        for _, stage in groupby(in_order, key=lambda part: part.stage):
            running = [part for part in stage if part.is_alive()]
            for part in running:
                part.ask_to_stop()
            asked_at = time.monotonic()
            for part in running:
                self._finish(part, asked_at)

    def _keep_alive(self, kept: _Kept, now: float) -> bool:
        """False when it has ended once too often."""
        if kept.again_at is not None:
            if now >= kept.again_at:
                self._start_again(kept)
            return True
        if kept.part.is_alive():
            return True
        if now - kept.started_at > STEADY:
            kept.deaths = 0
        kept.deaths += 1
        ended = f"{kept.part.name} stopped by itself ({kept.part.how_it_ended()})"
        if kept.deaths > self._restarts:
            self._output.complain(f"{ended}, {kept.deaths} times now: giving up.")
            return False
        wait = self._first_wait * 2 ** (kept.deaths - 1)
        kept.again_at = now + wait
        self._output.complain(f"{ended}: starting it again in {wait:g} s ({kept.deaths} of {self._restarts}).")
        return True

    def _start_again(self, kept: _Kept) -> None:
        try:
            kept.part.start()
        except StartError as error:  # it is not alive, and the next look counts that as a death
            self._output.complain(str(error))
        kept.again_at = None
        kept.started_at = time.monotonic()

    def _finish(self, part: Part, asked_at: float) -> None:
        def over() -> bool:
            limit = HURRIED_LIMIT if self._signals.hurried() else part.stop_limit
            return not part.is_alive() or time.monotonic() - asked_at > limit

        wait_until(over, limit=part.stop_limit)
        if part.is_alive():
            self._output.complain(f"{part.name} did not finish in {time.monotonic() - asked_at:.0f} s: killed.")
            part.kill()
