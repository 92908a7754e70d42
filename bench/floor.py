"""The floor of a hop: a bare Flask route that parses the same form, reads one key and writes one, and answers.

Nothing that keeps a session in Valkey behind Flask can be faster, so a hop is measured as a share of this.
"""

import threading
from urllib.parse import parse_qsl

import redis
from flask import Flask, Response, request

from core.settings import Settings

app = Flask("floor", static_folder=None)
_url = Settings.from_environment().redis_url
_local = threading.local()


def _client() -> redis.Redis:
    client: redis.Redis | None = getattr(_local, "client", None)
    if client is None:
        client = _local.client = redis.Redis.from_url(_url, single_connection_client=True, protocol=2)
    return client


@app.post("/ussd/africastalking/<secret>")
def hop(secret: str) -> Response:
    form = dict(parse_qsl(request.get_data().decode(), keep_blank_values=True))
    client, key = _client(), f"floor:{form['sessionId']}"
    before = client.get(key) or b""
    client.set(key, before[-200:] + form["text"].encode(), ex=300)
    return Response("CON Which service?\n1 Lost ID\n2 First ID", content_type="text/plain")
