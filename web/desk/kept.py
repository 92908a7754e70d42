"""What an officer may fetch for an hour, and nobody else: sealed, in Valkey, which forgets it by itself."""

import json
import zlib
from dataclasses import asdict, dataclass, field

import redis
import structlog

from core.people.sealing import Sealer, Unsealable
from web.desk.access import officer

KEPT_SECONDS = 3600
WAIT_SECONDS = 1.0

_log = structlog.get_logger("desk.kept")


@dataclass(slots=True)
class Kept:
    """What came of a file. Rows come back with what stood in them: they are personal."""

    name: str
    finished: bool = False
    """False while its rows are being taken in."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by what came of them (core.tracking.intake.Result)."""
    phones: dict[str, int] = field(default_factory=dict)
    """Rows by what is wrong with their phones."""
    ignored: list[str] = field(default_factory=list)
    """Columns that mean nothing to us."""
    refused: str = ""
    """The file of refused rows: CSV, the line and the reason in front of each."""
    bad_phones: str = ""
    """The file of rows whose phones must be mended."""


class Keeper:
    """Without Valkey nothing is kept: `put` says so."""

    def __init__(self, url: str, secret_key: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, protocol=2
        )
        self._sealer = Sealer(secret_key, "returned-rows")

    def begin(self, key: str, kept: Kept) -> bool:
        """Keep it unless there is one under this key already: then False, and somebody else has begun."""
        try:
            return bool(self._client.set(self._name(key), self._sealed(kept), ex=KEPT_SECONDS, nx=True))
        except redis.RedisError as error:
            _log.warning("nothing can be kept", error=type(error).__name__)
            return True

    def put(self, key: str, kept: Kept) -> bool:
        """Whether it could be kept."""
        try:
            return bool(self._client.set(self._name(key), self._sealed(kept), ex=KEPT_SECONDS))
        except redis.RedisError as error:
            _log.warning("nothing can be kept", error=type(error).__name__)
            return False

    def drop(self, key: str) -> None:
        try:
            self._client.delete(self._name(key))
        except redis.RedisError as error:
            _log.warning("nothing can be kept", error=type(error).__name__)

    def get(self, key: str) -> Kept | None:
        """None: it is over, was never there, or is another officer's."""
        try:
            found = self._client.get(self._name(key))
            return Kept(**json.loads(zlib.decompress(self._sealer.open(found)))) if isinstance(found, bytes) else None
        except (redis.RedisError, Unsealable):
            return None

    def _name(self, key: str) -> str:
        return f"desk:{officer().id}:returned:{key}"

    def _sealed(self, kept: Kept) -> bytes:
        return self._sealer.seal(zlib.compress(json.dumps(asdict(kept)).encode()))
