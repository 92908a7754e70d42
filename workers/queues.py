"""The queues: one a lane. A job in a queue is only a hint that there may be something to do."""

import time

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from core.messaging.tables import Lane

PUSH = "workers.jobs.push"
JOB_SECONDS = 180
"""A push ends by itself long before: this is for one that hangs."""
FAILURE_SECONDS = 24 * 3600
_PATIENCE_SECONDS = 0.5
"""A citizen's reply may be waiting behind a wake-up."""
_SULK_SECONDS = 2.0
"""After a failure nobody waits for Valkey again for so long; the clock wakes the lanes meanwhile."""

_log = structlog.get_logger("workers")


class Queues:
    """Connections to the queues. None is opened before it is needed."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._queues = {lane: lane_queue(lane, self._client) for lane in Lane}
        self._silent_until = 0.0

    def wake(self, lane: str) -> None:
        """Tell a lane's workers, after the commit, that there is something to hand over.

        Never raises, and takes no more than a second or two: if Valkey is
        away, the clock sees to it. A job that still waits will find everything
        committed by now, so that another is not put behind it.
        """
        if time.monotonic() < self._silent_until:
            return
        try:
            queue = self._queues[Lane(lane)]
            if queue.count == 0:
                queue.enqueue_call(
                    PUSH, args=(str(lane),), timeout=JOB_SECONDS, result_ttl=0, failure_ttl=FAILURE_SECONDS
                )
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + _SULK_SECONDS
            _log.warning("a lane was not woken", part="valkey", lane=str(lane), error=type(error).__name__)

    def waiting(self, lane: Lane) -> int:
        """Jobs in a lane's queue.

        Raises:
            RedisError: Valkey does not answer.
        """
        return self._queues[lane].count

    def close(self) -> None:
        self._client.close()


def lane_queue(lane: Lane, client: redis.Redis) -> Queue:
    """A lane's queue, with JSON in it: a pickle would run whatever somebody wrote there."""
    return Queue(lane.value, connection=client, serializer=JSONSerializer, default_timeout=JOB_SECONDS)
