"""How fast: a token bucket a sender, in Valkey, so that all workers together keep to the gateway's pace.

What is taken is segments, because that is what networks carry and bill. A push
asks before it claims, and takes when it knows what its messages have come to:
so nothing is ever claimed and then left waiting. It may take more than there
is; then the next one waits until the debt is paid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.messaging.tables import Lane
from core.settings import Settings

KEPT_FOR_INTERACTIVE = 0.2
"""Of a bucket that interactive draws from, this part is for it alone: a confirmation does not wait for a campaign."""
_PATIENCE_SECONDS = 0.5

_LEVELS = """
local rate, most, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
    local time = redis.call('TIME')
    now = time[1] + time[2] / 1000000
end
local levels = {}
for i, key in ipairs(KEYS) do
    local kept = redis.call('HMGET', key, 'level', 'at')
    local level = most
    if kept[1] then
        level = math.min(most, kept[1] + math.max(0, now - kept[2]) * rate)
    end
    local taken = tonumber(ARGV[3 + i])
    if taken > 0 then
        level = level - taken
        redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%.6f', now))
        redis.call('PEXPIRE', key, math.ceil((most - level) / rate * 1000) + 60000)
    end
    levels[i] = string.format('%.6f', level)
end
return levels
"""
"""One visit: what each bucket holds now, after taking. A bucket that is not there is full."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a lane may hand over now."""

    segments: int
    wait: float
    """Seconds until it is worth asking again; 0: now. While it is not, `segments` is 0."""


class Pace:
    """The buckets of one gateway. A bucket holds what a second may carry."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] | None = None) -> None:
        """`now`: seconds since the epoch; without it the time is Valkey's, which is the same for all workers."""
        self._settings = settings
        self._rate = settings.at_segments_a_second
        self._now = now
        self._client = redis.Redis.from_url(
            settings.queue_url,
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._levels = self._client.register_script(_LEVELS)

    def room(self, lane: Lane) -> Room:
        """How much of a lane may be claimed now; it takes nothing.

        Interactive may go into debt. The others wait until a call is worth
        making, and leave interactive its part of a bucket they share.

        Raises:
            RedisError: Valkey does not answer.
        """
        senders = sorted(_senders(self._settings, lane))
        levels = self._visit(dict.fromkeys(senders, 0))
        worth_a_call = min(self._settings.at_batch, self._rate * (1 - KEPT_FOR_INTERACTIVE) / 2)
        if lane is Lane.INTERACTIVE:
            lowest = min(levels.values())
            if lowest <= 0:
                return Room(0, max(0.001, -lowest / self._rate))
            return Room(max(1, int(max(lowest, worth_a_call))), 0.0)
        shared = _senders(self._settings, Lane.INTERACTIVE)
        lowest = min(
            level - (self._rate * KEPT_FOR_INTERACTIVE if sender in shared else 0) for sender, level in levels.items()
        )
        if lowest < worth_a_call:
            return Room(0, max(0.001, (worth_a_call - lowest) / self._rate))
        return Room(max(1, int(lowest)), 0.0)

    def take(self, segments: Mapping[str | None, int]) -> None:
        """Take what has been claimed, by sender, into debt if need be.

        Raises:
            RedisError: Valkey does not answer.
        """
        self._visit({sender or "": number for sender, number in segments.items()})

    def _visit(self, taken: Mapping[str, int]) -> dict[str, float]:
        levels = self._levels(
            keys=[f"zamu:pace:{sender}" for sender in taken],
            args=[self._rate, self._rate, "" if self._now is None else self._now(), *taken.values()],
        )
        return {sender: float(level) for sender, level in zip(taken, levels, strict=True)}

    def close(self) -> None:
        self._client.close()


def _senders(settings: Settings, lane: Lane) -> set[str]:
    """Under which a lane can leave; the account's own is the empty one."""
    by_network = {address for key, address in settings.at_senders.items() if key.startswith(f"{lane}@")}
    return {settings.sender(lane).address or "", *by_network}
