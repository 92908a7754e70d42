"""What is kept for an hour: sealed, in Valkey, which forgets it by itself."""

import json
import zlib
from typing import Any

import redis
import structlog

from core.people.sealing import Sealer, Unsealable

KEPT_SECONDS = 3600
WAIT_SECONDS = 1.0

_log = structlog.get_logger("desk.kept")


class ForAnHour:
    """JSON by name. Without Valkey nothing is kept: `put` says so."""

    def __init__(self, url: str, secret_key: str, purpose: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, protocol=2
        )
        self._sealer = Sealer(secret_key, purpose)

    def begin(self, name: str, value: Any, *, seconds: int = KEPT_SECONDS) -> bool:
        """Keep it unless there is one under this name already: then False, and somebody else has begun."""
        try:
            return bool(self._client.set(name, self._sealed(value), ex=seconds, nx=True))
        except redis.RedisError as error:
            _log.warning("nothing can be kept", error=type(error).__name__)
            return True

    def put(self, name: str, value: Any) -> bool:
        """Whether it could be kept."""
        try:
            return bool(self._client.set(name, self._sealed(value), ex=KEPT_SECONDS))
        except redis.RedisError as error:
            _log.warning("nothing can be kept", error=type(error).__name__)
            return False

    def drop(self, name: str) -> None:
        try:
            self._client.delete(name)
        except redis.RedisError as error:
            _log.warning("nothing can be kept", error=type(error).__name__)

    def get(self, name: str) -> Any:
        """None: it is over, or was never there."""
        try:
            found = self._client.get(name)
            return json.loads(zlib.decompress(self._sealer.open(found))) if isinstance(found, bytes) else None
        except (redis.RedisError, Unsealable):
            return None

    def _sealed(self, value: Any) -> bytes:
        return self._sealer.seal(zlib.compress(json.dumps(value).encode()))
