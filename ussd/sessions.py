"""Where calls stand, in Valkey: one read and one write a hop.

Two keys a call, under one hash tag so that a cluster keeps them together: the
session, and the journey a dropped call left, by phone. Keys carry a keyed hash
instead of the phone; values are sealed, since answers contain identity numbers.

Losing Valkey loses no call: an unknown session is walked again from the
gateway's cumulative text. So every wait here is short, and after a failure the
store is left alone for a moment rather than waited for at every hop.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.people.sealing import Sealer, Unsealable
from ussd.dialogue import Dialogue, Journey

SESSION_SECONDS = 300
"""Longer than any network keeps a session (180 s), so that late copies still find their reply."""
JOURNEY_SECONDS = 24 * 3600
WAIT_SECONDS = 0.25
REST_SECONDS = 1.0
"""How long the store is left alone after it failed."""

T = TypeVar("T")

_log = structlog.get_logger("ussd.sessions")

# KEYS: session, journey. ARGV: turn expected, turn new, sealed session, its life, what becomes of the journey
# (keep, set, forget), sealed journey, its life. The turn stands in clear before the sealed session.
_SAVE = """
local found = redis.call('GET', KEYS[1])
if found and tonumber(string.match(found, '^(%d+):')) ~= tonumber(ARGV[1]) then return found end
redis.call('SET', KEYS[1], ARGV[2] .. ':' .. ARGV[3], 'EX', ARGV[4])
if ARGV[5] == 'set' then redis.call('SET', KEYS[2], ARGV[6], 'EX', ARGV[7])
elseif ARGV[5] == 'forget' then redis.call('DEL', KEYS[2]) end
return false
"""


class StoreDown(Exception):
    """Valkey does not answer: the dialogue goes on from the cumulative text."""


@dataclass(frozen=True, slots=True)
class Loaded:
    dialogue: Dialogue | None
    journey: Journey | None
    turn: int = 0
    """How often the session has been saved: known also where it cannot be read."""


class SessionStore:
    def __init__(self, url: str, sealer: Sealer, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._sealer = sealer
        self._monotonic = monotonic
        self._local = threading.local()
        self._resting_until = 0.0

    def load(self, session_id: str, phone: str) -> Loaded:
        """Raises:
        StoreDown: nothing can be known of this session.
        """
        found: list[bytes | None] = self._call(lambda client: list(client.mget(self._keys(session_id, phone))))  # type: ignore[arg-type]
        session, journey = found
        return Loaded(self._open_session(session), self._open_journey(journey), _turn(session))

    def save(
        self, session_id: str, phone: str, dialogue: Dialogue, *, journey: Journey | None = None, forget: bool = False
    ) -> Dialogue | None:
        """Save the call, if nobody else has meanwhile: None, or the dialogue of the hop that was faster.

        Raises:
            StoreDown: it may or may not have been saved.
        """
        expected, dialogue.turn = dialogue.turn, dialogue.turn + 1
        sealed = self._sealer.seal(dialogue.dumps())
        sealed_journey = self._sealer.seal(journey.dumps()) if journey else b""
        fate = "set" if journey else "forget" if forget else "keep"
        arguments = (expected, dialogue.turn, sealed, SESSION_SECONDS, fate, sealed_journey, JOURNEY_SECONDS)
        faster = self._call(lambda client: self._save(client, self._keys(session_id, phone), arguments))
        return self._open_session(faster)

    def ping(self) -> None:
        """Raises:
        StoreDown: it does not answer.
        """
        self._resting_until = 0.0
        self._call(lambda client: client.ping())

    def _save(self, client: redis.Redis, keys: tuple[str, str], arguments: tuple[Any, ...]) -> bytes | None:
        stored: bytes | None = self._local.save(keys=keys, args=arguments, client=client)
        return stored

    def _keys(self, session_id: str, phone: str) -> tuple[str, str]:
        tag = self._sealer.index(phone).hex()
        return f"ussd:{{{tag}}}:session:{session_id}", f"ussd:{{{tag}}}:journey"

    def _call(self, work: Callable[[redis.Redis], T]) -> T:
        if self._monotonic() < self._resting_until:
            raise StoreDown
        try:
            return work(self._client())
        except redis.RedisError as error:
            self._resting_until = self._monotonic() + REST_SECONDS
            _log.warning("session store does not answer", error=type(error).__name__)
            raise StoreDown from error

    def _client(self) -> redis.Redis:
        """One connection a thread: a third of the price of a pooled call."""
        client = getattr(self._local, "client", None)
        if client is None:
            client = redis.Redis.from_url(
                self._url,
                single_connection_client=True,
                socket_timeout=WAIT_SECONDS,
                socket_connect_timeout=WAIT_SECONDS,
                # A connection that was cut is made anew; who does not answer is not asked twice.
                retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
                protocol=2,
            )
            self._local.client = client
            self._local.save = client.register_script(_SAVE)
        return client

    def _open_session(self, stored: bytes | None) -> Dialogue | None:
        if stored is None:
            return None
        try:
            return Dialogue.loads(self._sealer.open(stored.partition(b":")[2]))
        except (Unsealable, ValueError, KeyError, TypeError):
            # Another key or another version wrote it: the walk from the start rebuilds it.
            _log.warning("a stored session cannot be read")
            return None

    def _open_journey(self, stored: bytes | None) -> Journey | None:
        if stored is None:
            return None
        try:
            return Journey.loads(self._sealer.open(stored))
        except (Unsealable, ValueError, KeyError, TypeError):
            return None


def _turn(stored: bytes | None) -> int:
    number = stored.partition(b":")[0] if stored else b""
    return int(number) if number.isdigit() else 0
