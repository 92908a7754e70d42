"""The messaging API as Africa's Talking answers it: `/version1/messaging` and `/version1/user`."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, g, jsonify, request

from simulator.messages import Recipient
from simulator.telco import telco

messaging = Blueprint("messaging", __name__, url_prefix="/version1")

_SENDER = re.compile(r"[A-Za-z0-9 ._-]{1,11}")


@messaging.before_request
def authenticate() -> None:
    """Every call carries the key in a header and the username in the form or the query."""
    config = telco().config
    # Flask's own form would cost as much as all the rest of a send.
    g.form = dict(parse_qsl(request.get_data(as_text=True)))
    username = g.form.get("username") or request.args.get("username")
    if request.headers.get("apiKey") != config.api_key or username != config.username:
        abort(_text(401, "The supplied authentication is invalid"))


@messaging.post("/messaging")
def send() -> Response:
    """Take one text for the numbers in `to`: HTTP 201, whatever happens to each of them."""
    form: dict[str, str] = g.form
    for name in ("to", "message"):
        if not form.get(name):
            abort(_text(400, f"Request is missing required form field '{name}'"))
    knobs = telco().knobs.now
    telco().clock.sleep(knobs.latency_seconds)
    if knobs.send_fault == "error_500":
        return _text(500, "Internal Server Error")
    sender = form.get("from", "") or telco().config.short_code
    if not _SENDER.fullmatch(sender):
        return _taken("InvalidSenderId", [])
    recipients = telco().messages.send(
        [number.strip() for number in form["to"].split(",")],
        form["message"],
        sender=sender,
        queued=form.get("enqueue") == "1",
    )
    if knobs.send_fault == "hang":
        telco().knobs.hang()
    if knobs.send_fault == "close":
        return _cut_short()
    if knobs.send_fault == "text":
        return _text(201, "Sent")
    accepted = [recipient for recipient in recipients if recipient.cost]
    total = sum(recipient.cost for recipient in accepted)
    return _taken(f"Sent to {len(accepted)}/{len(recipients)} Total Cost: KES {total:.4f}", recipients)


@messaging.get("/user")
def user() -> Response:
    """What the account has left."""
    return jsonify(UserData={"balance": f"KES {telco().messages.balance:.2f}"})


def _taken(summary: str, recipients: list[Recipient]) -> Response:
    # Written once for each cost, which is mostly the same for all.
    costs = {cost: f"KES {cost:.4f}" if cost else "0" for cost in {recipient.cost for recipient in recipients}}
    entries = [
        {
            "statusCode": recipient.status_code,
            "number": recipient.number,
            "status": recipient.status,
            "cost": costs[recipient.cost],
            "messageId": recipient.message_id,
        }
        for recipient in recipients
    ]
    body = json.dumps({"SMSMessageData": {"Message": summary, "Recipients": entries}}, separators=(",", ":"))
    return Response(body, 201, content_type="application/json")


def _text(status: int, sentence: str) -> Response:
    return Response(sentence, status, content_type="text/plain")


def _cut_short() -> Response:
    """An answer that promises more than it brings: the server can only close the connection in the middle of it."""

    def beginning() -> Iterator[bytes]:
        yield b'{"SMSMessageData":'

    return Response(beginning(), 201, headers={"Content-Length": "1000"}, content_type="application/json")
