"""Things that happen at once, and things that must not take long."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds after which a test that hangs is a test that failed."""
TOLD_WITHIN = 4.5
"""Seconds in which a caller is told, whatever has happened: 3, and half as much again where a busy machine tests.

Two waits for the database, one after the other, take 4.8; a wait without a bound, 30.
"""


def at_once(*deeds: Callable[[], T]) -> list[T]:
    """Do all of them at the same moment; what they returned, in order."""
    barrier = threading.Barrier(len(deeds))

    def when_all_are_there(deed: Callable[[], T]) -> Callable[[], T]:
        def do() -> T:
            barrier.wait(PATIENCE)
            return deed()

        return do

    threads = [_Doing(when_all_are_there(deed)) for deed in deeds]
    return [thread.result(PATIENCE) for thread in threads]


def within(seconds: float, deed: Callable[[], T]) -> T:
    """Do it, and fail if it takes longer."""
    return _Doing(deed).result(seconds)


class _Doing(threading.Thread, Generic[T]):
    """A deed in a thread of its own, whose outcome is carried over: also what it raises."""

    def __init__(self, deed: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._deed = deed
        self._returned: list[T] = []
        self._raised: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._returned.append(self._deed())
        except BaseException as error:
            self._raised = error

    def result(self, seconds: float) -> T:
        self.join(seconds)
        assert not self.is_alive(), f"it takes longer than {seconds} seconds"
        if self._raised is not None:
            raise self._raised
        return self._returned[0]
