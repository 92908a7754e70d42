"""What PostgreSQL, Valkey and our own processes have in common, so that one supervisor keeps and stops them all."""

import signal
from abc import ABC, abstractmethod

from web.local.process import Process, wait_until


class Part(ABC):
    """One running piece of Zamu."""

    name: str
    stage: int = 0
    """Parts stop in the order of their stages; those of one stage stop together."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_limit: float = 10
    """Seconds to finish what is in flight."""

    process: Process | None = None

    @abstractmethod
    def start(self) -> object:
        """Start it, also again after it has ended.

        Raises:
            StartError: it did not start.
        """

    def is_ready(self) -> bool:
        return True

    def is_alive(self) -> bool:
        return self.process is not None and self.process.exit_code() is None

    def how_it_ended(self) -> str:
        code = self.process.exit_code() if self.process else None
        if code is None:
            return "not running"
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def ask_to_stop(self) -> None:
        if self.process:
            self.process.send(self.stop_signal)

    def kill(self) -> None:
        if self.process:
            self.process.kill()

    def stop(self) -> None:
        """Ask, wait, and kill after `stop_limit`. Stopping what does not run is nothing."""
        self.ask_to_stop()
        if not wait_until(lambda: not self.is_alive(), limit=self.stop_limit):
            self.kill()
