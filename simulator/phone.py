"""The JSON API behind every phone: the one in the browser, the one in the terminal, and tests."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulator.errors import Refusal
from simulator.gsm7 import measure
from simulator.knobs import knobs_as_json, parse_knobs
from simulator.messages import Message
from simulator.msisdn import parse_msisdn
from simulator.networks import NETWORKS, network_named
from simulator.sessions import CONNECTION_PROBLEM, Session, State, UnknownCode
from simulator.telco import telco

phone = Blueprint("phone", __name__)


@phone.post("/phones/<number>/dial")
def dial(number: str) -> Response:
    """Dial `{code, network}`; a code that leads nowhere is an answer of the network, with no session."""
    body = _body()
    msisdn, network = parse_msisdn(number), network_named(body.get("network"))
    try:
        session = telco().sessions.dial(msisdn, _text(body, "code"), network)
    except UnknownCode:
        return jsonify(session=None, state=State.FAILED, **_screen(CONNECTION_PROBLEM))
    return _session(session)


@phone.get("/sessions/<session_id>")
def show(session_id: str) -> Response:
    """The session as it is now, timed out if its time is over."""
    return _session(telco().sessions.get(session_id))


@phone.post("/sessions/<session_id>/answer")
def answer(session_id: str) -> Response:
    """Answer `{text}`, which may be empty, and get the next screen."""
    return _session(telco().sessions.answer(session_id, _text(_body(), "text")))


@phone.post("/sessions/<session_id>/drop")
def drop(session_id: str) -> Response:
    """End the session as if the network had failed."""
    return _session(telco().sessions.drop(session_id))


@phone.get("/phones/<number>/inbox")
def inbox(number: str) -> Response:
    """The SMS this phone has received, newest first."""
    messages = telco().messages.inbox(parse_msisdn(number))
    return jsonify(messages=[_message(message) for message in messages])


@phone.post("/phones/<number>/messages")
def send(number: str) -> tuple[Response, int]:
    """Send an SMS `{to, text, network?}` from this phone to the short code."""
    body, msisdn = _body(), parse_msisdn(number)
    network = network_named(body["network"]) if "network" in body else telco().subscribers.network(msisdn)
    message_id = telco().messages.receive(msisdn, _text(body, "to"), _text(body, "text"), network)
    return jsonify(id=message_id, at=telco().clock.now().isoformat()), 202


@phone.get("/messages")
def messages() -> Response:
    """What the gateway took from Zamu, oldest first: all of it, or what came after the first `?after=` messages.

    `taken` says how many came in all: what to ask for next time. `?after=` that number alone is a cheap way to count.
    """
    after = request.args.get("after", "0")
    if not after.isdecimal():
        raise Refusal('"after" is a whole number.')
    found, taken = telco().messages.sent(after=int(after))
    return jsonify(
        messages=[_message(message) | {"to": message.to, "status": message.status} for message in found], taken=taken
    )


@phone.get("/knobs")
def knobs() -> Response:
    """How the knobs are set."""
    return jsonify(knobs_as_json(telco().knobs.now))


@phone.put("/knobs")
def turn_knobs() -> Response:
    """Set the knobs that are named and turn all others off."""
    telco().knobs.turn(parse_knobs(_body()))
    return knobs()


@phone.get("/healthz")
def healthz() -> Response:
    """The simulator is up; whether Zamu is, it does not ask."""
    return jsonify(status="ok")


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refusal("Send a JSON object.")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Refusal(f'"{name}" is missing, or is not text.')
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refusal(f'"{name}" holds half a character.') from None
    return value


def _screen(text: str) -> dict[str, Any]:
    length = measure(text)
    return {"text": text, "septets": length.units, "coding": length.coding, "limit": length.screen}


def _session(session: Session) -> Response:
    session_seconds, idle_seconds = session.seconds_left(telco().clock.now())
    return jsonify(
        session=session.id,
        state=session.state,
        **_screen(session.text),
        phone=session.msisdn,
        network=session.network.code,
        code=session.code,
        hops=session.hops,
        input_limit=NETWORKS[session.network.code].input_limit,
        session_seconds=round(session_seconds, 1),
        idle_seconds=round(idle_seconds, 1),
    )


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "text": message.text,
        "from": message.sender,
        "at": message.at.isoformat(),
        "segments": message.segments,
    }
