"""What the telco posts to Zamu: USSD hops while the phone waits, everything else from background threads."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import urllib3

from simulator.clock import Clock
from simulator.config import Config
from simulator.knobs import KnobBoard

logger = logging.getLogger(__name__)

Form = dict[str, str]

DISPATCHERS = 4
MOST_TRIES = 300
"""With the two seconds between tries: ten minutes, time enough to start Zamu again after an edit."""
_LOOK_AGAIN_SECONDS = 0.1
"""The clock may be a test's, which no condition can wait on; so a waiting dispatcher looks again this often."""


class NoAnswer(Exception):
    """Zamu gave no usable answer to a hop; `str()` says why, for the end-of-session event."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One thing to post.

    Attributes:
        path: as `Config.callback_url` takes it.
        form: the fields.
        twice: post a copy as well, because a knob says so.
    """

    path: str
    form: Form
    twice: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """Callbacks to post one after the other, and how often the first of them has been tried."""

    callbacks: tuple[Callback, ...]
    tries: int = 0


Stories = Callable[[], Iterable[Sequence[Callback]]]
"""Makes, when it is called, callbacks to post: each sequence in order, the sequences side by side."""


class Callbacks:
    """Posts to Zamu. Safe for all threads; `stop()` ends its own."""

    def __init__(self, config: Config, clock: Clock, board: KnobBoard) -> None:
        self._config = config
        self._clock = clock
        self._board = board
        # This pool follows no redirect (retries=False) and knows no proxy: nothing leads a callback away from loopback.
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=urllib3.Timeout(config.answer_seconds))
        self._due: list[tuple[datetime, int, _Job | Stories]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._dispatch, name=f"dispatcher-{number}", daemon=True)
            for number in range(DISPATCHERS)
        ]
        for thread in self._threads:
            thread.start()

    def hop(self, form: Form, *, twice: bool = False) -> str:
        """Post a USSD hop and return the body of the answer; with `twice`, a copy arrives at the same time.

        Raises:
            NoAnswer: no answer within the limit, or another status than 200.
        """
        if not twice:
            return self._hop(form)
        copy = threading.Thread(target=self.repeat_hop, args=(form,), daemon=True)
        copy.start()
        try:
            return self._hop(form)
        finally:
            copy.join()

    def repeat_hop(self, form: Form) -> None:
        """Post a hop whose answer nobody will see."""
        try:
            self._hop(form)
        except NoAnswer as problem:
            logger.info("A copy of a USSD hop was not answered: %s", problem)

    def later(self, callbacks: Sequence[Callback], *, after_seconds: float = 0) -> None:
        """Post these in order from the background; each is repeated until Zamu answers 200, at most 300 times."""
        if callbacks:
            self._push(_Job(tuple(callbacks)), after_seconds)

    def stories_later(self, stories: Stories, *, after_seconds: float = 0) -> None:
        """As `later` for each of the sequences. They are made when their time has come: waiting costs nothing."""
        self._push(stories, after_seconds)

    def at_once(self, callbacks: Sequence[Callback]) -> None:
        """Post these in order before returning; from the first that Zamu does not take on, in the background."""
        for number, callback in enumerate(callbacks):
            if not self._post(callback):
                self.later(callbacks[number:], after_seconds=self._board.now.retry_seconds)
                return

    def stop(self) -> None:
        """End the dispatchers; what has not been posted is lost, as the simulator's memory is."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self._config.answer_seconds)
        self._pool.clear()

    def _request(self, path: str, form: Form) -> urllib3.BaseHTTPResponse:
        return self._pool.request_encode_body(
            "POST", self._config.callback_url(path), fields=form, encode_multipart=False
        )

    def _hop(self, form: Form) -> str:
        try:
            answer = self._request("ussd", form)
        except urllib3.exceptions.TimeoutError:
            raise NoAnswer(f"No answer within {self._config.answer_seconds:g} seconds.") from None
        except urllib3.exceptions.HTTPError:
            raise NoAnswer("The application could not be reached.") from None
        if answer.status != 200:
            raise NoAnswer(f"The application answered HTTP {answer.status}.")
        return answer.data.decode("utf-8", errors="replace")

    def _dispatch(self) -> None:
        while (job := self._take()) is not None:
            if self._post(job.callbacks[0]):
                self.later(job.callbacks[1:])
            elif job.tries + 1 < MOST_TRIES:
                self._push(_Job(job.callbacks, job.tries + 1), self._board.now.retry_seconds)
            else:
                logger.warning("Gave up a callback to %s after %d tries", job.callbacks[0].path, MOST_TRIES)
                self.later(job.callbacks[1:])

    def _push(self, job: _Job | Stories, after_seconds: float) -> None:
        due = self._clock.now() + timedelta(seconds=after_seconds)
        with self._changed:
            # Of something that is not due nobody needs to know at once, if somebody looks again anyway.
            wake = after_seconds <= 0 or not self._due
            heapq.heappush(self._due, (due, next(self._order), job))
            if wake:
                self._changed.notify()

    def _take(self) -> _Job | None:
        """The next job that is due, waiting for it; None at the end."""
        with self._changed:
            while not self._stopped:
                if not self._due:
                    self._changed.wait()
                elif self._due[0][0] <= self._clock.now():
                    due, _, job = heapq.heappop(self._due)
                    if isinstance(job, _Job):
                        if self._due:
                            self._changed.notify()  # whoever waits takes the next
                        return job
                    for callbacks in job():
                        heapq.heappush(self._due, (due, next(self._order), _Job(tuple(callbacks))))
                else:
                    self._changed.wait(_LOOK_AGAIN_SECONDS)
            return None

    def _post(self, callback: Callback) -> bool:
        """Whether Zamu took it: a 200 for it, and for its copy if there is one."""
        taken = [self._post_once(callback) for _ in range(2 if callback.twice else 1)]
        return all(taken)

    def _post_once(self, callback: Callback) -> bool:
        try:
            answer = self._request(callback.path, callback.form)
        except urllib3.exceptions.HTTPError as problem:
            logger.info("A callback to %s failed: %s", callback.path, type(problem).__name__)
            return False
        if answer.status != 200:
            logger.info("A callback to %s was answered %d", callback.path, answer.status)
        return answer.status == 200
