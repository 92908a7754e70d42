"""The whole simulated network as one object, and how a view gets hold of it."""

import logging
import threading

from flask import current_app

from simulator.callbacks import Callbacks
from simulator.clock import Clock
from simulator.config import Config
from simulator.knobs import KnobBoard
from simulator.messages import Messages
from simulator.sessions import Sessions
from simulator.subscribers import Subscribers

logger = logging.getLogger(__name__)

EXTENSION = "simulator"
_EXPIRE_EVERY_SECONDS = 0.2


class Telco:
    """Knobs, sessions, messages and the callbacks they cause, over one clock. `stop()` ends its threads."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.knobs = KnobBoard()
        self.subscribers = Subscribers()
        self.callbacks = Callbacks(config, clock, self.knobs)
        self.sessions = Sessions(
            config.codes, clock=clock, board=self.knobs, callbacks=self.callbacks, subscribers=self.subscribers
        )
        self.messages = Messages(
            config, clock=clock, board=self.knobs, callbacks=self.callbacks, subscribers=self.subscribers
        )
        self._stopped = threading.Event()
        self._housekeeper = threading.Thread(target=self._expire_sessions, name="housekeeper", daemon=True)
        self._housekeeper.start()

    def stop(self) -> None:
        """End all threads and let go of every call that is being held."""
        self._stopped.set()
        self.knobs.stop()
        self._housekeeper.join()
        self.callbacks.stop()

    def _expire_sessions(self) -> None:
        while not self._stopped.wait(_EXPIRE_EVERY_SECONDS):
            try:
                self.sessions.expire()
            except Exception:
                logger.exception("Could not look for sessions whose time is over")


def telco() -> Telco:
    """The network of the application that is answering."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Telco)
    return found
