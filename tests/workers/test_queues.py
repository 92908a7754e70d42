"""Waking a lane: a hint that costs little, does not pile up, and never fails whoever gives it."""

import socket
import threading

import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from core.messaging.tables import Lane
from workers.queues import PUSH, Queues


def test_a_wake_up_is_one_job_in_json_that_names_the_lane(context, servers):
    context.queues.wake("interactive")
    client = redis.Redis.from_url(servers.redis_url)
    (job_id,) = client.lrange("rq:queue:interactive", 0, -1)
    job = Job.fetch(job_id.decode(), connection=client, serializer=JSONSerializer)
    assert (job.func_name, job.args, job.kwargs) == (PUSH, ["interactive"], {})
    assert job.timeout is not None
    client.close()


def test_wake_ups_do_not_pile_up(context):
    for _ in range(20):
        context.queues.wake(Lane.INTERACTIVE)
    assert context.queues.waiting(Lane.INTERACTIVE) == 1
    assert context.queues.waiting(Lane.BULK) == 0


def test_a_lane_that_does_not_exist_is_a_mistake_of_ours(context):
    with pytest.raises(ValueError, match="express"):
        context.queues.wake("express")


def test_with_valkey_down_waking_fails_nobody():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    queues = Queues(f"redis://127.0.0.1:{port}")
    queues.wake("interactive")
    queues.close()


def test_a_valkey_that_hangs_is_not_waited_for_again_and_again():
    """One connection for three wake-ups: the second and third do not even try."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connections.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        queues = Queues(f"redis://127.0.0.1:{server.getsockname()[1]}")
        for _ in range(3):
            queues.wake("interactive")
        queues.close()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in connections:
        connection.close()
    assert len(connections) == 1
